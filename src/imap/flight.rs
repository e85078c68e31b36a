//! One chunk of a fetch stream on its way: what has been asked for, what has
//! come of it, and what is asked for once more.
//!
//! Mostly one command. A server that asks for patience gets the rest of the
//! chunk in smaller portions, one after the other. Where it refuses, halves are
//! asked for until the messages are found that it refuses, and those are taken
//! apart: one message costs no other.

use std::collections::VecDeque;
use std::time::{Duration, Instant};
use std::vec::Drain;

use super::apart::{Apart, Outcome};
use super::chunk::{Chunk, SET};
use super::exchange::Ended;
use super::message::Message;
use super::pace::pause;
use super::uid_set::UidSet;
use crate::error::Result;

/// Bytes of messages answered in part that are held for the rest of the answer.
const HELD: usize = 32 << 20;

/// A chunk whose command has not ended, or that waits for the one before it.
pub(super) struct Flight {
    pub(super) chunk: Chunk,
    pub(super) delivered: UidSet,
    /// Messages that wait until this is the first flight, and what they weigh.
    held: Vec<Message>,
    held_weight: usize,
    /// How it ended, if it has.
    pub(super) ended: Option<Result<()>>,
    /// The command in flight, if there is one.
    command: Option<Command>,
    /// The messages the last command asked for.
    asked: UidSet,
    /// What has not been asked for, or not since it was refused.
    unasked: VecDeque<UidSet>,
    /// The message that is asked for item by item, before the unasked ones.
    apart: Option<Apart>,
    /// Messages one command asks for.
    portion: u64,
    attempts: u32,
    paused: Duration,
    /// Messages that have been answered in part, and what they weigh.
    partial: VecDeque<Message>,
    weight: usize,
}

struct Command {
    tag: Vec<u8>,
    sent: Instant,
    /// True where nothing was in flight before it.
    is_first: bool,
    /// When the first word of its answer came.
    heard: Option<Instant>,
}

impl Flight {
    pub(super) fn new(chunk: Chunk) -> Self {
        Self {
            unasked: VecDeque::from([chunk.uids.clone()]),
            chunk,
            delivered: UidSet::new(),
            held: Vec::new(),
            held_weight: 0,
            ended: None,
            command: None,
            asked: UidSet::new(),
            apart: None,
            portion: u64::MAX,
            attempts: 0,
            paused: Duration::ZERO,
            partial: VecDeque::new(),
            weight: 0,
        }
    }

    /// True while a command of it is in flight.
    pub(super) fn is_flying(&self) -> bool {
        self.command.is_some()
    }

    /// True where it is to be sent (again).
    pub(super) fn is_waiting(&self) -> bool {
        self.command.is_none() && self.ended.is_none()
    }

    /// True where its end is an error.
    pub(super) fn has_failed(&self) -> bool {
        matches!(self.ended, Some(Err(_)))
    }

    /// True for the flight of this tag.
    pub(super) fn has_tag(&self, tag: &[u8]) -> bool {
        self.command
            .as_ref()
            .is_some_and(|command| command.tag == tag)
    }

    /// The first message the command in flight asks for that has not come.
    pub(super) fn awaited(&self) -> Option<u32> {
        match self.apart.as_ref().and_then(Apart::next) {
            Some((uid, _)) => Some(uid),
            None => self.asked.difference(&self.delivered).first(),
        }
    }

    /// The next command of it.
    pub(super) fn command(&mut self) -> String {
        if let Some((uid, items)) = self.apart.as_ref().and_then(Apart::next) {
            return format!("UID FETCH {uid} {items}");
        }
        let next = self.unasked.pop_front().unwrap_or_default();
        self.asked = next.chunks(self.portion, SET).next().unwrap_or_default();
        let rest = next.difference(&self.asked);
        if !rest.is_empty() {
            self.unasked.push_front(rest);
        }
        format!("UID FETCH {} {}", self.asked, self.chunk.items)
    }

    /// Notes that it has been sent.
    pub(super) fn sent(&mut self, tag: Vec<u8>, is_first: bool) {
        self.command = Some(Command {
            tag,
            sent: Instant::now(),
            is_first,
            heard: None,
        });
    }

    /// Notes that something of its answer has come; how long that took, where
    /// it is the first word and nothing was in front.
    pub(super) fn heard(&mut self) -> Option<Duration> {
        let command = self.command.as_mut()?;
        if command.heard.is_some() {
            return None;
        }
        let now = Instant::now();
        command.heard = Some(now);
        command.is_first.then(|| now - command.sent)
    }

