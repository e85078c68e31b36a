//! What a session knows of the loss of its connection, and how it gets another.
//!
//! Some servers close the connection, or fall silent, over one message that they
//! cannot read, each time it is asked for. Who goes on without it has to know
//! which one it was.

use std::time::Instant;

use super::login::Credential;
use super::session::Session;
use crate::error::{Error, Kind, Result};

impl Session {
    /// The message that was to come next when the connection was lost with
    /// `error` amid a fetch: the first that was asked for and has not come.
    /// `None` where it was lost otherwise, or the statement was stopped.
    pub fn lost_over(&self, error: &Error) -> Option<u32> {
        let is_lost = match error.kind() {
            Kind::Network(_) | Kind::Misbehaved(_) => true,
            Kind::TimedOut { .. } => {
                let deadline = self.exchange().wire.settings().deadline;
                deadline.is_none_or(|deadline| Instant::now() < deadline.at)
            }
            _ => false,
        };
        self.awaited.filter(|_| is_lost)
    }

    /// Signs in anew where the server has ended the session, which it does
    /// with the token that opened it. False, and nothing done, where the
    /// credential is not one that is supplied: another sign-in would be the same.
    ///
    /// # Errors
    /// As [`Session::open`].
    pub fn renew(&mut self) -> Result<bool> {
        let Credential::Supplied(_) = self.login.credential else {
            return Ok(false);
        };
        self.reopen()?;
        Ok(true)
    }

    /// Connects and signs in anew; no mailbox is open then.
    ///
    /// # Errors
    /// As [`Session::open`]; the session is what it was.
    pub fn reopen(&mut self) -> Result<()> {
        let settings = self.exchange().wire.settings().clone();
        *self = Self::open(&self.endpoint, &self.login, &settings)?;
        Ok(())
    }
}
