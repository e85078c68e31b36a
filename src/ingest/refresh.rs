//! Brings up to date what is known of messages ingested before: their flags,
//! and whether they are still there.

use super::folder::{Differences, Folder};
use super::intake::lasting;
use super::known::{Present, STATUS_FLAGS};
use super::port::Port;
use super::state::Look;
use crate::error::Result;
use crate::imap::download::Download;
use crate::imap::search::Criteria;
use crate::imap::search_key::Key;
use crate::imap::session::{Examined, Session};
use crate::imap::uid_order::Direction;
use crate::imap::uid_set::UidSet;
use crate::imap::wanted::Wanted;

/// How many known messages one question about changes spans.
const SPAN: u64 = 10_000;

/// Notes what has changed in the folder since the last look at it.
///
/// Where HIGHESTMODSEQ, EXISTS and UIDNEXT are what they were, nothing has, and
/// the server is not asked. Without CONDSTORE it is asked for each flag that
/// makes up a status which messages have it; other flags are then not followed.
///
/// # Errors
/// The session's or SQLite's.
pub fn refresh(
    port: &mut Port<'_>,
    session: &mut Session,
    folder: &mut Folder,
    examined: &Examined,
) -> Result<()> {
    let now = Look::at(examined);
    let Some(before) = folder.state.look.replace(now) else {
        return Ok(());
    };
    let are_flags_same = now.highestmodseq.is_some() && now.highestmodseq == before.highestmodseq;
    if are_flags_same && now == before {
        return Ok(());
    }
    let present = port.present(folder)?;
    let mut differences = Differences::default();
    if let (Some(first), Some(last)) = (present.all.first(), present.all.last()) {
        let mut is_told = false;
        match before.highestmodseq.filter(|_| now.highestmodseq.is_some()) {
            Some(_) if are_flags_same => {}
            Some(modseq) => {
                is_told = changed(session, &present.all, modseq, &mut differences)?;
            }
            None => reflagged(session, &present, (first, last), &mut differences)?,
        }
        if !is_told && may_lack(session, before, now)? {
            let there = match now.messages {
                0 => UidSet::new(),
                _ => session.uid_search(Criteria::All)?,
            };
            differences.gone = present.all.difference(&there);
        }
    }
    if now == before && differences.flags.is_empty() && differences.gone.is_empty() {
        return Ok(());
    }
    port.update(folder, differences)
}

/// True unless it is certain that no message has gone: as many are there as
/// were and have come.
fn may_lack(session: &mut Session, before: Look, now: Look) -> Result<bool> {
    let Some(uidnext) = before.uidnext else {
        return Ok(true);
    };
    if now.uidnext == before.uidnext || now.messages < before.messages {
        return Ok(now.messages != before.messages);
    }
    let later: UidSet = std::iter::once(uidnext..=u32::MAX).collect();
    let come = session
        .uid_search(Criteria::Uids(&later))?
        .intersection(&later);
    Ok(u64::from(now.messages) != u64::from(before.messages) + come.len())
}

/// What the server says has changed (RFC 7162); true where it also says what
/// has gone.
fn changed(
    session: &mut Session,
    known: &UidSet,
    modseq: u64,
    differences: &mut Differences,
) -> Result<bool> {
    let mut is_told = true;
    for chunk in known.chunks(SPAN, usize::MAX) {
        let (Some(first), Some(last)) = (chunk.first(), chunk.last()) else {
            continue;
        };
        let changes = session.changes_since(first, last, modseq)?;
        let known = changes
            .flags
            .into_iter()
            .filter(|(uid, _)| chunk.contains(*uid));
        differences
            .flags
            .extend(known.map(|(uid, flags)| (uid, lasting(Some(&flags)))));
        match changes.vanished {
            Some(gone) => {
                let gone = gone.intersection(&chunk);
                let all = differences.gone.ranges().chain(gone.ranges()).collect();
                differences.gone = all;
            }
            None => is_told = false,
        }
    }
    Ok(is_told)
}

/// Finds by one search a flag which messages have another status, and fetches
/// the flags of those.
fn reflagged(
    session: &mut Session,
    present: &Present,
    (first, last): (u32, u32),
    differences: &mut Differences,
) -> Result<()> {
    let span: UidSet = std::iter::once(first..=last).collect();
    let mut changed = UidSet::new();
    for (flag, known) in STATUS_FLAGS.iter().zip(&present.flagged) {
        let key = match *flag {
            "\\Seen" => "SEEN",
            "\\Flagged" => "FLAGGED",
            "\\Answered" => "ANSWERED",
            "\\Deleted" => "DELETED",
            _ => "DRAFT",
        };
        let keys = [Key::plain(key)];
        let found = session.uid_search(Criteria::Keys(&span, &keys))?;
        let found = found.intersection(&present.all);
        let (gained, lost) = (found.difference(known), known.difference(&found));
        changed = [&changed, &gained, &lost]
            .into_iter()
            .flat_map(UidSet::ranges)
            .collect();
    }
    if changed.is_empty() {
        return Ok(());
    }
    let mut download = Download::new(changed, Wanted::FLAGS, None, Direction::Ascending);
    while let Some(message) = download.next(session)? {
        if let Some(flags) = &message.flags {
            let flags = lasting(Some(flags));
            differences.flags.push((message.uid, flags));
        }
    }
    Ok(())
}
