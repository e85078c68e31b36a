//! The scalar functions, one file each.

mod imap_debug;
pub mod imap_ingest;
pub mod imap_login;
pub mod imap_oauth_finish;
pub mod imap_oauth_start;
mod imap_version;
mod ingest_options;

use crate::error::Result;
use crate::sqlite::Connection;

/// Registers the functions that touch no network.
pub(crate) fn register_pure(connection: &Connection) -> Result<()> {
    imap_version::register(connection)?;
    imap_debug::register(connection)
}
