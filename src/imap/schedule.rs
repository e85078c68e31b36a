//! Which UID FETCH commands bring what is wanted of some messages, and in what
//! order: decided by sizes, without I/O; the fetch stream sends them.
//!
//! Small items are asked for by count. Contents are asked for by bytes, so that
//! neither a crowd of small messages waits for a round trip each nor a few
//! large ones fill the memory: a window of messages is asked for its sizes
//! first, and the next window's sizes travel ahead of this window's last
//! messages, so that the line is never idle.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::fetch_stream::{Chunk, Source};
use super::items::{Item, Items};
use super::message::Message;
use super::text_part::text_section;
use super::uid_order::Direction;
use super::uid_set::UidSet;
use super::wanted::Wanted;

/// The first command of a scan asks for few messages, so that LIMIT 1 is
/// cheap and the first row comes early; the later ones for more and more.
const WINDOWS: [u64; 3] = [50, 500, 5_000];

/// Messages of one command that asks for the first bytes of each, which makes
/// 16 MiB at most.
const HEADS: u64 = 500;

/// Bytes of content that one command asks for, growing likewise. Two commands
/// of 16 MiB in flight fill a line of 100 MB/s and 300 ms (measured on a
/// prototype: below 16 MB in flight 25 ms of delay showed, above it did not).
const CHUNKS: [u64; 4] = [256 << 10, 1 << 20, 4 << 20, 16 << 20];

/// Messages of one command, for servers that send no sizes.
const CHUNK_MESSAGES: u64 = 1_000;

/// Where only the text is wanted, messages above this size have their parts
/// looked at first. Below it a second round trip costs more than the bytes.
const LARGE: u64 = 128 << 10;

/// Room for the UIDs of one command line, of the 4,000 bytes every server takes.
const SET: usize = 3_000;

/// How the content of one message is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Form {
    /// All of it.
    Whole,
    /// One text part, with its own header.
    Part(String),
    /// Nothing but header and size: it is larger than the caller takes.
    Header,
}

/// The commands still to be sent.
pub struct Schedule {
    wanted: Wanted,
    max_size: Option<u64>,
    direction: Direction,
    waiting: UidSet,
    ready: VecDeque<Chunk>,
    /// What a window is first asked for, where contents are wanted.
    sizes_only: Arc<Items>,
    /// What its large messages are asked for next, where text is wanted.
    structures_only: Arc<Items>,
    sizes: BTreeMap<u32, u64>,
    sections: BTreeMap<u32, String>,
    windows: usize,
    chunks: usize,
}

impl Schedule {
    /// The commands for what is `wanted` of `uids`; messages above `max_size`
    /// bytes give no content. Commands come in the order of their messages.
    pub fn new(uids: UidSet, wanted: Wanted, max_size: Option<u64>, direction: Direction) -> Self {
        let mut schedule = Self {
            wanted: wanted.reduced(),
            max_size,
            direction,
            waiting: uids,
            ready: VecDeque::new(),
            sizes_only: Arc::new(Wanted::SIZE.items()),
            structures_only: Arc::new(Wanted::STRUCTURE.items()),
            sizes: BTreeMap::new(),
            sections: BTreeMap::new(),
            windows: 0,
            chunks: 0,
        };
        schedule.open_window();
        schedule
    }

    fn wants_content(&self) -> bool {
        self.wanted.contains(Wanted::WHOLE) || self.wanted.contains(Wanted::TEXT)
    }

    /// Queues the next window: its sizes, or what is wanted of it.
    fn open_window(&mut self) {
        let mut size = WINDOWS[self.windows.min(WINDOWS.len() - 1)];
        if self.wanted.contains(Wanted::HEAD) {
            size = size.min(HEADS);
        }
        let Some(window) = self.first_waiting(size) else {
            return;
        };
        self.windows += 1;
        self.waiting = self.waiting.difference(&window);
        if self.wants_content() {
            self.push(&window, &Arc::clone(&self.sizes_only));
        } else {
            self.push(&window, &Arc::new(self.wanted.items()));
        }
    }

    /// The messages of the next window.
    fn first_waiting(&self, size: u64) -> Option<UidSet> {
        match self.direction {
            Direction::Ascending => self.waiting.chunks(size, SET).next(),
            Direction::Descending => self.waiting.last_chunk(size, SET),
        }
    }

    fn large(&self) -> UidSet {
        if self.wanted.contains(Wanted::WHOLE) {
            return UidSet::new();
        }
        let is_large = |size: u64| size > LARGE && self.max_size.is_none_or(|max| size <= max);
        self.sizes
            .iter()
            .filter(|(_, size)| is_large(**size))
            .map(|(uid, _)| *uid)
            .collect()
    }

