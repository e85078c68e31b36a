//! Settings of the host's connection with which an ingest writes faster, and the
//! host's own ones afterwards.
//!
//! RSSD's keys are hashes, so every batch touches pages all over its indexes. By
//! default SQLite keeps 2 MB of pages and so reads and writes the same ones over
//! and over; and it copies the write-ahead log into the database after each
//! commit of 4 MB or more, and waits for the disk. With more of them in memory,
//! and a log that may grow first, a page that changes several times is written
//! once (docs/benchmarks.md).

use super::database::Database;
use super::device::text;
use super::options::Layout;
use crate::sqlite::Field;

/// KiB of pages that are kept in memory, or what the host allows if that is more.
const CACHE: i64 = 16 << 10;

/// Bytes that the log may grow to, or what the host allows if that is more.
const LOG: i64 = 64 << 20;

/// The settings, until they are restored.
pub struct Tuning {
    database: Database,
    /// The pragmas that restore the host's.
    before: Vec<String>,
}

impl Tuning {
    /// Changes what is smaller, where SQLite says what it is. The surveilr layout
    /// writes mostly content, which a larger cache is no help with.
    pub fn begin(database: &Database, layout: Layout) -> Self {
        let mut tuning = Self {
            database: database.clone(),
            before: Vec::new(),
        };
        let pages = ["PRAGMA main.page_size", "PRAGMA \"main\".page_size"];
        let [Some(page), Some(of_main)] = pages.map(|pragma| number(database, pragma)) else {
            return tuning;
        };
        if layout == Layout::Compact {
            tuning.keep_more(page);
        }
        // The logs of all databases have one setting.
        tuning.copy_later(page.max(of_main).max(512));
        tuning
    }

    /// Gives the host its settings back; the next commit keeps to them.
    pub fn restore(&mut self) {
        for pragma in std::mem::take(&mut self.before) {
            // While the host interrupts this is refused, and takes effect: these
            // pragmas do when the parser comes to their semicolon, and it looks
            // for an interrupt at white space and at the end only.
            self.database.execute(&pragma).ok();
        }
    }

    fn keep_more(&mut self, page: i64) {
        let Some(before) = number(&self.database, "PRAGMA main.cache_size") else {
            return;
        };
        // A number below zero counts KiB, another one pages.
        let kept = match before {
            ..0 => before.saturating_neg(),
            _ => before.saturating_mul(page) / 1024,
        };
        if kept < CACHE {
            let schema = self.database.quoted();
            self.set(&format!("{schema}.cache_size"), before, -CACHE);
        }
    }

    fn copy_later(&mut self, page: i64) {
        let mode = text(&self.database, "PRAGMA main.journal_mode", &[]);
        if !mode.is_ok_and(|mode| mode.as_deref() == Some("wal")) {
            return;
        }
        let pages = LOG / page;
        // Nothing is changed of a host that copies the log by rules of its own.
        match number(&self.database, "PRAGMA wal_autocheckpoint") {
            Some(before) if (1..pages).contains(&before) => {
                self.set("\"wal_autocheckpoint\"", before, pages);
            }
            _ => {}
        }
    }

    fn set(&mut self, name: &str, before: i64, now: i64) {
        let pragma = |value| format!("PRAGMA{name}={value};");
        if self.database.execute(&pragma(now)).is_ok() {
            self.before.push(pragma(before));
        }
    }
}

impl Drop for Tuning {
    fn drop(&mut self) {
        self.restore();
    }
}

/// What a pragma says, if it says a number.
fn number(database: &Database, pragma: &str) -> Option<i64> {
    let mut statement = database.prepare(pragma).ok()?;
    match (statement.step(), statement.column(0)) {
        (Ok(true), Ok(Field::Integer(number))) => Some(number),
        _ => None,
    }
}
