//! # sqlite-imap: IMAP mailboxes as SQLite tables, and their mail in RSSD
//!
//! A loadable extension. `entry` is what SQLite calls; [`register`] adds the
//! tables and functions to a connection; everything else hangs below them, and
//! dependencies point one way:
//!
//! ```text
//! entry -> register -> table, function -> ingest -> account -> imap
//!                      table, function, ingest -> sqlite, mail
//!                      function -> hpfeeds, dns -> imap (for its connections)
//! ```
//!
//! [`sqlite`] is plumbing and knows no IMAP. [`imap`] speaks the protocol and
//! knows neither SQLite nor MIME. [`mail`] reads messages and knows neither of
//! them. [`hpfeeds`] publishes, and [`dns`] asks, over `imap`'s connections.
//! `host` is the one bolt between them: SQLite's interrupt, which every wait of
//! `imap` asks for. `tests/layers.rs` holds the arrows to this.
//!
//! ## The life of a query
//!
//! SQLite asks `table::messages` for a plan (xBestIndex): which columns are
//! used, what they are compared with, in what order. The plan is a value, made
//! without touching the network and carried through idxNum and idxStr. xFilter
//! binds it to its arguments, finds the account and its secret, takes a session
//! from the connection's pool, examines the folder and asks by one UID SEARCH
//! which messages may meet the conditions. Where the rest is dear, the columns
//! of the conditions are fetched first and SQLite is asked about them. Each
//! xNext then pulls one message off the wire: [`imap::download`] keeps FETCH
//! commands in flight, sized by bytes, and only for the items the columns need.
//! xColumn reads the value out of the bytes at hand; nothing is parsed that is
//! not asked for. The session goes back to the pool when the last row is out; a
//! query stopped early closes it.
//!
//! The `mail_*` functions and tables stand beside this: [`mail`] makes values of
//! a message's bytes, and they hand them to SQLite (`table::rowset`). They open
//! nothing and ask nobody, so views and triggers may use them.
//!
//! `imap_ingest` drives the same download from [`ingest`]: a reader's thread
//! downloads a batch and hands it to the writer on the host's thread, which
//! commits rows and sync state together while the next one comes.
//!
//! ## Two promises
//!
//! *Reading never changes a mailbox*: folders are opened by EXAMINE, bodies
//! fetched by BODY.PEEK. One module could do otherwise, [`imap::store`]; only an
//! ingest that was told to `delete` gets there, after its commit.
//! *Nothing is lost and nothing doubled*: an ingest moves its state in the
//! transaction that writes the rows, and a message's id derives from its bytes.
//!
//! ## Threads, panics and unsafe code
//!
//! SQLite is called on the host's thread only, from inside SQLite's own calls.
//! The threads this library starts wait for what nothing else can interrupt
//! (names, connections, HTTP, the programs of `account`), and read accounts and
//! their messages while SQLite writes ([`ingest`]); none of them calls SQLite.
//! Every callback catches panics and turns them into an SQL error. Unsafe code
//! lives in `entry` and in the files of [`sqlite`] that face the C API, and
//! nowhere else. Parsers that are private are fuzzed by way of files `fuzz`,
//! which no build for users holds.

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

use std::sync::Arc;

// Inside somebody else's program there is nobody to print to, and a panic is a
// failed statement at best; tests may do both.

pub mod account;
pub mod dns;
mod entry;
pub mod error;
mod function;
mod host;
pub mod hpfeeds;
pub mod imap;
pub mod ingest;
pub mod mail;
pub mod secret;
pub mod sqlite;
mod table;

use account::Client;
use error::Result;
use sqlite::Connection;

/// The version of this extension, as `imap_version()` gives it after a `v`.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Adds every table and function to `connection`. Loaded a second time, it
/// leaves them as they are, with the secrets and sessions they hold.
///
/// # Errors
///
/// What SQLite says where it refuses one of them.
pub fn register(connection: &Connection) -> Result<()> {
    if connection.has_function("imap_login", 3) {
        return Ok(());
    }
    let client = Arc::new(Client::new(Arc::new(host::Interrupt::of(connection))));
    table::attachments::register(connection, &client)?;
    table::check::register(connection, &client)?;
    table::folders::register(connection, &client)?;
    table::log::register(connection, &client)?;
    table::messages::register(connection, &client)?;
    table::watch::register(connection, &client)?;
    function::hpfeeds_publish::register(connection, &client)?;
    function::imap_dkim_keys::register(connection, &client)?;
    function::imap_ingest::register(connection, &client)?;
    function::imap_login::register(connection, &client)?;
    function::imap_oauth_start::register(connection, &client)?;
    function::imap_oauth_finish::register(connection, &client)?;
    register_offline(connection)
}

/// Adds what can open no socket.
///
/// # Errors
///
/// What SQLite says where it refuses one of them.
pub fn register_offline(connection: &Connection) -> Result<()> {
    function::register_pure(connection)?;
    table::register_pure(connection)
}
