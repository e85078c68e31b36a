//! Reads accounts, each in a thread of its own, and writes what comes on the
//! host's thread, which alone may call SQLite: mail arrives while the last of it
//! is written.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use super::asked::Asked;
use super::database::Database;
use super::folders::open;
use super::options::{Layout, Options, Progress};
use super::port::{Parcel, Port};
use super::run::run;
use super::tuning::Tuning;
use super::writer::Writer;
use crate::account::vigil::Keeper;
use crate::account::{Account, Client};
use crate::error::{Error, Kind, Result};
use crate::imap::{Cancel, Settings, reason};

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

/// What came of an account: its name, and the summary as JSON on one line.
pub type Told = (String, Result<String>);

/// An account that is being read, or was.
#[derive(Default)]
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

/// Tells that a reader is through, however it ends.
struct Departure<'a> {
    reader: usize,
    parcels: &'a SyncSender<Parcel>,
    done: Option<Result<()>>,
}

impl Drop for Departure<'_> {
    fn drop(&mut self) {
        let done = self.done.take().unwrap_or_else(|| {
            let place = "a reader of imap_ingest".to_owned();
            let text = "it panicked".to_owned();
            Err(Kind::Internal { place, text }.into())
        });
        // Nobody waits for it where the host's thread has panicked.
        let _ = self.parcels.send(Parcel::Ended(self.reader, done));
    }
}

/// Ingests from all accounts, `at_once` at a time. One that fails does not stop
/// the others.
///
/// # Errors
/// An interrupt.
pub fn read(
    database: &Database,
    client: &Client,
    settings: &Settings,
    folder: Option<&str>,
    errands: Vec<Errand>,
    at_once: usize,
) -> Result<Vec<Told>> {
    let stop = Arc::new(Stop::default());
    let own = Settings {
        cancel: Arc::clone(&stop) as Arc<dyn Cancel>,
        ..settings.clone()
    };
    let is_alone = errands.len() == 1;
    let (parcels, arriving) = sync_channel(at_once);
    let mut crew = Crew::of(database, errands, at_once);
    let mut outcome = Ok(());
    thread::scope(|scope| {
        loop {
            while outcome.is_ok()
                && let Some((reader, account, options)) = crew.next()
            {
                let (parcels, own) = (parcels.clone(), &own);
                let work = move || {
                    let port = Port::new(reader, parcels.clone());
                    let mut departure = Departure {
                        reader,
                        parcels: &parcels,
                        done: None,
                    };
                    let keeper = Keeper {
                        client,
                        account: &account,
                        settings: own,
                    };
                    departure.done = Some(read_one(port, &keeper, folder, options, is_alone));
                };
                let thread = thread::Builder::new().name("imap-ingest".to_owned());
                if let Err(error) = thread.spawn_scoped(scope, work) {
                    let why = format!("cannot start a thread: {}", reason(&error));
                    crew.depart(reader, Err(Error::network(why)));
                }
            }
            if crew.running.is_empty() {
                return;
            }
            if let Ok(parcel) = arriving.recv_timeout(SLICE) {
                crew.receive(parcel);
            }
            if outcome.is_ok() && settings.cancel.is_cancelled() {
                outcome = Err(Kind::Cancelled.into());
                stop.0.store(true, Ordering::Relaxed);
            }
        }
    });
    outcome.map(|()| crew.told())
}

/// The readers, as the host's thread sees them.
struct Crew<'a> {
    database: &'a Database,
    readers: Vec<Reader>,
    at_once: usize,
    waiting: VecDeque<(usize, Account, Options)>,
    running: Vec<usize>,
    /// Of these, those that have their first round to do.
    beginning: Vec<usize>,
    tuning: Tuning,
}

