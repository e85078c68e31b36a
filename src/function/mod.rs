//! The scalar functions, one file each.

pub mod hpfeeds_publish;
mod imap_debug;
pub mod imap_dkim_keys;
pub mod imap_ingest;
pub mod imap_login;
pub mod imap_oauth_finish;
pub mod imap_oauth_start;
mod imap_version;
mod ingest_options;
mod mail_auth;
mod mail_event;
mod mail_feed;
mod mail_parse;
mod mail_report;

use crate::error::Result;
use crate::sqlite::Connection;

/// Registers the functions that touch no network.
pub(crate) fn register_pure(connection: &Connection) -> Result<()> {
    imap_version::register(connection)?;
    imap_debug::register(connection)?;
    mail_auth::register(connection)?;
    mail_event::register(connection)?;
    mail_feed::register(connection)?;
    mail_parse::register(connection)?;
    mail_report::register(connection)
}
