//! The one writer of RSSD tables and of the sync state.
//!
//! It is handed messages and knows nothing of where they come from. What it is
//! asked to write in one call is one transaction, see [`Transactions`]: the
//! rows and the state that says they are there.

use super::incoming::IncomingMessage;
use super::location::{Failure, Location, Locations};
use super::message::{Destination, Held, Messages};
use super::options::Layout;
use super::place::{self, Account};
use super::record::Record;
use super::session::Session;
use super::state::{self, FolderState, Trouble};
use super::summary::{Counts, Summary};
use super::transaction::Transactions;
use super::{device, schema};
use crate::error::{Error, Result, quote};
use crate::mail::time;
use crate::sqlite::Connection;

/// A run in progress.
pub struct Writer {
    connection: Connection,
    transactions: Transactions,
    account: Account,
    account_row: Option<String>,
    device_id: String,
    session: Session,
    messages: Messages,
    locations: Locations,
    summary: Summary,
}

/// A folder in the course of a run.
pub struct Folder {
    /// Its name, decoded.
    pub name: String,
    /// How far it has been read.
    pub state: FolderState,
    /// The id of the session's folder row, once there is one.
    row: Option<String>,
}

impl Writer {
    /// Creates what tables are missing and writes the session row of a run,
    /// with `arguments`, a JSON object without secrets; new messages are stored
    /// in this `layout`.
    ///
    /// # Errors
    /// `Host` where SQLite refuses: a read-only or locked database.
    pub fn begin(
        connection: &Connection,
        account: Account,
        layout: Layout,
        arguments: &str,
    ) -> Result<Self> {
        let transactions = Transactions::open(connection)?;
        transactions.clone().batch(|| {
            schema::create_missing(connection)?;
            let device_id = device::device(connection)?;
            let session = Session::begin(connection, &device_id, arguments)?;
            let summary = Summary::begin(&session.id);
            Ok(Self {
                connection: connection.clone(),
                transactions,
                account,
                account_row: None,
                device_id,
                session,
                messages: Messages::open(connection, layout)?,
                locations: Locations::open(connection)?,
                summary,
            })
        })
    }

    /// Goes on to a folder that holds `found` messages, and reads where it
    /// stands; writes nothing.
    ///
    /// # Errors
    /// `Host` where SQLite refuses.
    pub fn folder(&mut self, name: &str, uidvalidity: u32, found: u64) -> Result<Folder> {
        self.summary.folder(name, found);
        let state = state::folder(&self.connection, &self.account, name, uidvalidity)?;
        Ok(Folder {
            name: name.to_owned(),
            state,
            row: None,
        })
    }

    /// The UIDs from `next_uid` on that are ingested all the same, ascending.
    ///
    /// # Errors
    /// `Host` where SQLite refuses.
    pub fn known_uids(&self, folder: &Folder) -> Result<Vec<u32>> {
        state::known_uids(&self.connection, &folder.state)
    }

    /// The UIDs that had a problem and are to be tried again, ascending.
    ///
    /// # Errors
    /// `Host` where SQLite refuses.
    pub fn uids_to_retry(&self, folder: &Folder, max_size: u64) -> Result<Vec<u32>> {
        state::uids_to_retry(&self.connection, &folder.state, max_size)
    }

