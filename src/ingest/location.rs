//! Writes where a message lies, or why it is not ingested.

use super::state::{FolderState, Trouble};
use crate::error::Result;
use crate::sqlite::{Bind, Connection, Statement};

/// The prepared statements of one run.
pub struct Locations {
    found: Statement,
    failed: Statement,
    solved: Statement,
}

/// What is known of a message where it lies.
pub struct Location<'a> {
    /// Its UID.
    pub uid: u32,
    /// The id of its RSSD message row.
    pub message_row: &'a str,
    /// INTERNALDATE, ISO 8601.
    pub internal_date: Option<String>,
    /// Its flags, a JSON array.
    pub flags: String,
}

impl Locations {
    /// Prepares the statements, once the tables are there.
    ///
    /// # Errors
    /// `Host` where SQLite refuses.
    pub fn open(connection: &Connection) -> Result<Self> {
        Ok(Self {
            found: connection.prepare(
                "INSERT INTO main.imap_sync_message
                   (imap_sync_folder_id, uidvalidity, uid, message_row_id, ingest_session_id,
                    internal_date, flags)
                 VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            )?,
            failed: connection.prepare(
                "INSERT INTO main.imap_sync_problem
                   (imap_sync_folder_id, uidvalidity, uid, problem, detail, size, ingest_session_id)
                 VALUES (?, ?, ?, ?, ?, ?, ?)
                 ON CONFLICT (imap_sync_folder_id, uidvalidity, uid) DO UPDATE
                   SET problem = excluded.problem, detail = excluded.detail, size = excluded.size,
                       ingest_session_id = excluded.ingest_session_id
                 WHERE (problem, detail) <> (excluded.problem, excluded.detail)",
            )?,
            solved: connection.prepare(
                "DELETE FROM main.imap_sync_problem
                  WHERE imap_sync_folder_id = ?1 AND uidvalidity = ?2 AND uid = ?3",
            )?,
        })
    }

    /// Notes that a message is ingested; a problem it had is solved.
    ///
    /// # Errors
    /// `Host` where SQLite refuses.
    pub fn found(
        &mut self,
        folder: &FolderState,
        session_id: &str,
        location: &Location<'_>,
    ) -> Result<()> {
        self.solved(folder, location.uid)?;
        self.found.run_with(&[
            Bind::Text(&folder.id),
            Bind::Integer(folder.uidvalidity.into()),
            Bind::Integer(location.uid.into()),
            Bind::Text(location.message_row),
            Bind::Text(session_id),
            location
                .internal_date
                .as_deref()
                .map_or(Bind::Null, Bind::Text),
            Bind::Text(&location.flags),
        ])
    }

    /// Notes that a message is not ingested.
    ///
    /// # Errors
    /// `Host` where SQLite refuses.
    pub fn failed(
        &mut self,
        folder: &FolderState,
        session_id: &str,
        failure: &Failure,
    ) -> Result<()> {
        let size = failure.size.and_then(|size| i64::try_from(size).ok());
        self.failed.run_with(&[
            Bind::Text(&folder.id),
            Bind::Integer(folder.uidvalidity.into()),
            Bind::Integer(failure.uid.into()),
            Bind::Text(failure.trouble.word()),
            Bind::Text(&failure.detail),
            size.map_or(Bind::Null, Bind::Integer),
            Bind::Text(session_id),
        ])
    }

    /// Forgets the problem of a message, for example since it has gone.
    ///
    /// # Errors
    /// `Host` where SQLite refuses.
    pub fn solved(&mut self, folder: &FolderState, uid: u32) -> Result<()> {
        let validity = Bind::Integer(folder.uidvalidity.into());
        self.solved
            .run_with(&[Bind::Text(&folder.id), validity, Bind::Integer(uid.into())])
    }
}

/// Why a message is not ingested.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Its UID.
    pub uid: u32,
    /// In one word.
    pub trouble: Trouble,
    /// In a sentence.
    pub detail: String,
    /// Its size in bytes, where the server told.
    pub size: Option<u64>,
}