impl<'a> Crew<'a> {
    fn of(database: &'a Database, errands: Vec<Errand>, at_once: usize) -> Self {
        let layout = errands.first().map(|errand| errand.options.layout);
        let tuning = Tuning::begin(database, layout.unwrap_or(Layout::Surveilr));
        let mut readers = Vec::new();
        let mut waiting = VecDeque::new();
        for errand in errands {
            let mut reader = Reader {
                name: errand.name,
                ..Reader::default()
            };
            match errand.account {
                Ok(account) => {
                    reader.place = account.endpoint.to_string();
                    waiting.push_back((readers.len(), account, errand.options));
                }
                Err(error) => reader.told = Some(Err(error)),
            }
            readers.push(reader);
        }
        Self {
            database,
            readers,
            at_once,
            waiting,
            running: Vec::new(),
            beginning: Vec::new(),
            tuning,
        }
    }

    /// The next account to be read, if another one may be now.
    fn next(&mut self) -> Option<(usize, Account, Options)> {
        if self.beginning.len() >= self.at_once {
            return None;
        }
        let place = self.waiting.iter().position(|(reader, ..)| {
            let server = &self.readers[*reader].place;
            let is_there = |at: &&usize| self.readers[**at].place == *server;
            self.beginning.iter().filter(is_there).count() < AT_ONE_SERVER
        })?;
        let next = self.waiting.remove(place)?;
        self.running.push(next.0);
        self.beginning.push(next.0);
        Some(next)
    }

    fn receive(&mut self, parcel: Parcel) {
        match parcel {
            Parcel::Opened(reader, asked) => match asked.begin(self.database) {
                Ok(writer) => self.readers[reader].writer = Some(writer),
                Err(error) => self.readers[reader].told = Some(Err(error)),
            },
            Parcel::Job(reader, job) => {
                // Without a writer the job is dropped, which ends its reader.
                if let Some(writer) = &mut self.readers[reader].writer {
                    job(writer);
                }
            }
            Parcel::Waiting(reader) => self.is_through(reader),
            Parcel::Ended(reader, done) => self.depart(reader, done),
        }
    }

    /// A reader has done its first round.
    fn is_through(&mut self, reader: usize) {
        self.beginning.retain(|&at| at != reader);
        if self.beginning.is_empty() && self.waiting.is_empty() {
            self.tuning.restore();
        }
    }

    /// A reader has ended.
    fn depart(&mut self, reader: usize, done: Result<()>) {
        self.running.retain(|&at| at != reader);
        self.is_through(reader);
        let reader = &mut self.readers[reader];
        if let Some(mut writer) = reader.writer.take() {
            reader.told = Some(finish(&mut writer, done));
        } else if reader.told.is_none() {
            reader.told = Some(done.map(|()| String::new()));
        }
    }

    fn told(self) -> Vec<Told> {
        let told = |reader: Reader| reader.told.map(|told| (reader.name, told));
        self.readers.into_iter().filter_map(told).collect()
    }
}

/// Reads one account, on its own thread.
fn read_one(
    mut port: Port,
    keeper: &Keeper<'_>,
    folder: Option<&str>,
    mut options: Options,
    is_alone: bool,
) -> Result<()> {
    let (client, account) = (keeper.client, keeper.account);
    let (lease, opening) = client.lease(account, keeper.settings, |session| {
        open(session, folder, &options)
    })?;
    port.open(Asked::of(account, &opening, &options))?;
    if !is_alone {
        // Several bars would draw over one another.
        options.progress = Progress::Silent;
    }
    let done = run(port, keeper, lease, opening, &options);
    if !is_alone {
        // The next account of this server takes its place there.
        client.dismiss(account);
    }
    done
}

/// Ends a run that came to `done`, and gives its summary.
///
/// # Errors
/// What ended it early, and SQLite's.
fn finish(writer: &mut Writer, done: Result<()>) -> Result<String> {
    match done {
        Ok(()) => writer.finish(None),
        Err(error) => {
            // Fails where the host interrupts or the database is at fault; the
            // first error is the one to tell.
            writer.finish(Some(&error)).ok();
            Err(error)
        }
    }
}
