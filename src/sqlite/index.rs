//! (unsafe) xBestIndex's question and answer.
//!
//! Positions are those of SQLite's array of constraints. A method that is given
//! a position the array does not have panics, which makes an SQL error.

use std::ffi::{CStr, c_int};
use std::marker::PhantomData;
use std::slice;

use sqlite_loadable::ext::{
    sqlite3_index_info, sqlite3_index_info_sqlite3_index_constraint,
    sqlite3_index_info_sqlite3_index_constraint_usage, sqlite3_index_info_sqlite3_index_orderby,
};

use super::api;
use super::value::{Owned, Value};
use crate::error::Result;

/// What a constraint or an ORDER BY term is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Column {
    /// The row's id.
    Rowid,
    /// A declared column, counted from 0.
    At(usize),
}

impl Column {
    fn new(index: c_int) -> Self {
        usize::try_from(index).map_or(Self::Rowid, Self::At)
    }
}

/// The comparison of a constraint, in SQLite's words.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Operator {
    /// `=`, and each element of an `IN`.
    Eq,
    /// `>`
    Gt,
    /// `<=`
    Le,
    /// `<`
    Lt,
    /// `>=`
    Ge,
    /// `MATCH`
    Match,
    /// `LIKE`, without ESCAPE.
    Like,
    /// `GLOB`
    Glob,
    /// `REGEXP`
    Regexp,
    /// `<>`
    Ne,
    /// `IS NOT`
    IsNot,
    /// `IS NOT NULL`
    IsNotNull,
    /// `IS NULL`
    IsNull,
    /// `IS`
    Is,
    /// The argument is the statement's LIMIT; the column means nothing (3.38).
    Limit,
    /// The argument is the statement's OFFSET; the column means nothing (3.38).
    Offset,
    /// An overloaded function (150 and above), or what SQLite adds in future.
    Other(u8),
}

impl From<u8> for Operator {
    fn from(code: u8) -> Self {
        match code {
            2 => Self::Eq,
            4 => Self::Gt,
            8 => Self::Le,
            16 => Self::Lt,
            32 => Self::Ge,
            64 => Self::Match,
            65 => Self::Like,
            66 => Self::Glob,
            67 => Self::Regexp,
            68 => Self::Ne,
            69 => Self::IsNot,
            70 => Self::IsNotNull,
            71 => Self::IsNull,
            72 => Self::Is,
            73 => Self::Limit,
            74 => Self::Offset,
            other => Self::Other(other),
        }
    }
}

/// One term of WHERE (or ON, LIMIT, OFFSET) that SQLite offers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Constraint {
    /// Its place among the constraints, by which the answer names it.
    pub position: usize,
    /// The side of it that is a column of this table.
    pub column: Column,
    /// How the column is compared.
    pub operator: Operator,
    /// False where the other side is not known in this plan: it belongs to a
    /// table that is read later.
    pub usable: bool,
    /// True where it is an IN whose list can be taken whole (SQLite 3.38).
    pub in_list: bool,
}

/// One term of ORDER BY.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Order {
    /// What the rows are sorted by.
    pub column: Column,
    /// True for DESC.
    pub descending: bool,
}

/// What the order of the rows is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Grouping {
    /// They are to be sorted as [`Index::order_by`] says.
    Sorted,
    /// Rows equal in all of [`Index::order_by`] are to be neighbours; neither
    /// the direction nor the order of the groups matters (DISTINCT).
    Grouped,
}

/// Whether SQLite looks at a taken constraint again, row by row.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Recheck {
    /// The table may return rows that fail it.
    Keep,
    /// The table returns exactly the rows that meet it.
    Omit,
}

/// The question, and the answer given so far.
pub struct Index<'a> {
    /// SQLite keeps more behind this structure than it shows, so that its
    /// functions get the pointer it gave and never one made from a reference.
    info: *mut sqlite3_index_info,
    life: PhantomData<&'a mut sqlite3_index_info>,
    /// See [`Index::set_plan`].
    pub(super) text: Option<String>,
}

