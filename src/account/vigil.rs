//! Waiting for news in a mailbox, for as long as it takes: told by IDLE where
//! the server has it, else by looking again and again, connected anew after
//! every failure but a refused login.
//!
//! A [`Vigil`] never waits itself. Its owner calls [`Vigil::tick`] from a loop
//! that looks at the clock and at the statement's interrupt.

use std::time::{Duration, Instant};

use super::backoff::Backoff;
use super::{Account, Client};
use crate::error::{Error, Kind, Result};
use crate::imap::idle::{Idling, Notice};
use crate::imap::{Examined, Lease, Mailbox, Session, Settings};

/// How long between two looks at what the server has told.
pub const TICK: Duration = Duration::from_millis(100);

/// Servers end an IDLE after 30 minutes, and some fall silent long before;
/// routers forget a connection on which nothing happens after ten.
pub(super) const RENEW: Duration = Duration::from_secs(9 * 60);

/// How often to look where the server does not tell.
const LOOK: Duration = Duration::from_secs(60);

/// Who keeps the vigils of one account.
pub struct Keeper<'a> {
    /// Has the sessions.
    pub client: &'a Client,
    /// Who signs in where.
    pub account: &'a Account,
    /// How.
    pub settings: &'a Settings,
}

impl Keeper<'_> {
    /// A signed-in session.
    ///
    /// # Errors
    /// Those of [`Client::lease`].
    pub fn lease(&self) -> Result<Lease> {
        // One that was closed meanwhile is found out here, and replaced.
        let (lease, ()) = self
            .client
            .lease(self.account, self.settings, Session::noop)?;
        Ok(lease)
    }

    /// An error once the statement was stopped, or its deadline has passed.
    ///
    /// # Errors
    /// [`Kind::Cancelled`], [`Kind::TimedOut`].
    pub fn check(&self) -> Result<()> {
        if self.settings.cancel.is_cancelled() {
            return Err(Kind::Cancelled.into());
        }
        match self.settings.deadline {
            Some(deadline) if Instant::now() >= deadline.at => Err(Kind::TimedOut {
                peer: self.account.endpoint.peer(),
                waited: deadline.allowed,
                during: "waiting for mail; deadline of the statement".into(),
            }
            .into()),
            _ => Ok(()),
        }
    }
}

/// The wait for news in one mailbox.
pub struct Vigil {
    mailbox: Mailbox,
    period: Option<Duration>,
    state: State,
    backoff: Backoff,
    seen: Option<Examined>,
}

enum State {
    /// Not connected; to be tried then.
    Away(Instant),
    /// News has been handed to the owner.
    Awake(Lease),
    /// The server tells.
    Told(Lease, Idling),
    /// To be looked at then.
    Asked(Lease, Instant),
}

/// A mailbox in which something may have happened.
pub struct News<'a> {
    /// Has the mailbox open.
    pub session: &'a mut Session,
    /// What EXAMINE said just now.
    pub examined: Examined,
    /// What the server told before; nothing where it was only looked at.
    pub notices: Vec<Notice>,
}

impl Vigil {
    /// A vigil that begins with a first look at once; `period` has the mailbox
    /// looked at so often instead of the server telling.
    pub fn begin(mailbox: Mailbox, period: Option<Duration>) -> Self {
        Self {
            mailbox,
            period,
            state: State::Away(Instant::now()),
            backoff: Backoff::default(),
            seen: None,
        }
    }

    /// The mailbox.
    pub fn mailbox(&self) -> &Mailbox {
        &self.mailbox
    }

    /// Goes on with a session whose mailbox was read a moment ago.
    pub fn take(&mut self, lease: Lease, examined: Option<Examined>) {
        self.seen = examined;
        self.state = State::Awake(lease);
    }

