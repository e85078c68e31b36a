//! Some messages whose sizes are asked for before their contents are.
//!
//! The schedule opens windows and turns what [`Window::take`] gives into
//! commands.

use std::collections::BTreeMap;

use super::structure::Structure;
use super::text_part::text_section;
use super::uid_order::Direction;
use super::uid_set::UidSet;

/// Messages of one command, for servers that send no sizes.
const CHUNK_MESSAGES: u64 = 1_000;

/// Where only the text is wanted, messages above this size have their parts
/// looked at first. Below it a second round trip costs more than the bytes.
const LARGE: u64 = 128 << 10;

/// How the content of one message is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// All of it.
    Whole,
    /// One text part, with its own header.
    Part(String),
    /// Nothing but header and size: it is larger than the caller takes.
    Header,
}

/// A window.
pub(super) struct Window {
    uids: UidSet,
    /// Of those whose contents have not been asked for.
    sizes: BTreeMap<u32, u64>,
    sections: BTreeMap<u32, String>,
    /// Commands that are still to tell something; `None` before the sizes.
    awaited: Option<usize>,
}

impl Window {
    pub(super) fn new(uids: UidSet) -> Self {
        Self {
            uids,
            sizes: BTreeMap::new(),
            sections: BTreeMap::new(),
            awaited: None,
        }
    }

    /// True where the message is one of the window.
    pub(super) fn holds(&self, uid: u32) -> bool {
        self.uids.contains(uid)
    }

    /// Notes a size.
    pub(super) fn note_size(&mut self, uid: u32, size: u64) {
        self.sizes.insert(uid, size);
    }

    /// Notes where in a large message the text is.
    pub(super) fn note_structure(&mut self, uid: u32, structure: Option<&Structure>) {
        let section = structure.and_then(text_section);
        self.sections.extend(section.map(|section| (uid, section)));
    }

    /// Those messages of which a part is worth looking for.
    pub(super) fn large(&self, max_size: Option<u64>) -> UidSet {
        let is_large = |size: u64| size > LARGE && max_size.is_none_or(|max| size <= max);
        let large = self.sizes.iter().filter(|(_, size)| is_large(**size));
        large.map(|(uid, _)| *uid).collect()
    }

    /// Notes that the sizes are known, and that as many commands are to tell
    /// the structures.
    pub(super) fn wait_for(&mut self, commands: usize) {
        self.awaited = Some(commands);
    }

    /// Notes that one of them has.
    pub(super) fn one_has_come(&mut self) {
        self.awaited = self.awaited.map(|commands| commands.saturating_sub(1));
    }

    /// True where everything is known that a content command needs.
    pub(super) fn is_known(&self) -> bool {
        self.awaited == Some(0)
    }

    /// True where everything has been asked for.
    pub(super) fn is_empty(&self) -> bool {
        self.is_known() && self.sizes.is_empty()
    }

    /// The next messages to ask for: neighbours of one form, of so many bytes
    /// together, but at least one message.
    pub(super) fn take(
        &mut self,
        bytes: u64,
        max_size: Option<u64>,
        direction: Direction,
    ) -> Option<(UidSet, Form)> {
        let (mut uids, mut room, mut form) = (UidSet::new(), bytes, None);
        while let Some(entry) = match direction {
            Direction::Ascending => self.sizes.first_entry(),
            Direction::Descending => self.sizes.last_entry(),
        } {
            let (uid, size) = (*entry.key(), *entry.get());
            let next = match (max_size, self.sections.get(&uid)) {
                (Some(max), _) if size > max => Form::Header,
                (_, Some(section)) => Form::Part(section.clone()),
                _ => Form::Whole,
            };
            let is_full = size > room || uids.len() >= CHUNK_MESSAGES;
            if !uids.is_empty() && (is_full || form.as_ref() != Some(&next)) {
                break;
            }
            entry.remove();
            uids.insert(uid);
            room = room.saturating_sub(size);
            form = Some(next);
        }
        Some((uids, form?))
    }
}