impl Index<'_> {
    /// # Safety
    /// `info` is what SQLite passed to the xBestIndex in progress, which lasts
    /// as long as the value.
    pub(super) unsafe fn new(info: *mut sqlite3_index_info) -> Self {
        Self {
            info,
            life: PhantomData,
            text: None,
        }
    }

    /// The constraints offered, in SQLite's order.
    pub fn constraints(&self) -> Vec<Constraint> {
        let constraint =
            |(position, raw): (usize, &sqlite3_index_info_sqlite3_index_constraint)| Constraint {
                position,
                column: Column::new(raw.iColumn),
                operator: raw.op.into(),
                usable: raw.usable != 0,
                in_list: raw.op == 2 && raw.usable != 0 && self.in_list(position, -1),
            };
        self.raw_constraints()
            .iter()
            .enumerate()
            .map(constraint)
            .collect()
    }

    /// The terms of ORDER BY; empty where the order does not matter, or where
    /// SQLite sorts by something that is no column of this table.
    pub fn order_by(&self) -> Vec<Order> {
        // SAFETY: SQLite's array has this many terms.
        let terms = unsafe { array(self.info().aOrderBy, self.info().nOrderBy) };
        let order = |term: &sqlite3_index_info_sqlite3_index_orderby| Order {
            column: Column::new(term.iColumn),
            descending: term.desc != 0,
        };
        terms.iter().map(order).collect()
    }

    /// What [`Index::order_by`] is for.
    pub fn grouping(&self) -> Grouping {
        // SAFETY: the question is SQLite's. 0 asks for the order, 3 for the
        // order and no duplicates. 1 is GROUP BY, but an ORDER BY of the same
        // terms relies on the direction that it gave them (SQLite 3.40).
        match unsafe { api::vtab_distinct(self.info) } {
            2 => Grouping::Grouped,
            _ => Grouping::Sorted,
        }
    }

    /// The other side of a constraint where the statement holds it as a
    /// constant (SQLite 3.38); `None` where it is known only when it runs.
    ///
    /// # Errors
    /// `Usage` for text that is no UTF-8.
    pub fn constant(&self, position: usize) -> Result<Option<Owned>> {
        assert!(
            position < self.raw_constraints().len(),
            "no constraint {position}"
        );
        // SAFETY: the position is one of the array's; the value outlives this
        // call, in which it is copied.
        unsafe {
            let mut value = api::vtab_rhs_value(self.info, position as c_int);
            let count = c_int::from(!value.is_null());
            let values = Value::all(count, &raw mut value);
            values.first().map(Value::to_owned).transpose()
        }
    }

    /// True where the statement reads `column`. SQLite has one bit for all
    /// columns from the 64th on.
    pub fn uses_column(&self, column: usize) -> bool {
        self.info().colUsed >> column.min(63) & 1 == 1
    }

    /// The name of the collation a constraint compares by: `BINARY`, `NOCASE`…
    pub fn collation(&self, position: usize) -> Option<String> {
        assert!(
            position < self.raw_constraints().len(),
            "no constraint {position}"
        );
        // SAFETY: the position is one of the array's; SQLite's text lives as
        // long as the question and is copied here.
        unsafe {
            let name = api::vtab_collation(self.info, position as c_int);
            (!name.is_null()).then(|| CStr::from_ptr(name).to_string_lossy().into_owned())
        }
    }

    /// Asks for the right-hand side of a constraint as argument number
    /// `argument` of the scan, counted from 1 and without gaps.
    pub fn take(&mut self, position: usize, argument: usize, recheck: Recheck) {
        let usage = &mut self.usage()[position];
        usage.argvIndex = c_int::try_from(argument).unwrap_or(c_int::MAX);
        usage.omit = u8::from(recheck == Recheck::Omit);
    }

    /// Asks for the list of an IN, already taken, as one argument instead of
    /// one scan for each element; see [`Value::in_list`]. False where this host
    /// cannot.
    ///
    /// [`Value::in_list`]: super::Value::in_list
    pub fn take_in_list(&mut self, position: usize) -> bool {
        assert!(
            position < self.raw_constraints().len(),
            "no constraint {position}"
        );
        self.in_list(position, -1) && self.in_list(position, 1)
    }

    /// What the scan of this plan is given back, idxNum and idxStr.
    pub fn set_plan(&mut self, number: i32, text: impl Into<String>) {
        self.info_mut().idxNum = number;
        self.text = Some(text.into());
    }

    /// The cost of the scan, in the unit of SQLite's own tables: about the
    /// reading of one row.
    pub fn set_cost(&mut self, cost: f64) {
        self.info_mut().estimatedCost = cost;
    }

    /// How many rows the scan returns.
    pub fn set_rows(&mut self, rows: i64) {
        self.info_mut().estimatedRows = rows;
    }

    /// The rows come in the order asked for; SQLite need not sort.
    pub fn consume_order(&mut self) {
        self.info_mut().orderByConsumed = 1;
    }

    /// The scan returns one row at most.
    pub fn set_unique(&mut self) {
        /// `SQLITE_INDEX_SCAN_UNIQUE`.
        const UNIQUE: c_int = 1;
        self.info_mut().idxFlags |= UNIQUE;
    }

    fn info(&self) -> &sqlite3_index_info {
        // SAFETY: SQLite leaves the structure to this call; it has all of these
        // members since 3.10.
        unsafe { &*self.info }
    }

    fn info_mut(&mut self) -> &mut sqlite3_index_info {
        // SAFETY: as in `info`; the members are for this call to write.
        unsafe { &mut *self.info }
    }

    fn in_list(&self, position: usize, handle: c_int) -> bool {
        // SAFETY: the question is SQLite's, and the position is in its array.
        unsafe { api::vtab_in(self.info, position as c_int, handle) != 0 }
    }

    fn raw_constraints(&self) -> &[sqlite3_index_info_sqlite3_index_constraint] {
        // SAFETY: SQLite's array has this many constraints.
        unsafe { array(self.info().aConstraint, self.info().nConstraint) }
    }

    fn usage(&mut self) -> &mut [sqlite3_index_info_sqlite3_index_constraint_usage] {
        let (data, count) = (self.info().aConstraintUsage, self.info().nConstraint);
        match usize::try_from(count) {
            Ok(count) if count > 0 && !data.is_null() => {
                // SAFETY: SQLite's array has as many as there are constraints,
                // and is for this call to write.
                unsafe { slice::from_raw_parts_mut(data, count) }
            }
            _ => &mut [],
        }
    }
}

/// An array of SQLite's, which is null where it is empty.
///
/// # Safety
/// `data` has `count` elements that nobody changes for `'a`.
unsafe fn array<'a, T>(data: *const T, count: c_int) -> &'a [T] {
    match usize::try_from(count) {
        // SAFETY: by the contract above.
        Ok(count) if count > 0 && !data.is_null() => unsafe { slice::from_raw_parts(data, count) },
        _ => &[],
    }
}
