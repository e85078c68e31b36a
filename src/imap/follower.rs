//! A command of ours right behind one of the `imap` crate's, so that both take
//! one round trip (RFC 9051 section 5.5).
//!
//! The dialogue hands it in and takes it back when the crate's command has
//! ended. A server that keeps the order, as nearly all do, answers the follower
//! after that; where one does not, some of the answer has been lost.

use super::exchange::{Ended, Exchange};
use super::response::Response;
use crate::error::Result;

/// The command and what has become of it.
pub(super) struct Follower {
    verb: &'static str,
    command: Vec<u8>,
    /// Once it is sent.
    tag: Option<Vec<u8>>,
    is_disturbed: bool,
    has_ended: bool,
}

impl Follower {
    /// A UID SEARCH, one line without its end.
    pub(super) fn search(command: Vec<u8>) -> Self {
        Self {
            verb: "UID SEARCH",
            command,
            tag: None,
            is_disturbed: false,
            has_ended: false,
        }
    }

    /// Sends it, once.
    pub(super) fn launch(&mut self, exchange: &mut Exchange) -> Result<()> {
        if self.tag.is_none() {
            self.tag = Some(exchange.launch(self.verb, &self.command)?);
        }
        Ok(())
    }

    /// Hears what has come before the crate's command has ended.
    pub(super) fn overhear(&mut self, response: &Response<'_>) {
        // What cannot be read may have been a part of the answer.
        let is_answer = matches!(
            response,
            Response::Search(_) | Response::Esearch(_) | Response::Other(_)
        );
        self.is_disturbed |= is_answer && self.tag.is_some();
    }

    /// Hears that a command of this tag has ended.
    pub(super) fn note_end(&mut self, tag: &[u8]) {
        self.has_ended |= self.tag.as_deref() == Some(tag);
    }

    /// Waits for its end, and gives that where all of the answer was shown to
    /// `on`.
    ///
    /// # Errors
    /// The wire's.
    pub(super) fn await_end(
        self,
        exchange: &mut Exchange,
        on: &mut dyn FnMut(&Response<'_>),
    ) -> Result<Option<Ended>> {
        match self.tag {
            Some(tag) if !self.has_ended => {
                let ended = exchange.await_end(self.verb, &tag, on)?;
                Ok((!self.is_disturbed).then_some(ended))
            }
            _ => Ok(None),
        }
    }
}
