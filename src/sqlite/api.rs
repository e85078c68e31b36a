//! (unsafe) The functions of the host's SQLite, by the names SQLite gives them.
//!
//! Used by the other files of this folder only. The host hands its table of
//! function pointers to the entry point; [`adopt`] checks and keeps it. One
//! process has one table: a second SQLite library would bring a second one, and
//! memory of the one must never reach the other. Members that the oldest host
//! lacks are behind a version check; the host's table may be shorter than the
//! type of it we compile with, so no reference to the whole is ever made.

use std::ffi::{c_char, c_int, c_uchar, c_uint, c_void};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use sqlite_loadable::ext::{
    faux_sqlite_extension_init2, sqlite3, sqlite3_api_routines, sqlite3_context,
    sqlite3_index_info, sqlite3_module, sqlite3_stmt, sqlite3_value,
};

use super::code;
use crate::error::{Error, Kind, Result};

/// The encoding of all text this extension gives and takes.
pub(super) const UTF8: c_int = 1;

/// What SQLite calls when it no longer needs a value; `None` is `SQLITE_STATIC`.
pub(super) type Destructor = Option<unsafe extern "C" fn(*mut c_void)>;

/// A scalar function as SQLite calls it.
pub(super) type ScalarFunction =
    unsafe extern "C" fn(*mut sqlite3_context, c_int, *mut *mut sqlite3_value);

/// `SQLITE_TRANSIENT`: SQLite makes its own copy before the call returns.
pub(super) fn transient() -> Destructor {
    // SAFETY: SQLite defines this sentinel as -1 cast to the destructor's type
    // and compares it, never calls it; a function pointer may have any value
    // but null.
    Some(unsafe { std::mem::transmute::<isize, unsafe extern "C" fn(*mut c_void)>(-1) })
}

/// The oldest SQLite this extension runs in, as `sqlite3_libversion_number()`
/// counts: 3.34.0, of RHEL 9 and Debian 11.
const OLDEST: c_int = 3_034_000;

/// The table of the one SQLite of this process, once [`adopt`] has taken it.
static HOST: AtomicPtr<sqlite3_api_routines> = AtomicPtr::new(ptr::null_mut());

/// Takes the host's table for this process.
///
/// # Errors
/// `Unsupported` where the host is too old, lacks a function (SQLite can be
/// built without some), or is the second SQLite library of this process.
///
/// # Safety
/// `table` is what SQLite passes to an extension's entry point.
pub(super) unsafe fn adopt(table: *mut sqlite3_api_routines) -> Result<()> {
    // SAFETY: this member is as old as loadable extensions are.
    let version = unsafe { (*table).libversion_number }.map_or(0, |number| {
        // SAFETY: it takes no argument and has no precondition.
        unsafe { number() }
    });
    if version < OLDEST {
        return Err(unsupported(format!(
            "needs SQLite {} or later, but was loaded into {}",
            dotted(OLDEST),
            dotted(version)
        )));
    }
    // SAFETY: the host is as new as every member looked at.
    if let Some(name) = unsafe { missing(table) } {
        return Err(unsupported(format!(
            "needs sqlite3_{name}, which this SQLite {} was built without",
            dotted(version)
        )));
    }
    let first = HOST.compare_exchange(ptr::null_mut(), table, Ordering::AcqRel, Ordering::Acquire);
    match first {
        // SAFETY: `table` is the host's, and this branch runs once in a process.
        Ok(_) => unsafe { faux_sqlite_extension_init2(table) },
        Err(kept) if kept == table => {}
        Err(_) => {
            return Err(unsupported(
                "this process holds a second SQLite library, which has loaded this file already; \
                 load it into one of them only"
                    .to_owned(),
            ));
        }
    }
    Ok(())
}

fn unsupported(text: String) -> Error {
    Kind::Unsupported(text).into()
}

/// `3034001` as `3.34.1`.
fn dotted(version: c_int) -> String {
    format!(
        "{}.{}.{}",
        version / 1_000_000,
        version / 1000 % 1000,
        version % 1000
    )
}

/// Text as the host frees it: a NUL-terminated copy in its memory, NUL bytes
/// inside written as `\0`. Null where there is no memory.
///
/// # Safety
/// `table` is a host's.
pub(super) unsafe fn copy_text(table: *mut sqlite3_api_routines, text: &str) -> *mut c_char {
    let text = text.replace('\0', "\\0");
    let Ok(size) = c_int::try_from(text.len() + 1) else {
        return ptr::null_mut();
    };
    // SAFETY: as old as loadable extensions are; it takes any size.
    let copy = unsafe {
        (*table)
            .malloc
            .map_or(ptr::null_mut(), |malloc| malloc(size))
    };
    if !copy.is_null() {
        // SAFETY: `copy` holds `text.len() + 1` bytes that nobody else has.
        unsafe {
            ptr::copy_nonoverlapping(text.as_ptr(), copy.cast::<u8>(), text.len());
            copy.cast::<u8>().add(text.len()).write(0);
        }
    }
    copy.cast()
}