    /// Takes an answer about a message of it: gives the message if it is whole
    /// now.
    pub(super) fn take(&mut self, message: Message) -> Option<Message> {
        if self.delivered.contains(message.uid) {
            return None;
        }
        let mut whole = message;
        if let Some(apart) = self.apart.as_mut().filter(|apart| apart.is(whole.uid)) {
            apart.take(whole);
            return None;
        }
        if let Some(mut partial) = self.take_known(whole.uid) {
            partial.merge(whole);
            whole = partial;
        }
        self.chunk.items.keep_in(&mut whole);
        if self.chunk.items.are_in(&whole) {
            return Some(whole);
        }
        self.weight += whole.weight();
        self.partial.push_back(whole);
        None
    }

    /// Keeps messages until this is the first flight.
    pub(super) fn hold(&mut self, messages: impl IntoIterator<Item = Message>) {
        for message in messages {
            self.held_weight += message.weight();
            self.held.push(message);
        }
    }

    /// Gives what was kept, in order.
    pub(super) fn let_go(&mut self) -> Drain<'_, Message> {
        self.held_weight = 0;
        self.held.sort_by_key(|message| message.uid);
        self.held.drain(..)
    }

    /// How many messages are kept, and what they weigh.
    pub(super) fn held(&self) -> (usize, usize) {
        (self.held.len(), self.held_weight)
    }

    /// What is known of a message that was answered in part.
    fn take_known(&mut self, uid: u32) -> Option<Message> {
        let index = self.partial.iter().position(|held| held.uid == uid)?;
        let partial = self.partial.remove(index)?;
        self.weight -= partial.weight();
        Some(partial)
    }

    /// The oldest of the messages answered in part, where they are too much to
    /// hold.
    pub(super) fn give_up(&mut self) -> Option<Message> {
        if self.weight <= HELD {
            return None;
        }
        let oldest = self.partial.pop_front()?;
        self.weight -= oldest.weight();
        Some(oldest)
    }

    /// Notes that its command has ended.
    pub(super) fn landed(&mut self) {
        self.command = None;
    }

    /// Notes that its command was carried out: what that says of the message
    /// that is taken apart, if one is.
    pub(super) fn carried_out(&mut self) -> Option<Outcome> {
        let outcome = self.apart.as_mut()?.carried_out();
        self.settled(outcome)
    }

    /// Notes that its command was refused, for some of its messages: they are
    /// asked for in smaller sets, and one alone item by item.
    pub(super) fn refused(&mut self, ended: &Ended) -> Option<Outcome> {
        if let Some(apart) = &mut self.apart {
            let outcome = apart.refused(&ended.answer);
            return self.settled(outcome);
        }
        let rest = self.asked.difference(&self.delivered);
        if let (1, Some(uid)) = (self.asked.len(), rest.first()) {
            let known = self.take_known(uid).unwrap_or_else(|| Message {
                uid,
                ..Message::default()
            });
            if ended.is_expunged {
                return Some(Outcome::Gone);
            }
            let mut apart = Apart::new(known, &self.chunk.items, &ended.answer);
            let outcome = apart.outcome();
            self.apart = Some(apart);
            return self.settled(outcome);
        }
        // Where some of them came, the first that did not is what it stopped at.
        let first = match rest.len() {
            0 => return None,
            left if left < self.asked.len() => 1,
            left => left.div_ceil(2),
        };
        let first = rest.chunks(first, SET).next().unwrap_or_default();
        let second = rest.difference(&first);
        if !second.is_empty() {
            self.unasked.push_front(second);
        }
        self.unasked.push_front(first);
        None
    }

    fn settled(&mut self, outcome: Option<Outcome>) -> Option<Outcome> {
        if outcome.is_some() {
            self.apart = None;
        }
        outcome
    }

    /// True where more of it is to be asked for.
    pub(super) fn has_more(&self) -> bool {
        self.apart.is_some() || !self.unasked.is_empty()
    }

    /// What was answered in part and will not become more.
    pub(super) fn take_partial(&mut self) -> VecDeque<Message> {
        self.weight = 0;
        std::mem::take(&mut self.partial)
    }

    /// Prepares to ask once more for what has not come, at once.
    pub(super) fn again(&mut self) {
        self.attempts += 1;
        let rest = self.asked.difference(&self.delivered);
        if self.apart.is_none() && !rest.is_empty() {
            self.unasked.push_front(rest);
        }
    }

    /// Prepares to ask once more for what has not come, in smaller portions and
    /// after the pause it gives; `None` where that has lasted long enough.
    pub(super) fn again_later(&mut self, most: Duration) -> Option<Duration> {
        let next = pause(self.attempts + 1);
        if self.paused + next > most {
            return None;
        }
        self.paused += next;
        self.again();
        let unasked: u64 = self.unasked.iter().map(UidSet::len).sum();
        self.portion = unasked.div_ceil(2).min(self.portion).max(1);
        Some(next)
    }

    /// True where it has been asked for once more already.
    pub(super) fn is_repeated(&self) -> bool {
        self.attempts > 0
    }
}
