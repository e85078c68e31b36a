//! What has been ingested already: the `imap_sync_*` tables.
//!
//! A message is known by (endpoint, user, folder, UIDVALIDITY, UID). For each
//! folder `next_uid` says below which UID all is dealt with, so that a run asks
//! only for what lies above; what an unfinished run wrote above it is known by
//! its own row, and what could not be ingested has a row that asks for it again.

use super::place::Account;
use super::{clock, identity};
use crate::error::Result;
use crate::sqlite::{Bind, Connection, Field, Statement};

/// The state of one folder under its current UIDVALIDITY.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderState {
    /// `imap_sync_folder_id`.
    pub id: String,
    /// The folder's UIDVALIDITY, 0 where the server gives none.
    pub uidvalidity: u32,
    /// Every message with a lower UID has been dealt with. Up to 2^32: one
    /// beyond the largest UID.
    pub next_uid: u64,
    /// What of it the database holds.
    stored: u64,
}

impl FolderState {
    /// Has the folder read from its beginning, which is allowed where no other
    /// run has come further meanwhile: its UIDs went back in time.
    pub fn start_over(&mut self) {
        self.next_uid = 1;
    }

    /// True where the database does not say `next_uid` yet.
    pub fn is_news(&self, next_uid: u64) -> bool {
        next_uid != self.stored
    }
}

/// A message that is not ingested: `imap_sync_problem.problem`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It is larger than `max_size`.
    TooLarge,
    /// The server listed it and gave no content.
    NotSent,
    /// The database refused it.
    NotWritten,
}

impl Trouble {
    /// The word in the table.
    pub fn word(self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::NotSent => "not_sent",
            Self::NotWritten => "not_written",
        }
    }
}

/// Reads where a folder stands; where it has never been read, or its
/// UIDVALIDITY has changed, at the beginning.
///
/// # Errors
/// `Host` where SQLite refuses.
pub fn folder(
    connection: &Connection,
    account: &Account,
    folder_name: &str,
    uidvalidity: u32,
) -> Result<FolderState> {
    let account_id = account_id(account);
    let id = identity::derived("imap_sync_folder", &[&account_id, folder_name]);
    let mut statement = connection.prepare(
        "SELECT next_uid FROM main.imap_sync_folder
          WHERE imap_sync_folder_id = ?1 AND uidvalidity = ?2",
    )?;
    statement.bind_all(&[Bind::Text(&id), Bind::Integer(uidvalidity.into())])?;
    let next_uid = match statement.step()?.then(|| statement.column(0)).transpose()? {
        Some(Field::Integer(uid)) => u64::try_from(uid).unwrap_or(1),
        _ => 1,
    };
    Ok(FolderState {
        id,
        uidvalidity,
        next_uid,
        stored: next_uid,
    })
}

/// The UIDs at or above `next_uid` that an unfinished run ingested, ascending.
pub fn known_uids(connection: &Connection, folder: &FolderState) -> Result<Vec<u32>> {
    let mut statement = connection.prepare(
        "SELECT uid FROM main.imap_sync_message
          WHERE imap_sync_folder_id = ?1 AND uidvalidity = ?2 AND uid >= ?3 ORDER BY uid",
    )?;
    let from = i64::try_from(folder.next_uid).unwrap_or(i64::MAX);
    uids(&mut statement, folder, from)
}

/// The UIDs with a problem that is to be tried again, ascending: all but those
/// that are larger than `max_size`.
pub fn uids_to_retry(
    connection: &Connection,
    folder: &FolderState,
    max_size: u64,
) -> Result<Vec<u32>> {
    let mut statement = connection.prepare(
        "SELECT uid FROM main.imap_sync_problem
          WHERE imap_sync_folder_id = ?1 AND uidvalidity = ?2
            AND (problem <> 'too_large' OR size IS NULL OR size <= ?3) ORDER BY uid",
    )?;
    uids(
        &mut statement,
        folder,
        i64::try_from(max_size).unwrap_or(i64::MAX),
    )
}

fn uids(statement: &mut Statement, folder: &FolderState, last: i64) -> Result<Vec<u32>> {
    let validity = Bind::Integer(folder.uidvalidity.into());
    statement.bind_all(&[Bind::Text(&folder.id), validity, Bind::Integer(last)])?;
    let mut uids = Vec::new();
    while statement.step()? {
        if let Field::Integer(uid) = statement.column(0)? {
            uids.extend(u32::try_from(uid));
        }
    }
    Ok(uids)
}

fn account_id(account: &Account) -> String {
    identity::derived("imap_sync_account", &[&account.server, &account.user])
}

/// Writes the state of a folder, with its account's row; of one that has not
/// changed, nothing. Where another run has come further meanwhile, it stays
/// there. Problems of a past UIDVALIDITY go: their messages have other UIDs.
///
/// # Errors
/// `Host` where SQLite refuses.
pub fn write_folder(
    connection: &Connection,
    account: &Account,
    folder_name: &str,
    folder: &FolderState,
) -> Result<()> {
    let account_id = account_id(account);
    let now = clock::now();
    connection
        .prepare("INSERT INTO main.imap_sync_account VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING")?
        .run_with(&[&account_id, &account.server, &account.user, &now].map(|s| Bind::Text(s)))?;
    connection
        .prepare(
            "INSERT INTO main.imap_sync_folder VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (imap_sync_folder_id) DO UPDATE
               SET uidvalidity = excluded.uidvalidity, next_uid = excluded.next_uid,
                   updated_at = excluded.updated_at
             WHERE uidvalidity <> excluded.uidvalidity OR next_uid < excluded.next_uid
                OR (next_uid = ?7 AND next_uid <> excluded.next_uid)",
        )?
        .run_with(&[
            Bind::Text(&folder.id),
            Bind::Text(&account_id),
            Bind::Text(folder_name),
            Bind::Integer(folder.uidvalidity.into()),
            Bind::Integer(i64::try_from(folder.next_uid).unwrap_or(i64::MAX)),
            Bind::Text(&now),
            Bind::Integer(i64::try_from(folder.stored).unwrap_or(i64::MAX)),
        ])?;
    connection
        .prepare(
            "DELETE FROM main.imap_sync_problem
              WHERE imap_sync_folder_id = ? AND uidvalidity <> ?",
        )?
        .run_with(&[
            Bind::Text(&folder.id),
            Bind::Integer(folder.uidvalidity.into()),
        ])
}
