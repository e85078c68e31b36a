//! What has been ingested already: the `imap_sync_*` tables.
//!
//! A message is known by (endpoint, user, folder, UIDVALIDITY, UID). For each
//! folder and selection `next_uid` says below which UID all is dealt with, so
//! that a run asks only for what lies above; what was ingested above it is known
//! by its own row, and what could not be ingested has a row that asks for it
//! again. A selection starts from the beginning where it is new: what another
//! one passed over it may want.

use super::database::Database;
use super::place::Account;
use super::selection::Selection;
use super::{clock, identity};
use crate::error::Result;
use crate::imap::session::Examined;
use crate::sqlite::{Bind, Field};

/// The state of one folder under its current UIDVALIDITY, for one selection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FolderState {
    /// `imap_sync_folder_id`.
    pub id: String,
    /// The folder's UIDVALIDITY, 0 where the server gives none.
    pub uidvalidity: u32,
    /// Every message with a lower UID has been dealt with. Up to 2^32: one
    /// beyond the largest UID; 0 before a first run with filters has ended.
    pub next_uid: u64,
    /// What of it the database holds.
    stored: u64,
    /// What was seen at the last look; `None` before the first.
    pub look: Option<Look>,
    /// The filters, if there are any.
    pub filtered: Option<Filtered>,
}

/// The part of a folder's state that belongs to a set of filters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filtered {
    /// `selection`.
    pub name: String,
    /// The moment that `since` means, Unix seconds.
    pub since_at: Option<i64>,
    /// Messages from here on came after that was settled.
    pub since_uid: u64,
    /// `next_uid` of runs without filters.
    all_next_uid: u64,
    /// What of it the database holds.
    all_stored: u64,
}

impl FolderState {
    /// Has the folder read from its beginning where `uidnext` lies below what
    /// has been read: the mailbox went back in time, restored from a backup for
    /// one, and what is below may be new. The state goes back, unless another
    /// run has come further meanwhile.
    pub fn start_over_below(&mut self, uidnext: Option<u64>) {
        let Some(uidnext) = uidnext else { return };
        if uidnext < self.next_uid {
            self.next_uid = 1;
        }
        if let Some(filtered) = &mut self.filtered
            && uidnext < filtered.all_next_uid
        {
            filtered.all_next_uid = 1;
        }
    }

    /// True where the database does not say `next_uid` yet.
    pub fn is_news(&self, next_uid: u64) -> bool {
        next_uid != self.stored
    }
}

/// What EXAMINE says that tells a folder from what it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Grows with every change of a flag (RFC 7162).
    pub highestmodseq: Option<u64>,
    /// How many messages there are.
    pub messages: u32,
    /// The UID of the next.
    pub uidnext: Option<u32>,
}

impl Look {
    /// The look of a folder that was just opened.
    pub fn at(examined: &Examined) -> Self {
        Self {
            highestmodseq: examined.highestmodseq,
            messages: examined.exists,
            uidnext: examined.uidnext,
        }
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
    /// The connection was lost when it was to come.
    ConnectionLost,
}

impl Trouble {
    /// The word in the table.
    pub fn word(self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::NotSent => "not_sent",
            Self::NotWritten => "not_written",
            Self::ConnectionLost => "connection_lost",
        }
    }
}

/// Reads where a folder stands; where it has never been read, or its
/// UIDVALIDITY has changed, at the beginning.
///
/// # Errors
/// `Host` where SQLite refuses.
pub fn folder(
    connection: &Database,
    account: &Account,
    folder_name: &str,
    examined: &Examined,
    selection: &Selection,
) -> Result<FolderState> {
    let account_id = account_id(account);
    let id = identity::derived("imap_sync_folder", &[&account_id, folder_name]);
    let uidvalidity = examined.uidvalidity.unwrap_or(0);
    let mut statement = connection.prepare(
        "SELECT next_uid, messages, highestmodseq, uidnext FROM main.imap_sync_folder
          WHERE imap_sync_folder_id = ?1 AND uidvalidity = ?2",
    )?;
    statement.bind_all(&[Bind::Text(&id), Bind::Integer(uidvalidity.into())])?;
    let (mut next_uid, mut look) = (1, None);
    if statement.step()? {
        let number = |index| -> Result<Option<u64>> { Ok(integer(statement.column(index)?)) };
        let narrow = |value: Option<u64>| value.and_then(|value| u32::try_from(value).ok());
        next_uid = number(0)?.unwrap_or(1);
        look = narrow(number(1)?)
            .map(|messages| -> Result<Look> {
                Ok(Look {
                    highestmodseq: number(2)?,
                    messages,
                    uidnext: narrow(number(3)?),
                })
            })
            .transpose()?;
    }
    let mut state = FolderState {
        id,
        uidvalidity,
        next_uid,
        stored: next_uid,
        look,
        filtered: None,
    };
    if !selection.is_everything() {
        filter(connection, &account_id, &mut state, examined, selection)?;
    }
    Ok(state)
}

