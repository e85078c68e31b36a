//! (unsafe) The one shim between SQLite's `sqlite3_module` and [`Table`].
//!
//! SQLite owns three things of ours, each a `Box` it hands back as a pointer:
//! the [`Module`] (from registration to the end of the connection), a
//! [`Connected`] table, and [`Opened`] cursors. Each callback is one call of
//! [`contain`], and its error goes into `zErrMsg` word for word: it is copied,
//! never formatted. SQLite reads the pointer fields at the start of the
//! `repr(C)` structures, so nothing of ours overlaps them.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr;

use sqlite_loadable::ext::{
    sqlite3, sqlite3_context, sqlite3_index_info, sqlite3_module, sqlite3_value, sqlite3_vtab,
    sqlite3_vtab_cursor,
};

use super::cell::Cell;
use super::connection::{Connection, Registration};
use super::contain::{contain, discard};
use super::definition::Definition;
use super::index::Index;
use super::overload::find_function;
use super::table::{Cursor, Planned, Table, Trust};
use super::value::Value;
use super::{api, code};
use crate::error::{Error, Kind, Result};

/// Makes a table known to the connection by its definition's name. `table` is
/// called at its first use, and dropped when the connection closes.
///
/// # Errors
/// `Internal` for a definition that cannot be read, `Host` as SQLite says.
pub fn register_table<T: Table>(
    connection: &Connection,
    definition: &'static Definition,
    trust: Trust,
    table: impl Fn(&Connection) -> T + 'static,
) -> Result<()> {
    let declaration = c_text(definition.declaration()?)?;
    let name = c_text(definition.name.to_owned())?;
    let registration = connection.registration();
    let module = Module {
        registration,
        name: definition.name,
        declaration,
        trust,
        table: Box::new(table),
    };
    let data = Box::into_raw(Box::new(module)).cast();
    // SAFETY: the connection is open; SQLite copies the name; the methods are
    // static; `data` is what they expect, and SQLite destroys it once, also
    // where this call fails.
    let code = unsafe {
        let methods = &Callbacks::<T>::METHODS;
        let destructor = Some(destroy_module::<T> as unsafe extern "C" fn(_));
        api::create_module_v2(connection.db()?, name.as_ptr(), methods, data, destructor)
    };
    if code == code::OK {
        return Ok(());
    }
    Err(connection.failure(&format!("cannot register table '{}'", definition.name)))
}

/// The code SQLite gets for an error: never one that says success.
pub(super) fn result_code(error: &Error) -> c_int {
    match error.code() {
        code::OK | code::ROW | code::DONE | code::OK_LOAD_PERMANENTLY => code::ERROR,
        code => code,
    }
}

/// A text of ours for SQLite.
pub(super) fn c_text(text: String) -> Result<CString> {
    CString::new(text).map_err(|error| {
        let text = format!("a NUL in '{}'", String::from_utf8_lossy(&error.into_vec()));
        Kind::Internal {
            place: "registration".to_owned(),
            text,
        }
        .into()
    })
}

struct Module<T> {
    registration: Registration,
    name: &'static str,
    declaration: CString,
    trust: Trust,
    table: Box<dyn Fn(&Connection) -> T>,
}

#[repr(C)]
struct Connected<T> {
    base: sqlite3_vtab,
    name: &'static str,
    table: T,
}

#[repr(C)]
struct Opened<C> {
    base: sqlite3_vtab_cursor,
    cursor: C,
    /// What the cursor said after its last move: xEof cannot fail, and so does
    /// not ask.
    at_end: bool,
}

struct Callbacks<T>(T);

impl<T: Table> Callbacks<T> {
    /// Without xCreate the table is eponymous only: `CREATE VIRTUAL TABLE`
    /// refuses it. Without xUpdate it is read only.
    const METHODS: sqlite3_module = sqlite3_module {
        iVersion: 0,
        xCreate: None,
        xConnect: Some(connect::<T>),
        xBestIndex: Some(best_index::<T>),
        xDisconnect: Some(disconnect::<T>),
        xDestroy: None,
        xOpen: Some(open::<T>),
        xClose: Some(close::<T>),
        xFilter: Some(filter::<T>),
        xNext: Some(next::<T>),
        xEof: Some(eof::<T>),
        xColumn: Some(column::<T>),
        xRowid: Some(rowid::<T>),
        xUpdate: None,
        xBegin: None,
        xSync: None,
        xCommit: None,
        xRollback: None,
        xFindFunction: Some(find_function::<T>),
        xRename: None,
        xSavepoint: None,
        xRelease: None,
        xRollbackTo: None,
        xShadowName: None,
    };
}

