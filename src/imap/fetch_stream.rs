//! UID FETCH as a stream: two commands in flight, messages one by one.
//!
//! The caller decides what is asked for, chunk by chunk, as late as it likes:
//! the next chunk is drawn when a command ends. A chunk is what the server may
//! send before we ask again, and so what a stop in the middle costs. Messages
//! come chunk by chunk, within a chunk in the server's order: a server may work
//! on both commands at once (Dovecot does while its output is full), so what
//! comes of the second waits for the end of the first.

use std::collections::VecDeque;
use std::sync::Arc;

use super::exchange::{Arrival, Ended};
use super::items::Items;
use super::message::Message;
use super::session::Session;
use super::uid_set::UidSet;
use crate::error::{Error, Result};

/// Commands in flight: while the server works on one, the next one waits there.
const IN_FLIGHT: usize = 2;

/// Room for the UIDs of one command line, of the 4,000 bytes every server takes.
const SET: usize = 3_000;

/// Bytes of messages answered in part that are held for the rest of the answer.
const HELD: usize = 32 << 20;

/// What one command asks for.
#[derive(Clone, Debug)]
pub struct Chunk {
    /// The messages.
    pub uids: UidSet,
    /// What of them; shared between the chunks of a query.
    pub items: Arc<Items>,
}

/// Where the chunks come from: any iterator, or what decides as it learns.
pub trait Source: Send {
    /// The next command, if one can be sent now; asked again whenever one ends.
    fn next(&mut self) -> Option<Chunk>;

    /// Sees each message as it comes, and keeps those that were asked for only
    /// to decide what to ask for next.
    fn admit(&mut self, _chunk: &Chunk, message: Message) -> Option<Message> {
        Some(message)
    }

    /// Hears that a command has ended: no more of it will come.
    fn ended(&mut self, _chunk: &Chunk) {}
}

impl<I: Iterator<Item = Chunk> + Send> Source for I {
    fn next(&mut self) -> Option<Chunk> {
        Iterator::next(self)
    }
}

/// Fetches chunks of messages of the open mailbox.
///
/// It does not hold the session; each call gets it. Dropped before its end it
/// leaves commands on the wire, by which the session knows that it is no
/// longer usable.
pub struct FetchStream<S> {
    source: S,
    /// Chunks too long for one command line, cut up.
    cut: VecDeque<Chunk>,
    flights: VecDeque<Flight>,
    ready: VecDeque<Message>,
    missing: Vec<UidSet>,
    failure: Option<Error>,
}

/// A command that has not ended, or that waits for the one before it.
struct Flight {
    tag: Vec<u8>,
    chunk: Chunk,
    delivered: UidSet,
    /// Messages that have been answered in part, and what they weigh.
    partial: VecDeque<Message>,
    weight: usize,
    /// Messages that wait until this is the first command.
    held: Vec<Message>,
    /// How it ended, if it has.
    ended: Option<Result<()>>,
}

impl<S: Source> FetchStream<S> {
    /// A stream of these chunks; no two in flight have a UID in common.
    pub fn new(source: S) -> Self {
        Self {
            source,
            cut: VecDeque::new(),
            flights: VecDeque::new(),
            ready: VecDeque::new(),
            missing: Vec::new(),
            failure: None,
        }
    }

    /// The next message, `None` at the end. The session is the one of the
    /// first call, with the same mailbox open.
    ///
    /// # Errors
    /// The server's refusal of one chunk, after the messages it had sent: the
    /// stream goes on with the next chunk if asked again, and
    /// [`FetchStream::take_missing`] tells what was not delivered. After any
    /// other error the session is unusable.
    pub fn next(&mut self, session: &mut Session) -> Result<Option<Message>> {
        loop {
            if let Some(message) = self.ready.pop_front() {
                return Ok(Some(message));
            }
            if let Some(error) = self.failure.take() {
                self.release();
                return Err(error);
            }
            self.launch(session)?;
            if self.flights.is_empty() {
                return Ok(None);
            }
            match session.arrive("UID FETCH")? {
                Arrival::Message(message) => self.receive(*message),
                Arrival::Ended(ended) => self.land(ended, session),
                Arrival::Continuation(_) | Arrival::Shown => {}
            }
        }
    }