/// Reads where the filters stand in a folder. The moment that a duration means
/// is settled by their first run on the account.
fn filter(
    connection: &Database,
    account_id: &str,
    state: &mut FolderState,
    examined: &Examined,
    selection: &Selection,
) -> Result<()> {
    let mut row = connection.prepare(
        "SELECT next_uid, since_uid FROM main.imap_sync_selection
          WHERE imap_sync_folder_id = ?1 AND selection = ?2 AND uidvalidity = ?3",
    )?;
    let validity = Bind::Integer(state.uidvalidity.into());
    row.bind_all(&[Bind::Text(&state.id), Bind::Text(&selection.name), validity])?;
    let mut settled = connection.prepare(
        "SELECT min(since_at) FROM main.imap_sync_selection JOIN main.imap_sync_folder
                USING (imap_sync_folder_id)
          WHERE imap_sync_account_id = ?1 AND selection = ?2",
    )?;
    settled.bind_all(&[Bind::Text(account_id), Bind::Text(&selection.name)])?;
    let since_at = match settled.step()?.then(|| settled.column(0)).transpose()? {
        Some(Field::Integer(at)) => Some(at),
        _ => selection.since.as_ref().map(super::since::Since::cutoff),
    };
    let mut filtered = Filtered {
        name: selection.name.clone(),
        since_at,
        since_uid: examined.uidnext.map_or(1 << 32, u64::from),
        all_next_uid: state.next_uid,
        all_stored: state.next_uid,
    };
    state.next_uid = 0;
    if row.step()? {
        state.next_uid = integer(row.column(0)?).unwrap_or(0);
        filtered.since_uid = integer(row.column(1)?).unwrap_or(filtered.since_uid);
    }
    state.stored = state.next_uid;
    state.filtered = Some(filtered);
    Ok(())
}

fn integer(field: Field<'_>) -> Option<u64> {
    match field {
        Field::Integer(value) => u64::try_from(value).ok(),
        _ => None,
    }
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
    connection: &Database,
    account: &Account,
    folder_name: &str,
    folder: &FolderState,
) -> Result<()> {
    let account_id = account_id(account);
    let now = clock::now();
    connection
        .prepare("INSERT INTO main.imap_sync_account VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING")?
        .run_with(&[&account_id, &account.server, &account.user, &now].map(|s| Bind::Text(s)))?;
    let whole = |value: u64| Bind::Integer(i64::try_from(value).unwrap_or(i64::MAX));
    let optional = |value: Option<u64>| value.map_or(Bind::Null, whole);
    let filtered = folder.filtered.as_ref();
    let look = folder.look;
    connection.prepare(WRITE_FOLDER)?.run_with(&[
        Bind::Text(&folder.id),
        Bind::Text(&account_id),
        Bind::Text(folder_name),
        Bind::Integer(folder.uidvalidity.into()),
        whole(filtered.map_or(folder.next_uid, |of| of.all_next_uid)),
        optional(look.and_then(|look| look.highestmodseq)),
        optional(look.map(|look| look.messages.into())),
        optional(look.and_then(|look| look.uidnext).map(u64::from)),
        Bind::Text(&now),
        whole(filtered.map_or(folder.stored, |of| of.all_stored)),
    ])?;
    if let Some(filtered) = filtered {
        connection.prepare(WRITE_SELECTION)?.run_with(&[
            Bind::Text(&folder.id),
            Bind::Text(&filtered.name),
            Bind::Integer(folder.uidvalidity.into()),
            filtered.since_at.map_or(Bind::Null, Bind::Integer),
            whole(filtered.since_uid),
            whole(folder.next_uid),
            whole(folder.stored),
        ])?;
    }
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

const WRITE_FOLDER: &str = "
    INSERT INTO main.imap_sync_folder VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
    ON CONFLICT (imap_sync_folder_id) DO UPDATE
      SET next_uid = iif(uidvalidity = excluded.uidvalidity AND next_uid <> ?10,
                         max(next_uid, excluded.next_uid), excluded.next_uid),
          uidvalidity = excluded.uidvalidity, highestmodseq = excluded.highestmodseq,
          messages = excluded.messages, uidnext = excluded.uidnext,
          updated_at = excluded.updated_at
    WHERE (uidvalidity, highestmodseq, messages, uidnext)
          IS NOT (excluded.uidvalidity, excluded.highestmodseq, excluded.messages, excluded.uidnext)
       OR next_uid < excluded.next_uid OR (next_uid = ?10 AND next_uid <> excluded.next_uid)";

const WRITE_SELECTION: &str = "
    INSERT INTO main.imap_sync_selection VALUES (?1, ?2, ?3, ?4, ?5, ?6)
    ON CONFLICT (imap_sync_folder_id, selection) DO UPDATE
      SET next_uid = iif(uidvalidity = excluded.uidvalidity AND next_uid <> ?7,
                         max(next_uid, excluded.next_uid), excluded.next_uid),
          since_uid = iif(uidvalidity = excluded.uidvalidity, since_uid, excluded.since_uid),
          uidvalidity = excluded.uidvalidity
    WHERE uidvalidity <> excluded.uidvalidity OR next_uid < excluded.next_uid
       OR (next_uid = ?7 AND next_uid <> excluded.next_uid)";
