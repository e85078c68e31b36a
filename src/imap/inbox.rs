//! What has been received and not yet been read: bytes in, responses out.
//!
//! One buffer that serves small responses as slices of itself. A large one
//! gets the whole buffer, so that a message of many megabytes is neither
//! copied nor does it leave a large buffer behind. Pure: the wire fills it.

use std::borrow::Cow;
use std::ops::Range;

use super::frame::{Framer, Limits, Progress};
use crate::error::Result;

/// The size of the buffer at rest.
const AT_REST: usize = 256 << 10;

/// A response as large as this is given away together with its buffer.
const LARGE: usize = AT_REST;

/// Room for more than is known to be missing: the end of the line, and what
/// follows it.
const ROOM: usize = 16 << 10;

/// Allocated at most, of what is announced, until as much has arrived; then as
/// much again as has arrived. What a server announces is not what it sends.
const AHEAD: usize = 1 << 20;

/// A complete response.
pub(super) struct Frame<'a> {
    /// Its bytes, from the first to the line's end.
    pub(super) bytes: Cow<'a, [u8]>,
}

impl Frame<'_> {
    /// A part of the response as a vector of its own: the buffer itself where
    /// the response owns one and the part is most of it.
    pub(super) fn carve(self, part: Range<usize>) -> Vec<u8> {
        match self.bytes {
            Cow::Owned(mut bytes) if part.len() >= bytes.len() / 2 => {
                bytes.truncate(part.end);
                bytes.drain(..part.start);
                bytes
            }
            bytes => bytes[part].to_vec(),
        }
    }
}

/// The received bytes.
pub(super) struct Inbox {
    /// All of it initialised; what counts is `start..end`.
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    /// Where the response found by [`Inbox::scan`] ends.
    found: Option<usize>,
    framer: Framer,
}

impl Inbox {
    pub(super) fn new(limits: Limits) -> Self {
        let bytes = vec![0; AT_REST];
        Self {
            bytes,
            start: 0,
            end: 0,
            found: None,
            framer: Framer::new(limits),
        }
    }

    /// True while nothing is left over, not even a part of a response.
    pub(super) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Takes out what has not been looked at: bytes behind the last response.
    pub(super) fn drain(&mut self) -> Vec<u8> {
        let rest = self.bytes[self.start..self.end].to_vec();
        (self.start, self.end) = (0, 0);
        rest
    }

    /// Looks for the end of the next response: `None` if it is complete, else
    /// how many more bytes it needs at least.
    ///
    /// # Errors
    /// The framer's: a limit is passed, and nothing after it can be read.
    pub(super) fn scan(&mut self) -> Result<Option<usize>> {
        if self.found.is_some() {
            return Ok(None);
        }
        match self.framer.advance(&self.bytes[self.start..self.end])? {
            Progress::Complete(length) => {
                self.framer.reset();
                self.found = Some(self.start + length);
                Ok(None)
            }
            Progress::NeedMore { at_least } => Ok(Some(at_least)),
        }
    }

    /// The response that [`Inbox::scan`] found, once.
    pub(super) fn take(&mut self) -> Option<Frame<'_>> {
        let (start, end) = (self.start, self.found.take()?);
        if end - start < LARGE {
            self.start = end;
            return Some(Frame {
                bytes: Cow::Borrowed(&self.bytes[start..end]),
            });
        }
        let rest = &self.bytes[end..self.end];
        let mut next = vec![0; AT_REST.max(rest.len())];
        next[..rest.len()].copy_from_slice(rest);
        let next_end = rest.len();
        let mut large = std::mem::replace(&mut self.bytes, next);
        (self.start, self.end) = (0, next_end);
        large.truncate(end);
        large.drain(..start);
        Some(Frame {
            bytes: Cow::Owned(large),
        })
    }

    /// Room for what comes next; `at_least` bytes are known to be missing.
    pub(super) fn room(&mut self, at_least: usize) -> &mut [u8] {
        let wanted = at_least.saturating_add(ROOM);
        let least = wanted.min(AT_REST);
        if self.bytes.len() - self.end < least && self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        if self.bytes.len() - self.end < least {
            let size = self.end + wanted.min(self.end.max(AHEAD));
            self.bytes.reserve_exact(size - self.bytes.len());
            self.bytes.resize(size, 0);
        }
        &mut self.bytes[self.end..]
    }

    /// Notes that the first `count` bytes of the room are filled.
    pub(super) fn filled(&mut self, count: usize) {
        self.end += count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds `input` in pieces and gives the responses, and the most allocated.
    fn responses(input: &[u8], piece: usize) -> (Vec<Vec<u8>>, usize) {
        let mut inbox = Inbox::new(Limits::default());
        let (mut found, mut most, mut rest) = (Vec::new(), 0, input);
        loop {
            match inbox.scan().expect("within the limits") {
                None => found.extend(inbox.take().map(|frame| frame.bytes.into_owned())),
                Some(_) if rest.is_empty() => break,
                Some(at_least) => {
                    let room = inbox.room(at_least);
                    let count = room.len().min(piece).min(rest.len());
                    room[..count].copy_from_slice(&rest[..count]);
                    inbox.filled(count);
                    rest = &rest[count..];
                    most = most.max(inbox.bytes.capacity());
                }
            }
        }
        assert!(inbox.is_empty());
        (found, most)
    }

    fn message(size: usize) -> Vec<u8> {
        let body: Vec<u8> = (0..size).map(|i| b'a' + (i % 23) as u8).collect();
        [
            format!("* 1 FETCH (UID 1 BODY[] {{{size}}}\r\n").as_bytes(),
            &body,
            b")\r\n",
        ]
        .concat()
    }

    #[test]
    fn responses_of_all_sizes_come_out_whole_however_they_came_in() {
        let sizes = [
            0,
            1,
            100,
            50_000,
            100_000,
            AT_REST - 40,
            AT_REST,
            3_000_000,
            7,
            400_000,
            9,
        ];
        let all: Vec<Vec<u8>> = sizes.into_iter().map(message).collect();
        for piece in [7_001, 16 << 10, 1 << 20, usize::MAX] {
            assert!(
                responses(&all.concat(), piece).0 == all,
                "pieces of {piece}"
            );
        }
    }

    #[test]
    fn a_large_message_takes_little_more_than_its_size() {
        let input = message(40_000_000);
        let (found, most) = responses(&input, 64 << 10);
        assert!(
            most <= input.len() + ROOM,
            "{most} bytes for {}",
            input.len()
        );
        assert_eq!(found, [input]);
    }

    #[test]
    fn an_announced_literal_is_not_allocated_before_it_comes() {
        let mut inbox = Inbox::new(Limits::default());
        let head = b"* 1 FETCH (BODY[] {900000000}\r\n";
        inbox.room(1)[..head.len()].copy_from_slice(head);
        inbox.filled(head.len());
        let at_least = inbox.scan().expect("allowed").expect("more to come");
        inbox.room(at_least);
        assert!(inbox.bytes.capacity() <= head.len() + AHEAD);
    }

    #[test]
    fn the_message_is_carved_out_of_its_response() {
        let input = message(1_000_000);
        let start = input.len() - 3 - 1_000_000;
        let frame = Frame {
            bytes: Cow::Owned(input.clone()),
        };
        assert!(frame.carve(start..start + 1_000_000) == input[start..start + 1_000_000]);
        let frame = Frame {
            bytes: Cow::Borrowed(b"* 1 FETCH (X)"),
        };
        assert_eq!(frame.carve(2..3), b"1");
    }
}
