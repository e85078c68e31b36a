//! The account and folder rows of a session, written when first needed: a run
//! that finds nothing new leaves only its session row.

use super::database::Database;
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
    Insert::prepare(
        connection,
        "ur_ingest_session_imap_account",
        &ACCOUNT_COLUMNS,
    )?
    .run(&[&id, session_id, &account.user, &account.host, &elaboration].map(Bind::Text))?;
    Ok(id)
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
    Insert::prepare(
        connection,
        "ur_ingest_session_imap_acct_folder",
        &FOLDER_COLUMNS,
    )?
    .run(&[&id, session_id, account_row, folder_name, &elaboration].map(Bind::Text))?;
    Ok(id)
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
