//! Keeps an ingest going: takes news of the folders as it comes, until its time
//! is over.

use std::time::Instant;

use super::options::Options;
use super::pull::Course;
use crate::account::keeper::{Keeper, TICK};
use crate::account::patrol::{Attendant, Patrol};
use crate::account::vigil::News;
use crate::error::{Error, Kind, Result};
use crate::imap::Mailbox;
use crate::sqlite::code;

/// Takes what comes in the folders of a patrol, which were read just now.
///
/// # Errors
/// A refused login, an interrupt, and SQLite's errors but for a locked
/// database. What the network does is put up with.
pub fn watch(course: &mut Course<'_>, keeper: &Keeper<'_>, mut patrol: Patrol) -> Result<()> {
    let until = course
        .options
        .watch
        .and_then(|duration| Instant::now().checked_add(duration));
    while until.is_none_or(|until| Instant::now() < until) && !course.has_enough() {
        keeper.check()?;
        patrol.tick(keeper, course)?;
        std::thread::sleep(TICK);
    }
    Ok(())
}

impl Attendant for Course<'_> {
    fn look(&mut self, mailbox: &Mailbox, news: News<'_>) -> Result<()> {
        self.pull(news.session, mailbox, news.examined)
            .map_err(passing)
    }

    /// One that was deleted may be made again.
    fn refused(&mut self, _: &Mailbox, _: Error) -> Result<()> {
        Ok(())
    }

    fn gone(&mut self, mailbox: &Mailbox) {
        self.seen.remove(mailbox);
    }

    fn has_enough(&self) -> bool {
        self.left == Some(0)
    }
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
