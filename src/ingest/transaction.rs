//! How writes are grouped into transactions.
//!
//! The situation of the caller decides (as tried on SQLite 3.40.1): in
//! autocommit a batch is a transaction of its own; in a transaction of the
//! caller's it is a savepoint; inside a statement that itself writes, such as
//! `INSERT INTO log SELECT imap_ingest(...)`, SQLite opens no savepoint and
//! commits nothing, so what is written shares the fate of that statement.

use std::cell::RefCell;
use std::rc::Rc;

use super::database::Database;
use crate::error::{Error, Kind, Result};
use crate::sqlite::Statement;

/// Groups writes on one connection.
#[derive(Clone)]
pub struct Transactions {
    connection: Database,
    situation: Situation,
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
    pub fn open(connection: &Database) -> Result<Self> {
        let is_autocommit = connection.is_autocommit();
        // Only this tells: within a statement that writes, autocommit is still
        // on, BEGIN succeeds, and the COMMIT that must follow does not.
        let situation = match connection.execute("SAVEPOINT imap_ingest") {
            Err(error) if primary_code(&error) == Some(BUSY) => Situation::InWritingStatement,
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
                begin.run().map_err(explain_snapshot)?;
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
        let done = work().and_then(|done| self.connection.execute(commit).map(|()| done));
        batch.is_kept = done.is_ok();
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

/// `SQLITE_BUSY`.
const BUSY: i32 = 5;
/// `SQLITE_BUSY_SNAPSHOT`.
const BUSY_SNAPSHOT: i32 = 517;

/// True where the database refuses what it was given: a constraint, a trigger, a
/// size.
fn is_refusal(error: &Error) -> bool {
    const REFUSALS: [i32; 4] = [1, 18, 19, 20];
    primary_code(error).is_some_and(|code| REFUSALS.contains(&code))
}

fn primary_code(error: &Error) -> Option<i32> {
    match error.kind() {
        Kind::Host { code, .. } => Some(code & 0xff),
        _ => None,
    }
}

/// Says what to do about a snapshot that can never be written to.
fn explain_snapshot(error: Error) -> Error {
    match error.kind() {
        Kind::Host {
            code: BUSY_SNAPSHOT,
            text,
        } => {
            let advice = "the statement around imap_ingest reads what another connection has \
                          changed since; call it without FROM, for many folders as \
                          imap_ingest(server, user, '*')";
            Kind::Host {
                code: BUSY_SNAPSHOT,
                text: format!("{text}; {advice}"),
            }
            .into()
        }
        _ => error,
    }
}
