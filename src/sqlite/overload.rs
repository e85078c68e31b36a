//! (unsafe) What SQL hears where it evaluates `MATCH` on a table's column itself.
//!
//! SQLite does so where it could not hand the term to xBestIndex: under OR,
//! under NOT. Its own words for that name neither the table nor a way out.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr;

use sqlite_loadable::ext::{sqlite3_context, sqlite3_value, sqlite3_vtab};

use super::api;
use super::table::Table;
use crate::error::Error;

/// The type of a function that xFindFunction puts in place.
type Overload = Option<unsafe extern "C" fn(*mut sqlite3_context, c_int, *mut *mut sqlite3_value)>;

/// xFindFunction: asked while a statement is compiled whether the table has a
/// version of its own of a function that is called on one of its columns.
pub(super) unsafe extern "C" fn find_function<T: Table>(
    _table: *mut sqlite3_vtab,
    arity: c_int,
    name: *const c_char,
    function: *mut Overload,
    data: *mut *mut c_void,
) -> c_int {
    // SAFETY: SQLite passes the function's name.
    let name = unsafe { CStr::from_ptr(name) };
    let is_refused =
        T::MATCH_REFUSED.is_some() && arity == 2 && name.to_bytes().eq_ignore_ascii_case(b"match");
    if is_refused {
        // SAFETY: SQLite wants the function and its data here; this one has none.
        unsafe {
            *function = Some(refuse_match::<T>);
            *data = ptr::null_mut();
        }
    }
    c_int::from(is_refused)
}

unsafe extern "C" fn refuse_match<T: Table>(
    context: *mut sqlite3_context,
    _count: c_int,
    _arguments: *mut *mut sqlite3_value,
) {
    let text = Error::usage(T::MATCH_REFUSED.unwrap_or_default()).to_string();
    let size = c_int::try_from(text.len()).unwrap_or(c_int::MAX);
    // SAFETY: SQLite copies the text.
    unsafe { api::result_error(context, text.as_ptr().cast(), size) };
}
