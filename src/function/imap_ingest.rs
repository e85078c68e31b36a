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
use std::time::Instant;

use super::ingest_options;
use crate::account::{Account, CONNECTION_KEYS, Client, Options};
use crate::error::{Error, Result, quote};
use crate::imap::Endpoint;
use crate::ingest::{self, Database, Errand, Patience};
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
    const NAMES: [&str; 4] = ["server", "user", "folder", "options"];
    let text = |index: usize| match arguments.get(index) {
        Some(argument) => argument.given_text(NAMES[index]),
        None => Ok(None),
    };
    let keys = [&CONNECTION_KEYS[..], &ingest_options::keys()].concat();
    let options = Options::parse(text(3)?, &keys)?;
    let settings = client.settings(&options, Instant::now())?;
    let patience = Patience {
        timeout: settings.timeout,
        deadline: settings.deadline.map(|deadline| deadline.at),
    };
    let ingest_options = ingest::Options {
        patience,
        ..ingest_options::read(&options)?
    };
    let schema = options
        .text(
            "schema",
            "the name of an attached database in double quotes",
        )?
        .unwrap_or("main");
    let database = patience.wait(connection, || Database::open(connection, schema))?;
    let folder = text(2)?;
    if let Some(accounts) = several(client, text(0)?, text(1)?)? {
        let errand = |(name, account): Named| Errand {
            name,
            options: match &account {
                Ok(account) => for_account(&ingest_options, folder, account),
                Err(_) => ingest_options.clone(),
            },
            account,
        };
        let errands = accounts.into_iter().map(errand).collect();
        let at_once = options.count("concurrency")?;
        return ingest::side_by_side(&database, client, &settings, folder, errands, at_once);
    }
    let account = client.account(NAME, text(0)?, text(1)?)?;
    let errand = Errand {
        name: String::new(),
        options: for_account(&ingest_options, folder, &account),
        account: Ok(account),
    };
    ingest::one(&database, client, &settings, folder, errand)
}

/// An account by its name, or why there is none.
type Named = (String, Result<Account>);

/// The accounts that `*` or a JSON array of names means; `None` where the
/// server is one.
fn several(
    client: &Client,
    server: Option<&str>,
    user: Option<&str>,
) -> Result<Option<Vec<Named>>> {
    let names: Vec<String> = match server {
        Some("*") => client.account_names(NAME)?,
        // In brackets may also be an IPv6 address.
        Some(text) if text.starts_with('[') && Endpoint::parse(text).is_err() => serde_json::from_str(text)
            .ok()
            .filter(|names: &Vec<String>| !names.is_empty())
            .ok_or_else(|| {
                Error::usage(format!(
                    "{NAME} takes account names as a JSON array, such as '[\"work\", \"home\"]', \
                     not '{}'",
                    quote(text)
                ))
            })?,
        _ => return Ok(None),
    };
    if user.is_some() {
        return Err(Error::usage(format!(
            "{NAME} of several accounts takes no user; each account has its own"
        )));
    }
    let account = |name: String| {
        let account = client.account(NAME, Some(&name), None);
        (name, account)
    };
    Ok(Some(names.into_iter().map(account).collect()))
}

/// The options with what the account's own settings add: folders that it
/// includes, where the call names none, and those it leaves out.
fn for_account(
    options: &ingest::Options,
    folder: Option<&str>,
    account: &Account,
) -> ingest::Options {
    let mut options = options.clone();
    if folder.is_none() && options.include.is_empty() {
        options.include.clone_from(&account.include);
    }
    options.exclude.extend(account.exclude.iter().cloned());
    options
}
