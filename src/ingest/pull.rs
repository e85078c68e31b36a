//! Takes what is new in one folder.

use super::download::Download;
use super::options::Options;
use super::progress::Meter;
use super::writer::{Folder, Writer};
use crate::error::Result;
use crate::imap::search::Criteria;
use crate::imap::session::{Examined, Session};
use crate::imap::uid_set::UidSet;

/// UIDs looked at together: what is known of each is held in memory meanwhile.
const WINDOW: u64 = 5_000;

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
    let validity = examined.uidvalidity.unwrap_or(0);
    let mut folder = writer.folder(folder_name, validity, examined.exists.into())?;
    if examined.uidvalidity.is_none() {
        return pull_unnumbered(writer, session, &mut folder, options, meter);
    }
    let retry: UidSet = writer.uids_to_retry(&folder, options.max_size)?.into_iter().collect();
    let next_uid = folder.state.next_uid;
    if retry.is_empty() && examined.uidnext.map(u64::from) == Some(next_uid) {
        return Ok(());
    }
    let wanted = at_or_above(next_uid).chain(retry.ranges()).collect();
    let found = search(session, &wanted, next_uid, examined.exists)?;
    let known: UidSet = writer.known_uids(&folder)?.into_iter().collect();
    take(writer, session, &mut folder, &found.difference(&known), options, meter)?;
    let gone: Vec<u32> = retry.difference(&found).iter().collect();
    let beyond = found.last().map_or(next_uid, |last| u64::from(last) + 1);
    let next_uid = beyond.max(next_uid).max(examined.uidnext.map_or(0, u64::from));
    writer.finish_folder(&mut folder, next_uid, &gone)
}

/// A folder whose UIDs do not last (RFC 9051 section 7.1, UIDNOTSTICKY) is
/// read from the beginning each time; its messages are known by content.
fn pull_unnumbered(
    writer: &mut Writer,
    session: &mut Session,
    folder: &mut Folder,
    options: &Options,
    meter: &Meter,
) -> Result<()> {
    let found = session.uid_search(Criteria::All)?;
    take(writer, session, folder, &found, options, meter)
}

fn take(
    writer: &mut Writer,
    session: &mut Session,
    folder: &mut Folder,
    uids: &UidSet,
    options: &Options,
    meter: &Meter,
) -> Result<()> {
    meter.folder(&folder.name, uids.len());
    let mut download = Download::new(writer, session, folder, options, meter);
    uids.chunks(WINDOW, usize::MAX).try_for_each(|window| download.run(&window))
}

/// Those of the UIDs `wanted` that exist.
fn search(
    session: &mut Session,
    wanted: &UidSet,
    next_uid: u64,
    exists: u32,
) -> Result<UidSet> {
    if exists == 0 || wanted.is_empty() {
        return Ok(UidSet::new());
    }
    let criteria = if next_uid <= 1 { Criteria::All } else { Criteria::Uids(wanted) };
    // Servers that take `n:4294967295` for `n:*` add the last message.
    Ok(session.uid_search(criteria)?.intersection(wanted))
}

/// The UIDs from `uid` on; none beyond the largest.
fn at_or_above(uid: u64) -> impl Iterator<Item = std::ops::RangeInclusive<u32>> {
    u32::try_from(uid).ok().map(|uid| uid..=u32::MAX).into_iter()
}
