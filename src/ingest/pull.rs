//! Takes what is new in one folder.

use std::collections::HashSet;
use std::ops::RangeInclusive;

use super::folder::Folder;
use super::intake::Intake;
use super::options::{Afterwards, Options};
use super::port::Port;
use super::progress::Meter;
use super::refresh::{Depth, refresh};
use super::remove::remove;
use super::selection::{Asks, Fetch};
use super::sift::sift;
use super::state::FolderState;
use super::summary::Counts;
use crate::error::Result;
use crate::imap::mailbox::Mailbox;
use crate::imap::search::Criteria;
use crate::imap::search_key::Key;
use crate::imap::session::{Examined, Session};
use crate::imap::uid_set::UidSet;

/// What a run over folders has at hand.
pub struct Course<'a> {
    /// The way to the writer.
    pub port: Port,
    /// What is asked of the run.
    pub options: &'a Options,
    /// Shows how far it is.
    pub meter: Meter,
    /// How many messages may still be taken.
    pub left: Option<u64>,
    /// The folders that were looked at.
    pub seen: HashSet<Mailbox>,
    /// True where the last error cost the connection over a message.
    pub has_suspected: bool,
    /// What is to be deleted once there is a connection again.
    pub owed: Option<Owed>,
}

/// Messages that are committed and still on the server: the connection was lost
/// before they could be deleted there.
pub struct Owed {
    mailbox: Mailbox,
    uidvalidity: u32,
    uids: UidSet,
}

