//! Keeps an ingest going: waits for news in every folder and takes it as it
//! comes, until its time is over.

use std::time::{Duration, Instant};

use super::options::Options;
use super::pull::Course;
use crate::account::lookout::Lookout;
use crate::account::vigil::{self, Keeper, TICK, Vigil};
use crate::error::{Error, Kind, Result};
use crate::imap::{Lease, Mailbox};
use crate::sqlite::code;

/// Folders that have a connection of their own, on which the server tells of
/// news by IDLE; servers allow about ten for a user.
const IDLING: usize = 4;
/// How often folders are looked at of which nobody tells.
const ROUND: Duration = Duration::from_secs(60);

/// Waits in the folders `mailboxes`, which were read just now by way of
/// `first`, and takes what comes.
///
/// # Errors
/// A refused login, an interrupt, and SQLite's errors but for a locked
/// database. What the network does is put up with.
pub fn watch(
    course: &mut Course<'_>,
    keeper: &Keeper<'_>,
    mailboxes: &[Mailbox],
    first: Option<Lease>,
) -> Result<()> {
    let options = course.options;
    let until = options
        .watch
        .and_then(|duration| Instant::now().checked_add(duration));
    let mut waits = Waits::begin(mailboxes, options, first);
    while until.is_none_or(|until| Instant::now() < until) && course.left != Some(0) {
        keeper.check()?;
        waits.take(course, keeper)?;
        if waits.is_empty() {
            return Err(Error::usage("no folder is left to watch"));
        }
        std::thread::sleep(TICK);
    }
    Ok(())
}

/// How news of the folders comes; each folder is in one of these.
struct Waits {
    /// The server tells of several on one connection (NOTIFY).
    lookout: Option<Lookout>,
    /// The server tells of each on its own (IDLE).
    vigils: Vec<Vigil>,
    /// Nobody tells.
    round: Round,
}

/// Folders that are looked at in turn.
struct Round {
    mailboxes: Vec<Mailbox>,
    period: Duration,
    at: Instant,
}

impl Waits {
    fn begin(mailboxes: &[Mailbox], options: &Options, first: Option<Lease>) -> Self {
        let period = options.period.unwrap_or(ROUND);
        let mut waits = Self {
            lookout: None,
            vigils: Vec::new(),
            round: Round {
                mailboxes: Vec::new(),
                period,
                at: Instant::now() + period,
            },
        };
        match mailboxes {
            _ if options.period.is_some() => waits.round.mailboxes = mailboxes.to_vec(),
            [mailbox] => {
                let mut vigil = Vigil::begin(mailbox.clone(), None);
                if let Some(lease) = first.filter(|lease| lease.is_usable()) {
                    vigil.take(lease, None);
                }
                waits.vigils = vec![vigil];
            }
            _ => waits.lookout = Some(Lookout::begin(mailboxes.to_vec())),
        }
        waits
    }

    fn is_empty(&self) -> bool {
        let is_told_of_none = |lookout: &Lookout| lookout.mailboxes().is_empty();
        self.vigils.is_empty()
            && self.round.mailboxes.is_empty()
            && self.lookout.as_ref().is_none_or(is_told_of_none)
    }

    /// Takes what has come, without waiting for more.
    fn take(&mut self, course: &mut Course<'_>, keeper: &Keeper<'_>) -> Result<()> {
        if let Some(lookout) = &mut self.lookout {
            match told(lookout, course, keeper) {
                Ok(untold) => self.round.mailboxes.extend(untold),
                Err(error) if is_refusal(&error) => self.wait_otherwise(),
                Err(error) => return Err(error),
            }
        }
        let vigils = std::mem::take(&mut self.vigils);
        self.vigils = keep(course, keeper, vigils)?;
        self.round.go(course, keeper)
    }

    /// The server does not tell of several folders on one connection.
    fn wait_otherwise(&mut self) {
        let Some(lookout) = self.lookout.take() else {
            return;
        };
        let mailboxes = lookout.mailboxes();
        let (idling, rest) = mailboxes.split_at(IDLING.min(mailboxes.len()));
        let begin = |mailbox: &Mailbox| Vigil::begin(mailbox.clone(), None);
        self.vigils.extend(idling.iter().map(begin));
        self.round.mailboxes.extend_from_slice(rest);
    }
}

