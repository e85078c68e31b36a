//! Downloads messages of the open folder and has them written in batches.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::folder::Folder;
use super::incoming::IncomingMessage;
use super::location::Failure;
use super::options::{BATCH_MEMORY, Options};
use super::port::Port;
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
pub struct Intake<'a, 'w> {
    port: &'a mut Port<'w>,
    /// Has the folder open.
    session: &'a mut Session,
    folder: &'a mut Folder,
    options: &'a Options,
    meter: &'a Meter,
    batch: Vec<IncomingMessage>,
    batch_bytes: u64,
    /// Bytes of the largest of them.
    largest: u64,
    failures: Vec<Failure>,
    /// Messages whose text turned out not to be meant.
    filtered: u64,
}

impl<'a, 'w> Intake<'a, 'w> {
    /// An intake of nothing so far.
    pub fn new(
        port: &'a mut Port<'w>,
        session: &'a mut Session,
        folder: &'a mut Folder,
        options: &'a Options,
        meter: &'a Meter,
    ) -> Self {
        Self {
            port,
            session,
            folder,
            options,
            meter,
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
        self.meter.folder(&self.folder.name, uids.len());
        let wanted = Wanted::FLAGS | Wanted::INTERNAL_DATE | Wanted::SIZE | Wanted::WHOLE;
        let options = self.options;
        let chunk = options.layout.chunk_bytes();
        let mut download = Download::by_at_most(chunk, uids.clone(), wanted, options.max_size);
        let mut unsent = BTreeMap::new();
        loop {
            match download.next(self.session) {
                Ok(Some(message)) if message.is_oversized => self.leave(&message),
                Ok(Some(message)) => match incoming(message) {
                    Ok(message) if self.is_meant(&message) => self.add(message)?,
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

    fn is_meant(&self, message: &IncomingMessage) -> bool {
        self.options.selection.filter.admits_text(&message.raw)
    }

    fn add(&mut self, message: IncomingMessage) -> Result<()> {
        let size = message.raw.len() as u64;
        let becomes = self.largest.max(size) * self.options.layout.expansion();
        if self.batch_bytes + size + becomes > BATCH_MEMORY {
            self.write()?;
        }
        self.batch_bytes += size;
        self.largest = self.largest.max(size);
        self.batch.push(message);
        let is_full = self.batch_bytes >= self.options.layout.batch_bytes();
        if self.batch.len() >= self.options.batch || is_full {
            self.write()?;
        }
        Ok(())
    }

    /// Writes what waits.
    fn write(&mut self) -> Result<()> {
        let batch = std::mem::take(&mut self.batch);
        let failures = std::mem::take(&mut self.failures);
        let messages = batch.len() as u64 + failures.len() as u64 + self.filtered;
        let bytes = std::mem::take(&mut self.batch_bytes);
        self.largest = 0;
        if self.filtered > 0 {
            let filtered = std::mem::take(&mut self.filtered);
            self.port.count(Counts {
                filtered,
                ..Counts::default()
            })?;
        }
        if !batch.is_empty() || !failures.is_empty() {
            self.port.write(self.folder, batch, failures)?;
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
        let name = quote(&self.folder.name);
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

/// The message to write, where the server sent its content.
fn incoming(message: Downloaded) -> std::result::Result<IncomingMessage, Unsent> {
    let Some(raw) = message.raw else {
        let mut refusals = message.refusals.into_iter();
        return Err(Unsent {
            uid: message.uid,
            refusal: refusals.next().map(|refusal| refusal.answer),
        });
    };
    Ok(IncomingMessage {
        uid: message.uid,
        flags: lasting(message.flags.as_ref()),
        internal_date: message.internal_date.as_deref().and_then(internal_date),
        raw: Arc::unwrap_or_clone(raw),
    })
}

/// The flags of the message: `\Recent` says something of the session only.
pub fn lasting(flags: Option<&Flags>) -> Vec<String> {
    let lasts = |flag: &&str| !flag.eq_ignore_ascii_case("\\Recent");
    let flags = flags.iter().flat_map(|flags| flags.iter());
    flags.filter(lasts).map(str::to_owned).collect()
}
