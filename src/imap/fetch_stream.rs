//! UID FETCH as a stream: commands in flight, messages one by one.
//!
//! The caller decides what is asked for, chunk by chunk, as late as it likes:
//! the next chunk is drawn when a command ends. A chunk is what the server may
//! send before we ask again, and so what a stop in the middle costs. Messages
//! come chunk by chunk, within a chunk in the server's order: a server may work
//! on several commands at once (Dovecot does while its output is full), so what
//! comes of the second waits for the end of the first. A message that the server
//! refuses comes with what it does give of it, and the others all the same.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::apart::Outcome;
use super::chunk::{Chunk, SET};
use super::exchange::{Arrival, Ended};
use super::flight::Flight;
use super::gauge::Gauge;
use super::message::Message;
use super::pace::{Pace, SLOW, USUAL};
use super::session::Session;
use super::status_line::Status;
use super::uid_set::UidSet;
use crate::error::{Error, Result};

/// Bytes of messages that may wait for the end of the command before theirs.
const AHEAD: usize = 256 << 20;

/// More messages in a row than this of which the server refuses everything: it
/// is not they that are broken.
const CROWD: u32 = 20;

/// Where the chunks come from: any iterator, or what decides as it learns.
pub trait Source: Send {
    /// The next command, if one can be sent now, at the server's pace; asked
    /// again whenever one ends.
    fn next(&mut self, pace: &Pace) -> Option<Chunk>;

    /// Sees each message as it comes, and keeps those that were asked for only
    /// to decide what to ask for next.
    fn admit(&mut self, _chunk: &Chunk, message: Message) -> Option<Message> {
        Some(message)
    }

    /// Hears that a command has ended: no more of it will come.
    fn ended(&mut self, _chunk: &Chunk) {}

    /// How many commands may be in flight, at the server's pace.
    fn depth(&self, pace: &Pace) -> usize {
        pace.depth()
    }
}

