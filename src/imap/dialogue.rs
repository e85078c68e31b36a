//! The seam to the `imap` crate, which speaks LOGIN, AUTHENTICATE, EXAMINE,
//! NOOP and LOGOUT over our wire.
//!
//! The crate loses step for good at any response its parser does not know,
//! panics at some, and forgets the server's words. So it never sees the
//! server: [`crate_line`] writes it, from responses that we have framed and
//! parsed, the few lines the verb in progress needs, in a grammar the crate is
//! sure to read; everything else stays in the [`Exchange`]. The server's
//! refusal is kept word for word on our side, and so is the real error where
//! the crate is told only that reading failed.

use std::io::{self, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use zeroize::Zeroizing;

use super::exchange::{Arrival, Ended, Exchange};
use super::response::Response;
use super::sign_in::{Method, Responder};
use super::status_line::Status;
use crate::error::{Error, Kind, Result, quote};

/// What the crate is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    Login,
    Authenticate,
    Examine,
    Noop,
    Logout,
}

impl Verb {
    fn name(self) -> &'static str {
        match self {
            Self::Login => "LOGIN",
            Self::Authenticate => "AUTHENTICATE",
            Self::Examine => "EXAMINE",
            Self::Noop => "NOOP",
            Self::Logout => "LOGOUT",
        }
    }
}

/// One command of the crate, from its first byte to its completion.
struct Turn {
    verb: Verb,
    /// The crate's tag, known once it has sent its command.
    tag: Vec<u8>,
    /// Written by the crate and not yet sent; may hold a password.
    outgoing: Zeroizing<Vec<u8>>,
    /// Written for the crate and not yet read by it.
    incoming: Vec<u8>,
    ended: Option<Ended>,
    /// The text of a challenge that is not empty: XOAUTH2 explains a refusal there.
    challenge: Option<String>,
    failure: Option<Error>,
}

/// The two ends of the seam share it.
struct Shared {
    exchange: Exchange,
    turn: Option<Turn>,
}

/// What the `imap` crate takes for a connection.
struct Channel(Arc<Mutex<Shared>>);

/// A signed-in conversation.
pub(super) struct Dialogue {
    shared: Arc<Mutex<Shared>>,
    session: imap::Session<Channel>,
}

/// What EXAMINE tells of a mailbox (RFC 9051 section 6.3.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Examined {
    /// UIDs mean the same messages while this stays the same; `None` where the
    /// server has no lasting UIDs.
    pub uidvalidity: Option<u32>,
    /// The UID the next message will have at least; some servers do not say.
    pub uidnext: Option<u32>,
    /// How many messages there are.
    pub exists: u32,
    /// Grows with every change (RFC 7162).
    pub highestmodseq: Option<u64>,
}

impl Dialogue {
    /// Signs in by the method given.
    ///
    /// # Errors
    /// [`Kind::Refused`] with the server's words, or the wire's.
    pub(super) fn sign_in(exchange: Exchange, user: &str, method: Method<'_>) -> Result<Self> {
        let host = exchange.wire.endpoint().host().to_owned();
        let shared = Arc::new(Mutex::new(Shared {
            exchange,
            turn: None,
        }));
        let client = imap::Client::new(Channel(Arc::clone(&shared)));
        let signed_in = match method {
            Method::Login(password) => take_turn(&shared, Verb::Login, || {
                client
                    .login(user, password.declassify())
                    .map_err(|(error, _)| error)
            }),
            Method::Authenticate(mechanism, response) => {
                take_turn(&shared, Verb::Authenticate, || {
                    let responder = Responder::new(response);
                    client
                        .authenticate(mechanism, &responder)
                        .map_err(|(error, _)| error)
                })
            }
        };
        let session = signed_in.map_err(|fault| {
            fault.into_error(|answer| Kind::Refused {
                what: format!("login refused for '{}' at {host}", quote(user)),
                login: true,
                answer,
                advice: None,
            })
        })?;
        Ok(Self { shared, session })
    }

    /// Opens a mailbox for reading, by the server's spelling of its name.
    ///
    /// # Errors
    /// [`Kind::Refused`], after which no mailbox is open, or the wire's.
    pub(super) fn examine(&mut self, name: &str, spelling: &str) -> Result<Examined> {
        let found = take_turn(&self.shared, Verb::Examine, || {
            self.session.examine(spelling)
        })
        .map_err(|fault| {
            fault.into_error(|answer| Kind::Refused {
                what: format!("cannot examine '{}'", quote(name)),
                login: false,
                answer,
                advice: None,
            })
        })?;
        Ok(Examined {
            uidvalidity: found.uid_validity,
            uidnext: found.uid_next,
            exists: found.exists,
            highestmodseq: found.highest_mod_seq,
        })
    }

