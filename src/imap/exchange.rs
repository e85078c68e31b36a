//! Commands and what comes back: tags, completions, and everything a server
//! may say in between.
//!
//! A response that nothing can be made of is remarked on and passed over; BYE
//! ends the connection with the server's words. Sessions, the greeting and the
//! dialogue of the `imap` crate all talk through one [`Exchange`].

use std::collections::VecDeque;

use zeroize::Zeroizing;

use super::capability::Capabilities;
use super::message::Message;
use super::recorder::Recorder;
use super::response::{Response, parse};
use super::status_line::{Status, StatusLine};
use super::veil::Veil;
use super::wire::Wire;
use crate::error::{Error, Kind, Result, quote_bytes};

/// How many remarks are kept; they are the server's text.
const REMARKS: usize = 100;

/// How many unreadable responses in a row are borne with.
const UNREADABLE: usize = 1_000;

/// The most that is read without being asked for: a new connection is cheaper.
const CATCH_UP: usize = 256 << 10;

/// How a command ended.
pub(super) struct Ended {
    /// The tag of the command.
    pub(super) tag: Vec<u8>,
    /// OK, NO or BAD.
    pub(super) status: Status,
    /// The server's words, safe to show: `NO [NONEXISTENT] no such mailbox`.
    pub(super) answer: String,
    /// True where it may well be carried out later.
    pub(super) is_temporary: bool,
    /// True where messages it was about have been expunged.
    pub(super) is_expunged: bool,
}

impl Ended {
    /// `Ok` if the command was carried out; `what` says what was refused.
    pub(super) fn accepted(self, what: impl FnOnce() -> String) -> Result<()> {
        if self.status == Status::Ok {
            return Ok(());
        }
        let refused = Kind::Refused {
            what: what(),
            login: false,
            answer: self.answer,
            advice: None,
        };
        Err(refused.into())
    }
}

/// What [`Exchange::arrive`] found.
pub(super) enum Arrival {
    /// A message, or something about one.
    Message(Box<Message>),
    /// A command has ended.
    Ended(Ended),
    /// The server waits for the rest of a command; its text.
    Continuation(Vec<u8>),
    /// Something else, shown to the caller's function.
    Shown,
}

/// What is said over one connection.
pub(super) struct Exchange {
    pub(super) wire: Wire,
    /// As the server last told them.
    pub(super) capabilities: Capabilities,
    /// How the server introduced itself.
    pub(super) greeting: String,
    /// True from LOGOUT on, when BYE is the answer.
    pub(super) is_leaving: bool,
    /// Over the secret, while signing in.
    pub(super) veil: Veil,
    /// True once the server has said NOMODSEQ.
    pub(super) no_modseq: bool,
    /// Writes down what is said.
    pub(super) recorder: Recorder,
    tags: u32,
    /// Commands sent by [`Exchange::launch`] that have not ended.
    flying: Vec<Vec<u8>>,
    unreadable: usize,
    remarks: VecDeque<String>,
}

impl Exchange {
    pub(super) fn new(wire: Wire, recorder: Recorder) -> Self {
        Self {
            wire,
            capabilities: Capabilities::default(),
            greeting: String::new(),
            is_leaving: false,
            veil: Veil::default(),
            no_modseq: false,
            recorder,
            tags: 0,
            flying: Vec::new(),
            unreadable: 0,
            remarks: VecDeque::new(),
        }
    }

    /// What the server said that nobody asked for and that may explain what
    /// happens next: alerts, warnings, and what could not be read. The last
    /// hundred.
    pub(super) fn remarks(&self) -> impl Iterator<Item = &str> {
        self.remarks.iter().map(String::as_str)
    }

    /// Adds to them, and to the log.
    pub(super) fn remark(&mut self, text: String) {
        self.recorder.note(&text);
        remark(&mut self.remarks, text);
    }

    /// True while no command waits for its end and nothing has gone wrong.
    pub(super) fn is_idle(&self) -> bool {
        self.flying.is_empty() && self.wire.is_whole() && !self.wire.is_amid_response()
    }

