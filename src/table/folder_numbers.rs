//! What one SQLite connection has seen of folders: numbers, for rowids, and how
//! many messages they hold, for the cost of a plan.
//!
//! SQLite merges the plans of an OR by rowid, so a rowid must be unique over
//! folders, users and servers, and stable while the connection lives.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::imap::Endpoint;

/// Gives each folder of each account a number of its own.
#[derive(Default)]
pub struct FolderNumbers {
    numbers: Mutex<HashMap<(Endpoint, String, String), i64>>,
    most_messages: AtomicU32,
}

/// What a folder is taken to hold as long as none has been seen.
const MESSAGES: u32 = 10_000;

impl FolderNumbers {
    /// Notes how many messages a folder holds.
    pub fn note_messages(&self, messages: u32) {
        self.most_messages.fetch_max(messages, Ordering::Relaxed);
    }

    /// How many messages a plan is to expect: as many as the largest folder
    /// seen.
    pub fn expected_messages(&self) -> u32 {
        match self.most_messages.load(Ordering::Relaxed) {
            0 => MESSAGES,
            seen => seen,
        }
    }

    /// The folder's number, the same each time.
    pub fn number(&self, endpoint: &Endpoint, user: &str, folder: &str) -> i64 {
        let mut numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        // 2^31 folders are out of reach of one connection, so that the sign
        // bit of the rowid stays clear.
        let next = i64::try_from(numbers.len()).unwrap_or(i64::MAX);
        *numbers
            .entry((endpoint.clone(), user.to_owned(), folder.to_owned()))
            .or_insert(next)
    }
}

/// The rowid of message `uid` in the folder of this number.
pub fn rowid(folder: i64, uid: u32) -> i64 {
    folder << 32 | i64::from(uid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rowids_are_unique_over_accounts_and_stable() {
        let numbers = FolderNumbers::default();
        let (a, b) = (
            Endpoint::parse("a.example").unwrap(),
            Endpoint::parse("b.example").unwrap(),
        );
        let first = numbers.number(&a, "ada", "INBOX");
        let others = [
            numbers.number(&b, "ada", "INBOX"),
            numbers.number(&a, "bob", "INBOX"),
            numbers.number(&a, "ada", "Sent"),
        ];
        assert!(!others.contains(&first));
        assert_eq!(numbers.number(&a, "ada", "INBOX"), first);
        assert_ne!(rowid(first, u32::MAX), rowid(others[0], u32::MAX));
        assert!(rowid(others[2], u32::MAX) > 0);
    }

    #[test]
    fn plans_expect_the_largest_folder_seen() {
        let numbers = FolderNumbers::default();
        assert_eq!(numbers.expected_messages(), MESSAGES);
        numbers.note_messages(7);
        numbers.note_messages(3);
        assert_eq!(numbers.expected_messages(), 7);
    }
}
