//! Numbers for the folders that one SQLite connection has seen, for rowids.
//!
//! SQLite merges the plans of an OR by rowid, so a rowid must be unique over
//! folders, users and servers, and stable while the connection lives.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::imap::Endpoint;

/// Gives each folder of each account a number of its own.
#[derive(Default)]
pub struct FolderNumbers(Mutex<HashMap<(Endpoint, String, String), i64>>);

impl FolderNumbers {
    /// The folder's number, the same each time.
    pub fn number(&self, endpoint: &Endpoint, user: &str, folder: &str) -> i64 {
        let mut numbers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
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
}
