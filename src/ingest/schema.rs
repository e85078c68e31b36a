//! Creates what a database lacks: RSSD tables, views and our own sync state.
//!
//! What is there is never touched, whichever generation of RSSD made it:
//! [`super::insert`] suits itself to its columns.

use super::database::Database;
use super::insert::table_columns;
use crate::error::{Kind, Result, quote};
use crate::sqlite::Field;

/// A table or view and the script that creates it, with its indexes.
macro_rules! scripts {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_str!(concat!("../../sql/rssd/", $name, ".sql")))),+]
    };
}

const TABLES_AND_VIEWS: [(&str, &str); 19] = scripts![
    "device",
    "behavior",
    "ur_ingest_session",
    "ur_ingest_session_fs_path",
    "ur_ingest_session_imap_account",
    "ur_ingest_session_imap_acct_folder",
    "ur_ingest_session_imap_acct_folder_message",
    "uniform_resource",
    "uniform_resource_transform",
    "uniform_resource_graph",
    "uniform_resource_edge",
    "ur_ingest_session_attachment",
    "imap_sync_format",
    "imap_sync_account",
    "imap_sync_folder",
    "imap_sync_message",
    "imap_sync_selection",
    "imap_sync_problem",
    "imap_graph",
];

/// They read [`MESSAGE_OF_RESOURCE`], which the two oldest generations lack.
const NEWER_VIEWS: [(&str, &str); 2] =
    scripts!["uniform_resource_imap", "uniform_resource_imap_content"];

/// The version of the `imap_sync_*` tables that is written and understood here,
/// as the script of `imap_sync_format` has it.
const FORMAT: i64 = 1;

/// Creates what is missing; to be called within a transaction.
///
/// # Errors
/// `Host` where SQLite refuses, for example in a read-only database;
/// `Unsupported` where a later version of this library has written.
pub fn create_missing(connection: &Database) -> Result<()> {
    let existing = names(connection)?;
    if existing.iter().any(|known| known == "imap_sync_format") {
        check_format(connection)?;
    }
    let missing = |(name, _): &&(&str, &str)| !existing.iter().any(|known| known == name);
    for (_, script) in TABLES_AND_VIEWS.iter().filter(missing) {
        connection.create(script)?;
    }
    if table_columns(connection, "uniform_resource")?
        .iter()
        .any(|name| name == MESSAGE_OF_RESOURCE)
    {
        for (_, script) in NEWER_VIEWS.iter().filter(missing) {
            connection.create(script)?;
        }
    }
    Ok(())
}

fn check_format(connection: &Database) -> Result<()> {
    let mut statement = connection.prepare("SELECT max(version) FROM main.imap_sync_format")?;
    if statement.step()?
        && let Field::Integer(version) = statement.column(0)?
        && version > FORMAT
    {
        let schema = quote(connection.schema());
        return Err(Kind::Unsupported(format!(
            "cannot ingest into '{schema}': its imap_sync tables have format {version}, and \
             this library knows format {FORMAT}; use the later sqlite-imap that wrote them"
        ))
        .into());
    }
    Ok(())
}

/// The column by which a resource refers to its message, from gen C on. Before,
/// the message refers to its resource, and must be written after it.
pub const MESSAGE_OF_RESOURCE: &str = "ingest_session_imap_acct_folder_message";

/// The tables and views of the database.
fn names(connection: &Database) -> Result<Vec<String>> {
    let mut names = Vec::new();
    let mut statement = connection
        .prepare("SELECT name FROM main.sqlite_schema WHERE type IN ('table', 'view')")?;
    while statement.step()? {
        if let Field::Text(name) = statement.column(0)? {
            names.push(name.to_ascii_lowercase());
        }
    }
    Ok(names)
}
