//! What was said to servers: the commands of one SQLite connection, the last
//! ten thousand of them.
//!
//! Sessions write it as they send, `imap_log` reads it. It never holds what
//! LOGIN and AUTHENTICATE were given, and its memory is bounded.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

/// Commands kept at most.
const ENTRIES: usize = 10_000;

/// Bytes of all commands' and results' text kept at most.
const TEXT: usize = 4 << 20;

/// One command and what came of it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Counts the commands of the connection, from 1.
    pub number: u64,
    /// When it was sent.
    pub at: SystemTime,
    /// The server, as an endpoint is written.
    pub server: String,
    /// The user who is signed in, or about to.
    pub user: String,
    /// The command without its tag, one line; LOGIN and AUTHENTICATE alone.
    pub command: String,
    /// Bytes sent, tag and line ends included; `None` for LOGIN and
    /// AUTHENTICATE, whose length would tell that of the secret.
    pub bytes_out: Option<u64>,
    /// Bytes received from its sending, or from the end of the one before it
    /// where that is later, to its end.
    pub bytes_in: u64,
    /// How long it took; `None` while it is under way, or was given up.
    pub took: Option<Duration>,
    /// The server's words, or the error that ended it.
    pub result: Option<String>,
}

/// The commands; shared by all sessions of one SQLite connection.
#[derive(Default)]
pub struct Log(Mutex<Ring>);

#[derive(Default)]
struct Ring {
    entries: VecDeque<Entry>,
    count: u64,
    text: usize,
}

impl Log {
    /// The commands kept, oldest first.
    pub fn entries(&self) -> Vec<Entry> {
        self.ring().entries.iter().cloned().collect()
    }

    /// Adds a command; gives its number, whatever it had.
    pub(super) fn add(&self, entry: Entry) -> u64 {
        let mut ring = self.ring();
        ring.count += 1;
        ring.text += entry.command.len();
        let number = ring.count;
        ring.entries.push_back(Entry { number, ..entry });
        ring.shrink();
        number
    }

    /// Adds to a command that goes on, if it is still kept.
    pub(super) fn extend(&self, number: u64, text: &str, bytes: u64) {
        let mut ring = self.ring();
        if let Some(entry) = ring.entries.iter_mut().rev().find(|e| e.number == number) {
            entry.command.push_str(text);
            entry.bytes_out = entry.bytes_out.map(|sent| sent + bytes);
            ring.text += text.len();
            ring.shrink();
        }
    }

    /// Says how a command ended, if it is still kept.
    pub(super) fn finish(&self, number: u64, took: Duration, bytes_in: u64, result: &str) {
        let mut ring = self.ring();
        let entry = ring.entries.iter_mut().rev().find(|e| e.number == number);
        if let Some(entry) = entry {
            entry.took = Some(took);
            entry.bytes_in = bytes_in;
            entry.result = Some(result.to_owned());
            ring.text += result.len();
            ring.shrink();
        }
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ring {
    fn shrink(&mut self) {
        while self.entries.len() > ENTRIES || self.text > TEXT {
            let Some(oldest) = self.entries.pop_front() else {
                return;
            };
            self.text -= oldest.command.len() + oldest.result.map_or(0, |result| result.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(command: &str) -> Entry {
        Entry {
            number: 0,
            at: SystemTime::UNIX_EPOCH,
            server: "imaps://mail.example.org:993".into(),
            user: "ada".into(),
            command: command.into(),
            bytes_out: Some(1),
            bytes_in: 0,
            took: None,
            result: None,
        }
    }

    #[test]
    fn the_last_ten_thousand_are_kept() {
        let log = Log::default();
        for _ in 0..ENTRIES + 5 {
            log.add(entry("NOOP"));
        }
        let entries = log.entries();
        assert_eq!((entries.len(), entries[0].number), (ENTRIES, 6));
        // One that has gone can still end.
        log.finish(1, Duration::ZERO, 0, "OK");
    }

    #[test]
    fn memory_is_bounded_whatever_is_said() {
        let log = Log::default();
        for _ in 0..100 {
            let number = log.add(entry(&"x".repeat(100_000)));
            log.finish(number, Duration::ZERO, 0, &"y".repeat(100_000));
        }
        let entries = log.entries();
        assert_eq!(entries.len(), 20);
        assert_eq!(log.ring().text, 20 * 200_000);
    }
}
