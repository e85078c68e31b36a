//! How those who read mail reach the writer: SQLite is called on the host's
//! thread only, and mail is read on others, so the work to do is sent over.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::asked::Asked;
use super::folder::{Differences, Folder};
use super::incoming::IncomingMessage;
use super::known::Present;
use super::location::Failure;
use super::summary::Counts;
use super::writer::Writer;
use crate::error::{Error, Kind, Result};
use crate::imap::session::Examined;
use crate::imap::uid_set::UidSet;

/// Something for the writer to do.
pub type Job = Box<dyn FnOnce(&mut Writer) + Send>;

/// What a reader sends to the host's thread, with the reader's number.
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

/// The way of one reader to its writer.
pub struct Port {
    reader: usize,
    parcels: SyncSender<Parcel>,
}

/// A folder that is lent to the writer until its work is done.
#[must_use = "the folder has to come back"]
pub struct Lent<T> {
    outcome: Receiver<(Folder, Result<T>)>,
    /// True once the work is known to fail.
    has_failed: Arc<AtomicBool>,
}

impl<T> Lent<T> {
    /// Waits for the folder, and for what came of the work.
    ///
    /// # Errors
    /// Those of the work, and that the statement was stopped.
    pub fn back(self, folder: &mut Folder) -> Result<T> {
        let (back, outcome) = self.outcome.recv().map_err(|_| stopped())?;
        *folder = back;
        outcome
    }

    /// True where [`Self::back`] will give an error, as far as that is known.
    pub fn has_failed(&self) -> bool {
        self.has_failed.load(Ordering::Relaxed)
    }
}

impl Port {
    /// The way of the reader of this number.
    pub fn new(reader: usize, parcels: SyncSender<Parcel>) -> Self {
        Self { reader, parcels }
    }

    /// Gives the writer something to do.
    fn send<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Writer) -> T + Send + 'static,
    ) -> Result<Receiver<T>> {
        let (done, outcome) = sync_channel(1);
        let job: Job = Box::new(move |writer| {
            // Nobody waits for it where the reader was stopped.
            let _ = done.send(work(writer));
        });
        // The host's thread has left, or drops the job, where the statement was
        // stopped.
        let sent = self.parcels.send(Parcel::Job(self.reader, job));
        sent.map(|()| outcome).map_err(|_| stopped())
    }

    /// Has the writer do something and waits for the outcome.
    fn ask<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Writer) -> T + Send + 'static,
    ) -> Result<T> {
        self.send(work)?.recv().map_err(|_| stopped())
    }

    /// Gives the writer something to do with a folder.
    fn lend<T: Send + 'static>(
        &mut self,
        folder: &mut Folder,
        work: impl FnOnce(&mut Writer, &mut Folder) -> Result<T> + Send + 'static,
    ) -> Result<Lent<T>> {
        let mut lent = std::mem::take(folder);
        let has_failed = Arc::new(AtomicBool::new(false));
        let fails = Arc::clone(&has_failed);
        let outcome = self.send(move |writer| {
            let outcome = work(writer, &mut lent);
            fails.store(outcome.is_err(), Ordering::Relaxed);
            (lent, outcome)
        })?;
        Ok(Lent {
            outcome,
            has_failed,
        })
    }

    /// Asks for a writer; what it cannot do it tells when it is first used.
    ///
    /// # Errors
    /// The statement was stopped.
    pub fn open(&mut self, asked: Asked) -> Result<()> {
        let opened = Parcel::Opened(self.reader, Box::new(asked));
        self.parcels.send(opened).map_err(|_| stopped())
    }

    /// Tells that the first round is through, so that others may begin theirs.
    pub fn wait(&mut self) -> Result<()> {
        let told = self.parcels.send(Parcel::Waiting(self.reader));
        told.map_err(|_| stopped())
    }

    /// [`Writer::folder`].
    pub fn folder(&mut self, name: &str, examined: Examined) -> Result<Folder> {
        let name = name.to_owned();
        self.ask(move |writer| writer.folder(&name, &examined))?
    }

    /// [`Writer::settled`].
    pub fn settled(&mut self, folder: &mut Folder, first: u64) -> Result<UidSet> {
        self.lend(folder, move |writer, folder| writer.settled(folder, first))?
            .back(folder)
    }

    /// [`Writer::retryable`].
    pub fn retryable(&mut self, folder: &mut Folder) -> Result<UidSet> {
        self.lend(folder, |writer, folder| writer.retryable(folder))?
            .back(folder)
    }

    /// [`Writer::present`].
    pub fn present(&mut self, folder: &mut Folder) -> Result<Present> {
        self.lend(folder, |writer, folder| writer.present(folder))?
            .back(folder)
    }

    /// [`Writer::update`].
    pub fn update(&mut self, folder: &mut Folder, differences: Differences) -> Result<()> {
        self.lend(folder, move |writer, folder| {
            writer.update(folder, &differences)
        })?
        .back(folder)
    }

    /// [`Writer::write_batch`] and [`Writer::note_failures`], without waiting for
    /// their end, and after what is being written; where that fails, nothing
    /// behind it is written.
    pub fn write(
        &mut self,
        folder: &mut Folder,
        before: Option<Lent<()>>,
        batch: Vec<IncomingMessage>,
        failures: Vec<Failure>,
    ) -> Result<Lent<()>> {
        self.lend(folder, move |writer, folder| {
            // The host's thread does one job after the other: this one is done.
            before.map_or(Ok(()), |before| before.back(folder))?;
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
        self.lend(folder, move |writer, folder| {
            writer.finish_folder(folder, next_uid, &gone)
        })?
        .back(folder)
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

fn stopped() -> Error {
    Kind::Cancelled.into()
}
