//! The seam to the `imap` crate, which speaks LOGIN, EXAMINE, NOOP and LOGOUT
//! over our wire, and takes over after an AUTHENTICATE of ours.
//!
//! The crate loses step for good at any response its parser does not know,
//! panics at some, and forgets the server's words. So it never sees the
//! server: its connection is a [`Channel`], which answers it in lines it is
//! sure to read, and keeps what it would lose. Whatever panics all the same is
//! caught here, and costs the connection.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard};

use super::authenticate::authenticate;
use super::channel::{Channel, Shared, Turn, Verb, lock};
use super::exchange::Exchange;
use super::follower::Follower;
use super::sign_in::Method;
use super::status_line::Status;
use crate::error::{Error, Kind, Result, quote};

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
    /// True where the mailbox does not count changes (NOMODSEQ, RFC 7162 section
    /// 3.1.2.2): asking for them is an error there.
    pub no_modseq: bool,
}

impl Dialogue {
    /// Signs in by the method given.
    ///
    /// # Errors
    /// [`Kind::Refused`] with the server's words, or the wire's.
    pub(super) fn sign_in(mut exchange: Exchange, user: &str, method: Method<'_>) -> Result<Self> {
        let host = exchange.wire.endpoint().host().to_owned();
        let by_password = method.is_by_password();
        let refused = |answer: String| Kind::Refused {
            what: format!("login refused for '{}' at {host}", quote(user)),
            login: true,
            advice: by_password.then(|| advice_on_login(&answer)).flatten(),
            answer,
        };
        // What the server can do may differ once it knows the user.
        let offered = std::mem::take(&mut exchange.capabilities);
        let (verb, password) = match method {
            Method::Login(password) => (Verb::Login, password.declassify()),
            Method::Authenticate(mut mechanism) => {
                let ended = authenticate(&mut exchange, &mut *mechanism, &offered)?;
                if ended.status != Status::Ok {
                    return Err(refused(ended.answer).into());
                }
                (Verb::HandOver, "")
            }
        };
        let shared = Arc::new(Mutex::new(Shared {
            exchange,
            turn: None,
            follower: None,
        }));
        let client = imap::Client::new(Channel(Arc::clone(&shared)));
        let signed_in = take_turn(&shared, verb, || {
            client.login(user, password).map_err(|(error, _)| error)
        });
        let session = signed_in.map_err(|fault| fault.into_error(refused))?;
        Ok(Self { shared, session })
    }

    /// Opens a mailbox for reading, by the server's spelling of its name.
    ///
    /// # Errors
    /// [`Kind::Refused`], after which no mailbox is open, or the wire's.
    pub(super) fn examine(&mut self, name: &str, spelling: &str) -> Result<Examined> {
        self.exchange().no_modseq = false;
        let found = take_turn(&self.shared, Verb::Examine, || {
            self.session.examine(spelling)
        })
        .map_err(|fault| {
            fault.into_error(|answer| Kind::Refused {
                what: format!("cannot examine '{}'", quote(name)),
                login: false,
                advice: advice_on(name, &answer),
                answer,
            })
        })?;
        Ok(Examined {
            uidvalidity: found.uid_validity,
            uidnext: found.uid_next,
            exists: found.exists,
            highestmodseq: found.highest_mod_seq,
            no_modseq: self.exchange().no_modseq,
        })
    }

    /// [`Dialogue::examine`] with a command that follows it at once; back comes
    /// what there still is to wait for, whether the mailbox is open or not.
    ///
    /// # Errors
    /// As [`Dialogue::examine`], beside the follower.
    pub(super) fn examine_and(
        &mut self,
        name: &str,
        spelling: &str,
        follower: Follower,
    ) -> (Result<Examined>, Option<Follower>) {
        lock(&self.shared).follower = Some(follower);
        let examined = self.examine(name, spelling);
        let follower = lock(&self.shared).follower.take();
        (examined, follower)
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

/// What to do about a password that is refused.
pub(super) const REFUSED_PASSWORD: &str = "check the user and the password; \
    many servers want a password made for programs, or imap_oauth_start";

/// [`REFUSED_PASSWORD`], unless a response code (RFC 5530) says that it is not the
/// password.
fn advice_on_login(answer: &str) -> Option<&'static str> {
    let may_be_wrong = answer.contains("[AUTHENTICATIONFAILED]") || !answer.contains('[');
    may_be_wrong.then_some(REFUSED_PASSWORD)
}

/// What to do about a mailbox that cannot be opened. INBOX is always there, and a
/// response code other than NONEXISTENT (RFC 5530) says that the name is right.
fn advice_on(name: &str, answer: &str) -> Option<&'static str> {
    let may_be_misspelt = answer.contains("[NONEXISTENT]") || !answer.contains('[');
    (may_be_misspelt && !name.eq_ignore_ascii_case("INBOX"))
        .then_some("imap_folders lists those there are")
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
    lock(shared).turn = Some(Turn::new(verb));
    let outcome = catch_unwind(AssertUnwindSafe(call));
    let mut shared = lock(shared);
    let turn = shared.turn.take();
    let wire = &mut shared.exchange.wire;
    let (ended, failure) = turn.map_or((None, None), |turn| (turn.ended, turn.failure));
    match (outcome, failure, ended) {
        (_, Some(failure), _) => Err(Fault::Failed(failure)),
        (_, _, Some(ended)) if ended.status != Status::Ok => Err(Fault::Refused(ended.answer)),
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

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::super::endpoint::Endpoint;
    use super::super::recorder::Recorder;
    use super::super::settings::Settings;
    use super::super::wire::Wire;
    use super::*;

    #[test]
    fn a_panic_of_the_crate_is_an_error_and_the_end_of_the_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("its address").port();
        let endpoint = Endpoint::parse(&format!("imap+insecure://127.0.0.1:{port}"));
        let endpoint = endpoint.expect("a server");
        let wire = Wire::open(&endpoint, &Settings::default());
        let recorder = Recorder::new(&Arc::default(), &endpoint, "ada");
        let exchange = Exchange::new(wire.expect("a connection"), recorder);
        let shared = Arc::new(Mutex::new(Shared {
            exchange,
            turn: None,
            follower: None,
        }));
        let call = || {
            let _held = shared.lock().expect("whole");
            panic!("the server made me")
        };
        let fault = take_turn::<()>(&shared, Verb::Noop, call).expect_err("a fault");
        let refused = |_| unreachable!("no server has refused anything");
        assert_eq!(
            fault.into_error(refused).to_string(),
            "imap: internal error in imap::NOOP: the server made me (please report)"
        );
        assert!(!lock(&shared).exchange.is_idle());
    }
}