/// Puts an error's text where SQLite looks for it and returns its code; `table`
/// is the name of the table it happened in.
///
/// # Safety
/// `message` is null, or one of the host's texts that is ours to replace.
unsafe fn report(outcome: Result<()>, table: &str, message: *mut *mut c_char) -> c_int {
    let Err(error) = outcome else { return code::OK };
    let error = error.in_table(table);
    // SAFETY: as above; a null text is free to be freed.
    unsafe {
        api::free((*message).cast());
        *message = api::text_for_host(&error.to_string());
    }
    result_code(&error)
}

unsafe extern "C" fn destroy_module<T: Table>(module: *mut c_void) {
    // SAFETY: SQLite gives back, once, what `register_table` gave.
    discard(unsafe { Box::from_raw(module.cast::<Module<T>>()) });
}

unsafe extern "C" fn connect<T: Table>(
    db: *mut sqlite3,
    module: *mut c_void,
    _argc: c_int,
    _argv: *const *const c_char,
    table: *mut *mut sqlite3_vtab,
    message: *mut *mut c_char,
) -> c_int {
    // SAFETY: SQLite passes what `register_table` gave, which lives as long as
    // the module.
    let module = unsafe { &*module.cast::<Module<T>>() };
    let outcome = contain("xConnect", || {
        let connection = module.registration.connection();
        let option = match module.trust {
            Trust::Innocuous => 2,
            Trust::DirectOnly => 3,
        };
        // SAFETY: `db` is the connection that is being connected to.
        let codes = unsafe {
            [
                api::declare_vtab(db, module.declaration.as_ptr()),
                api::vtab_config(db, option),
            ]
        };
        if codes != [code::OK; 2] {
            return Err(connection.failure("cannot declare a table"));
        }
        let base = sqlite3_vtab {
            pModule: ptr::null(),
            nRef: 0,
            zErrMsg: ptr::null_mut(),
        };
        let connected = Box::new(Connected {
            base,
            name: module.name,
            table: (module.table)(connection),
        });
        // SAFETY: SQLite wants the pointer here, and gives it to xDisconnect.
        unsafe { *table = Box::into_raw(connected).cast() };
        Ok(())
    });
    // SAFETY: SQLite's text is null as xConnect starts.
    unsafe { report(outcome, module.name, message) }
}

unsafe extern "C" fn disconnect<T: Table>(table: *mut sqlite3_vtab) -> c_int {
    // SAFETY: SQLite gives back, once, what `connect` made; a text it has not
    // taken is the host's memory.
    let connected = unsafe {
        api::free((*table).zErrMsg.cast());
        Box::from_raw(table.cast::<Connected<T>>())
    };
    discard(connected);
    code::OK
}

unsafe extern "C" fn best_index<T: Table>(
    table: *mut sqlite3_vtab,
    info: *mut sqlite3_index_info,
) -> c_int {
    let mut planned = Planned::Yes;
    // SAFETY: SQLite passes what `connect` made.
    let connected = unsafe { &*table.cast::<Connected<T>>() };
    let outcome = contain("xBestIndex", || {
        // SAFETY: SQLite passes a question for the time of this call.
        let mut index = unsafe { Index::new(info) };
        planned = connected.table.plan(&mut index)?;
        let Some(text) = index.text.take() else {
            return Ok(());
        };
        if text.contains('\0') {
            return Err(internal("xBestIndex", "a NUL in the plan"));
        }
        // SAFETY: SQLite frees the text as the flag says; a fresh question has
        // none.
        unsafe {
            (*info).idxStr = api::text_for_host(&text);
            (*info).needToFreeIdxStr = 1;
            if (*info).idxStr.is_null() {
                return Err(Kind::Host {
                    code: code::NOMEM,
                    text: "out of memory".into(),
                }
                .into());
            }
        }
        Ok(())
    });
    // SAFETY: `zErrMsg` is the host's text or null.
    match unsafe { report(outcome, connected.name, &raw mut (*table).zErrMsg) } {
        code::OK if planned == Planned::NotThisWay => code::CONSTRAINT,
        // To xBestIndex this code is an answer, not an error.
        code::CONSTRAINT => code::ERROR,
        code => code,
    }
}

