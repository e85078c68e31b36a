//! SQLite as this extension sees it: safe traits over the host's C interface.
//!
//! Used by the tables, the functions and the ingest; knows nothing of IMAP or
//! mail. What a table or a function does here cannot harm the host: every
//! callback runs inside `contain`, so a panic or an [`Error`] becomes an SQL
//! error with its text and code, and the connection stays usable. State a
//! panic left half-changed is the owner's; destructors that panic are silent.
//!
//! The `unsafe` code is in `api`, `load`, `connection`, `statement`, `value`,
//! `cell`, `loan`, `index`, `module` and `function`, each over one C concept.
//!
//! [`Error`]: crate::error::Error

mod api;
mod cell;
pub mod code;
mod connection;
mod contain;
mod definition;
mod function;
mod index;
mod load;
mod loan;
mod module;
mod overload;
mod statement;
mod table;
mod value;

pub use cell::Cell;
pub use connection::Connection;
pub use contain::contain;
pub use definition::{ColumnDefinition, Definition};
pub use function::register_function;
pub use index::{Column, Constraint, Grouping, Index, Operator, Order, Recheck};
pub use load::initialise;
pub use module::register_table;
pub use statement::{Bind, Field, Statement};
pub use table::{Cursor, Planned, Table, Trust};
pub use value::{Owned, Value, ValueKind};

/// The host's C types that an entry point has in its signature.
pub mod raw {
    pub use sqlite_loadable::ext::{sqlite3, sqlite3_api_routines};
}
