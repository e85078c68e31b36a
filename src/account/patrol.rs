//! Waiting for news in several mailboxes in whatever way the server offers, and
//! for mailboxes that are made meanwhile. Used by the ingest that goes on and by
//! `imap_watch`.
//!
//! As a [`Vigil`] it never waits itself: its owner calls [`Patrol::tick`] from a
//! loop that looks at the clock and at the statement's interrupt.

use std::collections::HashSet;
use std::time::Duration;

use super::keeper::{Keeper, LOOK, RENEW, is_passing, is_refusal};
use super::lookout::Lookout;
use super::round::{Round, look};
use super::scope::Scope;
use super::survey::Survey;
use super::vigil::{News, Vigil};
use crate::error::{Error, Result};
use crate::imap::{Lease, Mailbox};

/// Mailboxes that have a connection of their own, on which the server tells of
/// news by IDLE; servers allow about ten for a user.
const IDLING: usize = 4;

/// Who is told what a patrol finds.
pub trait Attendant {
    /// Something may have happened in the mailbox, which is open.
    ///
    /// # Errors
    /// What a new connection may put right is put up with, and so is a refusal:
    /// the mailbox is looked at again later. All others end the patrol.
    fn look(&mut self, mailbox: &Mailbox, news: News<'_>) -> Result<()>;

    /// The server refuses the mailbox, which may have been deleted.
    ///
    /// # Errors
    /// `error`, where that ends the patrol.
    fn refused(&mut self, mailbox: &Mailbox, error: Error) -> Result<()>;

    /// The mailbox is not among those that are meant any more.
    fn gone(&mut self, mailbox: &Mailbox);

    /// True where nothing more is wanted.
    fn has_enough(&self) -> bool;
}

/// The wait for news in several mailboxes; each is in one of these.
pub struct Patrol {
    /// The server tells of several on one connection (NOTIFY).
    lookout: Option<Lookout>,
    /// The server tells of each on its own (IDLE).
    vigils: Vec<Vigil>,
    /// Nobody tells.
    round: Round,
    /// True where the owner wants to look instead of being told.
    is_untold: bool,
    /// Which they are.
    survey: Survey,
}

impl Patrol {
    /// A patrol of the `mailboxes`, which is what `scope` means now, and of
    /// those it comes to mean. They are looked at so often as `period` says
    /// instead of the server telling. All are looked at at once; where it is but
    /// one, by way of `first`.
    pub fn begin(
        scope: Scope,
        mailboxes: Vec<Mailbox>,
        period: Option<Duration>,
        first: Option<Lease>,
    ) -> Self {
        let mut patrol = Self {
            lookout: None,
            vigils: Vec::new(),
            round: Round::every(period.unwrap_or(LOOK)),
            is_untold: period.is_some(),
            survey: Survey::of(scope),
        };
        match &*mailboxes {
            _ if patrol.is_untold => {
                mailboxes
                    .into_iter()
                    .for_each(|mailbox| patrol.round.add(mailbox));
            }
            [mailbox] if patrol.survey.scope.is_fixed() => {
                let first = first.filter(|lease| lease.is_usable());
                patrol.vigils = vec![Vigil::begin(mailbox.clone(), first)];
            }
            _ => patrol.lookout = Some(Lookout::begin(mailboxes)),
        }
        patrol
    }

    /// Has the attendant look where something has come, without waiting for
    /// more.
    ///
    /// # Errors
    /// A refused login, a stopped statement, the attendant's.
    pub fn tick(&mut self, keeper: &Keeper<'_>, attendant: &mut dyn Attendant) -> Result<()> {
        self.see_which(keeper, attendant)?;
        self.listen(keeper, attendant)?;
        self.keep(keeper, attendant)?;
        self.round.go(keeper, attendant)
    }

    /// Asks for the names of the mailboxes if it is time, takes in those that
    /// are there now and gives up those that are not.
    fn see_which(&mut self, keeper: &Keeper<'_>, attendant: &mut dyn Attendant) -> Result<()> {
        if !self.survey.is_due() {
            return Ok(());
        }
        let found = match self.find(keeper) {
            Ok(None) => return Ok(()),
            Ok(found) => found,
            Err(error) if is_refusal(&error) || is_passing(&error) => None,
            Err(error) => return Err(error),
        };
        let told = self.lookout.as_ref().is_some_and(Lookout::tells_names);
        self.survey.rest(match found {
            Some(_) if told && self.round.mailboxes().is_empty() => RENEW,
            _ => self.round.period(),
        });
        let Some(found) = found else { return Ok(()) };
        let known: HashSet<Mailbox> = self.mailboxes().cloned().collect();
        for mailbox in &known {
            if found.binary_search(mailbox).is_err() {
                self.give_up(mailbox);
                attendant.gone(mailbox);
            }
        }
        let new = found.into_iter().filter(|mailbox| !known.contains(mailbox));
        new.for_each(|mailbox| self.take_in(mailbox));
        Ok(())
    }

