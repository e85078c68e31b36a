//! `src/sqlite` in real hosts: nothing a table or function does harms them.
//!
//! The extension under test is `tests/hostile`, driven by `host.py` in Debian's
//! Python (the system's SQLite) and in one with apsw (the newest SQLite): every
//! expectation holds in both. The stock shell loads the product itself.

mod faults; // panics and errors
mod host; // the harness
mod lifetime; // loading, interrupts, closing
mod plans; // xBestIndex and xFilter
mod statements; // SQL run by functions
mod unfit; // hosts that are refused
#[path = "../support/until.rs"]
mod until; // waiting for a state
mod values; // arguments and results