impl Course<'_> {
    /// Ingests what is new in the folder that is open in the session, and
    /// brings up to date what is known of it. Where UIDNEXT is where the last
    /// run left it, nothing is new, and the server is not asked (RFC 9051
    /// section 2.3.1.1: a new message has it, or a larger UID).
    ///
    /// # Errors
    /// The session's or SQLite's, after what had been downloaded is written.
    pub fn pull(
        &mut self,
        session: &mut Session,
        mailbox: &Mailbox,
        mut examined: Examined,
    ) -> Result<()> {
        if !session.capabilities().counts_changes() {
            // It may tell the number all the same; asked by it, it would refuse.
            examined.highestmodseq = None;
        }
        let mut folder = self.port.folder(mailbox.name(), examined)?;
        if examined.uidvalidity.is_none() {
            // UIDs that do not last (RFC 9051 section 7.1, UIDNOTSTICKY) tell
            // nothing: all is read each time, and known by content.
            let found = self.search(session, &folder, &all(), examined.exists)?;
            return self.take(session, &mut folder, &found).map(drop);
        }
        let depth = match self.seen.insert(mailbox.clone()) {
            true => Depth::Whole,
            false => Depth::Newest,
        };
        refresh(&mut self.port, session, &mut folder, &examined, depth)?;
        let taken = self.take_new(session, &mut folder, &examined);
        // What was committed may go, whatever happened after it.
        if self.options.afterwards == Afterwards::Delete {
            self.remove_committed(session, mailbox, &folder)?;
        }
        taken
    }

    /// Deletes from the server what is committed of the open folder; where the
    /// connection is lost, over the next one.
    fn remove_committed(
        &mut self,
        session: &mut Session,
        mailbox: &Mailbox,
        folder: &Folder,
    ) -> Result<()> {
        let uidvalidity = folder.state.uidvalidity;
        let is_here = |owed: &mut Owed| owed.mailbox == *mailbox && owed.uidvalidity == uidvalidity;
        let owed = self.owed.take_if(is_here);
        let mut uids = owed.map_or_else(UidSet::new, |owed| owed.uids);
        uids = joined(&uids, &folder.committed);
        if uids.is_empty() {
            return Ok(());
        }
        if !session.is_usable() {
            let mailbox = mailbox.clone();
            self.owed = Some(Owed {
                mailbox,
                uidvalidity,
                uids,
            });
            return Ok(());
        }
        let deleted = remove(session, mailbox, uidvalidity, &uids)?;
        self.port.count(Counts {
            deleted,
            ..Counts::default()
        })
    }

    fn take_new(
        &mut self,
        session: &mut Session,
        folder: &mut Folder,
        examined: &Examined,
    ) -> Result<()> {
        let selection = &self.options.selection;
        let uidnext = examined.uidnext.map(u64::from);
        folder.state.start_over_below(uidnext);
        let is_first = folder.state.next_uid == 0;
        let next_uid = folder.state.next_uid.max(1);
        let from = match selection.is_changing() || selection.fetch == Fetch::All {
            true => 1,
            false => next_uid,
        };
        let suspects = folder.suspects.clone();
        let retry = self.port.retryable(folder)?.difference(&suspects.tried);
        let is_unchanged = uidnext == Some(from) && !is_first;
        if is_unchanged && retry.is_empty() {
            return self.port.finish_folder(folder, next_uid, retry);
        }
        let wanted: UidSet = at_or_above(from).chain(retry.ranges()).collect();
        let found = self.search(session, folder, &wanted, examined.exists)?;
        let settled = match selection.fetch {
            Fetch::All => UidSet::new(),
            _ => self.port.settled(folder, from)?,
        };
        let wanted = found.difference(&settled).difference(&suspects.tried);
        let mut rest = self.take(session, folder, &wanted.difference(&suspects.due))?;
        // Whichever of them costs the connection once more costs nothing else.
        for uid in wanted.intersection(&suspects.due).iter() {
            let alone = std::iter::once(uid).collect();
            rest = joined(&rest, &self.take(session, folder, &alone)?);
        }
        let gone = retry.difference(&found);
        // Where the server says UIDNEXT, a UID beyond it that SEARCH lists must not
        // move the state past messages still to come.
        let beyond = found.last().map_or(next_uid, |last| u64::from(last) + 1);
        let mut dealt_with = uidnext.unwrap_or(beyond);
        if let Some(first) = rest.iter().find(|&uid| u64::from(uid) >= next_uid) {
            dealt_with = u64::from(first);
            if is_first && selection.fetch == Fetch::UnseenFirst {
                // The first run is not over: what is left is still unseen mail.
                dealt_with = 0;
            }
        }
        // Only a first run with filters leaves 0, so that it goes on as the first.
        let dealt_with = dealt_with.max(folder.state.next_uid);
        self.port.finish_folder(folder, dealt_with, gone)
    }

    /// Takes those of the messages that are meant, as many as may be taken;
    /// gives those that remain. One over which the connection is lost is noted.
    fn take(
        &mut self,
        session: &mut Session,
        folder: &mut Folder,
        found: &UidSet,
    ) -> Result<UidSet> {
        let taken = self.take_meant(session, folder, found);
        if let Err(error) = &taken {
            self.suspect(session, folder, error)?;
        }
        taken
    }

    fn take_meant(
        &mut self,
        session: &mut Session,
        folder: &mut Folder,
        found: &UidSet,
    ) -> Result<UidSet> {
        if found.is_empty() {
            return Ok(UidSet::new());
        }
        let meant = sift(session, &self.options.selection, &folder.state, found)?;
        let filtered = found.len() - meant.len();
        if filtered > 0 {
            self.port.count(Counts {
                filtered,
                ..Counts::default()
            })?;
        }
        let now: UidSet = match self.left {
            Some(left) => {
                let left = usize::try_from(left).unwrap_or(usize::MAX);
                meant.iter().take(left).collect()
            }
            None => meant.clone(),
        };
        let before = folder.committed.len();
        let mut intake = Intake::new(&mut self.port, session, folder, self.options, &self.meter);
        let taken = match now.is_empty() {
            true => Ok(()),
            false => intake.take(&now),
        };
        if let Some(left) = &mut self.left {
            let count = match taken {
                Ok(()) => now.len(),
                // Where the statement was stopped, the folder may be lost.
                Err(_) => folder.committed.len().saturating_sub(before),
            };
            *left -= count.min(*left);
        }
        taken.map(|()| meant.difference(&now))
    }

    /// Those of the UIDs `wanted` that exist and may be meant.
    fn search(
        &self,
        session: &mut Session,
        folder: &Folder,
        wanted: &UidSet,
        exists: u32,
    ) -> Result<UidSet> {
        if exists == 0 || wanted.is_empty() {
            return Ok(UidSet::new());
        }
        let keys = self.keys(session, &folder.state)?;
        let criteria = match (keys.is_empty(), *wanted == all()) {
            (false, _) => Criteria::Keys(wanted, &keys),
            (true, true) => Criteria::All,
            (true, false) => Criteria::Uids(wanted),
        };
        // A server may take `n:4294967295` for `n:*` and add the last message.
        Ok(session.uid_search(criteria)?.intersection(wanted))
    }

    fn keys(&self, session: &mut Session, state: &FolderState) -> Result<Vec<Key>> {
        let selection = &self.options.selection;
        let asks = Asks {
            is_first: state.next_uid == 0,
            // Who does not look for texts need not know how the server does.
            searches_substrings: !selection.filter.keys().is_empty()
                && session.searches_substrings()?,
            reads_dates: !session.misreads_dates(),
        };
        // The date bounds what was there before; what came later is new mail.
        let cutoff = state
            .filtered
            .as_ref()
            .filter(|_| asks.is_first || selection.is_changing())
            .and_then(|filtered| filtered.since_at);
        let mut keys = selection.keys(cutoff, asks);
        if let (Some(filtered), Some(_), false) = (&state.filtered, cutoff, asks.is_first)
            && let Ok(first) = u32::try_from(filtered.since_uid)
            && let Some(at) = keys.iter().position(is_since)
        {
            let later = Key::plain(format!("UID {first}:4294967295"));
            let since = keys.swap_remove(at);
            keys.extend(Key::any(vec![since, later]));
        }
        Ok(keys)
    }
}

fn is_since(key: &Key) -> bool {
    matches!(key, Key::Plain(text) if text.starts_with("SINCE "))
}

/// The UIDs from `uid` on; none beyond the largest.
fn at_or_above(uid: u64) -> impl Iterator<Item = RangeInclusive<u32>> {
    u32::try_from(uid)
        .ok()
        .map(|uid| uid..=u32::MAX)
        .into_iter()
}

/// Those of both.
fn joined(one: &UidSet, other: &UidSet) -> UidSet {
    one.ranges().chain(other.ranges()).collect()
}

fn all() -> UidSet {
    UidSet::all()
}
