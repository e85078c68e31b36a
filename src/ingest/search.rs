//! Keeps full-text search in step, where the user has installed it by
//! `sql/views/email_search.sql`.
//!
//! Triggers there note which messages are to be read; a view there gives their
//! words. What is left to do, in the transaction that writes the messages, is to
//! have them written down. It knows no more of it than the names.

use super::database::Database;
use crate::error::{Error, Kind, Result};

/// Reads the messages that are noted, whoever wrote them; nothing where search is
/// not installed. A host without FTS5 leaves them to the next ingest by one that
/// has it.
///
/// # Errors
/// `Host` where SQLite refuses, with what to do about it.
pub fn fill(connection: &Database) -> Result<()> {
    let mut installed = connection.prepare(
        "SELECT 1 FROM main.sqlite_schema
          WHERE type = 'view' AND name = 'email_text_pending'
            AND EXISTS (SELECT 1 FROM pragma_module_list WHERE name = 'fts5')",
    )?;
    if !installed.step()? {
        return Ok(());
    }
    installed.reset();
    connection
        .prepare("INSERT INTO main.email_text SELECT * FROM main.email_text_pending")
        .and_then(|mut statement| statement.run())
        .map_err(explain)
}

/// Says what to do about an index that is damaged or gone in part.
fn explain(error: Error) -> Error {
    match error.kind() {
        Kind::Host {
            code: code @ (ERROR | CORRUPT_VTAB),
            text,
        } => Kind::Host {
            code: *code,
            text: format!(
                "cannot fill the full-text index email_search: {text}; read \
                 sql/views/email_search.sql again, which makes it anew"
            ),
        }
        .into(),
        _ => error,
    }
}

/// `SQLITE_ERROR`.
const ERROR: i32 = 1;
/// `SQLITE_CORRUPT_VTAB`: what FTS5 says of its own tables.
const CORRUPT_VTAB: i32 = 267;
