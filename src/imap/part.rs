//! One part of a message alone, without its transfer encoding where the server
//! can undo it (BINARY, RFC 3516).

use std::sync::Arc;

use super::fetch_stream::{Chunk, FetchStream};
use super::items::{Item, Items};
use super::message::{Content, Message};
use super::session::Session;
use super::uid_set::UidSet;
use crate::error::{Kind, Result};

/// A part's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartContent {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// True where the server has undone the transfer encoding.
    pub is_decoded: bool,
}

impl Session {
    /// The content of part `section` of a message of the open mailbox;
    /// `encoding` is its transfer encoding as BODYSTRUCTURE has it. `None`
    /// where the message is gone.
    ///
    /// # Errors
    /// The server's refusal, or the wire's.
    pub fn part(
        &mut self,
        uid: u32,
        section: &str,
        encoding: Option<&str>,
    ) -> Result<Option<PartContent>> {
        let is_encoded = matches!(encoding, Some("base64" | "quoted-printable"));
        if is_encoded && self.capabilities().has("BINARY") {
            match self.section(uid, Item::Binary(section.to_owned())) {
                Ok(Some(Content {
                    bytes: Some(bytes), ..
                })) => {
                    let is_decoded = true;
                    return Ok(Some(PartContent { bytes, is_decoded }));
                }
                Ok(_) => {}
                // NO [UNKNOWN-CTE]: its encoding is broken, and read by us then.
                Err(error) if matches!(error.kind(), Kind::Refused { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        let found = self.section(uid, Item::Section(section.to_owned()))?;
        let bytes = found.and_then(|content| content.bytes);
        Ok(bytes.map(|bytes| PartContent {
            bytes,
            is_decoded: false,
        }))
    }

    fn section(&mut self, uid: u32, item: Item) -> Result<Option<Content>> {
        let message = self.fetch_one(uid, item)?;
        Ok(message.and_then(|mut message| message.contents.pop()))
    }

    /// One item of one message of the open mailbox; `None` where it is gone.
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