    /// What the scope means now, found out on a connection that is there
    /// anyway; `None` where there is none at the moment.
    fn find(&mut self, keeper: &Keeper<'_>) -> Result<Option<Vec<Mailbox>>> {
        let scope = &self.survey.scope;
        if self.lookout.is_some() || !self.round.mailboxes().is_empty() || self.vigils.is_empty() {
            return scope.find(&mut *keeper.lease()?).map(Some);
        }
        for vigil in &mut self.vigils {
            if let Some(found) = vigil.ask(|session| scope.find(session))? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// All mailboxes.
    fn mailboxes(&self) -> impl Iterator<Item = &Mailbox> {
        let told = self.lookout.iter().flat_map(Lookout::mailboxes);
        let idling = self.vigils.iter().map(Vigil::mailbox);
        told.chain(idling).chain(self.round.mailboxes())
    }

    fn take_in(&mut self, mailbox: Mailbox) {
        match &mut self.lookout {
            Some(lookout) => lookout.add(mailbox),
            None if self.is_untold || self.vigils.len() >= IDLING => self.round.add(mailbox),
            None => self.vigils.push(Vigil::begin(mailbox, None)),
        }
    }

    fn give_up(&mut self, mailbox: &Mailbox) {
        if let Some(lookout) = &mut self.lookout {
            lookout.give_up(mailbox);
        }
        self.vigils.retain(|vigil| vigil.mailbox() != mailbox);
        self.round.give_up(mailbox);
    }

    /// Has the attendant look where the server tells of news on one connection,
    /// by way of another.
    fn listen(&mut self, keeper: &Keeper<'_>, attendant: &mut dyn Attendant) -> Result<()> {
        self.hear(keeper)?;
        let mut lease = None;
        // News may come faster than it is read: the owner has a clock to look at.
        for _ in 0..self
            .lookout
            .as_ref()
            .map_or(0, |told| told.mailboxes().len())
        {
            let Some(lookout) = self.lookout.as_mut().filter(|_| !attendant.has_enough()) else {
                break;
            };
            let Some(mailbox) = lookout.due() else { break };
            keeper.check()?;
            match look(keeper, attendant, &mut lease, &mailbox) {
                Err(error) if is_refusal(&error) => {
                    attendant.refused(&mailbox, error)?;
                    lookout.give_up(&mailbox);
                    self.round.add_refused(mailbox);
                }
                looked => looked.or_else(|error| lookout.fail(error))?,
            }
            self.hear(keeper)?;
        }
        Ok(())
    }

    /// Hears what the server tells on one connection. Those of which it does not
    /// are left to the round; where it does not tell at all, all wait by IDLE, as
    /// far as that goes.
    fn hear(&mut self, keeper: &Keeper<'_>) -> Result<()> {
        let Some(lookout) = &mut self.lookout else {
            return Ok(());
        };
        match lookout.tick(keeper) {
            Ok(untold) => untold
                .into_iter()
                .for_each(|mailbox| self.round.add(mailbox)),
            Err(error) if is_refusal(&error) => {
                let mailboxes = lookout.mailboxes().to_vec();
                self.lookout = None;
                mailboxes
                    .into_iter()
                    .for_each(|mailbox| self.take_in(mailbox));
                return Ok(());
            }
            Err(error) => return Err(error),
        }
        if let Some(made) = lookout.take_made() {
            // One that was refused since it had been deleted.
            let again = made
                .into_iter()
                .filter(|mailbox| self.round.give_up(mailbox));
            again.for_each(|mailbox| lookout.add(mailbox));
            self.survey.hasten();
        }
        Ok(())
    }

    /// Looks after each vigil once.
    fn keep(&mut self, keeper: &Keeper<'_>, attendant: &mut dyn Attendant) -> Result<()> {
        let mut has_news = false;
        for mut vigil in std::mem::take(&mut self.vigils) {
            let mailbox = vigil.mailbox().clone();
            let looked = match vigil.tick(keeper) {
                Ok(Some(news)) => {
                    has_news = true;
                    attendant.look(&mailbox, news)
                }
                Ok(None) => Ok(()),
                Err(error) => Err(error),
            };
            match looked {
                Err(error) if is_refusal(&error) => {
                    attendant.refused(&mailbox, error)?;
                    self.round.add_refused(mailbox);
                }
                looked => {
                    looked.or_else(|error| vigil.fail(error))?;
                    self.vigils.push(vigil);
                }
            }
        }
        // Who makes a folder often has mail moved there.
        if has_news {
            self.survey.hasten();
        }
        Ok(())
    }
}