impl<I: Iterator<Item = Chunk> + Send> Source for I {
    fn next(&mut self, _pace: &Pace) -> Option<Chunk> {
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
    /// Messages in a row that came to nothing.
    refused: u32,
    /// True once a message came as it was asked for.
    has_delivered: bool,
    /// True once a chunk has come to its end: whoever stops before wanted
    /// little, and is not to pay for what would have been on its way.
    has_landed: bool,
    /// True after an error.
    is_over: bool,
    /// How long the server is to be left alone before the next command.
    pause: Option<Duration>,
    gauge: Gauge,
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
            refused: 0,
            has_delivered: false,
            has_landed: false,
            is_over: false,
            pause: None,
            gauge: Gauge::default(),
        }
    }

    /// The next message, `None` at the end. The session is the one of the
    /// first call, with the same mailbox open.
    ///
    /// # Errors
    /// The server's refusal where it is not of single messages: it does not
    /// understand the command, gives nothing of many messages in a row, or asks
    /// for more patience than the timeout. It comes after the messages before
    /// it, ends the stream, and leaves the session usable, as no other error
    /// does.
    pub fn next(&mut self, session: &mut Session) -> Result<Option<Message>> {
        let next = self.pull(session);
        if next.is_err() {
            session.awaited = self.awaited();
        }
        next
    }

    /// The first message that has not come of what is in flight: the server
    /// works on the oldest command first.
    fn awaited(&self) -> Option<u32> {
        let mut flying = self.flights.iter().filter(|flight| flight.is_flying());
        flying.find_map(Flight::awaited)
    }

    fn pull(&mut self, session: &mut Session) -> Result<Option<Message>> {
        loop {
            if let Some(message) = self.ready.pop_front() {
                return Ok(Some(message));
            }
            if let Some(error) = self.failed() {
                return Err(error);
            }
            self.launch(session)?;
            if self.flights.is_empty() {
                return Ok(None);
            }
            let arrival = session.exchange().arrive("UID FETCH", &mut |_| {})?;
            match arrival {
                Arrival::Message(message) => {
                    self.receive(*message, session);
                    if self.is_overfull() {
                        let text = "server sends far more than the sizes it announced, out of turn";
                        return Err(session.exchange().wire.breaking(Error::misbehaved(text)));
                    }
                }
                Arrival::Ended(ended) => self.land(ended, session),
                Arrival::Continuation(_) | Arrival::Shown => {}
            }
        }
    }

    /// The UIDs that were asked for and not delivered by the commands that
    /// have ended since the last call: messages that are gone.
    pub fn take_missing(&mut self) -> UidSet {
        let missing = std::mem::take(&mut self.missing);
        missing.iter().flat_map(UidSet::ranges).collect()
    }

    /// The refusal that ends the stream, once everything before it has come and
    /// nothing is on the wire.
    fn failed(&mut self) -> Option<Error> {
        if !self.flights.front()?.has_failed() || self.flights.iter().any(Flight::is_flying) {
            return None;
        }
        let first = self.flights.pop_front();
        self.flights.clear();
        self.is_over = true;
        first?.ended?.err()
    }

    /// Sends what may be in flight now.
    fn launch(&mut self, session: &mut Session) -> Result<()> {
        loop {
            let most = if self.has_landed { usize::MAX } else { USUAL };
            let depth = self.source.depth(&session.pace).min(most);
            let flying = self.flights.iter().filter(|f| f.is_flying()).count();
            if flying >= depth {
                return Ok(());
            }
            if !self.flights.iter().any(Flight::is_waiting) {
                if self.flights.len() >= depth || self.is_ending() {
                    return Ok(());
                }
                let Some(chunk) = self.draw(&session.pace) else {
                    return Ok(());
                };
                self.flights.push_back(Flight::new(chunk));
            }
            if let Some(pause) = self.pause {
                if flying > 0 {
                    return Ok(());
                }
                session
                    .exchange()
                    .wire
                    .rest(pause, "UID FETCH; the server asked for patience")?;
                self.pause = None;
            }
            // What is behind a refusal that ends the stream is not asked for.
            let mut flights = self.flights.iter_mut().take_while(|f| !f.has_failed());
            let Some(flight) = flights.find(|f| f.is_waiting()) else {
                return Ok(());
            };
            let command = flight.command();
            let tag = session.exchange().launch("UID FETCH", command.as_bytes())?;
            flight.sent(tag, flying == 0);
        }
    }

    /// True where nothing more is to be drawn.
    fn is_ending(&self) -> bool {
        self.is_over || self.flights.iter().any(Flight::has_failed)
    }

    /// The next chunk that fits into a command line.
    fn draw(&mut self, pace: &Pace) -> Option<Chunk> {
        while self.cut.is_empty() {
            let Chunk { uids, items } = self.source.next(pace)?;
            let cut = uids.chunks(u64::MAX, SET).map(|uids| Chunk {
                uids,
                items: Arc::clone(&items),
            });
            self.cut.extend(cut);
        }
        self.cut.pop_front()
    }

    /// Takes a message if it was asked for. Servers also tell of changes to
    /// other messages, or to these, and some answer twice.
    fn receive(&mut self, message: Message, session: &mut Session) {
        // What is behind a refusal that ends the stream comes in vain.
        let mut flights = self.flights.iter().take_while(|f| !f.has_failed());
        let asked = |flight: &Flight| flight.chunk.uids.contains(message.uid);
        let Some(place) = flights.position(asked) else {
            return;
        };
        self.gauge.count(message.weight(), Instant::now);
        let flight = &mut self.flights[place];
        if let Some(waited) = flight.heard() {
            session.pace.heard_after(waited);
            if waited > SLOW && !session.pace.is_single() {
                session.pace.ease();
                session.exchange().remark(format!(
                    "UID FETCH was answered after {} s; from now on one command at a time, and smaller ones",
                    waited.as_secs()
                ));
            }
        }
        let mut whole = flight.take(message);
        while let Some(message) = whole.take().or_else(|| flight.give_up()) {
            self.refused = 0;
            self.has_delivered = true;
            deliver(&mut self.source, flight, message);
        }
        if place == 0 {
            self.ready.extend(flight.let_go());
        }
    }

    /// True where more waits for its turn than an honest server's second
    /// command can bring; one message of any size is honest.
    fn is_overfull(&self) -> bool {
        let held = self.flights.iter().map(Flight::held);
        let (count, weight) = held.fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1));
        count > 1 && weight > AHEAD
    }

    /// Ends a command, and with it the chunk if there is no more to ask for.
    fn land(&mut self, ended: Ended, session: &mut Session) {
        let is_shared = self.flights.iter().filter(|f| f.is_flying()).count() > 1;
        let Some(flight) = self.flights.iter_mut().find(|f| f.has_tag(&ended.tag)) else {
            return;
        };
        flight.landed();
        if let Some(rate) = self.gauge.read(session.pace.round_trip(), Instant::now()) {
            session.pace.received(rate);
        }
        if !is_shared {
            self.gauge.pause();
        }
        let timeout = session.exchange().wire.timeout();
        if ended.is_temporary
            && let Some(pause) = flight.again_later(timeout)
        {
            session.pace.ease();
            let seconds = pause.as_secs_f64();
            session.exchange().remark(format!(
                "UID FETCH refused: {}; asking for less in {seconds} s, and one command at a time from now on",
                ended.answer
            ));
            self.pause = Some(pause);
            return;
        }
        if ended.status == Status::Bad && is_shared && !flight.is_repeated() {
            flight.again();
            session.pace.one_at_a_time();
            session.exchange().remark(format!(
                "UID FETCH not understood while another is in flight: {}; one command at a time from now on",
                ended.answer
            ));
            return;
        }
        // A command that was understood before is refused for its messages.
        let is_about_messages = ended.status == Status::No || self.has_delivered;
        let mut is_failure = ended.is_temporary;
        let outcome = match ended.status {
            Status::Ok => flight.carried_out(),
            _ if is_about_messages && !is_failure => flight.refused(&ended),
            _ => {
                is_failure = true;
                None
            }
        };
        match outcome {
            Some(Outcome::Nothing(message)) => {
                self.refused += 1;
                is_failure = self.refused > CROWD;
                deliver(&mut self.source, flight, *message);
            }
            Some(Outcome::Some(message)) => {
                self.refused = 0;
                deliver(&mut self.source, flight, *message);
            }
            Some(Outcome::Gone) | None => {}
        }
        if flight.has_more() && !is_failure {
            self.release();
            return;
        }
        // What was answered only in part will not become more.
        for message in flight.take_partial() {
            deliver(&mut self.source, flight, message);
        }
        flight.ended = Some(if is_failure {
            ended.accepted(|| format!("cannot fetch from '{}'", session.open_name()))
        } else {
            let missing = flight.chunk.uids.difference(&flight.delivered);
            self.missing
                .extend(Some(missing).filter(|missing| !missing.is_empty()));
            self.source.ended(&flight.chunk);
            Ok(())
        });
        self.has_landed = true;
        self.release();
    }

    /// Lets go what waited: of the commands that have ended, and of the first
    /// of those that have not.
    fn release(&mut self) {
        while let Some(first) = self.flights.front_mut() {
            self.ready.extend(first.let_go());
            if !matches!(first.ended, Some(Ok(()))) {
                return;
            }
            self.flights.pop_front();
        }
    }
}

/// Gives a message to whoever asked for it, and keeps it if it is meant for the
/// caller.
fn deliver(source: &mut impl Source, flight: &mut Flight, message: Message) {
    flight.delivered.insert(message.uid);
    let admitted = source.admit(&flight.chunk, message);
    flight.hold(admitted);
}
