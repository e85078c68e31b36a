//! The one writer of RSSD tables and of the sync state.
//!
//! It is handed messages ([`batch`](super::batch) writes them) and knows nothing
//! of where they come from. What it is asked to write in one call is one
//! transaction, see [`Transactions`]: the rows and the state that says they are
//! there.

use std::collections::HashMap;

use super::database::Database;
use super::folder::{Differences, Folder};
use super::known::{self, Present};
use super::location::{Failure, Locations};
use super::message::Messages;
use super::options::{Afterwards, Options};
use super::place::{self, Account};
use super::session::Session;
use super::state::{self, Trouble};
use super::summary::{Counts, Summary};
use super::transaction::Transactions;
use super::{device, schema, search};
use crate::error::{Error, Result};
use crate::imap::session::Examined;
use crate::imap::uid_set::UidSet;

/// A run in progress.
pub struct Writer {
    pub(super) connection: Database,
    pub(super) options: Options,
    pub(super) transactions: Transactions,
    pub(super) account: Account,
    account_row: Option<String>,
    /// The session's folder rows by name: a folder may be read several times.
    folder_rows: HashMap<String, String>,
    pub(super) device_id: String,
    pub(super) session: Session,
    pub(super) messages: Messages,
    pub(super) locations: Locations,
    summary: Summary,
}

impl Writer {
    /// Creates what tables are missing and writes the session row of a run,
    /// with `arguments`, a JSON object without secrets; new messages are stored
    /// in this `layout`.
    ///
    /// # Errors
    /// `Host` where SQLite refuses: a read-only or locked database.
    pub fn begin(
        connection: &Database,
        account: Account,
        options: &Options,
        arguments: &str,
    ) -> Result<Self> {
        let transactions = Transactions::open(connection, options.patience)?;
        if options.afterwards == Afterwards::Delete && !transactions.commit_batches() {
            return Err(Error::usage(
                "option delete needs what is written to be committed; call imap_ingest outside \
                 of a transaction, in a statement that writes nothing itself",
            ));
        }
        transactions.clone().batch(|| {
            schema::create_missing(connection)?;
            search::fill(connection)?;
            let device_id = device::device(connection, options.device_name.as_deref())?;
            let session = Session::begin(
                connection,
                &device_id,
                options.device_name.as_deref(),
                arguments,
            )?;
            let summary = Summary::begin(&session.id);
            Ok(Self {
                connection: connection.clone(),
                options: options.clone(),
                transactions,
                account,
                account_row: None,
                folder_rows: HashMap::new(),
                device_id,
                session,
                messages: Messages::open(connection, options.layout)?,
                locations: Locations::open(connection)?,
                summary,
            })
        })
    }

    /// Goes on to a folder that was just opened, and reads where it stands;
    /// writes nothing.
    ///
    /// # Errors
    /// `Host` where SQLite refuses.
    pub fn folder(&mut self, name: &str, examined: &Examined) -> Result<Folder> {
        self.summary.folder(name, examined.exists.into());
        let selection = &self.options.selection;
        let (state, suspects) = self.transactions.outside(|| {
            let state = state::folder(&self.connection, &self.account, name, examined, selection)?;
            let suspects = known::suspects(&self.connection, &state, &self.session.id)?;
            Ok((state, suspects))
        })?;
        Ok(Folder {
            name: name.to_owned(),
            state,
            suspects,
            committed: UidSet::new(),
            row: self.folder_rows.get(name).cloned(),
        })
    }

    /// The UIDs from `first` on that need nothing more.
    ///
    /// # Errors
    /// `Host` where SQLite refuses.
    pub fn settled(&self, folder: &Folder, first: u64) -> Result<UidSet> {
        let max_size = self.options.max_size;
        self.transactions
            .outside(|| known::settled(&self.connection, &folder.state, first, max_size))
    }

    /// The UIDs that had a problem and are to be tried again.
    ///
    /// # Errors
    /// `Host` where SQLite refuses.
    pub fn retryable(&self, folder: &Folder) -> Result<UidSet> {
        let max_size = self.options.max_size;
        self.transactions
            .outside(|| known::retryable(&self.connection, &folder.state, max_size))
    }