    /// Writes messages. One that the database refuses is noted as a problem,
    /// and those behind it are written.
    ///
    /// # Errors
    /// `Host` where SQLite fails as a whole; then nothing of the batch stays.
    pub fn write_batch(&mut self, folder: &mut Folder, batch: &[IncomingMessage]) -> Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        self.transaction(folder, |writer, folder, counts| {
            for incoming in batch {
                counts.fetched += 1;
                counts.bytes += incoming.raw.len() as u64;
                writer.write(folder, incoming, counts)?;
            }
            Ok(())
        })
    }

    /// Notes messages that cannot be ingested.
    ///
    /// # Errors
    /// `Host` where SQLite fails.
    pub fn note_failures(&mut self, folder: &mut Folder, failures: &[Failure]) -> Result<()> {
        if failures.is_empty() {
            return Ok(());
        }
        self.transaction(folder, |writer, folder, counts| {
            for failure in failures {
                counts.failed += 1;
                writer
                    .locations
                    .failed(&folder.state, &writer.session.id, failure)?;
            }
            Ok(())
        })
    }

    /// Ends a folder: the problems of messages that have `gone` are forgotten,
    /// and all messages below `next_uid` are dealt with. Writes nothing where
    /// that is no news.
    ///
    /// # Errors
    /// `Host` where SQLite fails.
    pub fn finish_folder(
        &mut self,
        folder: &mut Folder,
        next_uid: u64,
        gone: &[u32],
    ) -> Result<()> {
        if gone.is_empty() && !folder.state.is_news(next_uid) {
            return Ok(());
        }
        folder.state.next_uid = next_uid;
        self.transaction(folder, |writer, folder, _| {
            gone.iter()
                .try_for_each(|&uid| writer.locations.solved(&folder.state, uid))
        })
    }

    /// Messages downloaded so far in this run.
    pub fn fetched(&self) -> u64 {
        self.summary.fetched()
    }

    /// Ends the run and gives its summary as JSON on one line. The `error` that
    /// ended it early is part of the summary the session keeps.
    ///
    /// # Errors
    /// `Host` where SQLite fails.
    pub fn finish(&mut self, error: Option<&Error>) -> Result<String> {
        let summary = self.summary.to_json(error);
        self.transactions.batch(|| self.session.finish(&summary))?;
        Ok(summary)
    }

    /// Runs `work` in one transaction, with the folder's state and the counts.
    fn transaction(
        &mut self,
        folder: &mut Folder,
        work: impl FnOnce(&mut Self, &mut Folder, &mut Counts) -> Result<()>,
    ) -> Result<()> {
        let before = self.summary.clone();
        let done = self.transactions.clone().batch(|| {
            state::write_folder(&self.connection, &self.account, &folder.name, &folder.state)?;
            let mut counts = Counts::default();
            work(self, folder, &mut counts)?;
            self.summary.add(&counts);
            self.session.note(&self.summary.to_json(None))
        });
        if done.is_err() {
            self.summary = before;
        }
        done
    }

    fn write(
        &mut self,
        folder: &mut Folder,
        incoming: &IncomingMessage,
        counts: &mut Counts,
    ) -> Result<()> {
        let record = Record::read(&incoming.raw);
        match self.messages.held(&record)? {
            Held::Whole(row_id) => {
                self.note_location(folder, incoming, &row_id)?;
                counts.already_there += 1;
                Ok(())
            }
            Held::Nothing | Held::Twin => self.insert(folder, incoming, &record, counts),
        }
    }

    fn insert(
        &mut self,
        folder: &mut Folder,
        incoming: &IncomingMessage,
        record: &Record<'_>,
        counts: &mut Counts,
    ) -> Result<()> {
        let folder_row = self.folder_row(folder)?;
        let transactions = self.transactions.clone();
        let written = transactions.part(|| {
            let destination = Destination {
                device_id: &self.device_id,
                session_id: &self.session.id,
                folder_row: &folder_row,
                user: &self.account.user,
            };
            self.messages.write(&destination, record, incoming)?;
            self.note_location(folder, incoming, &record.row_id)
        });
        match written {
            Ok(()) => counts.inserted += 1,
            Err(error) if transactions.can_go_on(&error) => {
                counts.failed += 1;
                let failure = Failure {
                    uid: incoming.uid,
                    trouble: Trouble::NotWritten,
                    detail: quote(&error.to_string()),
                    size: Some(incoming.raw.len() as u64),
                };
                self.locations
                    .failed(&folder.state, &self.session.id, &failure)?;
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn note_location(
        &mut self,
        folder: &Folder,
        incoming: &IncomingMessage,
        message_row: &str,
    ) -> Result<()> {
        let location = Location {
            uid: incoming.uid,
            message_row,
            internal_date: incoming.internal_date.and_then(time::iso8601),
            flags: serde_json::Value::from(incoming.flags.clone()).to_string(),
        };
        self.locations
            .found(&folder.state, &self.session.id, &location)
    }

    /// The id of the session's row for the folder, which is written now if it
    /// was not needed so far. It stays where the message it is for is refused.
    fn folder_row(&mut self, folder: &mut Folder) -> Result<String> {
        if let Some(row) = &folder.row {
            return Ok(row.clone());
        }
        let account_row = match &self.account_row {
            Some(row) => row.clone(),
            None => place::account(&self.connection, &self.session.id, &self.account)?,
        };
        let validity = folder.state.uidvalidity;
        let session_id = &self.session.id;
        let row = place::folder(
            &self.connection,
            session_id,
            &account_row,
            &folder.name,
            validity,
        )?;
        self.account_row = Some(account_row);
        folder.row = Some(row.clone());
        Ok(row)
    }
}
