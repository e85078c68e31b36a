//! Which messages of a folder the database knows, by UID.

use std::collections::{BTreeSet, HashMap};

use super::database::Database;
use super::folder::Suspects;
use super::place::Account;
use super::state::FolderState;
use crate::error::Result;
use crate::imap::uid_set::UidSet;
use crate::sqlite::{Bind, Field};

/// How often a message that cannot be ingested is tried.
pub const ATTEMPTS: i64 = 5;

/// The messages known to lie in a folder.
#[derive(Debug, Default)]
pub struct Present {
    /// All of them.
    pub all: UidSet,
    /// The sets of flags they had at the last look, each with the messages that
    /// had exactly those: there are few.
    flagged: Vec<(BTreeSet<String>, UidSet)>,
}

impl Present {
    /// Those that had a flag at the last look, in any case.
    pub fn with_flag(&self, flag: &str) -> UidSet {
        let has = |flags: &BTreeSet<String>| flags.iter().any(|set| set.eq_ignore_ascii_case(flag));
        let found = self.flagged.iter().filter(|(flags, _)| has(flags));
        found.flat_map(|(_, uids)| uids.ranges()).collect()
    }

    /// True where a message had exactly these flags, in whatever order.
    pub fn had(&self, uid: u32, flags: &[String]) -> bool {
        let flags: BTreeSet<String> = flags.iter().cloned().collect();
        let mut found = self.flagged.iter().filter(|(known, _)| *known == flags);
        found.any(|(_, uids)| uids.contains(uid))
    }
}

/// The UIDs from `first` on that need nothing more: they are ingested, or are
/// not to be tried again by a run that takes `max_size`.
///
/// # Errors
/// `Host` where SQLite refuses.
pub fn settled(
    connection: &Database,
    folder: &FolderState,
    first: u64,
    max_size: u64,
) -> Result<UidSet> {
    uids(
        connection,
        "SELECT uid FROM main.imap_sync_message
          WHERE imap_sync_folder_id = ?1 AND uidvalidity = ?2 AND uid >= ?3
            AND vanished_at IS NULL
         UNION
         SELECT uid FROM main.imap_sync_problem
          WHERE imap_sync_folder_id = ?1 AND uidvalidity = ?2 AND uid >= ?3
            AND iif(problem = 'too_large', size > ?4, attempts >= ?5) ORDER BY uid",
        folder,
        &[bounded(first), bounded(max_size), Bind::Integer(ATTEMPTS)],
    )
}

/// The UIDs with a problem that is to be tried again: too often tried are none
/// of them, nor larger than `max_size`, nor wanted by other filters only.
///
/// # Errors
/// `Host` where SQLite refuses.
pub fn retryable(connection: &Database, folder: &FolderState, max_size: u64) -> Result<UidSet> {
    let selection = folder.filtered.as_ref().map_or("", |of| of.name.as_str());
    uids(
        connection,
        "SELECT uid FROM main.imap_sync_problem
          WHERE imap_sync_folder_id = ?1 AND uidvalidity = ?2 AND selection = ?3
            AND iif(problem = 'too_large', size IS NULL OR size <= ?4, attempts < ?5)
          ORDER BY uid",
        folder,
        &[
            Bind::Text(selection),
            bounded(max_size),
            Bind::Integer(ATTEMPTS),
        ],
    )
}

/// The messages over which the connection was lost, whatever filters wanted
/// them. The first time is a suspicion; the run of this session has tried those
/// that it lost once more.
///
/// # Errors
/// `Host` where SQLite refuses.
pub fn suspects(connection: &Database, folder: &FolderState, session_id: &str) -> Result<Suspects> {
    let lost = |further: &str| {
        let sql = format!(
            "SELECT uid FROM main.imap_sync_problem
              WHERE imap_sync_folder_id = ?1 AND uidvalidity = ?2
                AND problem = 'connection_lost'
                AND (ingest_session_id = ?3 AND attempts > 1) IS {further} ORDER BY uid"
        );
        uids(connection, &sql, folder, &[Bind::Text(session_id)])
    };
    Ok(Suspects {
        due: lost("FALSE")?,
        tried: lost("TRUE")?,
    })
}

/// The messages known to lie in the folder, and their flags.
///
/// # Errors
/// `Host` where SQLite refuses.
pub fn present(connection: &Database, folder: &FolderState) -> Result<Present> {
    let mut statement = connection.prepare(
        "SELECT uid, flags FROM main.imap_sync_message
          WHERE imap_sync_folder_id = ?1 AND uidvalidity = ?2 AND vanished_at IS NULL
          ORDER BY uid",
    )?;
    let validity = Bind::Integer(folder.uidvalidity.into());
    statement.bind_all(&[Bind::Text(&folder.id), validity])?;
    let mut all = UidSet::new();
    let mut flagged: HashMap<String, UidSet> = HashMap::new();
    while statement.step()? {
        let Field::Integer(uid) = statement.column(0)? else {
            continue;
        };
        let Ok(uid) = u32::try_from(uid) else {
            continue;
        };
        all.insert(uid);
        if let Field::Text(flags) = statement.column(1)? {
            match flagged.get_mut(flags) {
                Some(uids) => uids.insert(uid),
                None => drop(flagged.insert(flags.to_owned(), std::iter::once(uid).collect())),
            }
        }
    }
    let read = |(flags, uids): (String, UidSet)| Some((serde_json::from_str(&flags).ok()?, uids));
    Ok(Present {
        all,
        flagged: flagged.into_iter().filter_map(read).collect(),
    })
}

/// How many messages lie in each of the account's folders that are not ingested,
/// by the folder's name; none of which there are none.
///
/// # Errors
/// `Host` where SQLite refuses.
pub fn problems(connection: &Database, account: &Account) -> Result<HashMap<String, u64>> {
    let mut statement = connection.prepare(
        "SELECT folder_name, count(*)
           FROM main.imap_sync_problem JOIN main.imap_sync_folder USING (imap_sync_folder_id)
                JOIN main.imap_sync_account USING (imap_sync_account_id)
          WHERE server = ?1 AND username = ?2 GROUP BY folder_name",
    )?;
    statement.bind_all(&[&account.server, &account.user].map(|text| Bind::Text(text)))?;
    let mut problems = HashMap::new();
    while statement.step()? {
        if let (Field::Text(name), Field::Integer(count)) =
            (statement.column(0)?, statement.column(1)?)
        {
            problems.insert(name.to_owned(), u64::try_from(count).unwrap_or(0));
        }
    }
    Ok(problems)
}

fn bounded(value: u64) -> Bind<'static> {
    Bind::Integer(i64::try_from(value).unwrap_or(i64::MAX))
}

fn uids(
    connection: &Database,
    sql: &str,
    folder: &FolderState,
    further: &[Bind<'_>],
) -> Result<UidSet> {
    let mut statement = connection.prepare(sql)?;
    let validity = Bind::Integer(folder.uidvalidity.into());
    statement.bind_all(&[&[Bind::Text(&folder.id), validity], further].concat())?;
    let mut uids = UidSet::new();
    while statement.step()? {
        if let Field::Integer(uid) = statement.column(0)?
            && let Ok(uid) = u32::try_from(uid)
        {
            uids.insert(uid);
        }
    }
    Ok(uids)
}
