//! Which UID FETCH commands bring what is wanted of some messages, and in what
//! order: decided by sizes, without I/O; the fetch stream sends them.
//!
//! Small items are asked for by count. Contents are asked for by bytes, so that
//! neither a crowd of small messages waits for a round trip each nor a few
//! large ones fill the memory: a [`Window`] of messages is asked for its sizes
//! first, and the next window's sizes travel ahead of this window's contents,
//! so that the line is never idle.

use std::collections::VecDeque;
use std::sync::Arc;

use super::chunk::{Chunk, SET};
use super::fetch_stream::Source;
use super::items::{Item, Items};
use super::message::Message;
use super::pace::{Pace, USUAL};
use super::uid_order::Direction;
use super::uid_set::UidSet;
use super::wanted::Wanted;
use super::window::{Form, Window};

/// The first command of a scan asks for few messages, so that LIMIT 1 is
/// cheap and the first row comes early; the later ones for more and more.
const WINDOWS: [u64; 3] = [50, 500, 5_000];

/// Messages of one command that asks for the first bytes of each, which makes
/// 16 MiB at most.
const HEADS: u64 = 500;

/// Bytes of content that the first commands ask for, growing likewise; the
/// later ones for what the pace allows.
const CHUNKS: [u64; 3] = [256 << 10, 1 << 20, 4 << 20];

/// Bytes of content in flight for those who need long for each.
const HELD: u64 = 16 << 20;

/// Windows whose contents have not all been asked for: the one at hand, and
/// those behind it whose sizes are on their way; one at first, then two, for a
/// distant server answers behind all that is on the line.
const OPEN: [usize; 2] = [2, 3];

/// The commands still to be sent.
pub struct Schedule {
    wanted: Wanted,
    max_size: Option<u64>,
    direction: Direction,
    waiting: UidSet,
    ready: VecDeque<Chunk>,
    open: VecDeque<Window>,
    /// Messages that have no bytes, and say so.
    empty: UidSet,
    /// What a window is asked for, where no contents are wanted.
    all_at_once: Arc<Items>,
    /// What a window is first asked for, where contents are wanted.
    sizes_only: Arc<Items>,
    /// What its large messages are asked for next, where text is wanted.
    structures_only: Arc<Items>,
    windows: usize,
    chunks: usize,
    /// Bytes of content that one command asks for at most, whatever the pace.
    most: u64,
}

impl Schedule {
    /// The commands for what is `wanted` of `uids`; messages above `max_size`
    /// bytes give no content. Commands come in the order of their messages.
    pub fn new(uids: UidSet, wanted: Wanted, max_size: Option<u64>, direction: Direction) -> Self {
        Self {
            wanted: wanted.reduced(),
            max_size,
            direction,
            waiting: uids,
            ready: VecDeque::new(),
            open: VecDeque::new(),
            empty: UidSet::new(),
            all_at_once: Arc::new(wanted.reduced().items()),
            sizes_only: Arc::new(Wanted::SIZE.items()),
            structures_only: Arc::new(Wanted::STRUCTURE.items()),
            windows: 0,
            chunks: 0,
            most: u64::MAX,
        }
    }

    /// The same with at most so many bytes of content a command, for those who
    /// need long for each: a server that waits for them sends the next one's
    /// meanwhile, and it has to be held.
    pub fn by_at_most(mut self, bytes: u64) -> Self {
        self.most = bytes;
        self
    }

    fn wants_content(&self) -> bool {
        self.wanted.contains(Wanted::WHOLE) || self.wanted.contains(Wanted::TEXT)
    }

    /// The messages of the next window.
    fn next_window(&mut self) -> Option<UidSet> {
        let mut size = WINDOWS[self.windows.min(WINDOWS.len() - 1)];
        if self.wanted.contains(Wanted::HEAD) {
            size = size.min(HEADS);
        }
        let window = match self.direction {
            Direction::Ascending => self.waiting.chunks(size, SET).next(),
            Direction::Descending => self.waiting.last_chunk(size, SET),
        }?;
        self.windows += 1;
        self.waiting = self.waiting.difference(&window);
        Some(window)
    }

    /// Asks for the sizes of windows to come.
    fn open_windows(&mut self) {
        let most = OPEN[usize::from(self.chunks >= CHUNKS.len())];
        while self.open.len() < most
            && let Some(uids) = self.next_window()
        {
            self.open.push_back(Window::new(uids.clone()));
            self.ready.push_back(Chunk {
                uids,
                items: Arc::clone(&self.sizes_only),
            });
        }
    }

    /// Queues the next contents, of the first window, if its sizes are known.
    fn ask_for_contents(&mut self, pace: &Pace) {
        let grown = CHUNKS.get(self.chunks).copied().unwrap_or(u64::MAX);
        let bytes = grown.min(pace.chunk()).min(self.most);
        let window = self.open.front_mut().filter(|window| window.is_known());
        let next = window.and_then(|window| window.take(bytes, self.max_size, self.direction));
        let Some((uids, form)) = next else {
            return;
        };
        self.chunks += 1;
        let content = Wanted::WHOLE.and(Wanted::TEXT);
        let rest = self.wanted.without(content);
        let items = match form {
            Form::Whole => rest.and(Wanted::WHOLE).items(),
            Form::Header => rest.and(Wanted::HEADER).and(Wanted::SIZE).items(),
            Form::Part(section) => rest.items_and(vec![
                Item::Section(format!("{section}.MIME")),
                Item::Section(section),
            ]),
        };
        self.push(&uids, &Arc::new(items));
    }