    /// Queues the messages of a window whose sizes are known, neighbours of
    /// one form together, and the next window's sizes before the last of them.
    fn ask_for_window(&mut self) {
        let sizes = std::mem::take(&mut self.sizes);
        let sections = std::mem::take(&mut self.sections);
        let (mut uids, mut bytes, mut form) = (UidSet::new(), 0, Form::Whole);
        let mut sizes: Vec<(u32, u64)> = sizes.into_iter().collect();
        if self.direction == Direction::Descending {
            sizes.reverse();
        }
        for (uid, size) in sizes {
            let next = match (self.max_size, sections.get(&uid)) {
                (Some(max), _) if size > max => Form::Header,
                (_, Some(section)) => Form::Part(section.clone()),
                _ => Form::Whole,
            };
            let is_full = bytes + size > CHUNKS[self.chunks.min(CHUNKS.len() - 1)]
                || uids.len() >= CHUNK_MESSAGES;
            if !uids.is_empty() && (is_full || next != form) {
                self.push_messages(&uids, &form);
                uids = UidSet::new();
                bytes = 0;
            }
            uids.insert(uid);
            bytes += size;
            form = next;
        }
        let last = self.ready.len();
        if !uids.is_empty() {
            self.push_messages(&uids, &form);
        }
        let end = self.ready.len();
        self.open_window();
        if let Some(sizes) = self.ready.remove(end) {
            self.ready.insert(last, sizes);
        }
    }

    fn push_messages(&mut self, uids: &UidSet, form: &Form) {
        let content = Wanted::WHOLE.and(Wanted::TEXT);
        let rest = self.wanted.without(content);
        let items = match form {
            Form::Whole => rest.and(Wanted::WHOLE).items(),
            Form::Header => rest.and(Wanted::HEADER).and(Wanted::SIZE).items(),
            Form::Part(section) => rest.items_and(vec![
                Item::Section(format!("{section}.MIME")),
                Item::Section(section.clone()),
            ]),
        };
        self.chunks += 1;
        self.push(uids, &Arc::new(items));
    }

    fn push(&mut self, uids: &UidSet, items: &Arc<Items>) {
        let mut chunks: Vec<UidSet> = uids.chunks(u64::MAX, SET).collect();
        if self.direction == Direction::Descending {
            chunks.reverse();
        }
        for uids in chunks {
            self.ready.push_back(Chunk {
                uids,
                items: Arc::clone(items),
            });
        }
    }

    fn asks_for_sizes(&self, chunk: &Chunk) -> bool {
        Arc::ptr_eq(&chunk.items, &self.sizes_only)
    }

    fn asks_for_structures(&self, chunk: &Chunk) -> bool {
        Arc::ptr_eq(&chunk.items, &self.structures_only)
    }
}

impl Source for Schedule {
    fn next(&mut self) -> Option<Chunk> {
        let chunk = self.ready.pop_front();
        if self.ready.is_empty() && !self.wants_content() {
            self.open_window();
        }
        chunk
    }

    fn admit(&mut self, chunk: &Chunk, message: Message) -> Option<Message> {
        if self.asks_for_sizes(chunk) {
            // Without a size it is taken for small, and the message counts.
            self.sizes.insert(message.uid, message.size.unwrap_or(0));
        } else if self.asks_for_structures(chunk) {
            let section = message.structure.as_deref().and_then(text_section);
            self.sections
                .extend(section.map(|section| (message.uid, section)));
        } else {
            return Some(message);
        }
        None
    }

