//! A run over the folders of one account, on its reader's thread.

use std::collections::HashSet;

use super::folders::Opening;
use super::loss::Losses;
use super::options::Options;
use super::port::Port;
use super::progress::Meter;
use super::pull::Course;
use super::watch;
use crate::account::vigil::{self, Keeper};
use crate::error::{Error, Result};
use crate::imap::Lease;
use crate::imap::session::Session;

/// Takes what is new in the folders, and goes on taking what comes where that
/// is asked for, until its time is over. A folder that the server refuses does
/// not stop those behind it.
///
/// # Errors
/// The first of what went wrong, after everything else that could be done.
/// What was committed stays.
pub fn run(
    port: Port,
    keeper: &Keeper<'_>,
    mut lease: Lease,
    opening: Opening,
    options: &Options,
) -> Result<()> {
    let mut course = Course {
        port,
        options,
        meter: Meter::new(options.progress),
        left: options.limit,
        seen: HashSet::new(),
        has_suspected: false,
        owed: None,
    };
    let mailboxes = opening.mailboxes.clone();
    let read = folders(&mut course, &mut lease, opening);
    if !watch::goes_on(options) {
        return read;
    }
    match read.map_err(watch::passing) {
        // The watch connects anew, and asks again for what was not written.
        Err(error) if vigil::is_passing(&error) => {}
        Err(error) if error.is_refused() && lease.is_usable() => {}
        read => read?,
    }
    course.port.wait()?;
    watch::watch(&mut course, keeper, &mailboxes, Some(lease))
}

/// Takes what is new in each of the folders.
///
/// # Errors
/// The first refusal, after the other folders; any other error at once.
fn folders(course: &mut Course<'_>, session: &mut Session, opening: Opening) -> Result<()> {
    let mut first = Some(opening.first);
    let mut refused: Option<Error> = None;
    for mailbox in &opening.mailboxes {
        let examined = first.take().unwrap_or_else(|| session.examine(mailbox));
        let mut pulled = examined.and_then(|examined| course.pull(session, mailbox, examined));
        let mut losses = Losses::default();
        while let Err(error) = &pulled
            && losses.recover(course, session, error)?
        {
            let examined = session.examine(mailbox);
            pulled = examined.and_then(|examined| course.pull(session, mailbox, examined));
        }
        match pulled {
            Err(error) if error.is_refused() && session.is_usable() => {
                refused.get_or_insert(error);
            }
            pulled => pulled?,
        }
    }
    refused.map_or(Ok(()), Err)
}
