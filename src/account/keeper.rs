//! Whoever waits for news of an account: its sessions, the statement's limits,
//! and which errors a new connection may put right.

use std::time::{Duration, Instant};

use super::{Account, Client};
use crate::error::{Error, Kind, Result};
use crate::imap::{Lease, Session, Settings};

/// How long between two looks at what the server has told.
pub const TICK: Duration = Duration::from_millis(100);

/// Servers end an IDLE after 30 minutes, and some fall silent long before;
/// routers forget a connection on which nothing happens after ten.
pub(super) const RENEW: Duration = Duration::from_secs(9 * 60);

/// How often to look where the server does not tell.
pub(super) const LOOK: Duration = Duration::from_secs(60);

/// Who waits for news of one account.
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

/// True where a folder, or a command, is refused for good, which says nothing
/// of the others.
pub(super) fn is_refusal(error: &Error) -> bool {
    matches!(error.kind(), Kind::Refused { login: false, .. }) && !is_passing(error)
}
