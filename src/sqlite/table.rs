//! What a virtual table is to this extension: safe traits over SQLite's module.
//!
//! The order of calls, for `SELECT a FROM t('x') WHERE b = 1`:
//!
//! ```text
//! first use of t     table closure (xConnect)   once for a connection
//! prepare            Table::plan (xBestIndex)   once for each plan considered
//! first step         Table::open (xOpen), Cursor::scan (xFilter)
//! each row           is_at_end, cell (xColumn) and rowid as needed, advance (xNext)
//! inner loop again   Cursor::scan on the same cursor
//! end, or LIMIT      the cursor is dropped (xClose)
//! ```

use super::cell::Cell;
use super::index::Index;
use super::value::Value;
use crate::error::Result;

/// Where a table or function may be used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Trust {
    /// It reaches beyond the database: SQLite refuses it inside triggers, views
    /// and anything else of a schema (`SQLITE_DIRECTONLY`), which whoever made
    /// the database file may have written.
    DirectOnly,
    /// It is pure: its result depends on its arguments only, and it has no side
    /// effect (`SQLITE_INNOCUOUS`; functions are `SQLITE_DETERMINISTIC` too).
    Innocuous,
}

/// The answer to [`Table::plan`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Planned {
    /// The plan in the index can be scanned.
    Yes,
    /// A required argument is not usable in this plan; SQLite tries another
    /// order of the tables.
    NotThisWay,
}

/// A table-valued function, one for each connection that uses it. It is read
/// only and needs no `CREATE VIRTUAL TABLE`.
pub trait Table: 'static {
    /// What reads it.
    type Cursor: Cursor;

    /// The error where SQL evaluates `MATCH` on a column of this table itself,
    /// as it does where it could not hand the term over (under OR, under NOT);
    /// `None` leaves MATCH to whoever else knows it.
    const MATCH_REFUSED: Option<&'static str> = None;

    /// Chooses how to scan. Pure: SQLite asks several times for one statement.
    ///
    /// # Errors
    /// The text reaches the user; the result code is SQLite's own choice here,
    /// `SQLITE_ERROR`.
    fn plan(&self, index: &mut Index<'_>) -> Result<Planned>;

    /// Makes a cursor, not yet on a row.
    fn open(&self) -> Result<Self::Cursor>;
}

/// One reading of a table, possibly several times over.
pub trait Cursor: 'static {
    /// Starts (again) with the plan of [`Index::set_plan`] and the arguments
    /// that it took, and moves to the first row.
    fn scan(&mut self, number: i32, text: Option<&str>, arguments: &[Value<'_>]) -> Result<()>;

    /// Moves to the next row.
    fn advance(&mut self) -> Result<()>;

    /// True behind the last row. Asked once after each move.
    fn is_at_end(&self) -> bool;

    /// Gives the value of a column, counted from 0, of the current row.
    fn cell(&mut self, column: usize, out: Cell<'_>) -> Result<()>;

    /// The current row's id, unique over all scans of one statement.
    fn rowid(&self) -> Result<i64>;
}
