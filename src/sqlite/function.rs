//! (unsafe) Scalar functions: a closure that SQL can call.

use std::ffi::{c_int, c_void};
use std::ops::RangeInclusive;
use std::rc::Rc;

use sqlite_loadable::ext::{sqlite3_context, sqlite3_value};

use super::cell::Cell;
use super::connection::{Connection, Registration};
use super::contain::{contain, discard};
use super::module::{c_text, result_code};
use super::table::Trust;
use super::value::Value;
use super::{api, code};
use crate::error::Result;

type Body = dyn Fn(&Connection, &[Value<'_>], Cell<'_>) -> Result<()>;

struct Function {
    registration: Registration,
    name: &'static str,
    body: Rc<Body>,
}

/// Makes a function known to the connection, for each number of arguments in
/// `arity`; with any other number, SQLite says so itself. `body` is dropped when
/// the connection closes.
///
/// # Errors
/// `Host` as SQLite says, for example where a statement is using a function of
/// the same name.
pub fn register_function(
    connection: &Connection,
    name: &'static str,
    arity: RangeInclusive<usize>,
    trust: Trust,
    body: impl Fn(&Connection, &[Value<'_>], Cell<'_>) -> Result<()> + 'static,
) -> Result<()> {
    /// `SQLITE_DETERMINISTIC` and `SQLITE_INNOCUOUS`.
    const PURE: c_int = 0x800 | 0x20_0000;
    /// `SQLITE_DIRECTONLY`.
    const DIRECT_ONLY: c_int = 0x8_0000;
    /// `SQLITE_RESULT_SUBTYPE` (3.45): the result may be marked as JSON. Older
    /// hosts ignore it.
    const RESULT_SUBTYPE: c_int = 0x100_0000;
    let flags = api::UTF8
        | RESULT_SUBTYPE
        | match trust {
            Trust::DirectOnly => DIRECT_ONLY,
            Trust::Innocuous => PURE,
        };
    let c_name = c_text(name.to_owned())?;
    let body: Rc<Body> = Rc::new(body);
    for arguments in arity {
        let registration = connection.registration();
        let function = Function {
            registration,
            name,
            body: Rc::clone(&body),
        };
        let data = Box::into_raw(Box::new(function)).cast();
        // SQLite refuses more arguments than fit its own limit.
        let arguments = c_int::try_from(arguments).unwrap_or(c_int::MAX);
        // SAFETY: the connection is open; SQLite copies the name; `data` is what
        // `call` expects, and SQLite destroys it once, also where this fails.
        let code = unsafe {
            let (call, destructor) = (Some(call as api::ScalarFunction), Some(destroy as _));
            let db = connection.db()?;
            let name = c_name.as_ptr();
            api::create_function_v2(
                db, name, arguments, flags, data, call, None, None, destructor,
            )
        };
        if code != code::OK {
            return Err(connection.failure(&format!("cannot register function '{name}'")));
        }
    }
    Ok(())
}

unsafe extern "C" fn call(
    context: *mut sqlite3_context,
    count: c_int,
    arguments: *mut *mut sqlite3_value,
) {
    // SAFETY: SQLite keeps what `register_function` gave as long as it calls.
    let function = unsafe { &*api::user_data(context).cast::<Function>() };
    let outcome = contain(function.name, || {
        // SAFETY: SQLite passes `count` arguments and the context for the time
        // of this call.
        let (arguments, cell) = unsafe { (Value::all(count, arguments), Cell::new(context)) };
        (function.body)(function.registration.connection(), &arguments, cell)
    });
    let Err(error) = outcome else { return };
    // SQLite reads the text up to the first NUL.
    let text = error.to_string().replace('\0', "\\0");
    let size = c_int::try_from(text.len()).unwrap_or(c_int::MAX);
    // SAFETY: SQLite copies the text. The code comes second: the text alone
    // means `SQLITE_ERROR`, and the code leaves a text that is there.
    unsafe {
        api::result_error(context, text.as_ptr().cast(), size);
        api::result_error_code(context, result_code(&error));
    }
}

unsafe extern "C" fn destroy(function: *mut c_void) {
    // SAFETY: SQLite gives back, once, what `register_function` gave.
    discard(unsafe { Box::from_raw(function.cast::<Function>()) });
}
