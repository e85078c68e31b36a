//! Takes what is new in one folder.

use std::ops::RangeInclusive;

use super::intake::Intake;
use super::options::Options;
use super::progress::Meter;
use super::writer::Writer;
use crate::error::Result;
use crate::imap::search::Criteria;
use crate::imap::session::{Examined, Session};
use crate::imap::uid_set::UidSet;

/// Ingests what is new in the folder that is open in the session. Where
/// UIDNEXT is where the last run left it, that is nothing, and the server is
/// not asked (RFC 9051 section 2.3.1.1: a new message has it, or a larger UID).
///
/// # Errors
/// The session's or SQLite's, after what had been downloaded is written.
pub fn pull(
    writer: &mut Writer,
    session: &mut Session,
    folder_name: &str,
    examined: Examined,
    options: &Options,
    meter: &Meter,
) -> Result<()> {
    let uidvalidity = examined.uidvalidity.unwrap_or(0);
    let mut folder = writer.folder(folder_name, uidvalidity, examined.exists.into())?;
    if examined.uidvalidity.is_none() {
        // UIDs that do not last (RFC 9051 section 7.1, UIDNOTSTICKY) tell
        // nothing: all is read each time, and known by content.
        let found = search(session, &all(), 1, examined.exists)?;
        return Intake::new(writer, session, &mut folder, options, meter).take(&found);
    }
    let retry: UidSet = writer
        .uids_to_retry(&folder, options.max_size)?
        .into_iter()
        .collect();
    let uidnext = examined.uidnext.map(u64::from);
    if uidnext.is_some_and(|uidnext| uidnext < folder.state.next_uid) {
        // The mailbox went back in time, restored from a backup for one: what
        // is below may be new.
        folder.state.start_over();
    }
    let next_uid = folder.state.next_uid;
    let is_unchanged = uidnext == Some(next_uid);
    if is_unchanged && retry.is_empty() {
        return Ok(());
    }
    let wanted: UidSet = at_or_above(next_uid).chain(retry.ranges()).collect();
    let found = search(session, &wanted, next_uid, examined.exists)?;
    let known: UidSet = writer.known_uids(&folder)?.into_iter().collect();
    let new = found.difference(&known);
    if !new.is_empty() {
        Intake::new(writer, session, &mut folder, options, meter).take(&new)?;
    }
    let gone: Vec<u32> = retry.difference(&found).iter().collect();
    // Where the server says UIDNEXT, a UID beyond it that SEARCH lists must not
    // move the state past messages still to come.
    let beyond = found.last().map_or(next_uid, |last| u64::from(last) + 1);
    writer.finish_folder(&mut folder, uidnext.unwrap_or(beyond).max(next_uid), &gone)
}

/// Those of the UIDs `wanted`, the messages from `next_uid` on and single ones
/// below, that exist.
fn search(session: &mut Session, wanted: &UidSet, next_uid: u64, exists: u32) -> Result<UidSet> {
    if exists == 0 || wanted.is_empty() {
        return Ok(UidSet::new());
    }
    let criteria = if next_uid <= 1 {
        Criteria::All
    } else {
        Criteria::Uids(wanted)
    };
    // A server may take `n:4294967295` for `n:*` and add the last message.
    Ok(session.uid_search(criteria)?.intersection(wanted))
}

/// The UIDs from `uid` on; none beyond the largest.
fn at_or_above(uid: u64) -> impl Iterator<Item = RangeInclusive<u32>> {
    u32::try_from(uid)
        .ok()
        .map(|uid| uid..=u32::MAX)
        .into_iter()
}

fn all() -> UidSet {
    at_or_above(1).collect()
}