    /// Refuses a command whose answers would mix with those of a fetch.
    pub(super) fn check_free(&self, verb: &str) -> Result<()> {
        if self.flying.is_empty() || !self.wire.is_whole() {
            return Ok(());
        }
        let text = format!("{verb} while messages are being fetched");
        Err(Kind::Internal {
            place: "imap::exchange".into(),
            text,
        }
        .into())
    }

    /// Sends a command and reads on until it ends, showing everything else to `on`.
    ///
    /// # Errors
    /// The wire's, BYE, and an answer that is no IMAP. That the server refuses
    /// is no error here.
    pub(super) fn command(
        &mut self,
        verb: &str,
        command: &[u8],
        on: &mut dyn FnMut(&Response<'_>),
    ) -> Result<Ended> {
        self.command_in_stretches(verb, &[command.to_vec()], on)
    }

    /// [`Exchange::command`] for a command with literals: each stretch but the
    /// first is sent when the server asks for it (RFC 9051 section 4.3).
    pub(super) fn command_in_stretches(
        &mut self,
        verb: &str,
        stretches: &[Vec<u8>],
        on: &mut dyn FnMut(&Response<'_>),
    ) -> Result<Ended> {
        self.check_free(verb)?;
        let mut stretches = stretches.iter();
        let first = stretches.next().map_or(&[][..], Vec::as_slice);
        let tag = self.launch(verb, first)?;
        loop {
            match self.arrive(verb, on)? {
                Arrival::Ended(ended) if ended.tag == tag => return Ok(ended),
                Arrival::Continuation(_) => {
                    if let Some(next) = stretches.next() {
                        let line = [next, &b"\r\n"[..]].concat();
                        self.recorder.went_on(&tag, next, line.len());
                        self.wire
                            .send(&line, verb)
                            .inspect_err(|error| self.recorder.failed(error))?;
                    }
                }
                _ => {}
            }
        }
    }

    /// Reads on until the command of this tag ends, showing everything else to `on`.
    ///
    /// # Errors
    /// As [`Exchange::command`].
    pub(super) fn await_end(
        &mut self,
        verb: &str,
        tag: &[u8],
        on: &mut dyn FnMut(&Response<'_>),
    ) -> Result<Ended> {
        loop {
            match self.arrive(verb, on)? {
                Arrival::Ended(ended) if ended.tag == tag => return Ok(ended),
                _ => {}
            }
        }
    }

    /// Sends a command and does not wait for its end; gives its tag.
    pub(super) fn launch(&mut self, verb: &str, command: &[u8]) -> Result<Vec<u8>> {
        let tag = self.next_tag();
        // The tag, a blank, and the line's end.
        self.recorder
            .sent(&tag, command, tag.len() + command.len() + 3);
        self.fly(verb, tag, command)
    }

    /// [`Exchange::launch`] for a command that holds a secret.
    pub(super) fn launch_secret(&mut self, verb: &str, command: &[u8]) -> Result<Vec<u8>> {
        let tag = self.next_tag();
        self.recorder.signed_in(&tag, verb);
        self.fly(verb, tag, command)
    }

    fn next_tag(&mut self) -> Vec<u8> {
        self.tags += 1;
        format!("x{}", self.tags).into_bytes()
    }

    fn fly(&mut self, verb: &str, tag: Vec<u8>, command: &[u8]) -> Result<Vec<u8>> {
        let line = Zeroizing::new([&tag, &b" "[..], command, b"\r\n"].concat());
        self.wire
            .send(&line, verb)
            .inspect_err(|error| self.recorder.failed(error))?;
        self.flying.push(tag.clone());
        Ok(tag)
    }

    /// Waits for the next response in the step `during`.
    ///
    /// # Errors
    /// The wire's, BYE, and too much that is no IMAP.
    pub(super) fn arrive(
        &mut self,
        during: &str,
        on: &mut dyn FnMut(&Response<'_>),
    ) -> Result<Arrival> {
        let received = self.wire.receive(during);
        let frame = received.inspect_err(|error| self.recorder.failed(error))?;
        self.recorder.received(frame.bytes.len());
        let response = parse(&frame.bytes);
        if !matches!(response, Response::Other(_)) {
            self.unreadable = 0;
        }
        let mut bye = None;
        let arrival = match response {
            // Without a UID it is no answer, but news that was not asked for.
            Response::Fetch(fetched) if fetched.uid.is_some() => {
                let Some((mut message, carving)) = Message::own(fetched, &frame) else {
                    return Ok(Arrival::Shown);
                };
                if let Some(carving) = carving {
                    message.complete(carving, frame);
                }
                return Ok(Arrival::Message(Box::new(message)));
            }
            Response::Tagged { tag, status } => {
                note(&mut self.capabilities, &status);
                self.flying.retain(|flying| flying != tag);
                let answer = words(&self.veil, &status);
                self.recorder.ended(tag, &answer);
                Arrival::Ended(Ended {
                    tag: tag.to_vec(),
                    status: status.status,
                    answer,
                    is_temporary: status.asks_for_patience(),
                    is_expunged: status.code.is_some_and(|c| c.is("EXPUNGEISSUED")),
                })
            }
            Response::Continuation(text) => Arrival::Continuation(text.to_vec()),
            Response::Status(status) if status.status == Status::Bye && !self.is_leaving => {
                bye = Some(words(&self.veil, &status));
                Arrival::Shown
            }
            response => {
                match &response {
                    Response::Capability(told) => self.capabilities = told.clone(),
                    Response::Status(status) => {
                        note(&mut self.capabilities, status);
                        self.no_modseq |= status.code.is_some_and(|c| c.is("NOMODSEQ"));
                        if status.status != Status::Ok || status.code.is_some_and(|c| c.is("ALERT"))
                        {
                            remark(&mut self.remarks, words(&self.veil, status));
                        }
                    }
                    Response::Other(line) => {
                        self.unreadable += 1;
                        remark(&mut self.remarks, quote_bytes(&self.veil.cover(line)));
                    }
                    _ => {}
                }
                on(&response);
                Arrival::Shown
            }
        };
        if let Some(answer) = bye {
            let peer = self.wire.peer();
            let text = format!("{peer} closed the connection ({during}): {answer}");
            let error = self.wire.breaking(Error::network(text));
            self.recorder.failed(&error);
            return Err(error);
        }
        if self.unreadable > UNREADABLE {
            let last = self.remarks.back().cloned().unwrap_or_default();
            let text = format!(
                "{} sends what is no IMAP ({during}): '{last}'",
                self.wire.peer()
            );
            return Err(self.wire.breaking(Error::misbehaved(text)));
        }
        Ok(arrival)
    }

    /// Reads what has come meanwhile, without waiting: afterwards the wire is
    /// broken if the server has left, or goes on and on; and commands may have
    /// ended.
    pub(super) fn catch_up(&mut self) {
        self.overhear(CATCH_UP, &mut |_| {});
    }

    /// [`Exchange::catch_up`] for what is listened to: up to so many bytes at
    /// once are shown to `on`.
    pub(super) fn overhear(&mut self, limit: usize, on: &mut dyn FnMut(&Response<'_>)) {
        let mut bytes = 0;
        while let Some(frame) = self.wire.poll(limit) {
            bytes += frame.bytes.len();
            self.recorder.received(frame.bytes.len());
            if bytes > limit {
                self.wire.break_off();
                return;
            }
            let response = parse(&frame.bytes);
            on(&response);
            let is_over = match response {
                Response::Tagged { tag, status } => {
                    self.recorder.ended(tag, &words(&self.veil, &status));
                    self.flying.retain(|flying| flying != tag);
                    false
                }
                Response::Status(status) => status.status == Status::Bye,
                _ => false,
            };
            if is_over {
                self.wire.break_off();
            }
        }
    }
}

/// A status line as errors quote it.
fn words(veil: &Veil, status: &StatusLine<'_>) -> String {
    status.answer_with(&veil.cover(status.said()))
}

/// Takes the capabilities a status response carries.
fn note(capabilities: &mut Capabilities, status: &StatusLine<'_>) {
    if let Some(told) = status.code.and_then(|code| code.capabilities()) {
        *capabilities = told;
    }
}

fn remark(remarks: &mut VecDeque<String>, text: String) {
    if remarks.len() == REMARKS {
        remarks.pop_front();
    }
    remarks.push_back(text);
}
