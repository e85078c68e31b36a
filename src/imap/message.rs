//! One message as FETCH answered it, owned: what a row is made of.
//!
//! Which columns or files come of it is the caller's business, and so is what
//! is in the bytes.

use std::fmt;

use super::extra::Extra;
use super::fetched::{Fetched, Section};
use super::flags::Flags;
use super::inbox::Frame;
use super::structure::Structure;

/// Problems of one message that are kept, of however many answers.
const PROBLEMS: usize = 100;

/// A message, as far as it was asked for and answered. What the server did not
/// give is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// UID (RFC 9051 section 2.3.1.1).
    pub uid: u32,
    /// FLAGS.
    pub flags: Option<Flags>,
    /// INTERNALDATE as sent; see [`internal_date`](super::internal_date::internal_date).
    pub internal_date: Option<Vec<u8>>,
    /// RFC822.SIZE in bytes.
    pub size: Option<u64>,
    /// MODSEQ (RFC 7162).
    pub modseq: Option<u64>,
    /// The items of extensions, each with its words; `None` for NIL.
    pub extras: Vec<(Extra, Option<Vec<String>>)>,
    /// BODYSTRUCTURE.
    pub structure: Option<Box<Structure>>,
    /// The sections.
    pub contents: Vec<Content>,
    /// What of it could not be read, one sentence each.
    pub problems: Vec<String>,
    /// What of it the server refused to send, while it sent others.
    pub refusals: Vec<Refusal>,
}

/// An item of a message that the server refused to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// As it was asked for: `BODY.PEEK[]`.
    pub item: String,
    /// The server's words: `NO [SERVERBUG] cannot read it`.
    pub answer: String,
}

impl fmt::Display for Refusal {
    /// `BODY.PEEK[] refused: NO [SERVERBUG] cannot read it`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} refused: {}", self.item, self.answer)
    }
}

/// A section of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// What the server put between the brackets: nothing for the whole
    /// message, `HEADER`, `HEADER.FIELDS (SUBJECT)`, `1.2`.
    pub section: Vec<u8>,
    /// True where the server has undone the transfer encoding (BINARY).
    pub decoded: bool,
    /// Where the bytes begin, if only a part of them was asked for.
    pub origin: Option<u64>,
    /// The exact bytes; `None` where the server says it has none (NIL).
    pub bytes: Option<Vec<u8>>,
}

impl Content {
    /// True if this is all of the section of that name, in any case.
    pub fn is(&self, name: &str) -> bool {
        self.origin.is_none() && self.section.eq_ignore_ascii_case(name.as_bytes())
    }

    /// True for the first bytes of a message that was not asked for as a whole.
    pub fn is_head(&self) -> bool {
        self.origin == Some(0) && self.section.is_empty()
    }

    /// True for HEADER.FIELDS, however the server echoes the names after it.
    pub fn is_header_fields(&self) -> bool {
        let word = self.section.split(|byte| b" (".contains(byte)).next();
        word.is_some_and(|word| word.eq_ignore_ascii_case(b"HEADER.FIELDS"))
    }
}

impl Message {
    /// The whole message.
    pub fn body(&self) -> Option<&Content> {
        self.section("")
    }

    /// The header.
    pub fn header(&self) -> Option<&Content> {
        self.section("HEADER")
    }

    /// The header fields that were asked for.
    pub fn header_fields(&self) -> Option<&Content> {
        self.contents
            .iter()
            .find(|content| content.is_header_fields())
    }

    /// The first bytes of the message, where a part of it was asked for.
    pub fn head(&self) -> Option<&Content> {
        self.contents.iter().find(|content| content.is_head())
    }

    /// The whole section of this name, in any case.
    pub fn section(&self, name: &str) -> Option<&Content> {
        self.contents.iter().find(|content| content.is(name))
    }

    /// The bytes of the whole message, taken out without a copy.
    pub fn take_body(&mut self) -> Option<Vec<u8>> {
        self.contents
            .iter_mut()
            .find(|content| content.is(""))
            .and_then(|c| c.bytes.take())
    }

    /// Takes a whole message of no bytes for none.
    pub(super) fn drop_empty_body(&mut self) {
        let mut bodies = self.contents.iter_mut().filter(|content| content.is(""));
        if let Some(body) = bodies.find(|body| body.bytes.as_ref().is_some_and(Vec::is_empty)) {
            body.bytes = None;
        }
    }

    /// Makes what was parsed from `frame` its own; the largest section gets
    /// the frame's buffer where it has one. `None` without a UID: such a
    /// response answers no UID FETCH.
    pub(super) fn own(fetched: Fetched<'_>, frame: &Frame<'_>) -> Option<(Self, Option<Carving>)> {
        let large = |section: &Section<'_>| {
            section
                .range_in(&frame.bytes)
                .filter(|range| range.len() >= frame.bytes.len() / 2)
        };
        let carving = fetched
            .sections
            .iter()
            .enumerate()
            .find_map(|(index, section)| {
                Some(Carving {
                    index,
                    range: large(section)?,
                })
            });
        let contents = fetched
            .sections
            .into_iter()
            .enumerate()
            .map(|(index, section)| {
                let is_carved = carving
                    .as_ref()
                    .is_some_and(|carving| carving.index == index);
                Content {
                    section: section.name.to_vec(),
                    decoded: section.decoded,
                    origin: section.origin,
                    bytes: section
                        .content
                        .filter(|_| !is_carved)
                        .map(|bytes| bytes.into_owned()),
                }
            });
        let message = Self {
            uid: fetched.uid?,
            flags: fetched.flags,
            internal_date: fetched.internal_date.map(|bytes| bytes.into_owned()),
            size: fetched.size,
            modseq: fetched.modseq,
            extras: fetched.extras,
            structure: fetched.structure,
            contents: contents.collect(),
            problems: fetched.problems,
            refusals: Vec::new(),
        };
        Some((message, carving))
    }

    /// Gives the carved section its bytes.
    pub(super) fn complete(&mut self, carving: Carving, frame: Frame<'_>) {
        if let Some(content) = self.contents.get_mut(carving.index) {
            content.bytes = Some(frame.carve(carving.range));
        }
    }

    /// Adds what another response says of the same message.
    pub(super) fn merge(&mut self, other: Self) {
        self.flags = other.flags.or(self.flags.take());
        self.internal_date = other.internal_date.or(self.internal_date.take());
        self.size = other.size.or(self.size);
        self.modseq = other.modseq.or(self.modseq);
        self.structure = other.structure.or(self.structure.take());
        self.extras.extend(other.extras);
        self.contents.extend(other.contents);
        self.problems.extend(other.problems);
        self.problems.truncate(PROBLEMS);
        self.refusals.extend(other.refusals);
    }

    /// The memory its sections and its items of extensions take, in bytes.
    pub(super) fn weight(&self) -> usize {
        let bytes = self
            .contents
            .iter()
            .filter_map(|content| content.bytes.as_ref());
        let words = self.extras.iter().filter_map(|(_, words)| words.as_ref());
        let words = words.flatten().map(String::len);
        bytes.map(Vec::len).sum::<usize>() + words.sum::<usize>()
    }
}

/// The section of a message that gets the buffer of its response.
pub(super) struct Carving {
    index: usize,
    range: std::ops::Range<usize>,
}
