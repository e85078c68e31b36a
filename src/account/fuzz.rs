//! What `fuzz/` reaches of the parsers that are private here; built by
//! cargo-fuzz, and by tests so that it keeps up with them.

use std::path::PathBuf;

use super::accounts_file::AccountsFile;
use super::netrc::search;
use crate::imap::{Credential, Endpoint};

/// The user and the password that a netrc of this text has for `endpoint`.
pub fn netrc(text: &str, endpoint: &Endpoint, user: Option<&str>) -> Option<(String, String)> {
    let login = search(text, endpoint, user)?;
    match login.credential {
        Credential::Password(secret) => Some((login.user, secret.declassify().to_owned())),
        _ => None,
    }
}

/// The names of the accounts in an accounts file of this text.
///
/// # Errors
/// The sentence that says what is wrong with it.
pub fn accounts(text: &str) -> Result<Vec<String>, String> {
    let file = AccountsFile::parse(PathBuf::from("accounts.toml"), text);
    let file = file.map_err(|error| error.to_string())?;
    let names = file.entries().iter().map(|entry| entry.name.clone());
    Ok(names.collect())
}
