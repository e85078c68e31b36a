//! Messages off the wire, one at a time, as far as they are wanted.
//!
//! Used by the cursor of a table and by the ingest alike: a schedule of
//! what to ask for, a fetch stream that asks, and what comes of it in a form
//! that does not depend on how it was asked for.

use std::sync::Arc;

use super::extra::Extra;
use super::fetch_stream::FetchStream;
use super::flags::Flags;
use super::frame::LITERAL;
use super::message::{Message, Refusal};
use super::schedule::Schedule;
use super::session::Session;
use super::structure::Structure;
use super::token::Upper;
use super::uid_order::{Direction, Uids};
use super::uid_set::UidSet;
use super::wanted::Wanted;
use crate::error::Result;

/// A message, as far as it was wanted and the server gave it.
#[derive(Debug, Default)]
pub struct Downloaded {
    /// Its UID.
    pub uid: u32,
    /// FLAGS.
    pub flags: Option<Flags>,
    /// INTERNALDATE as sent.
    pub internal_date: Option<Vec<u8>>,
    /// RFC822.SIZE in bytes.
    pub size: Option<u64>,
    /// MODSEQ.
    pub modseq: Option<u64>,
    /// The items of extensions; see [`Downloaded::extra`].
    pub extras: Vec<(Extra, Option<Vec<String>>)>,
    /// BODYSTRUCTURE.
    pub structure: Option<Box<Structure>>,
    /// The header, or the fields of it that were wanted.
    pub header: Option<Vec<u8>>,
    /// The first bytes of the message, where they were wanted.
    pub head: Option<Vec<u8>>,
    /// The text part, where it was fetched alone.
    pub text: Option<TextPart>,
    /// The whole message, byte for byte; shared, so that SQLite can take it
    /// over without a copy.
    pub raw: Option<Arc<Vec<u8>>>,
    /// True where content was left on the server because of its size.
    pub is_oversized: bool,
    /// What the server sent that could not be read, one sentence each.
    pub problems: Vec<String>,
    /// What the server refused to send.
    pub refusals: Vec<Refusal>,
}

/// One text part as transferred.
#[derive(Debug)]
pub struct TextPart {
    /// Its MIME header.
    pub header: Vec<u8>,
    /// Its content, still encoded.
    pub body: Vec<u8>,
}

/// A download of messages of the open mailbox; see [`FetchStream`] for what
/// dropping it early means.
pub struct Download(Course);

enum Course {
    /// Nothing is wanted: the UIDs are all there is to tell.
    Listed(Uids),
    /// What is wanted is fetched.
    Fetched {
        stream: Box<FetchStream<Schedule>>,
        max_size: Option<u64>,
    },
}

impl Download {
    /// What is `wanted` of the messages `uids`; of those above `max_size`
    /// bytes, or larger than anything that is taken, all but their content.
    /// They are asked for in this direction, and come in the order in which the
    /// server answers each command.
    pub fn new(uids: UidSet, wanted: Wanted, max_size: Option<u64>, direction: Direction) -> Self {
        if wanted.is_empty() {
            return Self(Course::Listed(direction.uids(&uids)));
        }
        let max_size = max_size.map_or(LITERAL, |max| max.min(LITERAL));
        let schedule = Schedule::new(uids, wanted, Some(max_size), direction);
        Self::fetched(schedule, max_size)
    }

    /// All of the messages `uids`, as [`Download::new`]; see
    /// [`Schedule::by_at_most`].
    pub fn by_at_most(bytes: u64, uids: UidSet, wanted: Wanted, max_size: u64) -> Self {
        let max_size = max_size.min(LITERAL);
        let schedule = Schedule::new(uids, wanted, Some(max_size), Direction::Ascending);
        Self::fetched(schedule.by_at_most(bytes), max_size)
    }

    fn fetched(schedule: Schedule, max_size: u64) -> Self {
        let max_size = Some(max_size);
        let stream = Box::new(FetchStream::new(schedule));
        Self(Course::Fetched { stream, max_size })
    }

    /// The next message, `None` at the end.
    ///
    /// # Errors
    ///
    /// As [`FetchStream::next`].
    pub fn next(&mut self, session: &mut Session) -> Result<Option<Downloaded>> {
        match &mut self.0 {
            Course::Listed(uids) => Ok(uids.next().map(|uid| Downloaded {
                uid,
                ..Downloaded::default()
            })),
            Course::Fetched { stream, max_size } => {
                let message = stream.next(session)?;
                Ok(message.map(|message| Downloaded::new(message, *max_size)))
            }
        }
    }

    /// The UIDs that were asked for and not delivered so far; see
    /// [`FetchStream::take_missing`].
    pub fn take_missing(&mut self) -> UidSet {
        match &mut self.0 {
            Course::Listed(_) => UidSet::new(),
            Course::Fetched { stream, .. } => stream.take_missing(),
        }
    }
}

impl Downloaded {
    /// The words of an extension's item: `None` where the server was not asked
    /// for it, `Some(None)` where it has none.
    pub fn extra(&self, extra: Extra) -> Option<Option<&[String]>> {
        let mut known = self.extras.iter().filter(|(known, _)| *known == extra);
        known.next().map(|(_, words)| words.as_deref())
    }

    fn new(mut message: Message, max_size: Option<u64>) -> Self {
        let mut raw = message.take_body();
        // A server may announce another size than it sends, or none.
        let sent = raw.as_ref().map(|raw| raw.len() as u64);
        let size = message.size.max(sent);
        let is_oversized = matches!((size, max_size), (Some(size), Some(max)) if size > max);
        let mut cut = None;
        if is_oversized {
            cut = raw.take().map(|raw| head_of(&raw).to_vec());
        }
        let raw = raw.map(Arc::new);
        let (mut header, mut head, mut part_header, mut body) = (None, None, None, None);
        for content in message.contents {
            let section = &content.section;
            if content.origin.is_some() {
                head = content.bytes;
            } else if Upper::of(section).starts_with(b"HEADER") {
                header = content.bytes;
            } else if section.to_ascii_uppercase().ends_with(b".MIME") {
                part_header = content.bytes;
            } else if section.first().is_some_and(u8::is_ascii_digit) {
                body = content.bytes;
            }
        }
        Self {
            uid: message.uid,
            flags: message.flags,
            internal_date: message.internal_date,
            size: if is_oversized { size } else { message.size },
            modseq: message.modseq,
            extras: message.extras,
            structure: message.structure,
            header: header.or(cut),
            head,
            text: body.map(|body| TextPart {
                header: part_header.unwrap_or_default(),
                body,
            }),
            is_oversized: is_oversized && raw.is_none(),
            raw,
            problems: message.problems,
            refusals: message.refusals,
        }
    }
}

/// The header of a message that is too large to be kept.
fn head_of(raw: &[u8]) -> &[u8] {
    /// More than the headers of any honest message.
    const MOST: usize = 1 << 20;
    let within = &raw[..raw.len().min(MOST)];
    let end = memchr::memmem::find(within, b"\r\n\r\n");
    &within[..end.map_or(within.len(), |end| end + 4)]
}
