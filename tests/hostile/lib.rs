//! A loadable extension that misbehaves in every way `src/sqlite` must contain.
//!
//! `tests/sqlite_layer` loads it into real hosts. It is written against the
//! crate's public API alone, as a table or function of the product is.

mod faulty;
mod planning;
mod statements;
mod values;
mod waiting;

use std::ffi::{c_char, c_int};
use std::io::Write;

use imap0::sqlite::raw::{sqlite3, sqlite3_api_routines};
use imap0::sqlite::{Definition, initialise};

/// Registers all of it.
///
/// # Safety
/// Called by SQLite, as an extension's entry point.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sqlite3_hostile_init(
    db: *mut sqlite3,
    message: *mut *mut c_char,
    table: *mut sqlite3_api_routines,
) -> c_int {
    // SAFETY: the arguments are passed on as SQLite gave them.
    unsafe {
        initialise(db, message, table, |connection| {
            faulty::register(connection)?;
            planning::register(connection)?;
            statements::register(connection)?;
            values::register(connection)?;
            waiting::register(connection)
        })
    }
}

/// Refuses to load, with a text that must not be formatted.
///
/// # Safety
/// Called by SQLite, as an extension's entry point.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sqlite3_refusing_init(
    db: *mut sqlite3,
    message: *mut *mut c_char,
    table: *mut sqlite3_api_routines,
) -> c_int {
    // SAFETY: the arguments are passed on as SQLite gave them.
    unsafe {
        initialise(db, message, table, |_| {
            Err(imap0::error::Error::config("no %s%n\0."))
        })
    }
}

/// Panics while loading.
///
/// # Safety
/// Called by SQLite, as an extension's entry point.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sqlite3_panicking_init(
    db: *mut sqlite3,
    message: *mut *mut c_char,
    table: *mut sqlite3_api_routines,
) -> c_int {
    // SAFETY: the arguments are passed on as SQLite gave them.
    unsafe { initialise(db, message, table, |_| panic!("not today")) }
}

/// A definition made at run time; the few of them live as long as the process.
fn definition(name: &str, columns: &str) -> &'static Definition {
    let sql = format!("CREATE TABLE {name}(\n{columns}\n);\n");
    Box::leak(Box::new(Definition::new(
        name.to_owned().leak(),
        sql.leak(),
    )))
}

/// Writes its name to the file `$HOSTILE_DROPS` when it is dropped.
struct Witness(&'static str);

impl Drop for Witness {
    fn drop(&mut self) {
        let Some(path) = std::env::var_os("HOSTILE_DROPS") else {
            return;
        };
        let file = std::fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(path);
        let written = file.and_then(|mut file| writeln!(file, "{}", self.0));
        written.expect("the test gave a path that can be written");
    }
}
