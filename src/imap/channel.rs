//! The connection as the `imap` crate sees it: one command at a time, and only
//! answers it can read.
//!
//! [`crate_line`] writes those, in the crate's grammar, from responses that we
//! have framed and parsed; the rest stays in the [`Exchange`]. The dialogue
//! opens a [`Turn`] for each command and collects from it what the crate does
//! not tell: the server's words, and our own error where reading failed.

use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use zeroize::Zeroizing;

use super::exchange::{Arrival, Ended, Exchange};
use super::follower::Follower;
use super::response::Response;
use super::status_line::Status;
use crate::error::Error;

/// What the crate is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Login,
    /// A LOGIN that is not sent: the crate knows no other way to a session
    /// that is signed in already.
    HandOver,
    Examine,
    Noop,
    Logout,
}

impl Verb {
    /// The command's name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Login | Self::HandOver => "LOGIN",
            Self::Examine => "EXAMINE",
            Self::Noop => "NOOP",
            Self::Logout => "LOGOUT",
        }
    }
}

/// One command of the crate, from its first byte to its completion.
pub(super) struct Turn {
    verb: Verb,
    /// The crate's tag, known once it has sent its command.
    tag: Vec<u8>,
    /// Written by the crate and not yet sent; may hold a password.
    outgoing: Zeroizing<Vec<u8>>,
    /// Written for the crate and not yet read by it.
    incoming: Vec<u8>,
    /// How it ended, in the server's words.
    pub(super) ended: Option<Ended>,
    /// What kept us from reading or writing.
    pub(super) failure: Option<Error>,
}

impl Turn {
    pub(super) fn new(verb: Verb) -> Self {
        Self {
            verb,
            tag: Vec::new(),
            outgoing: Zeroizing::default(),
            incoming: Vec::new(),
            ended: None,
            failure: None,
        }
    }
}

/// The two ends of the seam share it.
pub(super) struct Shared {
    pub(super) exchange: Exchange,
    pub(super) turn: Option<Turn>,
    /// What goes out right behind the crate's command.
    pub(super) follower: Option<Follower>,
}

/// What the `imap` crate takes for a connection.
pub(super) struct Channel(pub(super) Arc<Mutex<Shared>>);

/// A panic of the crate leaves the state readable: it is only ever changed by
/// our own code, and the wire is broken off after a panic.
pub(super) fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Read for Channel {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        lock(&self.0).give(into)
    }
}

impl Write for Channel {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(turn) = &mut lock(&self.0).turn {
            turn.outgoing.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        lock(&self.0).send()
    }
}

impl Shared {
    fn send(&mut self) -> io::Result<()> {
        let Some(turn) = &mut self.turn else {
            return Ok(());
        };
        if turn.tag.is_empty() {
            let mut words = turn.outgoing.splitn(2, |&b| b == b' ');
            turn.tag = words.next().unwrap_or_default().to_vec();
            let command = words.next().unwrap_or_default();
            let recorder = &mut self.exchange.recorder;
            match turn.verb {
                Verb::HandOver => {}
                Verb::Login => recorder.signed_in(&turn.tag, turn.verb.name()),
                _ => recorder.sent(&turn.tag, command, turn.outgoing.len()),
            }
        }
        if turn.verb == Verb::HandOver {
            turn.incoming = [&turn.tag, &b" OK .\r\n"[..]].concat();
            return Ok(());
        }
        let mut sent = self.exchange.wire.send(&turn.outgoing, turn.verb.name());
        let is_whole = turn.outgoing.ends_with(b"\n");
        turn.outgoing = Zeroizing::default();
        if let Some(follower) = self.follower.as_mut().filter(|_| is_whole && sent.is_ok()) {
            sent = follower.launch(&mut self.exchange);
        }
        sent.map_err(|error| stopped(turn, error))
    }

