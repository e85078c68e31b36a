//! A message on its way from the server into the tables.

use super::options::Layout;
use super::reading::{Described, Reading};
use super::record::Record;

/// What the server says about a message.
#[derive(Clone, Debug, Default)]
pub struct Incoming {
    /// Its UID in the folder.
    pub uid: u32,
    /// Its flags, as the server spells them.
    pub flags: Vec<String>,
    /// When the server received it (INTERNALDATE), in Unix seconds.
    pub internal_date: Option<i64>,
}

/// A message, read as far as it can be before it is written.
pub struct IncomingMessage {
    /// What the server says about it.
    pub incoming: Incoming,
    /// What tells it from others.
    pub record: Record,
    /// What its rows say of it, where that is all the layout wants to know.
    pub described: Option<Described>,
}

impl IncomingMessage {
    /// Bytes that it takes in memory, about.
    pub fn weight(&self) -> u64 {
        let described = self.described.as_ref().map_or(0, Described::weight);
        (self.record.content.bytes().len() + described) as u64
    }

    /// Reads the message `raw`, byte for byte as the server sent it.
    pub fn read(incoming: Incoming, raw: Vec<u8>, layout: Layout) -> Self {
        let record = Record::read(raw);
        let described = match layout {
            Layout::Compact => Some(Reading::of(&record, &incoming, layout, None).described),
            Layout::Surveilr => None,
        };
        Self {
            incoming,
            record,
            described,
        }
    }
}
