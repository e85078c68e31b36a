//! Downloads messages of the open folder, reads them, and has them written in
//! batches.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::folder::Folder;
use super::incoming::{Incoming, IncomingMessage};
use super::location::Failure;
use super::options::{ALONGSIDE, BATCH, BATCH_MEMORY, CHUNK, Options};
use super::port::{Lent, Port};
use super::progress::Meter;
use super::state::Trouble;
use super::summary::Counts;
use crate::error::{Result, quote};
use crate::imap::download::{Download, Downloaded};
use crate::imap::flags::Flags;
use crate::imap::internal_date::internal_date;
use crate::imap::search::Criteria;
use crate::imap::session::Session;
use crate::imap::uid_set::UidSet;
use crate::imap::wanted::Wanted;

/// Where the messages of a folder go, and those that wait to be written.
pub struct Intake<'a> {
    port: &'a mut Port,
    /// Has the folder open.
    session: &'a mut Session,
    folder: &'a mut Folder,
    /// Its name, known also while it is lent.
    name: String,
    options: &'a Options,
    meter: &'a Meter,
    /// The batches that are being written have the folder.
    writing: Option<Lent<()>>,
    batch: Vec<IncomingMessage>,
    batch_bytes: u64,
    /// Bytes of the largest of them.
    largest: u64,
    failures: Vec<Failure>,
    /// Messages whose text turned out not to be meant.
    filtered: u64,
}

impl<'a> Intake<'a> {
    /// An intake of nothing so far.
    pub fn new(
        port: &'a mut Port,
        session: &'a mut Session,
        folder: &'a mut Folder,
        options: &'a Options,
        meter: &'a Meter,
    ) -> Self {
        Self {
            port,
            session,
            name: folder.name.clone(),
            folder,
            options,
            meter,
            writing: None,
            batch: Vec::new(),
            batch_bytes: 0,
            largest: 0,
            failures: Vec::new(),
            filtered: 0,
        }
    }

    /// Downloads and writes the messages of these UIDs. Those that are too
    /// large, or that the server does not send, are noted as problems.
    ///
    /// # Errors
    /// The session's or SQLite's, after what had been downloaded is written.
    pub fn take(&mut self, uids: &UidSet) -> Result<()> {
        let taken = self.take_all(uids);
        // The folder comes back whatever has happened. What could not be written
        // is why the rest was not taken.
        self.settle().and(taken)
    }

    fn take_all(&mut self, uids: &UidSet) -> Result<()> {
        self.meter.folder(&self.name, uids.len());
        let wanted = Wanted::FLAGS | Wanted::INTERNAL_DATE | Wanted::SIZE | Wanted::WHOLE;
        let options = self.options;
        let mut download = Download::by_at_most(CHUNK, uids.clone(), wanted, options.max_size);
        let mut unsent = BTreeMap::new();
        loop {
            match download.next(self.session) {
                Ok(Some(message)) if message.is_oversized => self.leave(&message),
                Ok(Some(message)) => match incoming(message) {
                    Ok((incoming, raw)) if self.is_meant(&raw) => self.add(incoming, raw)?,
                    Ok(_) => self.filtered += 1,
                    Err(Unsent { uid, refusal }) => {
                        unsent.insert(uid, refusal);
                    }
                },
                Ok(None) => break,
                Err(error) => {
                    self.write()?;
                    return Err(error);
                }
            }
        }
        let missing = download.take_missing();
        unsent.extend(missing.iter().map(|uid| (uid, None)));
        self.write()?;
        self.note_unsent(&unsent)
    }

    /// Waits for what is being written.
    fn settle(&mut self) -> Result<()> {
        let writing = self.writing.take();
        writing.map_or(Ok(()), |lent| lent.back(self.folder))
    }

    /// Leaves a message on the server that is larger than the caller takes.
    fn leave(&mut self, message: &Downloaded) {
        self.failures.push(Failure {
            uid: message.uid,
            trouble: Trouble::TooLarge,
            detail: format!("larger than max_size={}", self.options.max_size),
            size: message.size,
            raw: None,
        });
    }

