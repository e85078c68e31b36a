//! One part of a message alone, without its transfer encoding where the server
//! can undo it (BINARY, RFC 3516).

use std::sync::Arc;

use super::chunk::Chunk;
use super::fetch_stream::FetchStream;
use super::items::{Item, Items};
use super::message::Message;
use super::session::Session;
use super::uid_set::UidSet;
use crate::error::Result;

/// What the server gives of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartContent {
    /// Its bytes, without their transfer encoding.
    Decoded(Vec<u8>),
    /// Its bytes as transferred.
    Encoded(Vec<u8>),
    /// Nothing, with these words: `NO [SERVERBUG] cannot read it`.
    Refused(String),
    /// Nothing; the message is gone, for one.
    Nothing,
}

impl Session {
    /// The content of part `section` of a message of the open mailbox;
    /// `encoding` is its transfer encoding as BODYSTRUCTURE has it.
    ///
    /// # Errors
    /// As [`FetchStream::next`].
    pub fn part(&mut self, uid: u32, section: &str, encoding: Option<&str>) -> Result<PartContent> {
        let is_encoded = matches!(encoding, Some("base64" | "quoted-printable"));
        if is_encoded && self.capabilities().has("BINARY") {
            match self.section(uid, Item::Binary(section.to_owned())) {
                Ok(PartContent::Encoded(bytes)) => return Ok(PartContent::Decoded(bytes)),
                // NO [UNKNOWN-CTE]: its encoding is broken, and read by us then.
                Ok(_) => {}
                Err(error) if error.is_refused() => {}
                Err(error) => return Err(error),
            }
        }
        self.section(uid, Item::Section(section.to_owned()))
    }

    fn section(&mut self, uid: u32, item: Item) -> Result<PartContent> {
        let Some(mut message) = self.fetch_one(uid, item)? else {
            return Ok(PartContent::Nothing);
        };
        if let Some(refusal) = message.refusals.first() {
            return Ok(PartContent::Refused(refusal.answer.clone()));
        }
        let bytes = message.contents.pop().and_then(|content| content.bytes);
        Ok(bytes.map_or(PartContent::Nothing, PartContent::Encoded))
    }

    /// One item of one message of the open mailbox; `None` where it is gone.
    ///
    /// # Errors
    /// As [`FetchStream::next`].
    pub(super) fn fetch_one(&mut self, uid: u32, item: Item) -> Result<Option<Message>> {
        let uids: UidSet = std::iter::once(uid..=uid).collect();
        let items = Arc::new(Items::new(vec![item])?);
        let mut stream = FetchStream::new(std::iter::once(Chunk { uids, items }));
        let message = stream.next(self)?;
        // The next command waits for the end of this one.
        stream.next(self)?;
        Ok(message)
    }
}