    /// Queues commands for these messages, in order.
    fn push(&mut self, uids: &UidSet, items: &Arc<Items>) {
        let mut chunks: Vec<UidSet> = uids.chunks(u64::MAX, SET).collect();
        if self.direction == Direction::Descending {
            chunks.reverse();
        }
        self.ready.extend(chunks.into_iter().map(|uids| Chunk {
            uids,
            items: Arc::clone(items),
        }));
    }

    fn window_of(&mut self, uids: &UidSet) -> Option<&mut Window> {
        let first = uids.first()?;
        self.open.iter_mut().find(|window| window.holds(first))
    }
}

impl Source for Schedule {
    fn depth(&self, pace: &Pace) -> usize {
        // What comes out of turn is held.
        let affordable = HELD / self.most.min(pace.chunk());
        let affordable = usize::try_from(affordable).unwrap_or(usize::MAX);
        match self.most {
            u64::MAX => pace.depth(),
            _ => pace.depth().min(affordable.max(USUAL)),
        }
    }

    fn next(&mut self, pace: &Pace) -> Option<Chunk> {
        if !self.wants_content() {
            let uids = self.next_window()?;
            let items = Arc::clone(&self.all_at_once);
            return Some(Chunk { uids, items });
        }
        // The last chunk of a window makes room for another window.
        while self.open.front().is_some_and(Window::is_empty) {
            self.open.pop_front();
        }
        self.open_windows();
        if self.ready.is_empty() {
            self.ask_for_contents(pace);
        }
        self.ready.pop_front()
    }

    fn admit(&mut self, chunk: &Chunk, mut message: Message) -> Option<Message> {
        let is_size = Arc::ptr_eq(&chunk.items, &self.sizes_only);
        if !is_size && !Arc::ptr_eq(&chunk.items, &self.structures_only) {
            // Some send nothing for what they cannot read (Apple's for one).
            if !self.empty.contains(message.uid) {
                message.drop_empty_body();
            }
            return Some(message);
        }
        if is_size && message.size == Some(0) {
            self.empty.insert(message.uid);
        }
        if let Some(window) = self.window_of(&chunk.uids) {
            if is_size {
                // Without a size it is taken for small, and the message counts.
                window.note_size(message.uid, message.size.unwrap_or(0));
            } else {
                window.note_structure(message.uid, message.structure.as_deref());
            }
        }
        None
    }

    fn ended(&mut self, chunk: &Chunk) {
        let wants_text_only = !self.wanted.contains(Wanted::WHOLE);
        let max_size = self.max_size;
        if Arc::ptr_eq(&chunk.items, &self.sizes_only) {
            let Some(window) = self.window_of(&chunk.uids) else {
                return;
            };
            let large = if wants_text_only {
                window.large(max_size)
            } else {
                UidSet::new()
            };
            window.wait_for(large.chunks(u64::MAX, SET).count());
            self.push(&large, &Arc::clone(&self.structures_only));
        } else if Arc::ptr_eq(&chunk.items, &self.structures_only)
            && let Some(window) = self.window_of(&chunk.uids)
        {
            window.one_has_come();
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
        while let Some(chunk) = schedule.next(&Pace::default()) {
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
            "51:60 (UID RFC822.SIZE)",
            "1:2 (UID BODY.PEEK[])",
            "3:12 (UID BODY.PEEK[])",
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
            "1:10 (UID RFC822.SIZE)",
            "59:60 (UID BODY.PEEK[])",
            "49:58 (UID BODY.PEEK[])",
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
        let sizes = schedule.next(&Pace::default()).unwrap();
        assert_eq!(text(Some(&sizes)), "1:3 (UID RFC822.SIZE)");
        assert_eq!(text(schedule.next(&Pace::default()).as_ref()), "nothing");
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
        let structures = schedule.next(&Pace::default()).unwrap();
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
        assert_eq!(
            text(schedule.next(&Pace::default()).as_ref()),
            "1 (UID BODY.PEEK[])"
        );
        assert_eq!(
            text(schedule.next(&Pace::default()).as_ref()),
            format!("2 (UID BODY.PEEK[1.MIME] BODY.PEEK[1] {field})")
        );
        assert_eq!(
            text(schedule.next(&Pace::default()).as_ref()),
            "3 (UID BODY.PEEK[])"
        );
        assert_eq!(text(schedule.next(&Pace::default()).as_ref()), "nothing");
    }

    #[test]
    fn nothing_is_asked_of_no_messages() {
        assert!(commands(&[], Wanted::WHOLE, None).is_empty());
        assert!(commands(&[], SUBJECT, None).is_empty());
    }
}
