//! Downloads messages of the open folder and has them written in batches.

use std::sync::Arc;

use super::folder::Folder;
use super::incoming::IncomingMessage;
use super::location::Failure;
use super::options::{BATCH_MEMORY, Options};
use super::port::Port;
use super::progress::Meter;
use super::state::Trouble;
use super::summary::Counts;
use crate::error::{Error, Result, quote};
use crate::imap::download::{Download, Downloaded};
use crate::imap::flags::Flags;
use crate::imap::internal_date::internal_date;
use crate::imap::search::Criteria;
use crate::imap::session::Session;
use crate::imap::uid_set::UidSet;
use crate::imap::wanted::Wanted;

/// More messages than this, all of them refused, are not asked for one by one.
const CROWD: u64 = 20;

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
    /// The session's or SQLite's, after what had been downloaded is written;
    /// the server's refusal where it refuses all of many messages.
    pub fn take(&mut self, uids: &UidSet) -> Result<()> {
        self.meter.folder(&self.folder.name, uids.len());
        let (mut missing, refusal) = self.download(uids.clone())?;
        let mut detail = "the server lists it and sends no content".to_owned();
        if let Some(refusal) = refusal {
            // One message that the server cannot read costs its whole command;
            // a crowd of which it sends none is another matter.
            if missing.len() == uids.len() && uids.len() > CROWD {
                return Err(refusal);
            }
            detail = quote(&refusal.to_string());
            missing = self.one_by_one(&missing)?;
        }
        self.write()?;
        self.note_unsent(&missing, &detail)
    }

    /// Takes what comes of these messages, and gives the UIDs of those that
    /// did not come, and the server's last refusal, if any.
    fn download(&mut self, uids: UidSet) -> Result<(UidSet, Option<Error>)> {
        let wanted = Wanted::FLAGS | Wanted::INTERNAL_DATE | Wanted::SIZE | Wanted::WHOLE;
        let options = self.options;
        let chunk = options.layout.chunk_bytes();
        let mut download = Download::by_at_most(chunk, uids, wanted, options.max_size);
        let mut empty = UidSet::new();
        let mut refusal = None;
        loop {
            match download.next(self.session) {
                Ok(Some(message)) if message.is_oversized => self.leave(&message),
                Ok(Some(message)) => match incoming(message) {
                    Ok(message) if self.is_meant(&message) => self.add(message)?,
                    Ok(_) => self.filtered += 1,
                    Err(uid) => empty.insert(uid),
                },
                Ok(None) => break,
                Err(error) if error.is_refused() => refusal = Some(error),
                Err(error) => {
                    self.write()?;
                    return Err(error);
                }
            }
        }
        let missing = download.take_missing();
        let missing = missing.ranges().chain(empty.ranges()).collect();
        Ok((missing, refusal))
    }

    fn one_by_one(&mut self, uids: &UidSet) -> Result<UidSet> {
        let mut missing = UidSet::new();
        for uid in uids.iter() {
            let (alone, _) = self.download(std::iter::once(uid).collect())?;
            missing = missing.ranges().chain(alone.ranges()).collect();
        }
        Ok(missing)
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

    /// Notes those messages that did not come and are still there; the others
    /// have been expunged meanwhile.
    fn note_unsent(&mut self, missing: &UidSet, detail: &str) -> Result<()> {
        if missing.is_empty() {
            return Ok(());
        }
        let listed = self.session.uid_search(Criteria::Uids(missing))?;
        let unsent = listed.intersection(missing);
        self.failures.extend(unsent.iter().map(|uid| Failure {
            uid,
            trouble: Trouble::NotSent,
            detail: detail.to_owned(),
            size: None,
            raw: None,
        }));
        self.write()
    }
}

/// The message to write; its UID where the server sent no content. Some do so
/// by an empty one, or by none, for a message they list (Apple's for one).
fn incoming(message: Downloaded) -> std::result::Result<IncomingMessage, u32> {
    let Downloaded {
        uid,
        flags,
        internal_date: date,
        size,
        raw,
        ..
    } = message;
    let is_content = |raw: &Arc<Vec<u8>>| !raw.is_empty() || size.unwrap_or(0) == 0;
    let raw = raw.filter(is_content).ok_or(uid)?;
    Ok(IncomingMessage {
        uid,
        flags: lasting(flags.as_ref()),
        internal_date: date.as_deref().and_then(internal_date),
        raw: Arc::unwrap_or_clone(raw),
    })
}

/// The flags of the message: `\Recent` says something of the session only.
pub fn lasting(flags: Option<&Flags>) -> Vec<String> {
    let lasts = |flag: &&str| !flag.eq_ignore_ascii_case("\\Recent");
    let flags = flags.iter().flat_map(|flags| flags.iter());
    flags.filter(lasts).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(raw: Option<&[u8]>, size: u64) -> Downloaded {
        let raw = raw.map(|raw| Arc::new(raw.to_vec()));
        Downloaded {
            uid: 7,
            raw,
            size: Some(size),
            ..Downloaded::default()
        }
    }

    #[test]
    fn a_message_without_content_is_not_taken_for_an_empty_one() {
        assert_eq!(incoming(message(None, 0)).unwrap_err(), 7);
        assert_eq!(incoming(message(Some(b""), 9)).unwrap_err(), 7);
        assert_eq!(incoming(message(Some(b""), 0)).unwrap().raw, b"");
        assert_eq!(incoming(message(Some(b"x"), 9)).unwrap().raw, b"x");
    }
}
