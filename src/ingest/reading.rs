//! What the tables want of a message, read from its bytes alone, wherever that is
//! done.

use super::incoming::IncomingMessage;
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
    /// The columns of its row.
    pub columns: Columns,
    /// The elaboration of its `text` resource.
    pub elaboration: String,
    message: Message<'a>,
    json: Option<String>,
    /// SHA-1 of each derived content, in their order.
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
        record: &Record<'a>,
        incoming: &IncomingMessage,
        layout: Layout,
        inside: Option<(&str, &str)>,
    ) -> Self {
        let message = Message::parse(record.raw);
        let headers = message.headers();
        let columns = Columns::read(headers, &incoming.flags);
        let elaboration = elaboration(record, headers, incoming, &message.problems(), inside);
        let json = match layout {
            Layout::Surveilr if record.raw.len() <= LARGEST_JSON_SOURCE => message.to_json(),
            Layout::Surveilr | Layout::Compact => None,
        };
        let mut reading = Self {
            columns,
            elaboration,
            message,
            json,
            digests: Vec::new(),
        };
        if layout == Layout::Surveilr {
            let contents = reading.contents();
            let digests = contents.map(|(_, _, content)| sha1_hex(content.as_bytes()));
            reading.digests = digests.collect();
        }
        reading
    }

    /// What is derived from the message, of which the compact layout has nothing:
    /// its structure as `json`, and its bodies as `txt` and `html`, of which it may
    /// have none.
    pub fn derived(&self) -> impl Iterator<Item = Derived<'_>> {
        let contents = self.contents().zip(&self.digests);
        contents.map(|((nature, nth, content), digest)| Derived {
            nature,
            nth,
            content,
            digest,
        })
    }

    fn contents(&self) -> impl Iterator<Item = (&'static str, usize, &str)> {
        let json = self.json.as_deref();
        let texts = self.message.text_bodies().into_iter().enumerate();
        let html = self.message.html_bodies().into_iter().enumerate();
        json.map(|json| ("json", 0, json))
            .into_iter()
            .chain(texts.map(|(nth, body)| ("txt", nth, body)))
            .chain(html.map(|(nth, body)| ("html", nth, body)))
    }
}
