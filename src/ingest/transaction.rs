//! How writes are grouped into transactions.
//!
//! The situation of the caller decides (as tried on SQLite 3.40.1): in
//! autocommit a batch is a transaction of its own; in a transaction of the
//! caller's it is a savepoint; inside a statement that itself writes, such as
//! `INSERT INTO log SELECT imap_ingest(...)`, SQLite opens no savepoint and
//! commits nothing, so what is written shares the fate of that statement. Locks
//! of other programs are waited for in autocommit only: a caller's transaction
//! may hold what they wait for, and so hears of it at once.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::database::Database;
use super::patience::{Patience, is_locked};
use crate::error::{Error, Kind, Result};
use crate::sqlite::{Statement, code};

/// Groups writes on one connection.
#[derive(Clone)]
pub struct Transactions {
    connection: Database,
    situation: Situation,
    patience: Patience,
    /// True after a wait in vain: what ends the run does not wait as long again.
    has_given_up: Rc<Cell<bool>>,
    /// Begins and ends a part.
    marks: Rc<RefCell<[Statement; 2]>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Situation {
    Autocommit,
    InTransaction,
    InWritingStatement,
}

impl Transactions {
    /// Finds out the situation of the caller.
    ///
    /// # Errors
    /// `Host` where SQLite opens no savepoint for a reason of its own.
    pub fn open(connection: &Database, patience: Patience) -> Result<Self> {
        let is_autocommit = connection.is_autocommit();
        // Only this tells: within a statement that writes, autocommit is still
        // on, BEGIN succeeds, and the COMMIT that must follow does not.
        let situation = match connection.execute("SAVEPOINT imap_ingest") {
            Err(error) if primary_code(&error) == Some(code::BUSY) => Situation::InWritingStatement,
            Err(error) => return Err(error),
            Ok(()) => {
                connection.execute("RELEASE imap_ingest")?;
                if is_autocommit {
                    Situation::Autocommit
                } else {
                    Situation::InTransaction
                }
            }
        };
        let marks = ["SAVEPOINT imap_ingest_part", "RELEASE imap_ingest_part"];
        let [begin, end] = marks.map(|sql| connection.prepare(sql));
        Ok(Self {
            connection: connection.clone(),
            situation,
            patience,
            has_given_up: Rc::default(),
            marks: Rc::new(RefCell::new([begin?, end?])),
        })
    }

    /// True where a batch is committed when it ends.
    pub fn commit_batches(&self) -> bool {
        self.situation == Situation::Autocommit
    }

    /// Runs `work` as a whole: all it writes stays, or nothing.
    ///
    /// # Errors
    /// Those of `work`, and `Host` where SQLite cannot begin or commit.
    pub fn batch<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let mut begin = self.connection.prepare("BEGIN IMMEDIATE")?;
        let commit = match self.situation {
            Situation::Autocommit => {
                self.outside(|| begin.run()).map_err(explain_snapshot)?;
                "COMMIT"
            }
            Situation::InTransaction => {
                self.connection.execute("SAVEPOINT imap_ingest")?;
                "RELEASE imap_ingest"
            }
            Situation::InWritingStatement => return work(),
        };
        let mut batch = Batch {
            transactions: self,
            begin,
            is_kept: false,
        };
        // A COMMIT that meets readers leaves the transaction open.
        let end = || self.outside(|| self.connection.execute(commit));
        let done = work().and_then(|done| end().map(|()| done));
        batch.is_kept = done.is_ok();
        done
    }

    /// Runs `work`, which reads, or begins or ends a batch, until no lock keeps
    /// it from its end; in a transaction of the caller's, once.
    ///
    /// # Errors
    /// Those of `work`.
    pub fn outside<T>(&self, mut work: impl FnMut() -> Result<T>) -> Result<T> {
        if self.situation != Situation::Autocommit || self.has_given_up.get() {
            let done = work();
            self.has_given_up.set(done.is_err());
            return done;
        }
        let done = self.patience.wait(&self.connection, work);
        self.has_given_up.set(done.as_ref().is_err_and(is_locked));
        done
    }

    /// Runs `work` as a whole within a batch, which goes on after a failure
    /// wherever [`Self::can_go_on`] says so.
    ///
    /// # Errors
    /// Those of `work`.
    pub fn part<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        if self.situation == Situation::InWritingStatement {
            return work();
        }
        self.marks.borrow_mut()[0].run()?;
        match work() {
            Ok(done) => {
                self.marks.borrow_mut()[1].run()?;
                Ok(done)
            }
            Err(error) => {
                let undo = "ROLLBACK TO imap_ingest_part; RELEASE imap_ingest_part";
                // Fails where SQLite has ended the whole transaction already,
                // and `can_go_on` tells.
                self.connection.execute(undo).ok();
                Err(error)
            }
        }
    }

    /// True where `error` is the database's refusal of one row (a constraint, a
    /// trigger, a size), and what [`Self::part`] wrote before it is undone, so
    /// that the batch can go on without it.
    pub fn can_go_on(&self, error: &Error) -> bool {
        is_refusal(error)
            && self.situation != Situation::InWritingStatement
            && !self.connection.is_autocommit()
    }

    /// True where a batch that failed with `error` is undone and may succeed in
    /// parts.
    pub fn can_try_apart(&self, error: &Error) -> bool {
        let is_undone = match self.situation {
            Situation::Autocommit => true,
            // Else SQLite has ended the caller's transaction.
            Situation::InTransaction => !self.connection.is_autocommit(),
            Situation::InWritingStatement => false,
        };
        is_refusal(error) && is_undone
    }

    /// Undoes a batch. While the host interrupts, SQLite runs no ROLLBACK, but
    /// an interrupted statement that would write ends the transaction, as
    /// `sqlite3_interrupt` documents; BEGIN IMMEDIATE is one, and harmless else.
    fn undo(&self, begin: &mut Statement) {
        let undo = match self.situation {
            Situation::Autocommit => "ROLLBACK",
            _ => "ROLLBACK TO imap_ingest; RELEASE imap_ingest",
        };
        if self.connection.execute(undo).is_err() && !self.connection.is_autocommit() {
            begin.run().ok();
        }
    }
}

/// A batch under way. Unless it is kept it is undone, also where a panic ends
/// it: the host must not go on in a transaction that it did not begin.
struct Batch<'a> {
    transactions: &'a Transactions,
    begin: Statement,
    is_kept: bool,
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        if !self.is_kept {
            self.transactions.undo(&mut self.begin);
        }
    }
}

/// True where the database refuses what it was given: a constraint, a trigger, a
/// size.
pub(super) fn is_refusal(error: &Error) -> bool {
    const REFUSALS: [i32; 4] = [code::ERROR, code::TOOBIG, code::CONSTRAINT, code::MISMATCH];
    primary_code(error).is_some_and(|code| REFUSALS.contains(&code))
}

fn primary_code(error: &Error) -> Option<i32> {
    match error.kind() {
        Kind::Host { code, .. } => Some(code::primary(*code)),
        _ => None,
    }
}

/// Says what to do about a snapshot that can never be written to.
fn explain_snapshot(error: Error) -> Error {
    match error.kind() {
        Kind::Host {
            code: code::BUSY_SNAPSHOT,
            text,
        } => {
            let advice = "the statement around imap_ingest reads what another connection has \
                          changed since; call it without FROM, for many folders as \
                          imap_ingest(server, user, '*')";
            Kind::Host {
                code: code::BUSY_SNAPSHOT,
                text: format!("{text}; {advice}"),
            }
            .into()
        }
        _ => error,
    }
}
