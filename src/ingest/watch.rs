//! Keeps an ingest going: waits for news in every folder and takes it as it
//! comes, until its time is over.

use std::time::{Duration, Instant};

use super::options::Options;
use super::pull::Course;
use crate::account::vigil::{self, Keeper, TICK, Vigil};
use crate::error::{Error, Kind, Result};
use crate::imap::{Lease, Mailbox};

/// Folders that have a connection of their own, on which the server tells of
/// news; servers allow about ten for a user. The others are looked at in turn.
const TOLD: usize = 4;

/// How often folders without a connection of their own are looked at.
const ROUND: Duration = Duration::from_secs(60);

/// Folders that are looked at in turn, on one connection.
struct Round {
    mailboxes: Vec<Mailbox>,
    period: Duration,
    /// A connection, and when it is used next.
    lease: Option<Lease>,
    at: Instant,
}

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
    let told = match options.period {
        Some(_) => 0,
        None => TOLD.min(mailboxes.len()),
    };
    let (told, asked) = mailboxes.split_at(told);
    let mut first = first.filter(|lease| lease.is_usable());
    let mut vigils: Vec<Vigil> = told
        .iter()
        .map(|mailbox| Vigil::begin(mailbox.clone(), None))
        .collect();
    if let ([vigil], Some(lease)) = (&mut vigils[..], first.take_if(|_| told.len() == 1)) {
        vigil.take(lease, None);
    }
    let period = options.period.unwrap_or(ROUND);
    let mut round = Round {
        mailboxes: asked.to_vec(),
        period,
        lease: first.filter(|_| !asked.is_empty()),
        at: Instant::now() + period,
    };
    while until.is_none_or(|until| Instant::now() < until) && course.left != Some(0) {
        keeper.check()?;
        vigils = keep(course, keeper, vigils)?;
        round.go(course, keeper)?;
        if vigils.is_empty() && round.mailboxes.is_empty() {
            return Err(Error::usage("no folder is left to watch"));
        }
        std::thread::sleep(TICK);
    }
    Ok(())
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
            Err(error) if is_of_folder(&error) => {}
            Err(error) if is_busy(&error) => {
                // What was not written is asked for again.
                vigil.fail(Error::network("the database is locked"))?;
                kept.push(vigil);
            }
            Err(error) => {
                vigil.fail(error)?;
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
        let lease = match self.lease.take().filter(|lease| lease.is_usable()) {
            Some(lease) => Ok(lease),
            None => keeper.lease(),
        };
        let looked = lease.and_then(|mut lease| {
            for mailbox in &self.mailboxes {
                let pulled = lease
                    .examine(mailbox)
                    .and_then(|examined| course.pull(&mut lease, mailbox, examined));
                match pulled {
                    Err(error) if is_of_folder(&error) && lease.is_usable() => {}
                    pulled => pulled?,
                }
            }
            // Between two distant looks the connection is somebody else's.
            self.lease = (self.period < ROUND * 4).then_some(lease);
            Ok(())
        });
        match looked {
            Err(error) if vigil::is_passing(&error) || is_busy(&error) => Ok(()),
            looked => looked,
        }
    }
}

/// True where a folder is refused, which says nothing of the others.
fn is_of_folder(error: &Error) -> bool {
    matches!(error.kind(), Kind::Refused { login: false, .. })
}

/// True where another writer had the database for too long.
fn is_busy(error: &Error) -> bool {
    matches!(error.kind(), Kind::Host { code, .. } if code & 0xff == 5)
}

/// True where a run goes on after its first round.
pub fn goes_on(options: &Options) -> bool {
    options.watch.is_some() || options.period.is_some()
}
