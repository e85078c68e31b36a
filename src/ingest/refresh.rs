//! Brings up to date what is known of messages ingested before: their flags,
//! and whether they are still there.

use super::folder::{Differences, Folder};
use super::intake::lasting;
use super::known::Present;
use super::port::Port;
use super::state::Look;
use crate::error::Result;
use crate::imap::chunk::SET;
use crate::imap::search::Criteria;
use crate::imap::search_key::Key;
use crate::imap::session::{Examined, Session};
use crate::imap::uid_set::UidSet;

/// How many known messages one question about changes spans.
const SPAN: u64 = 10_000;

/// How many of the newest messages are asked for all their flags each time.
const NEWEST: usize = 1_000;

/// The flags that make up a message's status (RFC 9051 section 2.3.2), and the
/// keys that find them.
const STATUS_FLAGS: [(&str, &str); 5] = [
    ("\\Seen", "SEEN"),
    ("\\Flagged", "FLAGGED"),
    ("\\Answered", "ANSWERED"),
    ("\\Deleted", "DELETED"),
    ("\\Draft", "DRAFT"),
];

/// How closely a folder is looked at that does not count its changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// All flags of all messages.
    Whole,
    /// All flags of the newest messages, and the status of the others: a watch
    /// looks again and again.
    Newest,
}

/// Notes what has changed in the folder since the last look at it.
///
/// Where HIGHESTMODSEQ, EXISTS and UIDNEXT are what they were, nothing has, and
/// the server is not asked. Without CONDSTORE flags are read again, as far as
/// `depth` says.
///
/// # Errors
/// The session's or SQLite's.
pub fn refresh(
    port: &mut Port,
    session: &mut Session,
    folder: &mut Folder,
    examined: &Examined,
    depth: Depth,
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
    if !present.all.is_empty() {
        let mut is_told = false;
        match before.highestmodseq.filter(|_| now.highestmodseq.is_some()) {
            Some(_) if are_flags_same => {}
            Some(modseq) => {
                is_told = changed(session, &present.all, modseq, &mut differences)?;
            }
            None => differences.flags = reflagged(session, &present, depth)?,
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
        let span = std::iter::once(first..=last).collect();
        let changes = session.changes(&span, Some(modseq))?;
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

/// The messages that have other flags than before, as far as `depth` says.
fn reflagged(
    session: &mut Session,
    present: &Present,
    depth: Depth,
) -> Result<Vec<(u32, Vec<String>)>> {
    let known = &present.all;
    let mut asked = known.clone();
    if depth == Depth::Newest && known.len() > NEWEST as u64 {
        let older = (known.len() - NEWEST as u64) as usize;
        let newest: UidSet = known.iter().skip(older).collect();
        let restated = restated(session, present)?;
        asked = newest.ranges().chain(restated.ranges()).collect();
    }
    let mut changed = Vec::new();
    for chunk in asked.chunks(SPAN, SET) {
        let flags = session.changes(&chunk, None)?.flags.into_iter();
        let flags = flags.map(|(uid, flags)| (uid, lasting(Some(&flags))));
        // A server tells unasked what changes meanwhile, of any message.
        changed.extend(flags.filter(|(uid, now)| known.contains(*uid) && !present.had(*uid, now)));
    }
    Ok(changed)
}

/// The messages that have another status than before, found by one search for
/// each flag.
fn restated(session: &mut Session, present: &Present) -> Result<UidSet> {
    let (Some(first), Some(last)) = (present.all.first(), present.all.last()) else {
        return Ok(UidSet::new());
    };
    let span: UidSet = std::iter::once(first..=last).collect();
    let mut changed = UidSet::new();
    for (flag, key) in STATUS_FLAGS {
        let found = session.uid_search(Criteria::Keys(&span, &[Key::plain(key)]))?;
        let found = found.intersection(&present.all);
        let known = present.with_flag(flag);
        let (gained, lost) = (found.difference(&known), known.difference(&found));
        changed = [&changed, &gained, &lost]
            .into_iter()
            .flat_map(UidSet::ranges)
            .collect();
    }
    Ok(changed)
}
