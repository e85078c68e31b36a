//! `imap_ingest(server, user, folder, options)`: takes what is new in the
//! folders into the RSSD tables of the main database.
//!
//! ```sql
//! SELECT imap_ingest('imap.example.org', 'ada', 'INBOX');
//! SELECT imap_ingest('imap.example.org', 'ada', 'Archive/*', '{"batch": 200}');
//! ```
//!
//! It returns a JSON object on one line: the session's id, what was found,
//! fetched, inserted, already there and failed, and the same for each folder.

use std::sync::Arc;

use super::ingest_options;
use crate::account::{CONNECTION_KEYS, Client, Options};
use crate::error::Result;
use crate::ingest::{self, Database};
use crate::sqlite::{Connection, Trust, Value, register_function};

const NAME: &str = "imap_ingest";

/// Adds the function to `connection`.
///
/// # Errors
///
/// What SQLite says where it refuses.
pub fn register(connection: &Connection, client: &Arc<Client>) -> Result<()> {
    let client = Arc::clone(client);
    let body =
        move |connection: &Connection, arguments: &[Value<'_>]| run(connection, &client, arguments);
    register_function(
        connection,
        NAME,
        0..=4,
        Trust::DirectOnly,
        move |connection, arguments, cell| {
            cell.json(&body(connection, arguments)?);
            Ok(())
        },
    )
}

fn run(connection: &Connection, client: &Client, arguments: &[Value<'_>]) -> Result<String> {
    let text = |index: usize| match arguments.get(index) {
        Some(argument) => argument.given_text(),
        None => Ok(None),
    };
    let keys = [&CONNECTION_KEYS[..], &ingest_options::KEYS].concat();
    let options = Options::parse(text(3)?, &keys)?;
    let ingest_options = ingest_options::read(&options)?;
    let database = Database::open(connection, options.text("schema")?.unwrap_or("main"))?;
    let settings = client.settings(&options)?;
    let account = client.account(NAME, text(0)?, text(1)?)?;
    let folder = text(2)?;
    let (mut lease, opening) = client.lease(&account, &settings, |session| {
        ingest::open(session, folder, &ingest_options)
    })?;
    let user = &account.login.user;
    ingest::run(&database, &mut lease, user, opening, &ingest_options)
}
