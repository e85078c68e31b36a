//! Waiting for news in a mailbox, for as long as it takes: told by IDLE where
//! the server has it, else by looking again and again, connected anew after
//! every failure but a refused login.
//!
//! A [`Vigil`] never waits itself. Its owner calls [`Vigil::tick`] from a loop
//! that looks at the clock and at the statement's interrupt.

use std::time::Instant;

use super::backoff::Backoff;
use super::keeper::{Keeper, LOOK, RENEW, is_passing};
use crate::error::{Error, Result};
use crate::imap::idle::{Idling, Notice};
use crate::imap::{Examined, Lease, Mailbox, Session};

/// The wait for news in one mailbox.
pub struct Vigil {
    mailbox: Mailbox,
    state: State,
    backoff: Backoff,
    seen: Option<Examined>,
}

enum State {
    /// Not connected; to be tried then.
    Away(Instant),
    /// News has been handed to the owner, or is still to be: what the server
    /// has told.
    Awake(Lease, Vec<Notice>),
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
    /// A vigil that begins with a first look at once, by the session that is
    /// given.
    pub fn begin(mailbox: Mailbox, lease: Option<Lease>) -> Self {
        let away = || State::Away(Instant::now());
        Self {
            mailbox,
            state: lease.map_or_else(away, |lease| State::Awake(lease, Vec::new())),
            backoff: Backoff::default(),
            seen: None,
        }
    }

    /// The mailbox.
    pub fn mailbox(&self) -> &Mailbox {
        &self.mailbox
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
                let State::Awake(lease, _) = &mut self.state else {
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

    /// Has something asked by way of its session, where it has one at the
    /// moment; the mailbox is looked at afterwards.
    ///
    /// # Errors
    /// The question's, but for those that a new connection may put right.
    pub fn ask<T>(
        &mut self,
        question: impl FnOnce(&mut Session) -> Result<T>,
    ) -> Result<Option<T>> {
        let state = std::mem::replace(&mut self.state, State::Away(Instant::now()));
        let (mut lease, told) = match state {
            State::Away(at) => {
                self.state = State::Away(at);
                return Ok(None);
            }
            State::Awake(lease, notices) => (lease, Ok(notices)),
            State::Told(mut lease, idling) => {
                let told = lease.idle_done(idling);
                (lease, told)
            }
            State::Asked(lease, _) => (lease, Ok(Vec::new())),
        };
        let asked = told.and_then(|notices| {
            let answer = question(&mut lease);
            self.state = State::Awake(lease, notices);
            answer
        });
        match asked {
            Err(error) if is_passing(&error) => self.fail(error).map(|()| None),
            asked => asked.map(Some),
        }
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
            State::Awake(lease, notices) => (lease, notices),
            State::Told(mut lease, mut idling) => {
                let mut news = lease.idle_news(&mut idling)?;
                if news.is_empty() && idling.since.elapsed() < RENEW {
                    self.state = State::Told(lease, idling);
                    return Ok(None);
                }
                news.extend(lease.idle_done(idling)?);
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
        self.state = State::Awake(lease, Vec::new());
        Ok(Some((examined, notices)))
    }

    /// Waits again.
    fn rest(&mut self, mut lease: Lease) -> Result<()> {
        let later = Instant::now() + LOOK;
        self.state = match lease.capabilities().has("IDLE") {
            true => match lease.idle() {
                Ok(idling) => State::Told(lease, idling),
                Err(error) if error.is_refused() => State::Asked(lease, later),
                Err(error) => return Err(error),
            },
            false => State::Asked(lease, later),
        };
        // Not before its owner is through with what came.
        self.backoff = Backoff::default();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

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