    /// The UIDs that were asked for and not delivered by the commands that
    /// have ended since the last call: expunged, or refused.
    pub fn take_missing(&mut self) -> UidSet {
        let missing = std::mem::take(&mut self.missing);
        missing.iter().flat_map(UidSet::ranges).collect()
    }

    fn launch(&mut self, session: &mut Session) -> Result<()> {
        while self.flights.len() < IN_FLIGHT {
            if self.cut.is_empty() {
                let Some(Chunk { uids, items }) = self.source.next() else {
                    return Ok(());
                };
                self.cut
                    .extend(uids.chunks(u64::MAX, SET).map(|uids| Chunk {
                        uids,
                        items: Arc::clone(&items),
                    }));
            }
            let Some(chunk) = self.cut.pop_front() else {
                continue;
            };
            let command = format!("UID FETCH {} {}", chunk.uids, chunk.items);
            let tag = session.launch("UID FETCH", command.as_bytes())?;
            self.flights.push_back(Flight {
                tag,
                chunk,
                delivered: UidSet::new(),
                partial: VecDeque::new(),
                weight: 0,
                held: Vec::new(),
                ended: None,
            });
        }
        Ok(())
    }

    /// Takes a message if it was asked for. Servers also tell of changes to
    /// other messages, or to these, and some answer twice.
    fn receive(&mut self, message: Message) {
        let uid = message.uid;
        let asked = |flight: &Flight| flight.chunk.uids.contains(uid);
        let Some(place) = self.flights.iter().position(asked) else {
            return;
        };
        let flight = &mut self.flights[place];
        if flight.delivered.contains(uid) {
            return;
        }
        let known = flight.partial.iter().position(|partial| partial.uid == uid);
        let mut whole = message;
        if let Some(mut partial) = known.and_then(|index| flight.partial.remove(index)) {
            flight.weight -= partial.weight();
            partial.merge(whole);
            whole = partial;
        }
        flight.chunk.items.keep_in(&mut whole);
        if flight.chunk.items.are_in(&whole) {
            self.deliver(place, whole);
            return;
        }
        flight.weight += whole.weight();
        flight.partial.push_back(whole);
        while let Some(flight) = self.flights.get_mut(place)
            && flight.weight > HELD
            && let Some(oldest) = flight.partial.pop_front()
        {
            flight.weight -= oldest.weight();
            self.deliver(place, oldest);
        }
    }

    /// Takes a message of the command at `place` as it is: to be given out now,
    /// or when it is that command's turn.
    fn deliver(&mut self, place: usize, message: Message) {
        let Some(flight) = self.flights.get_mut(place) else {
            return;
        };
        flight.delivered.insert(message.uid);
        let admitted = self.source.admit(&flight.chunk, message);
        if place == 0 {
            self.ready.extend(admitted);
        } else {
            flight.held.extend(admitted);
        }
    }

    /// Ends a command: what was answered only in part will not become more.
    fn land(&mut self, ended: Ended, session: &Session) {
        let landed = |flight: &&mut Flight| flight.tag == ended.tag;
        let Some(flight) = self.flights.iter_mut().find(landed) else {
            return;
        };
        for message in std::mem::take(&mut flight.partial) {
            flight.delivered.insert(message.uid);
            flight
                .held
                .extend(self.source.admit(&flight.chunk, message));
        }
        self.source.ended(&flight.chunk);
        let missing = flight.chunk.uids.difference(&flight.delivered);
        if !missing.is_empty() {
            self.missing.push(missing);
        }
        let what = || format!("cannot fetch from '{}'", session.open_name());
        flight.ended = Some(ended.accepted(what));
        self.release();
    }

    /// Lets go what waited: of the commands that have ended, and of the first
    /// of those that have not.
    fn release(&mut self) {
        while let Some(first) = self.flights.front_mut() {
            first.held.sort_by_key(|message| message.uid);
            self.ready.extend(first.held.drain(..));
            match first.ended.take() {
                None => return,
                Some(outcome) => {
                    self.flights.pop_front();
                    if let Err(error) = outcome {
                        // What is behind it comes after the caller has heard of it.
                        self.failure = Some(error);
                        return;
                    }
                }
            }
        }
    }
}
