//! UID FETCH as a stream: two commands in flight, messages one by one.
//!
//! The caller decides what is asked for, chunk by chunk, as late as it likes:
//! the next chunk is drawn when a command ends. A chunk is what the server may
//! send before we ask again, and so what a stop in the middle costs. Messages
//! come in the server's order, which within a chunk need not be that of UIDs.

use std::collections::VecDeque;
use std::sync::Arc;

use super::exchange::{Arrival, Ended};
use super::items::Items;
use super::message::Message;
use super::session::Session;
use super::status_line::Status;
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

/// Fetches chunks of messages of the open mailbox.
///
/// It does not hold the session; each call gets it. Dropped before its end it
/// leaves commands on the wire, by which the session knows that it is no
/// longer usable.
pub struct FetchStream {
    chunks: Box<dyn Iterator<Item = Chunk> + Send>,
    /// Chunks too long for one command line, cut up.
    cut: VecDeque<Chunk>,
    flights: VecDeque<Flight>,
    ready: VecDeque<Message>,
    missing: Vec<UidSet>,
    failure: Option<Error>,
}

/// A command that has not ended.
struct Flight {
    tag: Vec<u8>,
    chunk: Chunk,
    delivered: UidSet,
    /// Messages that have been answered in part, and what they weigh.
    partial: VecDeque<Message>,
    held: usize,
}

impl FetchStream {
    /// A stream of these chunks, whose UIDs are in no two of them.
    pub fn new(chunks: impl Iterator<Item = Chunk> + Send + 'static) -> Self {
        Self {
            chunks: Box::new(chunks),
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
                let Some(Chunk { uids, items }) = self.chunks.next() else {
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
            let (delivered, partial) = (UidSet::new(), VecDeque::new());
            self.flights.push_back(Flight {
                tag,
                chunk,
                delivered,
                partial,
                held: 0,
            });
        }
        Ok(())
    }

    /// Takes a message if it was asked for. Servers also tell of changes to
    /// other messages, or to these, and some answer twice.
    fn receive(&mut self, message: Message) {
        let uid = message.uid;
        let asked = |flight: &&mut Flight| flight.chunk.uids.contains(uid);
        let Some(flight) = self.flights.iter_mut().find(asked) else {
            return;
        };
        if flight.delivered.contains(uid) {
            return;
        }
        let known = flight.partial.iter().position(|partial| partial.uid == uid);
        let mut whole = message;
        if let Some(mut partial) = known.and_then(|index| flight.partial.remove(index)) {
            flight.held -= partial.weight();
            partial.merge(whole);
            whole = partial;
        }
        flight.chunk.items.keep_in(&mut whole);
        if flight.chunk.items.are_in(&whole) {
            flight.delivered.insert(uid);
            self.ready.push_back(whole);
            return;
        }
        flight.held += whole.weight();
        flight.partial.push_back(whole);
        while flight.held > HELD
            && let Some(oldest) = flight.partial.pop_front()
        {
            flight.held -= oldest.weight();
            flight.delivered.insert(oldest.uid);
            self.ready.push_back(oldest);
        }
    }

    /// Ends a command: what was answered only in part will not become more.
    fn land(&mut self, ended: Ended, session: &Session) {
        let Some(index) = self
            .flights
            .iter()
            .position(|flight| flight.tag == ended.tag)
        else {
            return;
        };
        let Some(mut flight) = self.flights.remove(index) else {
            return;
        };
        let is_ok = ended.status == Status::Ok;
        for message in flight.partial {
            flight.delivered.insert(message.uid);
            self.ready.push_back(message);
        }
        let missing = flight.chunk.uids.difference(&flight.delivered);
        if !missing.is_empty() {
            self.missing.push(missing);
        }
        if !is_ok {
            let what = || format!("cannot fetch from '{}'", session.open_name());
            self.failure = ended.accepted(what).err();
        }
    }
}
