//! SQLite's result codes by their names, for whoever tells one error of the
//! host from another (<https://www.sqlite.org/rescode.html>).

use std::ffi::c_int;

pub(super) const OK: c_int = 0;
/// The statement is wrong, or failed for want of a better word.
pub const ERROR: c_int = 1;
/// Another connection holds a lock.
pub const BUSY: c_int = 5;
pub(super) const NOMEM: c_int = 7;
pub(super) const INTERRUPT: c_int = 9;
/// A value, a row or a statement exceeds a limit of the host.
pub const TOOBIG: c_int = 18;
/// A constraint or a trigger forbids it.
pub const CONSTRAINT: c_int = 19;
/// A value has a type that its place does not take.
pub const MISMATCH: c_int = 20;
pub(super) const MISUSE: c_int = 21;
pub(super) const ROW: c_int = 100;
pub(super) const DONE: c_int = 101;
/// The library was loaded and is never to be unloaded.
pub(super) const OK_LOAD_PERMANENTLY: c_int = 256;
/// What a virtual table, FTS5 for one, says of its own tables being damaged.
pub const CORRUPT_VTAB: c_int = 267;
/// A [`BUSY`] that no wait cures: the snapshot read is not the newest.
pub const BUSY_SNAPSHOT: c_int = 517;

/// The code that an extended one refines.
pub const fn primary(code: c_int) -> c_int {
    code & 0xff
}
