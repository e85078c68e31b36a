//! Several accounts at once: each is read in a thread of its own, and all are
//! written on the host's thread, which alone may call SQLite.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::database::Database;
use super::folders::open;
use super::options::{Options, Progress};
use super::port::{Job, Port};
use super::progress::Meter;
use super::pull::Course;
use super::run::{Asked, begin, finish, go};
use super::writer::Writer;
use crate::account::keeper::Keeper;
use crate::account::{Account, Client};
use crate::error::{Error, Kind, Result};
use crate::imap::{Cancel, Settings};

/// Accounts read at once where `concurrency` does not say otherwise.
const AT_ONCE: usize = 8;

/// Accounts read at once on one server, which may limit connections by address.
const AT_ONE_SERVER: usize = 4;

/// How long the host's thread waits for work before it looks up.
const SLICE: Duration = Duration::from_millis(50);

/// An account that is to be read.
pub struct Errand {
    /// The name it is told by.
    pub name: String,
    /// Who signs in where, or why nobody can.
    pub account: Result<Account>,
    /// What is done there.
    pub options: Options,
}

/// What a thread sends to the host's.
pub enum Parcel {
    /// It has found its folders; a writer is needed.
    Opened(usize, Box<Asked>),
    /// Something to do for its writer.
    Job(usize, Job),
    /// It is through with what was there and waits for more.
    Waiting(usize),
    /// It is through.
    Ended(usize, Result<()>),
}

/// An account that is being read, or was.
struct Reader {
    name: String,
    place: String,
    writer: Option<Writer>,
    told: Option<Result<String>>,
}

/// Says that the statement was stopped, to threads that must not ask SQLite.
#[derive(Default)]
struct Stop(AtomicBool);

impl Cancel for Stop {
    fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
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
    let stop = Arc::new(Stop::default());
    let own = Settings {
        cancel: Arc::clone(&stop) as Arc<dyn Cancel>,
        ..settings.clone()
    };
    let (parcels, arriving) = sync_channel(at_once);
    let mut readers = Vec::new();
    let mut waiting = VecDeque::new();
    for (index, errand) in errands.into_iter().enumerate() {
        let mut reader = Reader {
            name: errand.name,
            place: String::new(),
            writer: None,
            told: None,
        };
        match errand.account {
            Ok(account) => {
                reader.place = account.endpoint.to_string();
                waiting.push_back((index, account, errand.options));
            }
            Err(error) => reader.told = Some(Err(error)),
        }
        readers.push(reader);
    }
    thread::scope(|scope| {
        let mut running: Vec<usize> = Vec::new();
        // Of these, those that have their first round to do.
        let mut beginning: Vec<usize> = Vec::new();
        let mut outcome = Ok(());
        loop {
            while outcome.is_ok()
                && beginning.len() < at_once
                && let Some(place) = waiting.iter().position(|(_, account, _)| {
                    let server = account.endpoint.to_string();
                    let there = beginning.iter().filter(|&&at| readers[at].place == server);
                    there.count() < AT_ONE_SERVER
                })
                && let Some((index, account, options)) = waiting.remove(place)
            {
                running.push(index);
                beginning.push(index);
                let (parcels, own) = (parcels.clone(), &own);
                scope.spawn(move || {
                    let keeper = Keeper {
                        client,
                        account: &account,
                        settings: own,
                    };
                    let done = read(index, &keeper, folder, &options, &parcels);
                    // The next account of this server takes its place there.
                    client.dismiss(&account);
                    // Nobody waits for it where the statement was stopped.
                    let _ = parcels.send(Parcel::Ended(index, done));
                });
            }
            if running.is_empty() {
                break;
            }
            match arriving.recv_timeout(SLICE) {
                Ok(Parcel::Opened(index, asked)) => {
                    match begin(database, &asked) {
                        Ok(writer) => readers[index].writer = Some(writer),
                        Err(error) => readers[index].told = Some(Err(error)),
                    };
                }
                Ok(Parcel::Job(index, job)) => {
                    // Without a writer the job is dropped, which ends its reader.
                    if let Some(writer) = &mut readers[index].writer {
                        job(writer);
                    }
                }
                Ok(Parcel::Waiting(index)) => beginning.retain(|&at| at != index),
                Ok(Parcel::Ended(index, done)) => {
                    running.retain(|&at| at != index);
                    beginning.retain(|&at| at != index);
                    let reader = &mut readers[index];
                    if let Some(mut writer) = reader.writer.take() {
                        reader.told = Some(finish(&mut writer, done));
                    } else if reader.told.is_none() {
                        reader.told = Some(done.map(|()| String::new()));
                    }
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
            }
            if outcome.is_ok() && settings.cancel.is_cancelled() {
                outcome = Err(Error::from(Kind::Cancelled));
                stop.0.store(true, Ordering::Relaxed);
                waiting.clear();
            }
        }
        outcome
    })?;
    told(readers)
}

/// Reads one account, on its own thread.
fn read(
    index: usize,
    keeper: &Keeper<'_>,
    folder: Option<&str>,
    options: &Options,
    parcels: &SyncSender<Parcel>,
) -> Result<()> {
    let (lease, opening) = keeper
        .client
        .lease(keeper.account, keeper.settings, |session| {
            open(session, folder, options)
        })?;
    let asked = Asked::of(keeper.account, &opening, options);
    let gone = || Error::from(Kind::Cancelled);
    parcels
        .send(Parcel::Opened(index, Box::new(asked)))
        .map_err(|_| gone())?;
    // Several bars would draw over one another.
    let quiet = Options {
        progress: Progress::Silent,
        ..options.clone()
    };
    let mut course = Course {
        port: Port::There(index, parcels.clone()),
        options: &quiet,
        meter: Meter::new(quiet.progress),
        left: quiet.limit,
        seen: HashSet::new(),
        has_suspected: false,
        owed: None,
    };
    go(&mut course, keeper, lease, opening)
}

/// The summary of all accounts.
fn told(readers: Vec<Reader>) -> Result<String> {
    let mut accounts = Vec::new();
    let mut failures = Vec::new();
    for reader in readers {
        match reader.told {
            Some(Ok(summary)) => {
                let summary: Value = serde_json::from_str(&summary).unwrap_or_default();
                let mut account = json!({ "account": reader.name });
                if let (Value::Object(into), Value::Object(from)) = (&mut account, summary) {
                    into.extend(from);
                }
                accounts.push(account);
            }
            Some(Err(error)) => failures.push((reader.name, error)),
            None => {}
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
        code: failures.first().map_or(1, |(_, error)| error.code()),
        text: format!(
            "{count} of {all} accounts failed{rest}: {}",
            reasons.join("; ")
        ),
    }
    .into()
}
