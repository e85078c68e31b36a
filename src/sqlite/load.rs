//! (unsafe) What every entry point does: meet the host, then register.
//!
//! Used by `src/entry.rs`, which owns the exported names.

use std::ffi::{c_char, c_int};

use sqlite_loadable::ext::{sqlite3, sqlite3_api_routines};

use super::connection::Connection;
use super::contain::contain;
use super::module::result_code;
use super::{api, code};
use crate::error::Result;

/// Checks the host, then lets `register` add tables and functions to its
/// connection. Returns what an entry point returns; on failure `*message` is a
/// sentence in the host's memory.
///
/// # Safety
/// The arguments are those SQLite passes to an extension's entry point.
pub unsafe fn initialise(
    db: *mut sqlite3,
    message: *mut *mut c_char,
    table: *mut sqlite3_api_routines,
    register: impl FnOnce(&Connection) -> Result<()>,
) -> c_int {
    let outcome = contain("the entry point", || {
        // SAFETY: `table` is the host's by this function's contract.
        unsafe { api::adopt(table)? };
        // SAFETY: `db` is open during this call, and the table was adopted.
        let connection = unsafe { Connection::open(db) };
        // Held so that a first registration that fails, and is destroyed at
        // once, does not look like the end of the connection.
        let loading = connection.registration();
        register(loading.connection())
    });
    let Err(error) = outcome else {
        return code::OK_LOAD_PERMANENTLY;
    };
    if !message.is_null() {
        // SAFETY: `message` is where the host wants the text, which it frees;
        // `table` is the caller's own host, adopted or not.
        unsafe { *message = api::copy_text(table, &error.to_string()) };
    }
    result_code(&error)
}