    fn is_meant(&self, raw: &[u8]) -> bool {
        self.options.selection.filter.admits_text(raw)
    }

    fn add(&mut self, incoming: Incoming, raw: Vec<u8>) -> Result<()> {
        if self.writing.as_ref().is_some_and(Lent::has_failed) {
            self.settle()?;
        }
        let message = IncomingMessage::read(incoming, raw, self.options.layout);
        let size = message.weight();
        let becomes = self.largest.max(size) * self.options.layout.expansion();
        if self.batch_bytes + size + becomes > BATCH_MEMORY {
            self.write()?;
        }
        self.batch_bytes += size;
        self.largest = self.largest.max(size);
        self.batch.push(message);
        let is_full = self.batch_bytes >= BATCH;
        if self.batch.len() >= self.options.batch || is_full {
            self.write()?;
        }
        Ok(())
    }

    /// Has what waits written, after what went before.
    fn write(&mut self) -> Result<()> {
        let batch = std::mem::take(&mut self.batch);
        let failures = std::mem::take(&mut self.failures);
        let messages = batch.len() as u64 + failures.len() as u64 + self.filtered;
        let bytes = std::mem::take(&mut self.batch_bytes);
        let largest = std::mem::take(&mut self.largest);
        if self.filtered > 0 {
            let filtered = std::mem::take(&mut self.filtered);
            self.port.count(Counts {
                filtered,
                ..Counts::default()
            })?;
        }
        if !batch.is_empty() || !failures.is_empty() {
            let before = self.writing.take();
            self.writing = Some(self.port.write(self.folder, before, batch, failures)?);
        }
        if bytes + largest * self.options.layout.expansion() > ALONGSIDE {
            self.settle()?;
        }
        self.meter.advance(messages, bytes);
        Ok(())
    }

    /// Notes those messages that did not come and are still there, with what
    /// the server refused them with; the others have been expunged meanwhile.
    fn note_unsent(&mut self, unsent: &BTreeMap<u32, Option<String>>) -> Result<()> {
        if unsent.is_empty() {
            return Ok(());
        }
        let uids: UidSet = unsent.keys().copied().collect();
        let listed = self.session.uid_search(Criteria::Uids(&uids))?;
        let name = quote(&self.name);
        let failures = listed.intersection(&uids);
        self.failures.extend(failures.iter().map(|uid| Failure {
            uid,
            trouble: Trouble::NotSent,
            detail: match unsent.get(&uid) {
                Some(Some(answer)) => format!("imap: cannot fetch from '{name}': {answer}"),
                _ => "the server lists it and sends no content".to_owned(),
            },
            size: None,
            raw: None,
        }));
        self.write()
    }
}

/// A message that did not come, and what its content was refused with.
#[derive(Debug, PartialEq, Eq)]
struct Unsent {
    uid: u32,
    refusal: Option<String>,
}

/// What the server says about the message, and its bytes, where it sent them.
fn incoming(message: Downloaded) -> std::result::Result<(Incoming, Vec<u8>), Unsent> {
    let Some(raw) = message.raw else {
        let mut refusals = message.refusals.into_iter();
        return Err(Unsent {
            uid: message.uid,
            refusal: refusals.next().map(|refusal| refusal.answer),
        });
    };
    let incoming = Incoming {
        uid: message.uid,
        flags: lasting(message.flags.as_ref()),
        internal_date: message.internal_date.as_deref().and_then(internal_date),
    };
    Ok((incoming, Arc::unwrap_or_clone(raw)))
}

/// The flags of the message: `\Recent` says something of the session only.
pub fn lasting(flags: Option<&Flags>) -> Vec<String> {
    let lasts = |flag: &&str| !flag.eq_ignore_ascii_case("\\Recent");
    let flags = flags.iter().flat_map(|flags| flags.iter());
    flags.filter(lasts).map(str::to_owned).collect()
}
