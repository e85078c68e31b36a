//! The events of `imap_watch`: what has happened in a folder since the last
//! look at it, from what is there now and what the server has told.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;

use crate::account::patrol::Attendant;
use crate::account::vigil::News;
use crate::error::{Error, Result};
use crate::imap::idle::Notice;
use crate::imap::search::Criteria;
use crate::imap::{Examined, Mailbox, UidSet};

/// Something that has happened.
pub struct Event {
    /// `new`, `expunged` or `flags`.
    pub name: &'static str,
    /// The folder's name.
    pub folder: Arc<str>,
    /// The message's UID.
    pub uid: u32,
    /// The UIDVALIDITY the UID goes with.
    pub uidvalidity: Option<u32>,
    /// When it was noticed.
    pub at: Arc<str>,
}

/// The folders of one scan, and what has happened in them.
pub struct Events {
    /// True where the only folder is the one that was named.
    is_named: bool,
    /// Folders that were there at first and have not been looked at: what they
    /// hold is no news.
    unseen: HashSet<Mailbox>,
    known: HashMap<Mailbox, Known>,
    waiting: VecDeque<Event>,
}

/// A folder at the last look.
#[derive(Clone, Default)]
struct Known {
    uids: UidSet,
    examined: Option<Examined>,
}

impl Events {
    /// Of folders that are there already.
    pub fn of(mailboxes: &[Mailbox], is_named: bool) -> Self {
        Self {
            is_named,
            unseen: mailboxes.iter().cloned().collect(),
            known: HashMap::new(),
            waiting: VecDeque::new(),
        }
    }

    /// The next one.
    pub fn pop(&mut self) -> Option<Event> {
        self.waiting.pop_front()
    }

    /// True where there is none.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

impl Attendant for Events {
    fn look(&mut self, mailbox: &Mailbox, news: News<'_>) -> Result<()> {
        let known = self.known.get(mailbox).cloned().unwrap_or_default();
        if news.notices.is_empty() && known.examined == Some(news.examined) {
            return Ok(());
        }
        let examined = news.examined;
        let uids = match examined.exists {
            0 => UidSet::new(),
            _ => news.session.uid_search(Criteria::All)?,
        };
        if !self.unseen.remove(mailbox) {
            let changes = changes(&known, &uids, news)?;
            let at = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.3fZ");
            let (folder, at) = (Arc::from(mailbox.name()), Arc::from(at.to_string()));
            self.waiting.extend(changes.into_iter().map(|change| Event {
                name: change.name,
                folder: Arc::clone(&folder),
                uid: change.uid,
                uidvalidity: change.uidvalidity,
                at: Arc::clone(&at),
            }));
        }
        let known = Known {
            uids,
            examined: Some(examined),
        };
        self.known.insert(mailbox.clone(), known);
        Ok(())
    }

    fn refused(&mut self, _: &Mailbox, error: Error) -> Result<()> {
        match self.is_named {
            true => Err(error),
            false => Ok(()),
        }
    }

    fn gone(&mut self, mailbox: &Mailbox) {
        self.unseen.remove(mailbox);
        self.known.remove(mailbox);
    }

    fn has_enough(&self) -> bool {
        false
    }
}

struct Change {
    name: &'static str,
    uid: u32,
    uidvalidity: Option<u32>,
}

/// What has happened to messages of a folder that holds `now` these UIDs.
fn changes(known: &Known, now: &UidSet, news: News<'_>) -> Result<Vec<Change>> {
    let (before, after) = (known.examined, news.examined);
    let validity = |examined: Option<Examined>| examined.and_then(|examined| examined.uidvalidity);
    let uidvalidity = after.uidvalidity;
    let change = |name, uid| Change {
        name,
        uid,
        uidvalidity,
    };
    if before.is_some() && validity(before) != uidvalidity {
        // None of the UIDs means the message it did.
        let gone = known.uids.iter().map(|uid| Change {
            uidvalidity: validity(before),
            ..change("expunged", uid)
        });
        return Ok(gone
            .chain(now.iter().map(|uid| change("new", uid)))
            .collect());
    }
    let mut changes = Vec::new();
    let mut flagged = UidSet::new();
    let mut there = known.uids.clone();
    if news.notices.iter().any(is_about_place) {
        // Ascending: the n-th has sequence number n.
        let mut places: Vec<u32> = known.uids.iter().collect();
        for notice in &news.notices {
            let place = |sequence: u32| usize::try_from(sequence).ok()?.checked_sub(1);
            match *notice {
                Notice::Expunged(sequence) => {
                    if let Some(place) = place(sequence).filter(|&place| place < places.len()) {
                        changes.push(change("expunged", places.remove(place)));
                    }
                }
                Notice::Changed(sequence) => {
                    if let Some(&uid) = place(sequence).and_then(|place| places.get(place)) {
                        changes.push(change("flags", uid));
                        flagged.insert(uid);
                    }
                }
                Notice::Exists(_) | Notice::Vanished(_) | Notice::Ended => {}
            }
        }
        there = places.into_iter().collect();
    }
    if !is_told_all(&news.notices) {
        let stayed = there.intersection(now).difference(&flagged);
        let changed = changed(&stayed, before, news)?;
        changes.extend(changed.iter().map(|uid| change("flags", uid)));
    }
    let gone = there.difference(now);
    changes.extend(gone.iter().map(|uid| change("expunged", uid)));
    let new = now.difference(&known.uids);
    changes.extend(new.iter().map(|uid| change("new", uid)));
    Ok(changes)
}

fn is_about_place(notice: &Notice) -> bool {
    matches!(notice, Notice::Expunged(_) | Notice::Changed(_))
}

/// True where the server has told all that happened, while it was listened to.
fn is_told_all(notices: &[Notice]) -> bool {
    let is_less = |notice| matches!(notice, &Notice::Changed(0) | &Notice::Ended);
    !notices.is_empty() && !notices.iter().any(is_less)
}

/// Those of the messages whose flags have changed since the mailbox was
/// examined `before`, where the server counts changes (RFC 7162).
fn changed(uids: &UidSet, before: Option<Examined>, news: News<'_>) -> Result<UidSet> {
    let since = before.and_then(|examined| examined.highestmodseq);
    let (Some(first), Some(last), Some(since)) = (uids.first(), uids.last(), since) else {
        return Ok(UidSet::new());
    };
    let is_same = news.examined.highestmodseq == Some(since);
    if is_same || !news.session.capabilities().counts_changes() {
        return Ok(UidSet::new());
    }
    let span = std::iter::once(first..=last).collect();
    let changes = news.session.changes(&span, Some(since))?;
    let changed: UidSet = changes.flags.iter().map(|(uid, _)| *uid).collect();
    Ok(changed.intersection(uids))
}
