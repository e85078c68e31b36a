//! Keeps full-text search in step, where the user has installed it by
//! `sql/views/email_search.sql`.
//!
//! Triggers there note which messages are to be read; a view there gives their
//! words. What is left to do, in the transaction that writes the messages, is to
//! have them written down. It knows no more of it than the names.

use super::database::Database;
use super::transaction::is_refusal;
use crate::error::{Error, Kind, Result, quote};
use crate::sqlite::{Bind, Field, code};

/// Reads what is noted; a trigger then takes the note away.
const READ: &str = "INSERT INTO main.email_text SELECT * FROM main.email_text_pending";

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
    let filled = match connection.prepare(READ).and_then(|mut read| read.run()) {
        Err(error) if is_refusal(&error) => one_by_one(connection),
        filled => filled,
    };
    filled.map_err(explain)
}

/// Reads each message by itself. Of one that is refused (its text is longer than
/// a value may be) the index gets what the tables hold of its header, and the
/// refusal is kept; it is read again when the index is made anew.
fn one_by_one(connection: &Database) -> Result<()> {
    let noted = noted(connection)?;
    connection.execute("DELETE FROM main.email_text_queue")?;
    let mut note = connection.prepare("INSERT INTO main.email_text_queue VALUES (?)")?;
    let mut read = connection.prepare(READ)?;
    let mut read_header = connection.prepare(
        "INSERT INTO main.email_text (email_id, subject, \"from\")
         SELECT email_id, subject, \"from\" FROM main.email WHERE email_id = ?",
    )?;
    let mut keep = connection.prepare(
        "INSERT OR REPLACE INTO main.email_text_problem (email_id, problem) VALUES (?, ?)",
    )?;
    for id in &noted {
        note.run_with(&[Bind::Text(id)])?;
        // A statement that fails leaves nothing behind, so no savepoint is needed,
        // which a statement around ours might forbid.
        match read.run() {
            Err(error) if is_refusal(&error) => {
                read_header.run_with(&[Bind::Text(id)])?;
                let problem = quote(&error.to_string());
                keep.run_with(&[Bind::Text(id), Bind::Text(&problem)])?;
            }
            read => read?,
        }
    }
    Ok(())
}

/// The messages that are noted.
fn noted(connection: &Database) -> Result<Vec<String>> {
    let mut queue = connection.prepare("SELECT email_id FROM main.email_text_queue")?;
    let mut noted = Vec::new();
    while queue.step()? {
        if let Field::Text(id) = queue.column(0)? {
            noted.push(id.to_owned());
        }
    }
    Ok(noted)
}

/// Says what to do about an index that is damaged or gone in part, or was made
/// before there was all of it.
fn explain(error: Error) -> Error {
    match error.kind() {
        Kind::Host {
            code: code @ (code::ERROR | code::CORRUPT_VTAB),
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
