//! A batch of messages on its way into the tables, in one transaction.
//!
//! What the tables want of a message is read on a second thread while SQLite
//! writes the one before: hashes, checks and decoding took a quarter of the time
//! of an ingest (docs/benchmarks.md). The thread touches nothing but bytes.

use std::panic::resume_unwind;
use std::sync::mpsc::sync_channel;
use std::thread;

use super::folder::Folder;
use super::incoming::IncomingMessage;
use super::location::{Failure, Location};
use super::message::{Destination, Held, Messages};
use super::options::{Attachments, Layout};
use super::reading::Reading;
use super::record::Record;
use super::search;
use super::state::Trouble;
use super::summary::Counts;
use super::writer::Writer;
use crate::error::{Result, quote};
use crate::mail::time;

/// How the messages of a batch share its transaction.
#[derive(Clone, Copy)]
enum Grouping {
    /// All are written, or none.
    Together,
    /// One that is refused leaves the others.
    Apart,
}

impl Writer {
    /// Writes messages. One that the database refuses is noted as a problem,
    /// and those behind it are written.
    ///
    /// # Errors
    /// `Host` where SQLite fails as a whole; then nothing of the batch stays.
    pub fn write_batch(&mut self, folder: &mut Folder, batch: &[IncomingMessage]) -> Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        // A savepoint for each message has SQLite copy every page that it
        // touches; nearly always it would be for nothing.
        match self.write_all(folder, batch, Grouping::Together) {
            Err(error) if self.transactions.can_try_apart(&error) => {
                self.write_all(folder, batch, Grouping::Apart)
            }
            done => done,
        }
    }

    fn write_all(
        &mut self,
        folder: &mut Folder,
        batch: &[IncomingMessage],
        grouping: Grouping,
    ) -> Result<()> {
        let mut written = Vec::new();
        let layout = self.options.layout;
        self.transaction(folder, |writer, folder, counts| {
            read_ahead(batch, layout, &mut |incoming, record, reading| {
                counts.fetched += 1;
                counts.bytes += incoming.raw.len() as u64;
                let item = Item {
                    incoming,
                    record,
                    reading,
                };
                if writer.write(folder, &item, grouping, counts)? {
                    written.push(incoming.uid);
                }
                Ok(())
            })?;
            search::fill(&writer.connection)
        })?;
        folder.committed = written.into_iter().chain(folder.committed.iter()).collect();
        Ok(())
    }

    fn write(
        &mut self,
        folder: &mut Folder,
        item: &Item<'_>,
        grouping: Grouping,
        counts: &mut Counts,
    ) -> Result<bool> {
        let Item {
            incoming, record, ..
        } = item;
        match self.messages.held(record)? {
            Held::Whole(row_id) => {
                self.note_location(folder, incoming, &row_id)?;
                let is_known =
                    self.locations
                        .reflag(&folder.state, incoming.uid, &incoming.flags)?;
                counts.updated += u64::from(is_known);
                if self.options.attachments != Attachments::No {
                    let folder_row = self.folder_row(folder)?;
                    let (messages, destination) = self.destination(&folder_row);
                    counts.attachments += messages.attach(&destination, record, incoming)?;
                }
                counts.already_there += 1;
                Ok(true)
            }
            Held::Nothing | Held::Twin => match grouping {
                Grouping::Together => {
                    self.insert(folder, item, counts)?;
                    Ok(true)
                }
                Grouping::Apart => self.try_insert(folder, item, counts),
            },
        }
    }

    fn insert(&mut self, folder: &mut Folder, item: &Item<'_>, counts: &mut Counts) -> Result<()> {
        let Item {
            incoming, record, ..
        } = item;
        let folder_row = self.folder_row(folder)?;
        let read_now;
        let reading = match &item.reading {
            Some(reading) => reading,
            None => {
                read_now = Reading::of(record, incoming, self.options.layout, None);
                &read_now
            }
        };
        let (messages, destination) = self.destination(&folder_row);
        let attachments = messages.write(&destination, record, reading, incoming)?;
        self.note_location(folder, incoming, &record.row_id)?;
        counts.attachments += attachments;
        counts.inserted += 1;
        Ok(())
    }

    /// Inserts a message by itself; false where the database refuses it, which is
    /// noted.
    fn try_insert(
        &mut self,
        folder: &mut Folder,
        item: &Item<'_>,
        counts: &mut Counts,
    ) -> Result<bool> {
        let incoming = item.incoming;
        // The folder's row stays where the message it is for is refused.
        self.folder_row(folder)?;
        let transactions = self.transactions.clone();
        match transactions.part(|| self.insert(folder, item, counts)) {
            Ok(()) => Ok(true),
            Err(error) if transactions.can_go_on(&error) => {
                counts.failed += 1;
                let failure = Failure {
                    uid: incoming.uid,
                    trouble: Trouble::NotWritten,
                    detail: quote(&error.to_string()),
                    size: Some(incoming.raw.len() as u64),
                    raw: Some(incoming.raw.clone()),
                };
                self.locations
                    .failed(&folder.state, &self.session.id, &failure)?;
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Where a message goes that came from a server, and who writes it there.
    fn destination<'a>(&'a mut self, folder_row: &'a str) -> (&'a mut Messages, Destination<'a>) {
        let destination = Destination {
            device_id: &self.device_id,
            session_id: &self.session.id,
            folder_row,
            user: &self.account.user,
            options: &self.options,
            inside: None,
        };
        (&mut self.messages, destination)
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
}

/// One message of a batch.
struct Item<'a> {
    incoming: &'a IncomingMessage,
    record: Record<'a>,
    /// Where it was read ahead.
    reading: Option<Reading<'a>>,
}

/// Fewer messages are read on the spot.
const CROWD: usize = 16;

/// Of a message of more bytes only the hashes are made ahead: what becomes of it
/// is larger than it is, and must not wait in memory.
const LARGE: usize = 64 << 10;

/// Messages that are read ahead of the writing.
const AHEAD: usize = 32;

/// What a message is given to, with what was read of it.
type Give<'g, 'a> =
    &'g mut dyn FnMut(&'a IncomingMessage, Record<'a>, Option<Reading<'a>>) -> Result<()>;

/// Gives the messages of a batch in order, each read no further than to know it.
fn read_here<'a>(batch: &'a [IncomingMessage], give: Give<'_, 'a>) -> Result<()> {
    let mut batch = batch.iter();
    batch.try_for_each(|incoming| give(incoming, Record::read(&incoming.raw), None))
}

/// The same, read ahead.
fn read_ahead<'a>(batch: &'a [IncomingMessage], layout: Layout, give: Give<'_, 'a>) -> Result<()> {
    if batch.len() < CROWD {
        return read_here(batch, give);
    }
    thread::scope(|scope| {
        let (ready, arriving) = sync_channel(AHEAD);
        let read = move || {
            for incoming in batch {
                let record = Record::read(&incoming.raw);
                let is_small = incoming.raw.len() <= LARGE;
                let reading = is_small.then(|| Reading::of(&record, incoming, layout, None));
                // Nobody waits for it where the writing has failed.
                if ready.send((incoming, record, reading)).is_err() {
                    return;
                }
            }
        };
        let Ok(reader) = thread::Builder::new().spawn_scoped(scope, read) else {
            // The system has no thread to spare.
            return read_here(batch, give);
        };
        let given = arriving
            .into_iter()
            .try_for_each(|(incoming, record, reading)| give(incoming, record, reading));
        match reader.join() {
            Ok(()) => given,
            Err(panic) => resume_unwind(panic),
        }
    })
}