/// [`copy_text`] in the memory of the adopted host.
///
/// # Safety
/// [`adopt`] succeeded.
pub(super) unsafe fn text_for_host(text: &str) -> *mut c_char {
    // SAFETY: the kept table is a host's.
    unsafe { copy_text(HOST.load(Ordering::Acquire), text) }
}

type Db = *mut sqlite3;
type Stmt = *mut sqlite3_stmt;
type Value = *mut sqlite3_value;
type Context = *mut sqlite3_context;
type ExecCallback =
    Option<unsafe extern "C" fn(*mut c_void, c_int, *mut *mut c_char, *mut *mut c_char) -> c_int>;

macro_rules! host_functions {
    ($($name:ident($($argument:ident: $type:ty),*) $(-> $result:ty)?;)*) => {
        /// The first function below that a host's table has no pointer for.
        ///
        /// # Safety
        /// `table` is of a host of version [`OLDEST`] or later.
        unsafe fn missing(table: *mut sqlite3_api_routines) -> Option<&'static str> {
            $(
                // SAFETY: the member is older than `OLDEST`, so the table has it.
                if unsafe { (*table).$name.is_none() } {
                    return Some(stringify!($name));
                }
            )*
            None
        }

        $(
            /// The C function of this name, with its preconditions.
            ///
            /// # Safety
            /// As SQLite's documentation says; [`adopt`] succeeded.
            #[allow(clippy::too_many_arguments, reason = "the function is SQLite's")]
            pub(super) unsafe fn $name($($argument: $type),*) $(-> $result)? {
                // SAFETY: `adopt` keeps only a table for which `missing` finds
                // nothing; the rest is passed on to the caller.
                unsafe {
                    let function = (*HOST.load(Ordering::Acquire)).$name;
                    function.expect("adopt() looked for it")($($argument),*)
                }
            }
        )*
    };
}

host_functions! {
    bind_blob64(stmt: Stmt, index: c_int, data: *const c_void, size: u64, free: Destructor)
        -> c_int;
    bind_double(stmt: Stmt, index: c_int, value: f64) -> c_int;
    bind_int64(stmt: Stmt, index: c_int, value: i64) -> c_int;
    bind_null(stmt: Stmt, index: c_int) -> c_int;
    bind_text64(stmt: Stmt, index: c_int, text: *const c_char, size: u64, free: Destructor,
        encoding: c_uchar) -> c_int;
    changes(db: Db) -> c_int;
    clear_bindings(stmt: Stmt) -> c_int;
    column_blob(stmt: Stmt, index: c_int) -> *const c_void;
    column_bytes(stmt: Stmt, index: c_int) -> c_int;
    column_double(stmt: Stmt, index: c_int) -> f64;
    column_int64(stmt: Stmt, index: c_int) -> i64;
    column_text(stmt: Stmt, index: c_int) -> *const c_uchar;
    column_type(stmt: Stmt, index: c_int) -> c_int;
    create_function_v2(db: Db, name: *const c_char, arity: c_int, flags: c_int,
        data: *mut c_void, call: Option<ScalarFunction>, step: Option<ScalarFunction>,
        last: Option<unsafe extern "C" fn(Context)>, free: Destructor) -> c_int;
    create_module_v2(db: Db, name: *const c_char, module: *const sqlite3_module,
        data: *mut c_void, free: Destructor) -> c_int;
    declare_vtab(db: Db, sql: *const c_char) -> c_int;
    errmsg(db: Db) -> *const c_char;
    exec(db: Db, sql: *const c_char, row: ExecCallback, data: *mut c_void,
        message: *mut *mut c_char) -> c_int;
    extended_errcode(db: Db) -> c_int;
    finalize(stmt: Stmt) -> c_int;
    free(memory: *mut c_void);
    get_autocommit(db: Db) -> c_int;
    libversion_number() -> c_int;
    prepare_v2(db: Db, sql: *const c_char, size: c_int, stmt: *mut Stmt,
        tail: *mut *const c_char) -> c_int;
    reset(stmt: Stmt) -> c_int;
    result_blob64(context: Context, data: *const c_void, size: u64, free: Destructor);
    result_double(context: Context, value: f64);
    result_error(context: Context, text: *const c_char, size: c_int);
    result_error_code(context: Context, code: c_int);
    result_int64(context: Context, value: i64);
    result_null(context: Context);
    result_subtype(context: Context, subtype: c_uint);
    result_text64(context: Context, text: *const c_char, size: u64, free: Destructor,
        encoding: c_uchar);
    sql(stmt: Stmt) -> *const c_char;
    step(stmt: Stmt) -> c_int;
    user_data(context: Context) -> *mut c_void;
    value_blob(value: Value) -> *const c_void;
    value_bytes(value: Value) -> c_int;
    value_double(value: Value) -> f64;
    value_int64(value: Value) -> i64;
    value_text(value: Value) -> *const c_uchar;
    value_type(value: Value) -> c_int;
    vtab_collation(info: *mut sqlite3_index_info, constraint: c_int) -> *const c_char;
}

