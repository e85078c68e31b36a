//! Which mailboxes are meant: names and patterns of LIST, and those to leave
//! out. Patterns come to mean other mailboxes as these are made and deleted.

use crate::error::Result;
use crate::imap::{Mailbox, Session};

/// Which mailboxes are meant.
#[derive(Clone, Debug)]
pub struct Scope {
    /// Names and patterns.
    patterns: Vec<String>,
    /// Of the mailboxes to leave out.
    exclude: Vec<String>,
}

impl Scope {
    /// What `patterns` mean and `exclude` does not.
    pub fn new(patterns: Vec<String>, exclude: Vec<String>) -> Self {
        Self { patterns, exclude }
    }

    /// The mailboxes there are now, each once, by name; those that are given by
    /// their names whether they exist or not.
    ///
    /// # Errors
    /// Those of [`Session::mailboxes`].
    pub fn find(&self, session: &mut Session) -> Result<Vec<Mailbox>> {
        let mut mailboxes = Vec::new();
        for pattern in &self.patterns {
            mailboxes.extend(session.mailboxes(pattern)?);
        }
        mailboxes.sort_unstable();
        mailboxes.dedup();
        for pattern in &self.exclude {
            let excluded = session.mailboxes(pattern)?;
            mailboxes.retain(|mailbox| excluded.binary_search(mailbox).is_err());
        }
        Ok(mailboxes)
    }

    /// True where only names are given, so that the same are meant always.
    pub fn is_fixed(&self) -> bool {
        !self.patterns.iter().any(|name| Mailbox::is_pattern(name))
    }

    /// As messages and session rows tell it.
    pub fn text(&self) -> String {
        self.patterns.join(", ")
    }
}
