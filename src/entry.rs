//! (unsafe) The exported entry points, by the names SQLite looks for.
//!
//! `.load ./imap0` finds `sqlite3_extension_init` first; hosts that derive the
//! name from the file's find `sqlite3_imap_init`.

use std::ffi::{c_char, c_int};

use crate::sqlite::initialise;
use crate::sqlite::raw::{sqlite3, sqlite3_api_routines};

/// Registers everything: [`crate::register`].
///
/// # Safety
/// Called by SQLite, as an extension's entry point.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sqlite3_imap_init(
    db: *mut sqlite3,
    message: *mut *mut c_char,
    table: *mut sqlite3_api_routines,
) -> c_int {
    // SAFETY: the arguments are passed on as SQLite gave them.
    unsafe { initialise(db, message, table, crate::register) }
}

/// The same as [`sqlite3_imap_init`], by SQLite's default name.
///
/// # Safety
/// Called by SQLite, as an extension's entry point.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sqlite3_extension_init(
    db: *mut sqlite3,
    message: *mut *mut c_char,
    table: *mut sqlite3_api_routines,
) -> c_int {
    // SAFETY: the arguments are passed on as SQLite gave them.
    unsafe { initialise(db, message, table, crate::register) }
}

/// Registers only what touches no network: [`crate::register_offline`].
///
/// # Safety
/// Called by SQLite, as an extension's entry point.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sqlite3_imapoffline_init(
    db: *mut sqlite3,
    message: *mut *mut c_char,
    table: *mut sqlite3_api_routines,
) -> c_int {
    // SAFETY: the arguments are passed on as SQLite gave them.
    unsafe { initialise(db, message, table, crate::register_offline) }
}
