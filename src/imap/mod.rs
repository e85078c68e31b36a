//! The IMAP client: endpoints, connections, sessions and what servers answer.
//!
//! It knows neither SQLite nor MIME. A wait asks the [`settings::Cancel`] it
//! was given, so the host can stop it; everything else is plain blocking I/O
//! on the caller's thread. Reading never changes a mailbox: the commands sent
//! are CAPABILITY, STARTTLS, LOGIN, AUTHENTICATE, LIST, STATUS, EXAMINE,
//! UID SEARCH, UID FETCH (PEEK), NOOP and LOGOUT, no others.

pub mod endpoint;
pub mod login;
pub mod settings;
