//! How those who read mail reach the writer, wherever they run.
//!
//! SQLite is called on the host's thread only. A run over one account calls the
//! writer there directly; where several accounts are read side by side, each in
//! a thread, the work to do is sent over and waited for.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::incoming::IncomingMessage;
use super::known::Present;
use super::location::Failure;
use super::writer::{Differences, Folder, Writer};
use crate::error::{Kind, Result};
use crate::imap::session::Examined;
use crate::imap::uid_set::UidSet;

/// Something for the writer to do.
pub type Job = Box<dyn FnOnce(&mut Writer) + Send>;

/// The way to the writer.
pub enum Port<'a> {
    /// It is here, on the host's thread.
    Here(&'a mut Writer),
    /// It is on another thread, which takes what comes out of the channel.
    There(SyncSender<Job>),
}

impl Port<'_> {
    /// A port for another thread, and where its jobs come out.
    pub fn there() -> (Self, Receiver<Job>) {
        let (jobs, taken) = sync_channel(1);
        (Self::There(jobs), taken)
    }

    /// Has the writer do something and waits for the outcome.
    fn ask<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Writer) -> T + Send + 'static,
    ) -> Result<T> {
        match self {
            Self::Here(writer) => Ok(work(writer)),
            Self::There(jobs) => {
                let (done, outcome) = sync_channel(1);
                let job: Job = Box::new(move |writer| {
                    // Nobody waits for it where the reader was stopped.
                    let _ = done.send(work(writer));
                });
                // The host's thread is gone from its post when it was stopped.
                jobs.send(job).map_err(|_| Kind::Cancelled)?;
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

    /// [`Writer::folder`].
    pub fn folder(&mut self, name: &str, examined: Examined) -> Result<Folder> {
        let name = name.to_owned();
        self.ask(move |writer| writer.folder(&name, &examined))?
    }

    /// [`Writer::settled`].
    pub fn settled(&mut self, folder: &mut Folder, first: u64) -> Result<UidSet> {
        self.with(folder, move |writer, folder| writer.settled(folder, first))
    }

    /// [`Writer::to_retry`].
    pub fn to_retry(&mut self, folder: &mut Folder) -> Result<UidSet> {
        self.with(folder, |writer, folder| writer.to_retry(folder))
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

    /// [`Writer::count_filtered`].
    pub fn count_filtered(&mut self, messages: u64) -> Result<()> {
        self.ask(move |writer| writer.count_filtered(messages))
    }

    /// [`Writer::count_deleted`].
    pub fn count_deleted(&mut self, messages: u64) -> Result<()> {
        self.ask(move |writer| writer.count_deleted(messages))
    }
}