/// What `sqlite3_vtab_config` sets for a table that reaches the outside world
/// (`SQLITE_VTAB_DIRECTONLY`) or that is pure (`SQLITE_VTAB_INNOCUOUS`).
///
/// # Safety
/// Called in xConnect with its `db`; [`adopt`] succeeded.
pub(super) unsafe fn vtab_config(db: *mut sqlite3, option: c_int) -> c_int {
    // SAFETY: these options take no further argument; the member is older than
    // `OLDEST`. It is not among the host functions for being variadic.
    unsafe {
        let function = (*HOST.load(Ordering::Acquire)).vtab_config;
        function.map_or(code::ERROR, |config| config(db, option))
    }
}

/// `sqlite3_vtab_in`: asks (`handle` -1) for, or takes (1), a whole IN list.
/// 0, which is no, before SQLite 3.38.
///
/// # Safety
/// Called in xBestIndex with its `info`; [`adopt`] succeeded.
pub(super) unsafe fn vtab_in(
    info: *mut sqlite3_index_info,
    constraint: c_int,
    handle: c_int,
) -> c_int {
    // SAFETY: the version is looked at before the member is.
    unsafe {
        if libversion_number() < 3_038_000 {
            return 0;
        }
        let function = (*HOST.load(Ordering::Acquire)).vtab_in;
        function.map_or(0, |take| take(info, constraint, handle))
    }
}

/// `sqlite3_vtab_distinct`: how the rows are used, see
/// [`Grouping`](super::index::Grouping). 0 before SQLite 3.38.
///
/// # Safety
/// Called in xBestIndex with its `info`; [`adopt`] succeeded.
pub(super) unsafe fn vtab_distinct(info: *mut sqlite3_index_info) -> c_int {
    // SAFETY: the version is looked at before the member is.
    unsafe {
        if libversion_number() < 3_038_000 {
            return 0;
        }
        let function = (*HOST.load(Ordering::Acquire)).vtab_distinct;
        function.map_or(0, |ask| ask(info))
    }
}

/// `sqlite3_vtab_rhs_value`: the other side of a constraint where it is a
/// constant; null where it is not, and before SQLite 3.38.
///
/// # Safety
/// Called in xBestIndex with its `info`; [`adopt`] succeeded. The value lasts
/// as long as the call to xBestIndex.
pub(super) unsafe fn vtab_rhs_value(info: *mut sqlite3_index_info, constraint: c_int) -> Value {
    let mut value = ptr::null_mut();
    // SAFETY: the version is looked at before the member is.
    unsafe {
        if libversion_number() < 3_038_000 {
            return value;
        }
        let function = (*HOST.load(Ordering::Acquire)).vtab_rhs_value;
        match function.map(|read| read(info, constraint, &raw mut value)) {
            Some(code::OK) => value,
            _ => ptr::null_mut(),
        }
    }
}

/// `sqlite3_vtab_in_first` (`at_start`) or `sqlite3_vtab_in_next`; [`code::ERROR`]
/// before SQLite 3.38 and for a value that is no list.
///
/// # Safety
/// Called in xFilter with an argument of it; [`adopt`] succeeded.
pub(super) unsafe fn vtab_in_element(
    list: *mut sqlite3_value,
    at_start: bool,
    element: *mut *mut sqlite3_value,
) -> c_int {
    // SAFETY: the version is looked at before the members are.
    unsafe {
        if libversion_number() < 3_038_000 {
            return code::ERROR;
        }
        let table = HOST.load(Ordering::Acquire);
        let function = if at_start {
            (*table).vtab_in_first
        } else {
            (*table).vtab_in_next
        };
        function.map_or(code::ERROR, |read| read(list, element))
    }
}

/// `sqlite3_is_interrupted`, or nothing before SQLite 3.41.
///
/// # Safety
/// `db` is open; [`adopt`] succeeded.
pub(super) unsafe fn is_interrupted(db: *mut sqlite3) -> Option<bool> {
    type IsInterrupted = unsafe extern "C" fn(*mut sqlite3) -> c_int;
    // The type we compile with ends at 3.39. SQLite only ever appends to the
    // table: value_encoding in 3.40, then this one in 3.41.
    const SLOT: usize = size_of::<sqlite3_api_routines>() / size_of::<usize>() + 1;
    // SAFETY: a host of this version has a table with the slot, and the slot
    // has a function of this type or null.
    unsafe {
        if libversion_number() < 3_041_000 {
            return None;
        }
        let table = HOST.load(Ordering::Acquire).cast::<Option<IsInterrupted>>();
        table.add(SLOT).read().map(|ask| ask(db) != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_reads_as_people_write_it() {
        assert_eq!(dotted(3_034_001), "3.34.1");
        assert_eq!(dotted(3_051_003), "3.51.3");
    }
}