    /// Reads from the server until there is something for the crate.
    fn give(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let Some(turn) = &mut self.turn else {
            return Ok(0);
        };
        while turn.incoming.is_empty() {
            let verb = turn.verb;
            let mut lines: Vec<u8> = Vec::new();
            let follower = &mut self.follower;
            let arrived = self.exchange.arrive(verb.name(), &mut |response| {
                lines.extend(crate_line(verb, response).unwrap_or_default());
                if let Some(follower) = follower {
                    follower.overhear(response);
                }
            });
            turn.incoming = lines;
            match arrived {
                Err(error) => return Err(stopped(turn, error)),
                Ok(Arrival::Ended(ended)) if ended.tag == turn.tag => {
                    turn.incoming = [
                        &turn.tag,
                        &b" "[..],
                        ended.status.word().as_bytes(),
                        b" .\r\n",
                    ]
                    .concat();
                    turn.ended = Some(ended);
                }
                Ok(Arrival::Ended(ended)) => {
                    if let Some(follower) = &mut self.follower {
                        follower.note_end(&ended.tag);
                    }
                }
                Ok(_) => {}
            }
        }
        let count = into.len().min(turn.incoming.len());
        into[..count].copy_from_slice(&turn.incoming[..count]);
        turn.incoming.drain(..count);
        Ok(count)
    }
}

/// Keeps the error for the caller of the crate. Its kind must not be
/// `Interrupted`, which readers take for an invitation to try again.
fn stopped(turn: &mut Turn, error: Error) -> io::Error {
    turn.failure = Some(error);
    io::Error::other("stopped")
}

/// The line the crate gets for an untagged response, if the verb needs it: a
/// verb without a row here gets only its completion.
fn crate_line(verb: Verb, response: &Response<'_>) -> Option<Vec<u8>> {
    let line = match (verb, response) {
        (Verb::Examine, Response::Exists(count)) => format!("* {count} EXISTS\r\n"),
        (Verb::Examine, Response::Status(status)) if status.status == Status::Ok => {
            let code = status.code?;
            let name = ["UIDVALIDITY", "UIDNEXT", "HIGHESTMODSEQ"]
                .into_iter()
                .find(|name| code.is(name))?;
            format!("* OK [{name} {}] .\r\n", code.number()?)
        }
        _ => return None,
    };
    is_read_by_crate(&line).then(|| line.into_bytes())
}

/// True if the parser the crate uses, the same version of it, takes the whole line.
fn is_read_by_crate(line: &str) -> bool {
    matches!(imap_proto::parser::parse_response(line.as_bytes()), Ok((rest, _)) if rest.is_empty())
}

#[cfg(test)]
mod tests {
    use super::super::response::parse;
    use super::*;

    fn examine_line(response: &str) -> Option<String> {
        let line = crate_line(Verb::Examine, &parse(response.as_bytes()))?;
        Some(String::from_utf8(line).expect("ASCII"))
    }

    #[test]
    fn the_crate_gets_what_examine_needs_in_its_own_grammar() {
        let expected = Some("* OK [UIDVALIDITY 7] .\r\n".to_owned());
        assert_eq!(
            examine_line("* OK [uidvalidity 7] caf\u{e9} {5}\r\n"),
            expected
        );
        assert_eq!(
            examine_line("*  12   exists\r\n"),
            Some("* 12 EXISTS\r\n".to_owned())
        );
    }

    #[test]
    fn the_crate_gets_nothing_it_could_stumble_over() {
        for line in [
            "* NO [ALERT] quota\r\n",
            "* OK [UNKNOWN x] y\r\n",
            "* OK still here\r\n",
            "* FLAGS (\\Seen caf\u{e9})\r\n",
            "* NAMESPACE NIL NIL NIL\r\n",
            "* 1 FETCH (FLAGS ())\r\n",
            "* LIST () \"/\" INBOX\r\n",
            "nonsense\r\n",
        ] {
            assert_eq!(examine_line(line), None, "{line}");
        }
    }

    #[test]
    fn completions_are_read_by_the_crate() {
        for status in [Status::Ok, Status::No, Status::Bad] {
            assert!(is_read_by_crate(&format!("a12 {} .\r\n", status.word())));
        }
    }
}
