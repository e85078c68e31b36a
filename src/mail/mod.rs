//! Messages: RFC 5322 headers, MIME bodies, encoded words, character sets.
//!
//! Pure: bytes in, values out; it knows neither SQLite nor IMAP. The virtual
//! tables and the ingest use it. Whatever the bytes are, nothing here panics,
//! and nothing takes more than a small multiple of their size in memory or
//! more than a bounded number of passes over them in time; what cannot be
//! read is `None` and is named as a [`Problem`].
//!
//! Every text given out is UTF-8 without NUL, at which SQLite's own text
//! functions would stop; the raw message keeps the NULs.

pub mod accepted;
pub mod address;
pub mod attachment;
pub mod auth;
pub mod bodies;
mod charset;
pub mod content;
mod date;
mod decoded_texts;
pub mod digest;
pub mod entity;
pub mod event;
pub mod feed;
pub mod fields;
pub mod headers;
pub mod hop;
mod identifier;
pub mod indicator;
mod json;
pub mod message;
pub mod outlook;
pub mod parameter;
pub mod part;
pub mod part_row;
mod pdf;
pub mod preview;
pub mod problem;
pub mod report;
mod shield;
pub mod sniff;
mod structure;
pub mod summary;
pub mod texts;
pub mod time;
pub mod transfer;
mod uuencode;
pub mod words;

pub use address::{Address, Role};
pub use attachment::Attachment;
pub use headers::Headers;
pub use message::Message;
pub use problem::Problem;
