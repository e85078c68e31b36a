//! (unsafe) A prepared statement, for the ingest and whoever else runs SQL.

use std::ffi::{CStr, c_int};
use std::{ptr, slice};

use sqlite_loadable::ext::sqlite3_stmt;

use super::connection::{Connection, excerpt};
use super::{api, code};
use crate::error::{Error, Kind, Result};

/// A value of SQL's: for a parameter of a statement, or of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bind<'a> {
    /// SQL's NULL.
    Null,
    /// A 64-bit integer.
    Integer(i64),
    /// A floating point number.
    Real(f64),
    /// A text.
    Text(&'a str),
    /// Bytes.
    Blob(&'a [u8]),
}

/// A value of a row, valid until the statement moves on.
pub type Field<'a> = Bind<'a>;

impl Connection {
    /// Compiles the first statement of `sql`.
    ///
    /// # Errors
    /// `Host` with SQLite's words and its extended code.
    pub fn prepare(&self, sql: &str) -> Result<Statement> {
        let db = self.db()?;
        let Ok(size) = c_int::try_from(sql.len()) else {
            return Err(
                Kind::TooBig(format!("cannot prepare '{}': too long", excerpt(sql))).into(),
            );
        };
        let mut stmt: *mut sqlite3_stmt = ptr::null_mut();
        // SAFETY: `db` is open; `sql` has `size` bytes, and `stmt` is ours.
        let code = unsafe {
            api::prepare_v2(
                db,
                sql.as_ptr().cast(),
                size,
                &raw mut stmt,
                ptr::null_mut(),
            )
        };
        if code != code::OK {
            return Err(self.failure(&format!("cannot prepare '{}'", excerpt(sql))));
        }
        if stmt.is_null() {
            let text = format!("cannot prepare '{}': it holds no statement", excerpt(sql));
            return Err(Kind::Host {
                code: code::ERROR,
                text,
            }
            .into());
        }
        // SAFETY: `stmt` was just made on this connection and is nobody else's.
        Ok(unsafe { Statement::new(stmt, self.clone()) })
    }
}

/// A compiled statement, finalized when dropped. One that is kept inside a
/// table or function keeps its connection from closing.
pub struct Statement {
    stmt: *mut sqlite3_stmt,
    connection: Connection,
}

impl Statement {
    /// # Safety
    /// `stmt` was prepared on `connection` and is nobody else's.
    pub(super) unsafe fn new(stmt: *mut sqlite3_stmt, connection: Connection) -> Self {
        Self { stmt, connection }
    }

    /// Gives parameter `index`, counted from 1, a copy of `value`.
    ///
    /// # Errors
    /// `Host`: no such parameter, too big (`SQLITE_TOOBIG`), no memory.
    pub fn bind(&mut self, index: usize, value: Bind<'_>) -> Result<()> {
        // SAFETY: SQLite copies the value before it returns.
        unsafe { self.give(index, value, api::transient()) }
    }

    /// [`Statement::bind`] for the parameters from the first on.
    pub fn bind_all(&mut self, values: &[Bind<'_>]) -> Result<()> {
        values
            .iter()
            .zip(1..)
            .try_for_each(|(value, index)| self.bind(index, *value))
    }

    /// Moves to the next row; false at the end.
    ///
    /// # Errors
    /// `Host` with SQLite's words and its extended code, for example
    /// `SQLITE_CONSTRAINT_UNIQUE`; `Cancelled` where the host interrupts.
    pub fn step(&mut self) -> Result<bool> {
        // SAFETY: the statement is live, as it is until it is dropped.
        match unsafe { api::step(self.stmt) } {
            code::ROW => Ok(true),
            code::DONE => Ok(false),
            _ => {
                let error = self.failure("run");
                self.reset();
                Err(error)
            }
        }
    }

    /// Runs to the end, ignoring rows, and is ready to run again.
    pub fn run(&mut self) -> Result<()> {
        while self.step()? {}
        self.reset();
        Ok(())
    }

    /// [`Statement::run`] with these values, which SQLite reads where they are:
    /// nothing is copied on the way into the table. Afterwards no parameter has
    /// a value.
    pub fn run_with(&mut self, values: &[Bind<'_>]) -> Result<()> {
        let lent = Lent(self);
        for (value, index) in values.iter().zip(1..) {
            // SAFETY: `lent` ends the run and takes the values back before this
            // function returns, so they outlive SQLite's use of them.
            unsafe { lent.0.give(index, *value, None)? };
        }
        while lent.0.step()? {}
        Ok(())
    }

    /// Back to before the first row; parameters keep their values.
    pub fn reset(&mut self) {
        // SAFETY: the statement is live. The code repeats what `step` said.
        unsafe { api::reset(self.stmt) };
    }

    /// The value of column `index`, counted from 0, of the current row; `Null`
    /// where there is no such column or no row.
    ///
    /// # Errors
    /// `Host` for text that is no UTF-8, and where there is no memory.
    pub fn column(&self, index: usize) -> Result<Field<'_>> {
        let Ok(index) = c_int::try_from(index) else {
            return Ok(Field::Null);
        };
        // SAFETY: the statement is live; an index out of range reads as NULL.
        // The pointers last until the statement moves on, which takes `&mut`;
        // each column is only ever read in its own type, so that no second read
        // converts it and moves the bytes.
        unsafe {
            Ok(match api::column_type(self.stmt, index) {
                1 => Field::Integer(api::column_int64(self.stmt, index)),
                2 => Field::Real(api::column_double(self.stmt, index)),
                3 => {
                    let data = api::column_text(self.stmt, index);
                    let bytes = self.bytes(data, index)?;
                    let Ok(text) = std::str::from_utf8(bytes) else {
                        let text = format!("{}: a text is not UTF-8", self.what("read"));
                        return Err(Kind::Host {
                            code: code::ERROR,
                            text,
                        }
                        .into());
                    };
                    Field::Text(text)
                }
                4 => {
                    let data = api::column_blob(self.stmt, index).cast();
                    Field::Blob(self.bytes(data, index)?)
                }
                _ => Field::Null,
            })
        }
    }

    /// The bytes of a column at `data`; a null pointer is an empty blob, or want
    /// of memory where the column has a length.
    ///
    /// # Safety
    /// `data` is what SQLite gave for that column of the current row.
    unsafe fn bytes(&self, data: *const u8, index: c_int) -> Result<&[u8]> {
        // SAFETY: the statement is live.
        let size = unsafe { api::column_bytes(self.stmt, index) };
        match usize::try_from(size) {
            Ok(0) | Err(_) => Ok(&[]),
            Ok(_) if data.is_null() => Err(self.failure("read")),
            // SAFETY: SQLite keeps `size` bytes at `data` until the statement
            // moves on.
            Ok(size) => Ok(unsafe { slice::from_raw_parts(data, size) }),
        }
    }

    /// Gives parameter `index` a value that SQLite copies, or (without a
    /// destructor) reads where it is.
    ///
    /// # Safety
    /// Without a destructor, the value outlives its use: until the statement is
    /// reset and its bindings cleared.
    unsafe fn give(
        &mut self,
        index: usize,
        value: Bind<'_>,
        destructor: api::Destructor,
    ) -> Result<()> {
        let parameter = c_int::try_from(index).unwrap_or(c_int::MAX);
        // SAFETY: the statement is live; the lengths are those of the slices;
        // SQLite itself refuses a parameter that is not there. An empty slice's
        // pointer is not null, so it becomes an empty value and not NULL.
        let code = unsafe {
            match value {
                Bind::Null => api::bind_null(self.stmt, parameter),
                Bind::Integer(value) => api::bind_int64(self.stmt, parameter, value),
                Bind::Real(value) => api::bind_double(self.stmt, parameter, value),
                Bind::Text(text) => {
                    let (data, size) = (text.as_ptr().cast(), text.len() as u64);
                    let encoding = api::UTF8 as u8;
                    api::bind_text64(self.stmt, parameter, data, size, destructor, encoding)
                }
                Bind::Blob(bytes) => {
                    let (data, size) = (bytes.as_ptr().cast(), bytes.len() as u64);
                    api::bind_blob64(self.stmt, parameter, data, size, destructor)
                }
            }
        };
        if code == code::OK {
            Ok(())
        } else {
            Err(self.failure("bind"))
        }
    }

    fn failure(&self, verb: &str) -> Error {
        self.connection.failure(&self.what(verb))
    }

    fn what(&self, verb: &str) -> String {
        // SAFETY: the text is NUL-terminated and lives as long as the statement.
        let sql = unsafe { CStr::from_ptr(api::sql(self.stmt)) };
        format!("cannot {verb} '{}'", excerpt(&sql.to_string_lossy()))
    }
}

impl Drop for Statement {
    fn drop(&mut self) {
        // SAFETY: nobody else has the statement, and SQLite keeps a connection
        // in memory until its last statement is finalized.
        unsafe { api::finalize(self.stmt) };
    }
}

/// A statement that may hold pointers to borrowed values; dropping it takes
/// them back.
struct Lent<'s>(&'s mut Statement);

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        self.0.reset();
        // SAFETY: the statement is live and not running.
        unsafe { api::clear_bindings(self.0.stmt) };
    }
}