    /// Asks whether the server is still there.
    ///
    /// # Errors
    /// As every command.
    pub(super) fn noop(&mut self) -> Result<()> {
        take_turn(&self.shared, Verb::Noop, || self.session.noop()).map_err(|fault| {
            fault.into_error(|answer| Kind::Refused {
                what: "NOOP refused".into(),
                login: false,
                answer,
                advice: None,
            })
        })
    }

    /// Takes leave and closes. What goes wrong no longer matters to anybody.
    pub(super) fn logout(mut self) {
        self.exchange().is_leaving = true;
        // The connection is given up either way.
        let _ = take_turn(&self.shared, Verb::Logout, || self.session.logout());
    }

    /// Our side of the conversation, for commands of our own.
    pub(super) fn exchange(&self) -> impl std::ops::DerefMut<Target = Exchange> + '_ {
        OurSide(lock(&self.shared))
    }
}

struct OurSide<'a>(MutexGuard<'a, Shared>);

impl std::ops::Deref for OurSide<'_> {
    type Target = Exchange;

    fn deref(&self) -> &Exchange {
        &self.0.exchange
    }
}

impl std::ops::DerefMut for OurSide<'_> {
    fn deref_mut(&mut self) -> &mut Exchange {
        &mut self.0.exchange
    }
}

/// A panic of the crate leaves the state readable: it is only ever changed by
/// our own code, and the wire is broken off after a panic.
fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Why a command of the crate failed.
enum Fault {
    /// The server's tagged NO or BAD.
    Refused(String),
    Failed(Error),
}

impl Fault {
    fn into_error(self, refused: impl FnOnce(String) -> Kind) -> Error {
        match self {
            Self::Refused(answer) => refused(answer).into(),
            Self::Failed(error) => error,
        }
    }
}

/// Lets the crate carry out one command.
fn take_turn<T>(
    shared: &Arc<Mutex<Shared>>,
    verb: Verb,
    call: impl FnOnce() -> imap::error::Result<T>,
) -> std::result::Result<T, Fault> {
    if verb != Verb::Logout {
        lock(shared)
            .exchange
            .check_free(verb.name())
            .map_err(Fault::Failed)?;
    }
    lock(shared).turn = Some(Turn {
        verb,
        tag: Vec::new(),
        outgoing: Zeroizing::default(),
        incoming: Vec::new(),
        ended: None,
        challenge: None,
        failure: None,
    });
    let outcome = catch_unwind(AssertUnwindSafe(call));
    let mut shared = lock(shared);
    let turn = shared.turn.take();
    let wire = &mut shared.exchange.wire;
    let (ended, challenge, failure) = turn.map_or((None, None, None), |turn| {
        (turn.ended, turn.challenge, turn.failure)
    });
    match (outcome, failure, ended) {
        (_, Some(failure), _) => Err(Fault::Failed(failure)),
        (_, _, Some(ended)) if ended.status != Status::Ok => Err(Fault::Refused(match challenge {
            Some(challenge) => format!("{} ({})", ended.answer, quote(&challenge)),
            None => ended.answer,
        })),
        (Ok(Ok(value)), _, _) => Ok(value),
        (Ok(Err(error)), _, _) => {
            let peer = wire.peer().to_owned();
            let text = format!("{peer} cannot be understood ({}): {error}", verb.name());
            Err(Fault::Failed(wire.breaking(Error::misbehaved(text))))
        }
        (Err(panic), _, _) => {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
            let kind = Kind::Internal {
                place: format!("imap::{}", verb.name()),
                text: text.unwrap_or_else(|| "panic".into()),
            };
            Err(Fault::Failed(wire.breaking(kind.into())))
        }
    }
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
                Verb::Login | Verb::Authenticate => {
                    recorder.signed_in(&turn.tag, turn.verb.name());
                }
                _ => recorder.sent(&turn.tag, command, turn.outgoing.len()),
            }
        }
        let sent = self.exchange.wire.send(&turn.outgoing, turn.verb.name());
        turn.outgoing = Zeroizing::default();
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
            let arrived = self.exchange.arrive(verb.name(), &mut |response| {
                lines.extend(crate_line(verb, response).unwrap_or_default());
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
                Ok(Arrival::Continuation(text)) if verb == Verb::Authenticate => {
                    // What it says is for people; the crate would decode it.
                    turn.challenge = decoded(&text);
                    turn.incoming = b"+\r\n".to_vec();
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

/// A challenge of a failed sign-in: base64 of some JSON.
fn decoded(challenge: &[u8]) -> Option<String> {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let text = STANDARD
        .decode(challenge)
        .ok()
        .filter(|text| !text.is_empty())?;
    Some(String::from_utf8_lossy(&text).into_owned())
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
            let number = code.number()?;
            let largest = if name == "HIGHESTMODSEQ" {
                u64::MAX
            } else {
                u32::MAX.into()
            };
            (number <= largest).then(|| format!("* OK [{name} {number}] .\r\n"))?
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
            "* OK [UIDVALIDITY 99999999999] too large\r\n",
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