unsafe extern "C" fn open<T: Table>(
    table: *mut sqlite3_vtab,
    cursor: *mut *mut sqlite3_vtab_cursor,
) -> c_int {
    // SAFETY: SQLite passes what `connect` made.
    let connected = unsafe { &*table.cast::<Connected<T>>() };
    let outcome = contain("xOpen", || {
        let base = sqlite3_vtab_cursor {
            pVtab: ptr::null_mut(),
        };
        let opened = Box::new(Opened {
            base,
            cursor: connected.table.open()?,
            at_end: true,
        });
        // SAFETY: SQLite wants the pointer here, and gives it to xClose.
        unsafe { *cursor = Box::into_raw(opened).cast() };
        Ok(())
    });
    // SAFETY: `zErrMsg` is the host's text or null.
    unsafe { report(outcome, connected.name, &raw mut (*table).zErrMsg) }
}

unsafe extern "C" fn close<T: Table>(cursor: *mut sqlite3_vtab_cursor) -> c_int {
    // SAFETY: SQLite gives back, once, what `open` made.
    discard(unsafe { Box::from_raw(cursor.cast::<Opened<T::Cursor>>()) });
    code::OK
}

/// Runs one callback of a cursor and reports to its table.
///
/// # Safety
/// `cursor` is what `open::<T>` made, with `pVtab` as SQLite set it.
unsafe fn with_cursor<T: Table>(
    place: &str,
    cursor: *mut sqlite3_vtab_cursor,
    body: impl FnOnce(&mut Opened<T::Cursor>) -> Result<()>,
) -> c_int {
    // SAFETY: SQLite uses a cursor on one thread at a time, and this callback
    // has the only reference; the table outlives its cursors.
    unsafe {
        let outcome = contain(place, || body(&mut *cursor.cast::<Opened<T::Cursor>>()));
        let table = (*cursor).pVtab;
        let name = (*table.cast::<Connected<T>>()).name;
        report(outcome, name, &raw mut (*table).zErrMsg)
    }
}

unsafe extern "C" fn filter<T: Table>(
    cursor: *mut sqlite3_vtab_cursor,
    number: c_int,
    text: *const c_char,
    count: c_int,
    arguments: *mut *mut sqlite3_value,
) -> c_int {
    let body = |opened: &mut Opened<T::Cursor>| {
        opened.at_end = true;
        // SAFETY: the text is the one `best_index` made, or null.
        let text = (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_str());
        let text = text
            .transpose()
            .map_err(|_| internal("xFilter", "the plan is not UTF-8"))?;
        // SAFETY: SQLite passes `count` arguments for the time of this call.
        let arguments = unsafe { Value::all(count, arguments) };
        opened.cursor.scan(number, text, &arguments)?;
        opened.at_end = opened.cursor.is_at_end();
        Ok(())
    };
    // SAFETY: SQLite passes one of this module's cursors.
    unsafe { with_cursor::<T>("xFilter", cursor, body) }
}

unsafe extern "C" fn next<T: Table>(cursor: *mut sqlite3_vtab_cursor) -> c_int {
    let body = |opened: &mut Opened<T::Cursor>| {
        opened.at_end = true;
        opened.cursor.advance()?;
        opened.at_end = opened.cursor.is_at_end();
        Ok(())
    };
    // SAFETY: SQLite passes one of this module's cursors.
    unsafe { with_cursor::<T>("xNext", cursor, body) }
}

unsafe extern "C" fn eof<T: Table>(cursor: *mut sqlite3_vtab_cursor) -> c_int {
    // SAFETY: SQLite passes one of this module's cursors.
    c_int::from(unsafe { (*cursor.cast::<Opened<T::Cursor>>()).at_end })
}

unsafe extern "C" fn column<T: Table>(
    cursor: *mut sqlite3_vtab_cursor,
    context: *mut sqlite3_context,
    column: c_int,
) -> c_int {
    let body = |opened: &mut Opened<T::Cursor>| {
        let Ok(column) = usize::try_from(column) else {
            return Ok(());
        };
        // SAFETY: the context is valid for the time of this call.
        opened.cursor.cell(column, unsafe { Cell::new(context) })
    };
    // SAFETY: SQLite passes one of this module's cursors.
    unsafe { with_cursor::<T>("xColumn", cursor, body) }
}

unsafe extern "C" fn rowid<T: Table>(cursor: *mut sqlite3_vtab_cursor, rowid: *mut i64) -> c_int {
    let body = |opened: &mut Opened<T::Cursor>| {
        let id = opened.cursor.rowid()?;
        // SAFETY: SQLite wants the id here.
        unsafe { *rowid = id };
        Ok(())
    };
    // SAFETY: SQLite passes one of this module's cursors.
    unsafe { with_cursor::<T>("xRowid", cursor, body) }
}

fn internal(place: &str, text: &str) -> Error {
    Kind::Internal {
        place: place.to_owned(),
        text: text.to_owned(),
    }
    .into()
}
