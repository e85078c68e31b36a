//! What the tables want of a message, read from its bytes alone, wherever that is
//! done.

use super::incoming::Incoming;
use super::options::Layout;
use super::record::{Columns, Record, elaboration};
use crate::mail::Message;
use crate::mail::digest::sha1_hex;

/// The most bytes of a message that gets a `json` resource. That is how RSSD
/// holds the parts: with numbers for the bytes of attachments, 3.6 times as
/// long, so beyond this it would not fit a SQLite value, nor decently in memory.
const LARGEST_JSON_SOURCE: usize = 64 << 20;

/// A message that was read.
pub struct Reading<'a> {
    /// What its rows say of it.
    pub described: Described,
    /// What is derived from it; nothing in the compact layout.
    pub contents: Option<Contents<'a>>,
}

/// What the rows say of a message.
pub struct Described {
    /// The columns of its row.
    pub columns: Columns,
    /// The elaboration of its `text` resource.
    pub elaboration: String,
}

impl Described {
    /// Bytes that it takes in memory, about.
    pub fn weight(&self) -> usize {
        let columns = &self.columns;
        let long = [&columns.subject, &columns.cc, &columns.bcc];
        let long = long
            .into_iter()
            .chain([&columns.email_references, &self.elaboration]);
        long.map(String::len).sum()
    }
}

/// What is derived from a message: its structure as `json`, and its bodies as `txt`
/// and `html`, of which it may have none.
pub struct Contents<'a> {
    message: Message<'a>,
    json: Option<String>,
    /// SHA-1 of each, in their order.
    digests: Vec<String>,
}

/// A content that is derived from a message.
pub struct Derived<'r> {
    /// `json`, `txt` or `html`.
    pub nature: &'static str,
    /// How many of its nature are before it.
    pub nth: usize,
    /// The content.
    pub content: &'r str,
    /// Its SHA-1, in hex.
    pub digest: &'r str,
}

impl<'a> Reading<'a> {
    /// Reads a message; `inside` names the message it is attached to, and the part.
    pub fn of(
        record: &'a Record,
        incoming: &Incoming,
        layout: Layout,
        inside: Option<(&str, &str)>,
    ) -> Self {
        let raw = record.content.bytes();
        let message = Message::parse(raw);
        let headers = message.headers();
        Self {
            described: Described {
                columns: Columns::read(headers, &incoming.flags),
                elaboration: elaboration(record, headers, incoming, &message.problems(), inside),
            },
            contents: match layout {
                Layout::Surveilr => Some(Contents::of(message, raw.len())),
                Layout::Compact => None,
            },
        }
    }
}

impl<'a> Contents<'a> {
    fn of(message: Message<'a>, size: usize) -> Self {
        let mut contents = Self {
            json: (size <= LARGEST_JSON_SOURCE)
                .then(|| message.to_json())
                .flatten(),
            message,
            digests: Vec::new(),
        };
        let digests = contents
            .each()
            .map(|(_, _, text)| sha1_hex(text.as_bytes()));
        contents.digests = digests.collect();
        contents
    }

    /// Each of them.
    pub fn derived(&self) -> impl Iterator<Item = Derived<'_>> {
        let contents = self.each().zip(&self.digests);
        contents.map(|((nature, nth, content), digest)| Derived {
            nature,
            nth,
            content,
            digest,
        })
    }

    fn each(&self) -> impl Iterator<Item = (&'static str, usize, &str)> {
        let json = self.json.as_deref();
        let texts = self.message.text_bodies().into_iter().enumerate();
        let html = self.message.html_bodies().into_iter().enumerate();
        json.map(|json| ("json", 0, json))
            .into_iter()
            .chain(texts.map(|(nth, body)| ("txt", nth, body)))
            .chain(html.map(|(nth, body)| ("html", nth, body)))
    }
}