/// Takes what the server tells of on one connection by way of another; gives
/// the folders it does not tell of.
///
/// # Errors
/// As [`watch`], and that the server does not tell at all.
fn told(
    lookout: &mut Lookout,
    course: &mut Course<'_>,
    keeper: &Keeper<'_>,
) -> Result<Vec<Mailbox>> {
    let mut untold = lookout.tick(keeper)?;
    let mut lease = None;
    // News may come faster than it is read: the owner has a clock to look at.
    for _ in 0..lookout.mailboxes().len() {
        let Some(mailbox) = lookout.due().filter(|_| course.left != Some(0)) else {
            break;
        };
        keeper.check()?;
        match look(course, keeper, &mut lease, &mailbox) {
            Ok(()) => {}
            Err(error) if is_refusal(&error) => lookout.give_up(&mailbox),
            Err(error) => lookout.fail(passing(error))?,
        }
        untold.extend(lookout.tick(keeper)?);
    }
    Ok(untold)
}

/// Looks after each vigil once; gives those that go on. A folder that the
/// server refuses, since it was deleted for example, is given up.
fn keep(course: &mut Course<'_>, keeper: &Keeper<'_>, vigils: Vec<Vigil>) -> Result<Vec<Vigil>> {
    let mut kept = Vec::with_capacity(vigils.len());
    for mut vigil in vigils {
        let mailbox = vigil.mailbox().clone();
        let worked = match vigil.tick(keeper) {
            Ok(Some(news)) => course.pull(news.session, &mailbox, news.examined),
            Ok(None) => Ok(()),
            Err(error) => Err(error),
        };
        match worked {
            Ok(()) => kept.push(vigil),
            Err(error) if is_refusal(&error) => {}
            Err(error) => {
                vigil.fail(passing(error))?;
                kept.push(vigil);
            }
        }
    }
    Ok(kept)
}

impl Round {
    /// Looks at all folders if it is time.
    fn go(&mut self, course: &mut Course<'_>, keeper: &Keeper<'_>) -> Result<()> {
        if self.mailboxes.is_empty() || Instant::now() < self.at {
            return Ok(());
        }
        self.at = Instant::now() + self.period;
        let mut lease = None;
        for mailbox in &self.mailboxes {
            match look(course, keeper, &mut lease, mailbox).map_err(passing) {
                Err(error) if is_refusal(&error) => {}
                // All that is left is looked at in the next round.
                Err(error) if vigil::is_passing(&error) => return Ok(()),
                looked => looked?,
            }
        }
        Ok(())
    }
}

/// Takes what is new in a folder by a session that is kept from one to the next.
fn look(
    course: &mut Course<'_>,
    keeper: &Keeper<'_>,
    lease: &mut Option<Lease>,
    mailbox: &Mailbox,
) -> Result<()> {
    let mut session = match lease.take().filter(|lease| lease.is_usable()) {
        Some(lease) => lease,
        None => keeper.lease()?,
    };
    let looked = session
        .examine(mailbox)
        .and_then(|examined| course.pull(&mut session, mailbox, examined));
    *lease = Some(session);
    looked
}

/// True where a folder, or a command, is refused for good, which says nothing
/// of the others.
fn is_refusal(error: &Error) -> bool {
    matches!(error.kind(), Kind::Refused { login: false, .. }) && !vigil::is_passing(error)
}

/// The error; one that passes where another writer had the database for too
/// long: what was not written is asked for again.
pub fn passing(error: Error) -> Error {
    match error.kind() {
        Kind::Host { code, .. } if code::primary(*code) == code::BUSY => {
            Error::network("the database is locked")
        }
        _ => error,
    }
}

/// True where a run goes on after its first round.
pub fn goes_on(options: &Options) -> bool {
    options.watch.is_some() || options.period.is_some()
}
