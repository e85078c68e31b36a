//! What a run did, as `imap_ingest()` returns it and the session keeps it.

use std::collections::HashMap;
use std::time::Instant;

use serde_json::{Value, json};

use crate::error::Error;

/// The counts of one folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Messages the folder holds.
    pub found: u64,
    /// Messages downloaded.
    pub fetched: u64,
    /// Of these, new in the database.
    pub inserted: u64,
    /// Of these, in the database already, from elsewhere.
    pub already_there: u64,
    /// Messages that the server found and the filters do not mean.
    pub filtered: u64,
    /// Messages whose flags have changed.
    pub updated: u64,
    /// Messages that are no longer where they were.
    pub vanished: u64,
    /// Attachments written.
    pub attachments: u64,
    /// Messages deleted from the server.
    pub deleted: u64,
    /// Messages that this run could not ingest.
    pub failed: u64,
    /// Messages not ingested, by this run or those before it: see
    /// `imap_sync_problem`.
    pub problems: u64,
    /// Bytes of the messages downloaded.
    pub bytes: u64,
}

impl Counts {
    /// Adds what a batch or a folder did.
    pub fn add(&mut self, other: &Self) {
        self.found += other.found;
        self.fetched += other.fetched;
        self.inserted += other.inserted;
        self.already_there += other.already_there;
        self.filtered += other.filtered;
        self.updated += other.updated;
        self.vanished += other.vanished;
        self.attachments += other.attachments;
        self.deleted += other.deleted;
        self.failed += other.failed;
        self.problems += other.problems;
        self.bytes += other.bytes;
    }

    fn to_json(self, seconds: f64) -> Value {
        json!({
            "found": self.found,
            "fetched": self.fetched,
            "inserted": self.inserted,
            "already_there": self.already_there,
            "filtered": self.filtered,
            "updated": self.updated,
            "vanished": self.vanished,
            "attachments": self.attachments,
            "deleted": self.deleted,
            "failed": self.failed,
            "problems": self.problems,
            "bytes": self.bytes,
            "seconds": (seconds * 1000.0).round() / 1000.0,
        })
    }
}

/// The counts of a run, folder by folder.
#[derive(Clone)]
pub struct Summary {
    session_id: String,
    begun: Instant,
    folders: Vec<(String, Counts, f64)>,
    folder_begun: Instant,
}

impl Summary {
    /// The summary of a run that begins.
    pub fn begin(session_id: &str) -> Self {
        let now = Instant::now();
        let session_id = session_id.to_owned();
        Self {
            session_id,
            begun: now,
            folders: Vec::new(),
            folder_begun: now,
        }
    }

    /// Goes on to a folder, which holds so many messages; one that was read
    /// before, as a watch does, goes on with its counts.
    pub fn folder(&mut self, name: &str, found: u64) {
        self.folder_begun = Instant::now();
        if let Some(index) = self.folders.iter().position(|(known, ..)| known == name) {
            let mut again = self.folders.remove(index);
            again.1.found = found;
            self.folders.push(again);
            return;
        }
        self.folders.push((
            name.to_owned(),
            Counts {
                found,
                ..Counts::default()
            },
            0.0,
        ));
    }

    /// Adds what was done in the current folder.
    pub fn add(&mut self, counts: &Counts) {
        if let Some((_, total, seconds)) = self.folders.last_mut() {
            total.add(counts);
            *seconds += self.folder_begun.elapsed().as_secs_f64();
            self.folder_begun = Instant::now();
        }
    }

    /// Notes how many messages are not ingested, by the name of their folder.
    pub fn note_problems(&mut self, problems: &HashMap<String, u64>) {
        for (name, counts, _) in &mut self.folders {
            counts.problems = problems.get(name).copied().unwrap_or(0);
        }
    }

    /// Messages downloaded so far.
    pub fn fetched(&self) -> u64 {
        let counts = self.folders.iter().map(|(_, counts, _)| counts.fetched);
        counts.sum()
    }

    /// The summary as JSON on one line, with the error that ended the run.
    pub fn to_json(&self, error: Option<&Error>) -> String {
        let mut all = Counts::default();
        self.folders
            .iter()
            .for_each(|(_, counts, _)| all.add(counts));
        let folders: Vec<Value> = self
            .folders
            .iter()
            .map(|(name, counts, seconds)| {
                let mut folder = json!({ "folder_name": name });
                merge(&mut folder, counts.to_json(*seconds));
                folder
            })
            .collect();
        let mut summary = json!({ "ingest_session_id": self.session_id });
        merge(
            &mut summary,
            all.to_json(self.begun.elapsed().as_secs_f64()),
        );
        merge(&mut summary, json!({ "folders": folders }));
        if let Some(error) = error {
            merge(&mut summary, json!({ "error": error.to_string() }));
        }
        summary.to_string()
    }
}

fn merge(into: &mut Value, from: Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_one_line_with_totals_and_folders() {
        let mut summary = Summary::begin("s");
        summary.folder("INBOX", 3);
        summary.add(&Counts {
            fetched: 2,
            inserted: 1,
            already_there: 1,
            bytes: 9,
            ..Counts::default()
        });
        summary.folder("Sent\n", 0);
        let json = summary.to_json(Some(&Error::network("gone")));
        assert!(!json.contains('\n'));
        let json: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["found"], 3);
        assert_eq!(json["folders"][0]["inserted"], 1);
        assert_eq!(json["folders"][1]["folder_name"], "Sent\n");
        assert_eq!(json["error"], "imap: gone");
    }
}
