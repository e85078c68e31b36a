//! (unsafe) The host's connection; `statement` prepares statements on it.

use std::ffi::{CStr, CString};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

use sqlite_loadable::ext::sqlite3;

use super::{api, code};
use crate::error::{Kind, Result, quote};

/// A handle to the connection that loaded this extension. Clones share it, and
/// all of them know when it has been closed.
///
/// It can be kept anywhere, but is for use on the host's thread, while the host
/// is inside a call of ours: no thread of this extension runs SQL.
#[derive(Clone)]
pub struct Connection(Arc<State>);

struct State {
    /// Null once the host has closed the connection.
    db: AtomicPtr<sqlite3>,
    /// The tables and functions registered and not yet destroyed. SQLite
    /// destroys the last of them when it closes the connection.
    registrations: AtomicUsize,
}

impl Connection {
    /// # Safety
    /// `db` is open and its host adopted; it is closed no sooner than SQLite
    /// destroys what is registered on it.
    pub(super) unsafe fn open(db: *mut sqlite3) -> Self {
        let (db, registrations) = (AtomicPtr::new(db), AtomicUsize::new(0));
        Self(Arc::new(State { db, registrations }))
    }

    /// Runs the statements of `sql`, whose rows nobody wants.
    ///
    /// # Errors
    /// `Host` with SQLite's words and its extended code.
    pub fn execute(&self, sql: &str) -> Result<()> {
        let db = self.db()?;
        let failed = || format!("cannot run '{}'", excerpt(sql));
        let Ok(text) = CString::new(sql) else {
            let text = format!("{}: it holds a NUL", failed());
            return Err(Kind::Host {
                code: code::ERROR,
                text,
            }
            .into());
        };
        // SAFETY: `db` is open; `text` is NUL-terminated; no callback is given,
        // and SQLite's message is read from the connection.
        let code = unsafe { api::exec(db, text.as_ptr(), None, ptr::null_mut(), ptr::null_mut()) };
        if code == code::OK {
            Ok(())
        } else {
            Err(self.failure(&failed()))
        }
    }

    /// True where no transaction of the caller's is open.
    pub fn is_autocommit(&self) -> bool {
        // SAFETY: the connection is open.
        self.db()
            .is_ok_and(|db| unsafe { api::get_autocommit(db) } != 0)
    }

    /// The rows that the statement which ended last inserted, changed or deleted.
    pub fn changes(&self) -> i64 {
        // SAFETY: the connection is open.
        self.db()
            .map_or(0, |db| i64::from(unsafe { api::changes(db) }))
    }

    /// True where the host asks its statements to stop, or is gone.
    ///
    /// Before SQLite 3.41 this compiles a blank: the parser looks for an
    /// interrupt at every token, and a blank runs no statement, so that neither
    /// an authorizer nor a trace of the host's sees the question. SQLite keeps
    /// the interrupt raised as long as any statement runs, as one does during
    /// our calls.
    pub fn is_interrupted(&self) -> bool {
        let Ok(db) = self.db() else { return true };
        // SAFETY: the connection is open; the text is a constant of one byte,
        // which makes no statement, and a null tail is allowed.
        unsafe {
            api::is_interrupted(db).unwrap_or_else(|| {
                let mut none = ptr::null_mut();
                let blank = c" ".as_ptr();
                api::prepare_v2(db, blank, 1, &raw mut none, ptr::null_mut()) == code::INTERRUPT
            })
        }
    }

    /// `sqlite3_libversion_number()` of the host: 3040001 for 3.40.1.
    pub fn host_version(&self) -> i32 {
        // SAFETY: a connection exists only once its host was adopted.
        unsafe { api::libversion_number() }
    }

    /// True where SQL can call the function `name` with so many arguments.
    pub fn has_function(&self, name: &str, arguments: usize) -> bool {
        let name = name.replace('"', "\"\"");
        let nulls = vec!["NULL"; arguments].join(", ");
        self.prepare(&format!("SELECT \"{name}\"({nulls})")).is_ok()
    }

    /// Notes a table or function that SQLite will destroy with the connection.
    pub(super) fn registration(&self) -> Registration {
        self.0.registrations.fetch_add(1, Ordering::AcqRel);
        Registration(self.clone())
    }

    /// The host's handle.
    ///
    /// # Errors
    /// `Host` (`SQLITE_MISUSE`) once the connection is closed.
    pub(super) fn db(&self) -> Result<*mut sqlite3> {
        let db = self.0.db.load(Ordering::Acquire);
        if db.is_null() {
            let text = "cannot use the connection: it is closed".to_owned();
            return Err(Kind::Host {
                code: code::MISUSE,
                text,
            }
            .into());
        }
        Ok(db)
    }

    /// The error of the call on this connection that just failed.
    pub(super) fn failure(&self, what: &str) -> crate::error::Error {
        let db = match self.db() {
            Ok(db) => db,
            Err(closed) => return closed,
        };
        // SAFETY: the connection is open; the message is NUL-terminated and
        // valid until the next call on the connection, and is copied here.
        let (code, message) = unsafe {
            let message = CStr::from_ptr(api::errmsg(db))
                .to_string_lossy()
                .into_owned();
            (api::extended_errcode(db), message)
        };
        if code == code::INTERRUPT {
            return Kind::Cancelled.into();
        }
        Kind::Host {
            code,
            text: format!("{what}: {}", quote(&message)),
        }
        .into()
    }
}

/// The start of a statement, on one line, for a message.
pub(super) fn excerpt(sql: &str) -> String {
    const LENGTH: usize = 60;
    let line = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LENGTH) {
        Some((end, _)) => quote(&format!("{}...", &line[..end])),
        None => quote(&line),
    }
}

/// Held by what is registered on a connection, dropped as SQLite destroys it.
pub(super) struct Registration(Connection);

impl Registration {
    /// The connection it is registered on.
    pub(super) fn connection(&self) -> &Connection {
        &self.0
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let state = &self.0.0;
        if state.registrations.fetch_sub(1, Ordering::AcqRel) == 1 {
            state.db.store(ptr::null_mut(), Ordering::Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_one_short_line() {
        assert_eq!(excerpt("SELECT\n  1"), "SELECT 1");
        let long = excerpt(&"é ".repeat(100));
        assert_eq!(long.chars().count(), 63);
    }

    #[test]
    fn a_closed_connection_refuses_instead_of_following_a_dead_pointer() {
        // SAFETY: the pointer is never followed: the registration ends first.
        let connection = unsafe { Connection::open(ptr::dangling_mut()) };
        drop(connection.registration());
        let error = connection.execute("SELECT 1").expect_err("it is closed");
        assert_eq!(
            error.to_string(),
            "imap: cannot use the connection: it is closed"
        );
        assert_eq!(error.code(), code::MISUSE);
        assert!(connection.is_interrupted());
    }
}