    /// The messages known to lie in the folder.
    ///
    /// # Errors
    /// `Host` where SQLite refuses.
    pub fn present(&self, folder: &Folder) -> Result<Present> {
        self.transactions
            .outside(|| known::present(&self.connection, &folder.state))
    }

    /// Notes what has changed, and the folder's state.
    ///
    /// # Errors
    /// `Host` where SQLite fails.
    pub fn update(&mut self, folder: &mut Folder, differences: &Differences) -> Result<()> {
        self.transaction(folder, |writer, folder, counts| {
            for (uid, flags) in &differences.flags {
                let is_news = writer.locations.reflag(&folder.state, *uid, flags)?;
                counts.updated += u64::from(is_news);
            }
            for uid in differences.gone.iter() {
                let is_news = writer.locations.vanish(&folder.state, uid)?;
                counts.vanished += u64::from(is_news);
            }
            Ok(())
        })
    }

    /// Counts what happened beside the writing.
    pub fn count(&mut self, counts: &Counts) {
        self.summary.add(counts);
    }

    /// Notes messages that cannot be ingested; one that is suspected for the
    /// first time has not failed yet.
    ///
    /// # Errors
    /// `Host` where SQLite fails.
    pub fn note_failures(&mut self, folder: &mut Folder, failures: &[Failure]) -> Result<()> {
        if failures.is_empty() {
            return Ok(());
        }
        self.transaction(folder, |writer, folder, counts| {
            for failure in failures {
                let is_lost = failure.trouble == Trouble::ConnectionLost;
                let has_failed = !is_lost || folder.suspects.due.contains(failure.uid);
                counts.failed += u64::from(has_failed);
                writer
                    .locations
                    .failed(&folder.state, &writer.session.id, failure)?;
            }
            Ok(())
        })
    }

    /// Ends a folder: the problems of messages that have `gone` are forgotten,
    /// all messages below `next_uid` are dealt with, and what was known under
    /// another UIDVALIDITY is where it was no longer. Writes nothing where that
    /// is no news.
    ///
    /// # Errors
    /// `Host` where SQLite fails.
    pub fn finish_folder(
        &mut self,
        folder: &mut Folder,
        next_uid: u64,
        gone: &UidSet,
    ) -> Result<()> {
        if gone.is_empty() && !folder.state.is_news(next_uid) {
            return Ok(());
        }
        folder.state.next_uid = next_uid;
        self.transaction(folder, |writer, folder, counts| {
            counts.vanished += writer.locations.outdate(&folder.state)?;
            gone.iter()
                .try_for_each(|uid| writer.locations.solved(&folder.state, uid))
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
        let problems = self
            .transactions
            .outside(|| known::problems(&self.connection, &self.account))?;
        self.summary.note_problems(&problems);
        let summary = self.summary.to_json(error);
        self.transactions.batch(|| self.session.finish(&summary))?;
        Ok(summary)
    }

    /// Runs `work` in one transaction, with the folder's state and the counts.
    pub(super) fn transaction(
        &mut self,
        folder: &mut Folder,
        work: impl FnOnce(&mut Self, &mut Folder, &mut Counts) -> Result<()>,
    ) -> Result<()> {
        let before = (
            self.summary.clone(),
            self.account_row.clone(),
            folder.row.clone(),
        );
        let done = self.transactions.clone().batch(|| {
            state::write_folder(&self.connection, &self.account, &folder.name, &folder.state)?;
            let mut counts = Counts::default();
            work(self, folder, &mut counts)?;
            self.summary.add(&counts);
            self.session.note(&self.summary.to_json(None))
        });
        if done.is_err() {
            (self.summary, self.account_row, folder.row) = before;
            if folder.row.is_none() {
                self.folder_rows.remove(&folder.name);
            }
        }
        done
    }

    /// The id of the session's row for the folder, which is written now if it
    /// was not needed so far.
    pub(super) fn folder_row(&mut self, folder: &mut Folder) -> Result<String> {
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
        self.folder_rows.insert(folder.name.clone(), row.clone());
        folder.row = Some(row.clone());
        Ok(row)
    }
}
