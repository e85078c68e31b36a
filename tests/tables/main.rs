//! The tables beside `imap_messages`, and its columns that not every server
//! has, in the stock sqlite3 shell against a real Dovecot.

mod attachments;
mod check;
mod columns;
mod deadline;
mod folders;
mod log;
#[path = "../support/mod.rs"]
mod support;
