//! Writes where a message lies, or why it is not ingested.

use super::clock;
use super::database::Database;
use super::insert::table_columns;
use super::state::{FolderState, Trouble};
use super::status::status;
use crate::error::Result;
use crate::sqlite::{Bind, Statement};
use serde_json::Value;

/// The prepared statements of one run.
pub struct Locations {
    connection: Database,
    found: Statement,
    reflagged: Statement,
    restated: Option<Statement>,
    vanished: Statement,
    outdated: Statement,
    failed: Statement,
    solved: Statement,
    any_problem: Statement,
    /// Whether there are any problems, once it matters.
    has_problems: Option<bool>,
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
    pub fn open(connection: &Database) -> Result<Self> {
        Ok(Self {
            connection: connection.clone(),
            found: connection.prepare(
                "INSERT INTO main.imap_sync_message
                   (imap_sync_folder_id, uidvalidity, uid, message_row_id, ingest_session_id,
                    internal_date, flags)
                 VALUES (?, ?, ?, ?, ?, ?, ?)
                 ON CONFLICT DO UPDATE
                   SET message_row_id = excluded.message_row_id, vanished_at = NULL,
                       internal_date = excluded.internal_date
                 WHERE message_row_id <> excluded.message_row_id OR vanished_at IS NOT NULL",
            )?,
            reflagged: connection.prepare(
                "UPDATE main.imap_sync_message SET flags = ?4
                  WHERE imap_sync_folder_id = ?1 AND uidvalidity = ?2 AND uid = ?3
                    AND flags IS NOT ?4",
            )?,
            restated: restated(connection)?,
            vanished: connection.prepare(
                "UPDATE main.imap_sync_message SET vanished_at = ?4
                  WHERE imap_sync_folder_id = ?1 AND uidvalidity = ?2 AND uid = ?3
                    AND vanished_at IS NULL",
            )?,
            outdated: connection.prepare(
                "UPDATE main.imap_sync_message SET vanished_at = ?3
                  WHERE imap_sync_folder_id = ?1 AND uidvalidity <> ?2 AND vanished_at IS NULL",
            )?,
            failed: connection.prepare(
                "INSERT INTO main.imap_sync_problem
                   (imap_sync_folder_id, uidvalidity, uid, problem, detail, size,
                    ingest_session_id, selection, raw, attempts)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1)
                 ON CONFLICT (imap_sync_folder_id, uidvalidity, uid) DO UPDATE
                   SET problem = excluded.problem, detail = excluded.detail, size = excluded.size,
                       ingest_session_id = excluded.ingest_session_id,
                       selection = excluded.selection, raw = coalesce(excluded.raw, raw),
                       attempts = attempts + 1",
            )?,
            solved: connection.prepare(
                "DELETE FROM main.imap_sync_problem
                  WHERE imap_sync_folder_id = ?1 AND uidvalidity = ?2 AND uid = ?3",
            )?,
            any_problem: connection.prepare("SELECT 1 FROM main.imap_sync_problem LIMIT 1")?,
            has_problems: None,
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
        self.has_problems = Some(true);
        let size = failure.size.and_then(|size| i64::try_from(size).ok());
        self.failed.run_with(&[
            Bind::Text(&folder.id),
            Bind::Integer(folder.uidvalidity.into()),
            Bind::Integer(failure.uid.into()),
            Bind::Text(failure.trouble.word()),
            Bind::Text(&failure.detail),
            size.map_or(Bind::Null, Bind::Integer),
            Bind::Text(session_id),
            Bind::Text(folder.filtered.as_ref().map_or("", |of| of.name.as_str())),
            failure.raw.as_deref().map_or(Bind::Null, Bind::Blob),
        ])
    }

    /// Notes the flags of a message that is ingested, and brings its status up
    /// to date; true where they are news.
    ///
    /// # Errors
    /// `Host` where SQLite refuses.
    pub fn reflag(&mut self, folder: &FolderState, uid: u32, flags: &[String]) -> Result<bool> {
        let json = Value::from(flags).to_string();
        let validity = Bind::Integer(folder.uidvalidity.into());
        let at = [Bind::Text(&folder.id), validity, Bind::Integer(uid.into())];
        self.reflagged
            .run_with(&[at[0], at[1], at[2], Bind::Text(&json)])?;
        if self.connection.changes() == 0 {
            return Ok(false);
        }
        if let Some(restated) = &mut self.restated {
            let is_set = |flag: &str| flags.iter().any(|set| set.eq_ignore_ascii_case(flag));
            let status = Value::from(status(is_set)).to_string();
            let now = clock::now();
            restated.run_with(&[at[0], at[1], at[2], Bind::Text(&status), Bind::Text(&now)])?;
        }
        Ok(true)
    }

    /// Notes that a message is no longer where it was; its rows stay. True
    /// where it was known to be there.
    ///
    /// # Errors
    /// `Host` where SQLite refuses.
    pub fn vanish(&mut self, folder: &FolderState, uid: u32) -> Result<bool> {
        let validity = Bind::Integer(folder.uidvalidity.into());
        let now = clock::now();
        self.vanished.run_with(&[
            Bind::Text(&folder.id),
            validity,
            Bind::Integer(uid.into()),
            Bind::Text(&now),
        ])?;
        Ok(self.connection.changes() > 0)
    }

    /// Notes that nothing is any more where it was under another UIDVALIDITY;
    /// gives how many messages that are.
    ///
    /// # Errors
    /// `Host` where SQLite refuses.
    pub fn outdate(&mut self, folder: &FolderState) -> Result<u64> {
        let validity = Bind::Integer(folder.uidvalidity.into());
        let now = clock::now();
        self.outdated
            .run_with(&[Bind::Text(&folder.id), validity, Bind::Text(&now)])?;
        Ok(u64::try_from(self.connection.changes()).unwrap_or(0))
    }

    /// Forgets the problem of a message, for example since it has gone.
    ///
    /// # Errors
    /// `Host` where SQLite refuses.
    pub fn solved(&mut self, folder: &FolderState, uid: u32) -> Result<()> {
        if !self.has_problems()? {
            return Ok(());
        }
        let validity = Bind::Integer(folder.uidvalidity.into());
        self.solved
            .run_with(&[Bind::Text(&folder.id), validity, Bind::Integer(uid.into())])
    }

    /// True where anything may have to be forgotten, which is rare.
    fn has_problems(&mut self) -> Result<bool> {
        if let Some(known) = self.has_problems {
            return Ok(known);
        }
        let found = self.any_problem.step()?;
        self.any_problem.reset();
        self.has_problems = Some(found);
        Ok(found)
    }
}

/// Brings a status up to date; the oldest generation of RSSD has none.
fn restated(connection: &Database) -> Result<Option<Statement>> {
    let columns = table_columns(connection, MESSAGES)?;
    let has = |name: &str| columns.iter().any(|column| column == name);
    if !has("status") {
        return Ok(None);
    }
    let stamp = if has("updated_at") {
        ", updated_at = ?5"
    } else {
        ""
    };
    let sql = format!(
        "UPDATE main.{MESSAGES} SET status = ?4{stamp}
          WHERE {MESSAGES}_id = (
                SELECT message_row_id FROM main.imap_sync_message
                 WHERE imap_sync_folder_id = ?1 AND uidvalidity = ?2 AND uid = ?3)
            AND status IS NOT ?4 AND ?5 IS NOT NULL"
    );
    connection.prepare(&sql).map(Some)
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
    /// Its bytes, where they are at hand.
    pub raw: Option<Vec<u8>>,
}

const MESSAGES: &str = "ur_ingest_session_imap_acct_folder_message";
