//! Several accounts at once: how many, and what is told of all of them.

use serde_json::{Value, json};

use super::crew::{Errand, Told};
use super::database::Database;
use super::readers::read;
use crate::account::Client;
use crate::error::{Error, Kind, Result};
use crate::imap::Settings;
use crate::sqlite::code;

/// Accounts read at once where `concurrency` does not say otherwise.
const AT_ONCE: usize = 8;

/// Ingests from one account, and gives its summary as JSON on one line. A folder
/// that the server refuses does not stop those behind it.
///
/// # Errors
/// The first of what went wrong, after everything else that could be done.
/// What was committed stays, and the session row tells of the error.
pub fn one(
    database: &Database,
    client: &Client,
    settings: &Settings,
    folder: Option<&str>,
    errand: Errand,
) -> Result<String> {
    let told = read(database, client, settings, folder, vec![errand], 1)?;
    let nobody = || Err(Kind::Cancelled.into());
    told.into_iter()
        .next()
        .map_or_else(nobody, |(_, told)| told)
}

/// Ingests from all accounts, `at_once` at a time, and gives their summaries as
/// JSON on one line. One that fails does not stop the others.
///
/// # Errors
/// An interrupt; and, once the others are through, that accounts have failed,
/// with the reason of each.
pub fn side_by_side(
    database: &Database,
    client: &Client,
    settings: &Settings,
    folder: Option<&str>,
    errands: Vec<Errand>,
    at_once: Option<u64>,
) -> Result<String> {
    let at_once = at_once.map_or(AT_ONCE, |count| usize::try_from(count).unwrap_or(AT_ONCE));
    told(read(database, client, settings, folder, errands, at_once)?)
}

/// The summary of all accounts.
fn told(readers: Vec<Told>) -> Result<String> {
    let mut accounts = Vec::new();
    let mut failures = Vec::new();
    for (name, told) in readers {
        match told {
            Ok(summary) => {
                let summary: Value = serde_json::from_str(&summary).unwrap_or_default();
                let mut account = json!({ "account": name });
                if let (Value::Object(into), Value::Object(from)) = (&mut account, summary) {
                    into.extend(from);
                }
                accounts.push(account);
            }
            Err(error) => failures.push((name, error)),
        }
    }
    if failures.is_empty() {
        return Ok(json!({ "accounts": accounts }).to_string());
    }
    Err(failed(accounts.len(), failures))
}

/// One error for the accounts that have failed.
fn failed(others: usize, failures: Vec<(String, Error)>) -> Error {
    let reasons: Vec<String> = failures
        .iter()
        .map(|(name, error)| {
            let text = error.to_string();
            let text = text.strip_prefix("imap: ").unwrap_or(&text);
            format!("'{}': {text}", crate::error::quote(name))
        })
        .collect();
    let count = failures.len();
    let all = count + others;
    let rest = if others == 0 {
        ""
    } else {
        ", the others are ingested"
    };
    Kind::Accounts {
        code: failures
            .first()
            .map_or(code::ERROR, |(_, error)| error.code()),
        text: format!(
            "{count} of {all} accounts failed{rest}: {}",
            reasons.join("; ")
        ),
    }
    .into()
}
