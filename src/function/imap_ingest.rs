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

use crate::account::{CONNECTION_KEYS, Client, Options};
use crate::error::Result;
use crate::ingest::{self, Layout, Progress};
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
    let keys = [&CONNECTION_KEYS[..], &["batch", "layout", "progress"]].concat();
    let options = Options::parse(text(3)?, &keys)?;
    let ingest_options = ingest_options(&options)?;
    let settings = client.settings(&options)?;
    let account = client.account(NAME, text(0)?, text(1)?)?;
    let folder = text(2)?.unwrap_or("INBOX");
    let (mut lease, opening) =
        client.lease(&account, &settings, |session| ingest::open(session, folder))?;
    let user = &account.login.user;
    ingest::run(connection, &mut lease, user, opening, &ingest_options)
}

fn ingest_options(options: &Options) -> Result<ingest::Options> {
    let mut chosen = ingest::Options::default();
    if let Some(batch) = options.count("batch")? {
        chosen.batch = usize::try_from(batch).unwrap_or(usize::MAX);
    }
    if let Some(max_size) = options.count("max_size")? {
        chosen.max_size = max_size.min(ingest::LARGEST_MESSAGE);
    }
    if let Some(layout) = options.choice("layout", &Layout::ALL.map(Layout::name))? {
        chosen.layout = Layout::ALL[layout];
    }
    if options.switch("progress")? {
        chosen.progress = Progress::Bar;
    }
    Ok(chosen)
}