    /// Looks whether there is news. Does not wait but for the answers to its
    /// own commands.
    ///
    /// # Errors
    /// A refused login, a refused mailbox, a stopped statement; what else goes
    /// wrong with a connection is put right by a new one, later.
    pub fn tick(&mut self, keeper: &Keeper<'_>) -> Result<Option<News<'_>>> {
        match self.step(keeper) {
            Ok(Some((examined, notices))) => {
                self.seen = Some(examined);
                let State::Awake(lease) = &mut self.state else {
                    return Ok(None);
                };
                Ok(Some(News {
                    session: lease,
                    examined,
                    notices,
                }))
            }
            Ok(None) => Ok(None),
            Err(error) => self.fail(error).map(|()| None),
        }
    }

    /// Puts up with an error of the session that [`Vigil::tick`] gave out,
    /// where a new connection may do better.
    ///
    /// # Errors
    /// `error`, where it may not.
    pub fn fail(&mut self, error: Error) -> Result<()> {
        if !is_passing(&error) {
            return Err(error);
        }
        self.state = State::Away(self.backoff.next());
        Ok(())
    }

    fn step(&mut self, keeper: &Keeper<'_>) -> Result<Option<(Examined, Vec<Notice>)>> {
        let state = std::mem::replace(&mut self.state, State::Away(Instant::now()));
        let (mut lease, notices) = match state {
            State::Away(at) if Instant::now() < at => {
                self.state = State::Away(at);
                return Ok(None);
            }
            State::Away(_) => {
                // Whatever happened meanwhile has to be looked for.
                self.seen = None;
                (keeper.lease()?, Vec::new())
            }
            State::Awake(lease) => (lease, Vec::new()),
            State::Told(mut lease, mut idling) => {
                let news = lease.idle_news(&mut idling)?;
                if news.is_empty() && idling.since.elapsed() < RENEW {
                    self.state = State::Told(lease, idling);
                    return Ok(None);
                }
                lease.idle_done(idling)?;
                (lease, news)
            }
            State::Asked(lease, at) if Instant::now() < at => {
                self.state = State::Asked(lease, at);
                return Ok(None);
            }
            State::Asked(lease, _) => (lease, Vec::new()),
        };
        let examined = lease.examine(&self.mailbox)?;
        if notices.is_empty() && self.seen == Some(examined) {
            // Nothing has come while nobody listened.
            self.rest(lease)?;
            return Ok(None);
        }
        self.state = State::Awake(lease);
        Ok(Some((examined, notices)))
    }

    /// Waits again.
    fn rest(&mut self, mut lease: Lease) -> Result<()> {
        let later = |period| Instant::now() + period;
        self.state = match self.period {
            Some(period) => State::Asked(lease, later(period)),
            None if lease.capabilities().has("IDLE") => match lease.idle() {
                Ok(idling) => State::Told(lease, idling),
                Err(error) if error.is_refused() => State::Asked(lease, later(LOOK)),
                Err(error) => return Err(error),
            },
            None => State::Asked(lease, later(LOOK)),
        };
        // Not before its owner is through with what came.
        self.backoff = Backoff::default();
        Ok(())
    }
}

/// True where another connection may do better: the network's failures, and
/// refusals that say to come again (RFC 5530).
pub fn is_passing(error: &Error) -> bool {
    const LATER: [&str; 5] = [
        "[UNAVAILABLE]",
        "[INUSE]",
        "[LIMIT]",
        "[SERVERBUG]",
        "[THROTTLED]",
    ];
    match error.kind() {
        Kind::Network(_) | Kind::TimedOut { .. } | Kind::Misbehaved(_) => true,
        Kind::Refused { answer, .. } => LATER.iter().any(|code| answer.contains(code)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_login_ends_a_vigil_and_a_lost_connection_does_not() {
        let mailbox = Mailbox::from_name("INBOX").unwrap();
        let mut vigil = Vigil::begin(mailbox, None);
        let refused = |answer: &str| -> Error {
            Kind::Refused {
                what: "login refused".into(),
                login: true,
                answer: answer.into(),
                advice: None,
            }
            .into()
        };
        assert!(vigil.fail(Error::network("gone")).is_ok());
        assert!(vigil.fail(refused("NO [UNAVAILABLE] later")).is_ok());
        assert!(vigil.fail(refused("NO [AUTHENTICATIONFAILED] no")).is_err());
        assert!(vigil.fail(Kind::Cancelled.into()).is_err());
    }
}