    fn ended(&mut self, chunk: &Chunk) {
        if self.asks_for_sizes(chunk) {
            let large = self.large();
            if large.is_empty() {
                self.ask_for_window();
            } else {
                self.push(&large, &Arc::clone(&self.structures_only));
            }
        } else if self.asks_for_structures(chunk) {
            // The structures of one window may take several commands.
            let is_last = !self
                .ready
                .iter()
                .any(|ready| self.asks_for_structures(ready));
            if is_last {
                self.ask_for_window();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imap::structure::{Part, Structure};
    use crate::imap::wanted::Field;

    const SUBJECT: Wanted = Wanted::field(Field::Subject);

    fn uids(range: std::ops::RangeInclusive<u32>) -> UidSet {
        std::iter::once(range).collect()
    }

    fn text(chunk: Option<&Chunk>) -> String {
        chunk.map_or("nothing".into(), |chunk| {
            format!("{} {}", chunk.uids, chunk.items)
        })
    }

    /// All commands for messages of these sizes, as a server answers them.
    fn commands(sizes: &[u64], wanted: Wanted, max_size: Option<u64>) -> Vec<String> {
        commands_in(Direction::Ascending, sizes, wanted, max_size)
    }

    fn commands_in(
        direction: Direction,
        sizes: &[u64],
        wanted: Wanted,
        max_size: Option<u64>,
    ) -> Vec<String> {
        let last = u32::try_from(sizes.len()).unwrap();
        let all = if last == 0 {
            UidSet::new()
        } else {
            uids(1..=last)
        };
        let mut schedule = Schedule::new(all, wanted, max_size, direction);
        let mut sent = Vec::new();
        while let Some(chunk) = schedule.next() {
            for uid in chunk.uids.iter() {
                let size = Some(sizes[uid as usize - 1]);
                schedule.admit(
                    &chunk,
                    Message {
                        uid,
                        size,
                        ..Message::default()
                    },
                );
            }
            schedule.ended(&chunk);
            sent.push(text(Some(&chunk)));
        }
        sent
    }

    #[test]
    fn small_items_are_asked_for_by_growing_counts() {
        let sent = commands(&[0; 6000], SUBJECT, None);
        let item = "(UID BODY.PEEK[HEADER.FIELDS (SUBJECT)])";
        let expected = ["1:50", "51:550", "551:5550", "5551:6000"];
        assert_eq!(sent, expected.map(|uids| format!("{uids} {item}")));
    }

    #[test]
    fn contents_are_asked_for_by_growing_bytes() {
        let sent = commands(&[100 << 10; 60], Wanted::WHOLE, None);
        let expected = [
            "1:50 (UID RFC822.SIZE)",
            "1:2 (UID BODY.PEEK[])",
            "3:12 (UID BODY.PEEK[])",
            "51:60 (UID RFC822.SIZE)",
            "13:50 (UID BODY.PEEK[])",
            "51:60 (UID BODY.PEEK[])",
        ];
        assert_eq!(sent, expected);
    }

    #[test]
    fn the_newest_come_first_where_that_is_asked_for() {
        let sent = commands_in(Direction::Descending, &[0; 600], SUBJECT, None);
        let item = "(UID BODY.PEEK[HEADER.FIELDS (SUBJECT)])";
        let expected = ["551:600", "51:550", "1:50"];
        assert_eq!(sent, expected.map(|uids| format!("{uids} {item}")));
        let sizes = [100 << 10; 60];
        let sent = commands_in(Direction::Descending, &sizes, Wanted::WHOLE, None);
        let expected = [
            "11:60 (UID RFC822.SIZE)",
            "59:60 (UID BODY.PEEK[])",
            "49:58 (UID BODY.PEEK[])",
            "1:10 (UID RFC822.SIZE)",
            "11:48 (UID BODY.PEEK[])",
            "1:10 (UID BODY.PEEK[])",
        ];
        assert_eq!(sent, expected);
    }

    #[test]
    fn a_message_larger_than_a_chunk_travels_alone() {
        let sent = commands(&[1, 100 << 20, 1], Wanted::WHOLE | Wanted::FLAGS, None);
        let expected = ["1", "2", "3"].map(|uid| format!("{uid} (UID FLAGS BODY.PEEK[])"));
        assert_eq!(sent[1..], expected);
    }

    #[test]
    fn content_above_the_callers_size_stays_on_the_server() {
        let sent = commands(&[10, 2000, 10], Wanted::WHOLE | SUBJECT, Some(1000));
        let expected = [
            "1:3 (UID RFC822.SIZE)",
            "1 (UID BODY.PEEK[])",
            "2 (UID RFC822.SIZE BODY.PEEK[HEADER])",
            "3 (UID BODY.PEEK[])",
        ];
        assert_eq!(sent, expected);
    }

    #[test]
    fn of_a_large_message_only_the_text_part_is_asked_for() {
        let mut schedule = Schedule::new(
            uids(1..=3),
            Wanted::TEXT | SUBJECT,
            None,
            Direction::Ascending,
        );
        let sizes = schedule.next().unwrap();
        assert_eq!(text(Some(&sizes)), "1:3 (UID RFC822.SIZE)");
        assert_eq!(text(schedule.next().as_ref()), "nothing");
        for (uid, size) in [(1, 10), (2, 5 << 20), (3, 5 << 20)] {
            schedule.admit(
                &sizes,
                Message {
                    uid,
                    size: Some(size),
                    ..Message::default()
                },
            );
        }
        schedule.ended(&sizes);
        let structures = schedule.next().unwrap();
        assert_eq!(text(Some(&structures)), "2:3 (UID BODYSTRUCTURE)");
        let leaf = Part {
            section: "1".into(),
            media_type: "text".into(),
            subtype: "plain".into(),
            size: Some(100),
            ..Part::default()
        };
        let root = Part {
            media_type: "multipart".into(),
            parts: vec![leaf],
            ..Part::default()
        };
        let structure = Some(Box::new(Structure {
            root,
            truncated: false,
        }));
        schedule.admit(
            &structures,
            Message {
                uid: 2,
                structure,
                ..Message::default()
            },
        );
        schedule.admit(
            &structures,
            Message {
                uid: 3,
                ..Message::default()
            },
        );
        schedule.ended(&structures);
        let field = "BODY.PEEK[HEADER.FIELDS (SUBJECT)]";
        assert_eq!(text(schedule.next().as_ref()), "1 (UID BODY.PEEK[])");
        assert_eq!(
            text(schedule.next().as_ref()),
            format!("2 (UID BODY.PEEK[1.MIME] BODY.PEEK[1] {field})")
        );
        assert_eq!(text(schedule.next().as_ref()), "3 (UID BODY.PEEK[])");
        assert_eq!(text(schedule.next().as_ref()), "nothing");
    }

    #[test]
    fn nothing_is_asked_of_no_messages() {
        assert!(commands(&[], Wanted::WHOLE, None).is_empty());
        assert!(commands(&[], SUBJECT, None).is_empty());
    }
}
