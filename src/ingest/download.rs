//! Downloads messages of the open folder and has them written in batches.

use std::sync::Arc;

use super::incoming::IncomingMessage;
use super::location::Failure;
use super::options::{BATCH_BYTES, Options};
use super::progress::Meter;
use super::run::is_refusal;
use super::sizes::{self, Sizes};
use super::state::Trouble;
use super::writer::{Folder, Writer};
use crate::error::{Error, Result, quote};
use crate::imap::fetch_stream::{Chunk, FetchStream};
use crate::imap::internal_date::internal_date;
use crate::imap::items::{Item, Items};
use crate::imap::message::Message;
use crate::imap::search::Criteria;
use crate::imap::session::Session;
use crate::imap::uid_set::UidSet;

/// A download in progress: where messages go, and those not yet written.
pub struct Download<'a> {
    writer: &'a mut Writer,
    /// Has the folder open.
    session: &'a mut Session,
    folder: &'a mut Folder,
    options: &'a Options,
    meter: &'a Meter,
    batch: Vec<IncomingMessage>,
    batch_bytes: u64,
}

impl<'a> Download<'a> {
    /// A download that has not begun.
    pub fn new(
        writer: &'a mut Writer,
        session: &'a mut Session,
        folder: &'a mut Folder,
        options: &'a Options,
        meter: &'a Meter,
    ) -> Self {
        Self { writer, session, folder, options, meter, batch: Vec::new(), batch_bytes: 0 }
    }

    /// Downloads and writes the messages of these UIDs. Those that are too
    /// large, or that the server does not send, are noted as problems.
    ///
    /// # Errors
    /// The session's or SQLite's, after what had been downloaded is written;
    /// the server's refusal where it refuses all of the messages.
    pub fn run(&mut self, uids: &UidSet) -> Result<()> {
        let sizes = sizes::sizes(self.session, uids)?;
        let max_size = self.options.max_size;
        let (large, small): (Sizes, Sizes) =
            sizes.into_iter().partition(|(_, size)| size.is_some_and(|size| size > max_size));
        let mut failures: Vec<Failure> = large
            .into_iter()
            .map(|(uid, size)| {
                let detail = format!("larger than max_size={max_size}");
                Failure { uid, trouble: Trouble::TooLarge, detail, size }
            })
            .collect();
        let items = Arc::new(Items::new(vec![Item::Flags, Item::InternalDate, Item::Body])?);
        let (mut missing, refusal) = self.take(sizes::by_size(&small, &items), &small)?;
        let mut detail = "the server lists it and sends no content".to_owned();
        if let Some(refusal) = refusal {
            if missing.len() == small.len() as u64 {
                return Err(refusal);
            }
            // One message that the server cannot read costs its whole chunk.
            detail = quote(&refusal.to_string());
            (missing, _) = self.take(sizes::one_by_one(&missing, &items), &small)?;
        }
        self.flush()?;
        if !missing.is_empty() {
            let listed = self.session.uid_search(Criteria::Uids(&missing))?;
            let unsent = listed.intersection(&missing);
            failures.extend(unsent.iter().map(|uid| Failure {
                uid,
                trouble: Trouble::NotSent,
                detail: detail.clone(),
                size: size_of(&small, uid),
            }));
        }
        self.meter.advance(failures.len() as u64);
        self.writer.note_failures(self.folder, &failures)
    }

    /// Takes the messages of these chunks, and gives the UIDs of those that
    /// did not come, and the server's refusal, if any.
    fn take(&mut self, chunks: Vec<Chunk>, sizes: &Sizes) -> Result<(UidSet, Option<Error>)> {
        let mut empty = UidSet::new();
        let mut refusal = None;
        let mut stream = FetchStream::new(chunks.into_iter());
        loop {
            match stream.next(self.session) {
                Ok(Some(message)) => {
                    let size = size_of(sizes, message.uid);
                    match incoming(message, size) {
                        Ok(message) => self.add(message)?,
                        Err(uid) => empty.insert(uid),
                    }
                }
                Ok(None) => break,
                Err(error) if is_refusal(&error) => refusal = Some(error),
                Err(error) => {
                    self.flush()?;
                    return Err(error);
                }
            }
        }
        let missing = stream.take_missing();
        Ok((missing.ranges().chain(empty.ranges()).collect(), refusal))
    }

    fn add(&mut self, message: IncomingMessage) -> Result<()> {
        self.batch_bytes += message.raw.len() as u64;
        self.batch.push(message);
        if self.batch.len() >= self.options.batch || self.batch_bytes >= BATCH_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        self.writer.write_batch(self.folder, &self.batch)?;
        self.meter.advance(self.batch.len() as u64);
        self.batch.clear();
        self.batch_bytes = 0;
        Ok(())
    }
}

/// The message to write; its UID where the server sent no content, which some
/// do by an empty one (Apple's, for a message they list).
fn incoming(mut message: Message, size: Option<u64>) -> std::result::Result<IncomingMessage, u32> {
    let is_content = |raw: &Vec<u8>| !raw.is_empty() || size.unwrap_or(0) == 0;
    let raw = message.take_body().filter(is_content).ok_or(message.uid)?;
    Ok(IncomingMessage {
        uid: message.uid,
        flags: message.flags.iter().flat_map(|flags| flags.iter()).map(str::to_owned).collect(),
        internal_date: message.internal_date.as_deref().and_then(internal_date),
        raw,
    })
}

fn size_of(sizes: &Sizes, uid: u32) -> Option<u64> {
    let at = sizes.binary_search_by_key(&uid, |(uid, _)| *uid).ok()?;
    sizes[at].1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imap::message::Content;

    fn message(bytes: Option<&[u8]>) -> Message {
        let bytes = bytes.map(<[u8]>::to_vec);
        let content = Content { section: Vec::new(), decoded: false, bytes };
        Message { uid: 7, contents: vec![content], ..Message::default() }
    }

    #[test]
    fn a_message_without_content_is_not_taken_for_an_empty_one() {
        assert_eq!(incoming(message(None), Some(0)).unwrap_err(), 7);
        assert_eq!(incoming(message(Some(b"")), Some(9)).unwrap_err(), 7);
        assert_eq!(incoming(message(Some(b"")), Some(0)).unwrap().raw, b"");
        assert_eq!(incoming(message(Some(b"x")), None).unwrap().raw, b"x");
    }
}
