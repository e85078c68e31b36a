//! How often SQLite copies the write-ahead log into the database while an
//! ingest writes.
//!
//! RSSD's keys are hashes, so every batch touches pages all over its indexes. By
//! default SQLite copies them after each commit of 4 MB or more, and waits for the
//! disk; when the log may grow first, a page that was written several times is
//! copied once.

use super::database::Database;
use super::device::text;
use crate::sqlite::{Connection, Field};

/// Bytes that the log may grow to, or what the host allows if that is more.
const LOG: i64 = 64 << 20;

/// The connection's own setting, until it is restored.
pub struct Checkpoints {
    connection: Connection,
    /// Pages of the log that the host would have copied; `None` where nothing was
    /// changed.
    before: Option<i64>,
}

impl Checkpoints {
    /// Makes them fewer, where the database has such a log and the host copies it
    /// by its size; else, and where SQLite cannot say, nothing is changed.
    pub fn far_between(database: &Database) -> Self {
        let mut checkpoints = Self {
            connection: (**database).clone(),
            before: None,
        };
        let mode = text(database, "PRAGMA main.journal_mode", &[]);
        if mode.is_ok_and(|mode| mode.as_deref() == Some("wal"))
            && let Some(page) = number(database, "PRAGMA main.page_size")
            && let Some(pages) = number(database, "PRAGMA wal_autocheckpoint")
            && (1..LOG / page.max(1)).contains(&pages)
            && checkpoints.set(LOG / page.max(1))
        {
            checkpoints.before = Some(pages);
        }
        checkpoints
    }

    /// Gives the host its setting back; the next commit keeps to it.
    pub fn restore(&mut self) {
        if let Some(pages) = self.before.take() {
            self.set(pages);
        }
    }

    fn set(&self, pages: i64) -> bool {
        let sql = format!("PRAGMA wal_autocheckpoint = {pages}");
        self.connection.execute(&sql).is_ok()
    }
}

impl Drop for Checkpoints {
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
