//! Messages in the order of their UIDs, upwards or downwards, whatever order
//! the server answers in: what comes early waits for its turn.
//!
//! A chunk at most waits, and nothing where the server answers in ascending
//! order and that is what is asked for.

use std::collections::BTreeMap;

use super::download::{Download, Downloaded};
use super::session::Session;
use super::uid_order::{Direction, Uids};
use super::uid_set::UidSet;
use super::wanted::Wanted;
use crate::error::Result;

/// A [`Download`] in order.
pub struct Ordered {
    turns: Uids,
    /// Whose turn it is.
    turn: Option<u32>,
    download: Download,
    waiting: BTreeMap<u32, Downloaded>,
    missing: UidSet,
}

impl Ordered {
    /// What is `wanted` of the messages `uids`, in order; see [`Download::new`].
    pub fn new(uids: UidSet, wanted: Wanted, max_size: Option<u64>, direction: Direction) -> Self {
        let mut turns = direction.uids(&uids);
        Self {
            turn: turns.next(),
            turns,
            download: Download::new(uids, wanted, max_size, direction),
            waiting: BTreeMap::new(),
            missing: UidSet::new(),
        }
    }

    /// The next message, `None` at the end. Messages that are gone are passed
    /// over.
    ///
    /// # Errors
    /// As [`Download::next`].
    pub fn next(&mut self, session: &mut Session) -> Result<Option<Downloaded>> {
        loop {
            let Some(uid) = self.turn else {
                // The last command ends behind its last message.
                while self.download.next(session)?.is_some() {}
                return Ok(None);
            };
            if let Some(message) = self.waiting.remove(&uid) {
                self.turn = self.turns.next();
                return Ok(Some(message));
            }
            if self.missing.contains(uid) {
                self.turn = self.turns.next();
                continue;
            }
            match self.download.next(session)? {
                Some(message) if message.uid == uid => {
                    self.turn = self.turns.next();
                    return Ok(Some(message));
                }
                Some(message) => {
                    self.waiting.insert(message.uid, message);
                    let missing = self.download.take_missing();
                    if !missing.is_empty() {
                        self.missing = self.missing.ranges().chain(missing.ranges()).collect();
                    }
                }
                // What has not come by now is gone.
                None => self.turn = self.turns.find(|uid| self.waiting.contains_key(uid)),
            }
        }
    }
}
