//! The account and folder rows of a session, written when first needed: a run
//! that finds nothing new leaves only its session row.

use super::database::Database;
use super::device::text;
use super::identity;
use super::insert::Insert;
use crate::error::Result;
use crate::sqlite::Bind;

/// Whose mailbox a run reads.
#[derive(Clone, Debug)]
pub struct Account {
    /// The endpoint, canonically: `imaps://mail.example.org:993`.
    pub server: String,
    /// Its host name alone.
    pub host: String,
    /// The user name, as given to the server.
    pub user: String,
}

/// Writes the session's account row and gives its id. The password column
/// stays NULL.
pub fn account(connection: &Database, session_id: &str, account: &Account) -> Result<String> {
    let id = identity::fresh();
    let elaboration = serde_json::json!({ "server": account.server }).to_string();
    let values = [&id, session_id, &account.user, &account.host, &elaboration];
    let is_new = Insert::prepare(
        connection,
        "ur_ingest_session_imap_account",
        &ACCOUNT_COLUMNS,
    )?
    .run(&values.map(Bind::Text))?;
    if is_new {
        return Ok(id);
    }
    // Another call within the same session of surveilr's.
    let known = "SELECT ur_ingest_session_imap_account_id FROM main.ur_ingest_session_imap_account
                  WHERE ingest_session_id = ?1 AND email = ?2";
    let known = text(
        connection,
        known,
        &[session_id, &account.user].map(Bind::Text),
    )?;
    Ok(known.unwrap_or(id))
}

/// Writes the session's row of a folder and gives its id.
pub fn folder(
    connection: &Database,
    session_id: &str,
    account_row: &str,
    folder_name: &str,
    uidvalidity: u32,
) -> Result<String> {
    let id = identity::fresh();
    let elaboration = serde_json::json!({ "uidvalidity": uidvalidity }).to_string();
    let values = [&id, session_id, account_row, folder_name, &elaboration];
    let is_new = Insert::prepare(
        connection,
        "ur_ingest_session_imap_acct_folder",
        &FOLDER_COLUMNS,
    )?
    .run(&values.map(Bind::Text))?;
    if is_new {
        return Ok(id);
    }
    let known = "SELECT ur_ingest_session_imap_acct_folder_id
                   FROM main.ur_ingest_session_imap_acct_folder
                  WHERE ingest_account_id = ?1 AND folder_name = ?2";
    let known = text(
        connection,
        known,
        &[account_row, folder_name].map(Bind::Text),
    )?;
    Ok(known.unwrap_or(id))
}

const ACCOUNT_COLUMNS: [&str; 5] = [
    "ur_ingest_session_imap_account_id",
    "ingest_session_id",
    "email",
    "host",
    "elaboration",
];

const FOLDER_COLUMNS: [&str; 5] = [
    "ur_ingest_session_imap_acct_folder_id",
    "ingest_session_id",
    "ingest_account_id",
    "folder_name",
    "elaboration",
];
