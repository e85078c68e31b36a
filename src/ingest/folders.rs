//! Which folders a run reads, and the first of them open.

use super::options::Options;
use crate::error::{Error, Result, quote};
use crate::imap::mailbox::Mailbox;
use crate::imap::session::{Examined, Session};

/// The folders of a run, the first of them open.
pub struct Opening {
    /// The folder or pattern as it was given.
    pub pattern: String,
    /// In the order of their names.
    pub mailboxes: Vec<Mailbox>,
    /// What opening the first came to.
    pub first: Result<Examined>,
}

/// Finds the folders that `folder` (INBOX where neither it nor `include` is
/// given) and `include` name and `exclude` does not, and opens the first.
/// Nothing is written yet, so that a wrong name or password leaves no trace in
/// the database.
///
/// # Errors
/// No folder matches, the only one cannot be opened, or the session fails.
pub fn open(session: &mut Session, folder: Option<&str>, options: &Options) -> Result<Opening> {
    session.enable_qresync()?;
    let inbox = options.include.is_empty().then_some("INBOX");
    let patterns: Vec<&str> = folder
        .or(inbox)
        .into_iter()
        .chain(options.include.iter().map(String::as_str))
        .collect();
    let mut mailboxes = Vec::new();
    for pattern in &patterns {
        mailboxes.extend(session.mailboxes(pattern)?);
    }
    mailboxes.sort_unstable();
    mailboxes.dedup();
    for pattern in &options.exclude {
        let excluded = session.mailboxes(pattern)?;
        mailboxes.retain(|mailbox| !excluded.contains(mailbox));
    }
    let pattern = patterns.join(", ");
    let Some(first) = mailboxes.first() else {
        let pattern = quote(&pattern);
        let why = match options.exclude.is_empty() {
            true => "no folder matches",
            false => "no folder matches that is not excluded",
        };
        return Err(Error::usage(format!(
            "cannot ingest '{pattern}': {why}; imap_folders lists those there are"
        )));
    };
    let first = session.examine(first);
    if mailboxes.len() == 1 || !session.is_usable() {
        return Ok(Opening {
            pattern,
            mailboxes,
            first: Ok(first?),
        });
    }
    Ok(Opening {
        pattern,
        mailboxes,
        first,
    })
}
