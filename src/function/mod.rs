//! The scalar functions, one file each.

mod imap_debug;
pub mod imap_ingest;
pub mod imap_login;
mod imap_version;
mod mail_auth;
mod mail_parse;

use crate::error::Result;
use crate::sqlite::Connection;

/// Registers the functions that touch no network.
pub(crate) fn register_pure(connection: &Connection) -> Result<()> {
    imap_version::register(connection)?;
    imap_debug::register(connection)?;
    mail_auth::register(connection)?;
    mail_parse::register(connection)
}
