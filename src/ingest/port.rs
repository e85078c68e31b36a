//! How those who read mail reach the writer, wherever they run.
//!
//! SQLite is called on the host's thread only. A run over one account calls the
//! writer there directly; where several accounts are read side by side, each in
//! a thread, the work to do is sent over and waited for.

use std::sync::mpsc::{SyncSender, sync_channel};

use super::folder::{Differences, Folder};
use super::incoming::IncomingMessage;
use super::known::Present;
use super::location::Failure;
use super::side_by_side::Parcel;
use super::summary::Counts;
use super::writer::Writer;
use crate::error::{Kind, Result};
use crate::imap::session::Examined;
use crate::imap::uid_set::UidSet;

/// Something for the writer to do.
pub type Job = Box<dyn FnOnce(&mut Writer) + Send>;

/// The way to the writer.
pub enum Port<'a> {
    /// It is here, on the host's thread.
    Here(&'a mut Writer),
    /// It is the one of this number, on the thread at the other end.
    There(usize, SyncSender<Parcel>),
}

impl Port<'_> {
    /// Has the writer do something and waits for the outcome.
    fn ask<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Writer) -> T + Send + 'static,
    ) -> Result<T> {
        match self {
            Self::Here(writer) => Ok(work(writer)),
            Self::There(index, parcels) => {
                let (done, outcome) = sync_channel(1);
                let job: Job = Box::new(move |writer| {
                    // Nobody waits for it where the reader was stopped.
                    let _ = done.send(work(writer));
                });
                // The host's thread has left, or drops the job, where the
                // statement was stopped.
                parcels
                    .send(Parcel::Job(*index, job))
                    .map_err(|_| Kind::Cancelled)?;
                outcome.recv().map_err(|_| Kind::Cancelled.into())
            }
        }
    }

    /// [`Port::ask`] for work on a folder, which is lent meanwhile.
    fn with<T: Send + 'static>(
        &mut self,
        folder: &mut Folder,
        work: impl FnOnce(&mut Writer, &mut Folder) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let mut lent = std::mem::take(folder);
        let (back, outcome) = self.ask(move |writer| {
            let outcome = work(writer, &mut lent);
            (lent, outcome)
        })?;
        *folder = back;
        outcome
    }

    /// Tells that the first round is through, so that others may begin theirs.
    pub fn wait(&mut self) -> Result<()> {
        match self {
            Self::Here(_) => Ok(()),
            Self::There(index, parcels) => {
                let told = parcels.send(Parcel::Waiting(*index));
                told.map_err(|_| Kind::Cancelled.into())
            }
        }
    }

    /// [`Writer::folder`].
    pub fn folder(&mut self, name: &str, examined: Examined) -> Result<Folder> {
        let name = name.to_owned();
        self.ask(move |writer| writer.folder(&name, &examined))?
    }

    /// [`Writer::settled`].
    pub fn settled(&mut self, folder: &mut Folder, first: u64) -> Result<UidSet> {
        self.with(folder, move |writer, folder| writer.settled(folder, first))
    }

    /// [`Writer::retryable`].
    pub fn retryable(&mut self, folder: &mut Folder) -> Result<UidSet> {
        self.with(folder, |writer, folder| writer.retryable(folder))
    }

    /// [`Writer::present`].
    pub fn present(&mut self, folder: &mut Folder) -> Result<Present> {
        self.with(folder, |writer, folder| writer.present(folder))
    }

    /// [`Writer::update`].
    pub fn update(&mut self, folder: &mut Folder, differences: Differences) -> Result<()> {
        self.with(folder, move |writer, folder| {
            writer.update(folder, &differences)
        })
    }

    /// [`Writer::write_batch`] and [`Writer::note_failures`].
    pub fn write(
        &mut self,
        folder: &mut Folder,
        batch: Vec<IncomingMessage>,
        failures: Vec<Failure>,
    ) -> Result<()> {
        self.with(folder, move |writer, folder| {
            writer.write_batch(folder, &batch)?;
            writer.note_failures(folder, &failures)
        })
    }

    /// [`Writer::finish_folder`].
    pub fn finish_folder(
        &mut self,
        folder: &mut Folder,
        next_uid: u64,
        gone: UidSet,
    ) -> Result<()> {
        self.with(folder, move |writer, folder| {
            writer.finish_folder(folder, next_uid, &gone)
        })
    }

    /// [`Writer::fetched`].
    pub fn fetched(&mut self) -> Result<u64> {
        self.ask(|writer| writer.fetched())
    }

    /// [`Writer::count`].
    pub fn count(&mut self, counts: Counts) -> Result<()> {
        self.ask(move |writer| writer.count(&counts))
    }
}
