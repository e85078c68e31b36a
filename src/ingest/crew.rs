//! The readers of an ingest, as the host's thread sees them: who may begin, what
//! each has asked to be written, and what came of it.

use std::collections::VecDeque;

use super::database::Database;
use super::options::{Layout, Options};
use super::port::Parcel;
use super::tuning::Tuning;
use super::writer::Writer;
use crate::account::Account;
use crate::error::Result;

/// Accounts read at once on one server, which may limit connections by address.
const AT_ONE_SERVER: usize = 4;

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

/// The readers, as the host's thread sees them.
pub struct Crew<'a> {
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
    /// Nobody of them has begun.
    pub fn of(database: &'a Database, errands: Vec<Errand>, at_once: usize) -> Self {
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

    /// The next account to be read, if another one may be now; it has begun.
    pub fn next(&mut self) -> Option<(usize, Account, Options)> {
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

    /// Does what a reader asks for.
    pub fn receive(&mut self, parcel: Parcel) {
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
            Parcel::Waiting(reader) => self.has_begun(reader),
            Parcel::Ended(reader, done) => self.depart(reader, done),
        }
    }

    /// True where nobody is being read.
    pub fn is_through(&self) -> bool {
        self.running.is_empty()
    }

    /// A reader has done its first round.
    fn has_begun(&mut self, reader: usize) {
        self.beginning.retain(|&at| at != reader);
        if self.beginning.is_empty() && self.waiting.is_empty() {
            self.tuning.restore();
        }
    }

    /// A reader has ended.
    pub fn depart(&mut self, reader: usize, done: Result<()>) {
        self.running.retain(|&at| at != reader);
        self.has_begun(reader);
        let reader = &mut self.readers[reader];
        if let Some(mut writer) = reader.writer.take() {
            reader.told = Some(finish(&mut writer, done));
        } else if reader.told.is_none() {
            reader.told = Some(done.map(|()| String::new()));
        }
    }

    /// What came of each, in the order they were given.
    pub fn told(self) -> Vec<Told> {
        let told = |reader: Reader| reader.told.map(|told| (reader.name, told));
        self.readers.into_iter().filter_map(told).collect()
    }
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
