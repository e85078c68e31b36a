//! IMAP mailboxes as SQLite virtual tables, and their mail ingested into RSSD.

// Inside somebody else's program there is nobody to print to, and a panic is a
// failed statement at best; tests may do both.
#![cfg_attr(
    not(test),
    deny(
        clippy::exit,
        clippy::panic,
        clippy::print_stderr,
        clippy::print_stdout,
        clippy::unwrap_used
    )
)]

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

/// The version of this extension, as `imap_version()` gives it after a `v`.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
