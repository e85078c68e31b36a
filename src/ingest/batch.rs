//! A batch of messages on its way into the tables, in one transaction.
//!
//! What the surveilr layout wants of a message is larger than it is, and so is read
//! a few messages ahead only, on a thread of its own while SQLite writes those
//! before. The thread touches nothing but bytes.

use std::panic::resume_unwind;
use std::sync::mpsc::sync_channel;
use std::thread;

use super::folder::Folder;
use super::incoming::{Incoming, IncomingMessage};
use super::location::{Failure, Location};
use super::message::{Destination, Held, Messages};
use super::options::{Attachments, Layout};
use super::reading::Reading;
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
            read_ahead(batch, layout, &mut |message, reading| {
                counts.fetched += 1;
                counts.bytes += message.record.content.bytes().len() as u64;
                if writer.write(folder, message, reading, grouping, counts)? {
                    written.push(message.incoming.uid);
                }
                Ok(())
            })?;
            search::fill(&writer.connection)
        })?;
        folder.committed = written.into_iter().chain(folder.committed.iter()).collect();
        Ok(())
    }

    fn write<'a>(
        &mut self,
        folder: &mut Folder,
        message: &'a IncomingMessage,
        reading: Option<&Reading<'a>>,
        grouping: Grouping,
        counts: &mut Counts,
    ) -> Result<bool> {
        let IncomingMessage {
            incoming, record, ..
        } = message;
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
                    self.insert(folder, message, reading, counts)?;
                    Ok(true)
                }
                Grouping::Apart => self.try_insert(folder, message, reading, counts),
            },
        }
    }

    fn insert<'a>(
        &mut self,
        folder: &mut Folder,
        message: &'a IncomingMessage,
        reading: Option<&Reading<'a>>,
        counts: &mut Counts,
    ) -> Result<()> {
        let IncomingMessage {
            incoming, record, ..
        } = message;
        let folder_row = self.folder_row(folder)?;
        let read_now;
        let (described, contents) = match (&message.described, reading) {
            (Some(described), _) => (described, None),
            (None, Some(reading)) => (&reading.described, reading.contents.as_ref()),
            (None, None) => {
                read_now = Reading::of(record, incoming, self.options.layout, None);
                (&read_now.described, read_now.contents.as_ref())
            }
        };
        let (messages, destination) = self.destination(&folder_row);
        let attachments = messages.write(&destination, record, described, contents, incoming)?;
        self.note_location(folder, incoming, &record.row_id)?;
        counts.attachments += attachments;
        counts.inserted += 1;
        Ok(())
    }

    /// Inserts a message by itself; false where the database refuses it, which is
    /// noted.
    fn try_insert<'a>(
        &mut self,
        folder: &mut Folder,
        message: &'a IncomingMessage,
        reading: Option<&Reading<'a>>,
        counts: &mut Counts,
    ) -> Result<bool> {
        // The folder's row stays where the message it is for is refused.
        self.folder_row(folder)?;
        let transactions = self.transactions.clone();
        match transactions.part(|| self.insert(folder, message, reading, counts)) {
            Ok(()) => Ok(true),
            Err(error) if transactions.can_go_on(&error) => {
                counts.failed += 1;
                let raw = message.record.content.bytes();
                let failure = Failure {
                    uid: message.incoming.uid,
                    trouble: Trouble::NotWritten,
                    detail: quote(&error.to_string()),
                    size: Some(raw.len() as u64),
                    raw: Some(raw.to_vec()),
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
        incoming: &Incoming,
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

/// Fewer messages are read on the spot.
const CROWD: usize = 16;

/// A larger message is read on the spot: what becomes of it must not wait in
/// memory.
const LARGE: usize = 64 << 10;

/// Messages that are read ahead of the writing.
const AHEAD: usize = 32;

/// What a message is given to, with what was read of it beside what it has.
type Give<'g, 'a> = &'g mut dyn FnMut(&'a IncomingMessage, Option<&Reading<'a>>) -> Result<()>;

/// Gives the messages of a batch in order, as far as they are read.
fn read_so_far<'a>(batch: &'a [IncomingMessage], give: Give<'_, 'a>) -> Result<()> {
    batch.iter().try_for_each(|message| give(message, None))
}

/// The same, with what the layout derives from them.
fn read_ahead<'a>(batch: &'a [IncomingMessage], layout: Layout, give: Give<'_, 'a>) -> Result<()> {
    if layout == Layout::Compact || batch.len() < CROWD {
        return read_so_far(batch, give);
    }
    thread::scope(|scope| {
        let (ready, arriving) = sync_channel(AHEAD);
        let read = move || {
            for message in batch {
                let IncomingMessage {
                    incoming, record, ..
                } = message;
                let is_small = record.content.bytes().len() <= LARGE;
                let reading = is_small.then(|| Reading::of(record, incoming, layout, None));
                // Nobody waits for it where the writing has failed.
                if ready.send((message, reading)).is_err() {
                    return;
                }
            }
        };
        let Ok(reader) = thread::Builder::new().spawn_scoped(scope, read) else {
            // The system has no thread to spare.
            return read_so_far(batch, give);
        };
        let given = arriving
            .into_iter()
            .try_for_each(|(message, reading)| give(message, reading.as_ref()));
        match reader.join() {
            Ok(()) => given,
            Err(panic) => resume_unwind(panic),
        }
    })
}
