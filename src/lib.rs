//! IMAP mailboxes as SQLite virtual tables, and their mail ingested into RSSD.

pub mod account;
mod entry;
pub mod error;
mod function;
pub mod imap;
pub mod ingest;
pub mod mail;
pub mod secret;
pub mod sqlite;
mod table;

use error::Result;
use sqlite::Connection;

/// The version of this extension, as `imap_version()` gives it after a `v`.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Adds all tables and functions to a connection.
///
/// # Errors
/// Whatever the host refuses; the entry point then says so.
pub fn register(connection: &Connection) -> Result<()> {
    register_offline(connection)
}

/// Adds only what touches no network, for hosts that allow nothing else.
///
/// # Errors
/// As [`register`].
pub fn register_offline(connection: &Connection) -> Result<()> {
    function::register_pure(connection)
}
