//! A connection that is lost over a message: which one is suspected, and whether
//! the run goes on over another connection.
//!
//! One loss proves nothing against the message that was to come next. It is
//! asked for once more, alone and after everything else ([`Course::pull`]); what
//! costs the connection alone is left to later runs.

use super::folder::Folder;
use super::location::Failure;
use super::pull::Course;
use super::state::Trouble;
use crate::account::keeper::is_passing;
use crate::error::{Error, Result};
use crate::imap::session::Session;

/// Losses in a row with no message since the one before each: it is not the
/// messages.
const BARREN: u32 = 4;

/// Losses in one folder that are recovered from; a worse line is an error.
const MOST: u32 = 20;

impl Course<'_> {
    /// Notes the message over which the connection was lost with `error`, if it
    /// was; with UIDs that do not last, there is nothing to note.
    ///
    /// # Errors
    /// SQLite's.
    pub(super) fn suspect(
        &mut self,
        session: &Session,
        folder: &mut Folder,
        error: &Error,
    ) -> Result<()> {
        let Some(uid) = session.lost_over(error) else {
            return Ok(());
        };
        if folder.state.uidvalidity == 0 {
            return Ok(());
        }
        let failure = Failure {
            uid,
            trouble: Trouble::ConnectionLost,
            detail: error.to_string(),
            size: None,
            raw: None,
        };
        let lent = self.port.write(folder, None, Vec::new(), vec![failure])?;
        lent.back(folder)?;
        self.has_suspected = true;
        Ok(())
    }
}

/// The losses in one folder.
#[derive(Default)]
pub struct Losses {
    count: u32,
    /// Those of the last ones that no message came before.
    barren: u32,
    /// What the run had fetched at the last one.
    fetched: Option<u64>,
}

impl Losses {
    /// Gets another connection after `error`, where that may help: a message is
    /// suspected, which now comes last, or the server has ended a session with
    /// the token that opened it. False where the error is to be told.
    ///
    /// # Errors
    /// An interrupt, SQLite's, and a refused sign-in.
    pub fn recover(
        &mut self,
        course: &mut Course<'_>,
        session: &mut Session,
        error: &Error,
    ) -> Result<bool> {
        let has_suspected = std::mem::take(&mut course.has_suspected);
        if !has_suspected && !error.is_network() {
            return Ok(false);
        }
        let so_far = course.port.fetched()?;
        let is_barren = self.fetched.replace(so_far) == Some(so_far);
        self.barren = if is_barren { self.barren + 1 } else { 0 };
        self.count += 1;
        if self.count > MOST {
            return Ok(false);
        }
        if !has_suspected {
            return Ok(!is_barren && session.renew()?);
        }
        if self.barren >= BARREN {
            return Ok(false);
        }
        match session.reopen() {
            // What was lost says more than that nobody answers any more.
            Err(error) if is_passing(&error) => Ok(false),
            reopened => reopened.map(|()| true),
        }
    }
}
