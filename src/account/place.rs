//! Where this extension's own files are, by the XDG base directories.

use std::env;
use std::path::PathBuf;

/// The name of its folder below each base directory.
const FOLDER: &str = "sqlite-imap";

/// The user's home folder.
pub(super) fn home() -> Option<PathBuf> {
    set("HOME").or_else(|| set("USERPROFILE"))
}

/// The accounts file, whether or not it is there; with `true` where
/// `IMAP_ACCOUNTS` names it, so that it must be.
pub(super) fn accounts_file() -> Option<(PathBuf, bool)> {
    if let Some(named) = set("IMAP_ACCOUNTS") {
        return Some((named, true));
    }
    let base = set("XDG_CONFIG_HOME").or_else(|| Some(home()?.join(".config")))?;
    Some((base.join(FOLDER).join("accounts.toml"), false))
}

/// The folder of what is to last, tokens for one.
pub(super) fn state() -> Option<PathBuf> {
    let base = set("XDG_STATE_HOME").or_else(|| Some(home()?.join(".local").join("state")))?;
    Some(base.join(FOLDER))
}

/// An environment variable; an empty one is unset.
fn set(name: &str) -> Option<PathBuf> {
    env::var_os(name)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}
