//! Mailboxes of which no server tells: they are looked at in turn, again and
//! again.

use std::time::{Duration, Instant};

use super::keeper::{Keeper, is_passing, is_refusal};
use super::patrol::Attendant;
use super::vigil::News;
use crate::error::Result;
use crate::imap::{Lease, Mailbox};

/// Mailboxes that are looked at in turn.
pub(super) struct Round {
    mailboxes: Vec<Mailbox>,
    /// Those among them that nobody has looked at yet.
    fresh: Vec<Mailbox>,
    period: Duration,
    at: Instant,
}

impl Round {
    /// A round of none, made once in each `period`.
    pub(super) fn every(period: Duration) -> Self {
        Self {
            mailboxes: Vec::new(),
            fresh: Vec::new(),
            period,
            at: Instant::now() + period,
        }
    }

    /// The mailboxes.
    pub(super) fn mailboxes(&self) -> &[Mailbox] {
        &self.mailboxes
    }

    /// How often it is made.
    pub(super) fn period(&self) -> Duration {
        self.period
    }

    /// Takes in a mailbox, which is looked at at once.
    pub(super) fn add(&mut self, mailbox: Mailbox) {
        self.fresh.push(mailbox.clone());
        self.mailboxes.push(mailbox);
    }

    /// Takes in a mailbox that was refused just now.
    pub(super) fn add_refused(&mut self, mailbox: Mailbox) {
        self.mailboxes.push(mailbox);
    }

    /// Looks at it no longer; false where it did not anyway.
    pub(super) fn give_up(&mut self, mailbox: &Mailbox) -> bool {
        let before = self.mailboxes.len();
        self.mailboxes.retain(|known| known != mailbox);
        self.fresh.retain(|known| known != mailbox);
        self.mailboxes.len() < before
    }

    /// Looks at all mailboxes if it is time, else at those that are fresh. A
    /// refused one is tried again the next time.
    ///
    /// # Errors
    /// A refused login, a stopped statement, the attendant's.
    pub(super) fn go(&mut self, keeper: &Keeper<'_>, attendant: &mut dyn Attendant) -> Result<()> {
        let fresh = std::mem::take(&mut self.fresh);
        let is_time = Instant::now() >= self.at;
        if is_time {
            self.at = Instant::now() + self.period;
        }
        let mut lease = None;
        for mailbox in if is_time { &self.mailboxes } else { &fresh } {
            match look(keeper, attendant, &mut lease, mailbox) {
                Err(error) if is_refusal(&error) => attendant.refused(mailbox, error)?,
                // All that is left is looked at in the next round.
                Err(error) if is_passing(&error) => return Ok(()),
                looked => looked?,
            }
        }
        Ok(())
    }
}

/// Has the attendant look at a mailbox by a session that is kept from one to
/// the next.
pub(super) fn look(
    keeper: &Keeper<'_>,
    attendant: &mut dyn Attendant,
    lease: &mut Option<Lease>,
    mailbox: &Mailbox,
) -> Result<()> {
    let mut session = match lease.take().filter(|lease| lease.is_usable()) {
        Some(lease) => lease,
        None => keeper.lease()?,
    };
    let looked = session.examine(mailbox).and_then(|examined| {
        let news = News {
            session: &mut session,
            examined,
            notices: Vec::new(),
        };
        attendant.look(mailbox, news)
    });
    *lease = Some(session);
    looked
}
