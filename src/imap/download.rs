//! Messages off the wire, one at a time, as far as they are wanted.
//!
//! Used by the cursor of a table and by the ingest alike. [`Schedule`] says
//! what to ask for; here two commands are kept in flight, answers are matched
//! to them, and what came too late, twice or unasked is passed over.

use std::sync::Arc;

use super::fetch_stream::FetchStream;
use super::flags::Flags;
use super::message::Message;
use super::schedule::{Purpose, Request, Schedule};
use super::session::Session;
use super::structure::Structure;
use super::uid_set::UidSet;
use super::wanted::Wanted;
use crate::error::Result;

/// A message, as far as it was wanted and the server gave it.
#[derive(Debug, Default)]
pub struct Downloaded {
    /// Its UID.
    pub uid: u32,
    /// FLAGS, without the session's \Recent.
    pub flags: Option<Flags>,
    /// INTERNALDATE as sent.
    pub internal_date: Option<Vec<u8>>,
    /// RFC822.SIZE in bytes.
    pub size: Option<u64>,
    /// BODYSTRUCTURE.
    pub structure: Option<Structure>,
    /// The header, or the fields of it that were wanted.
    pub header: Option<Vec<u8>>,
    /// The text part, where it was fetched alone.
    pub text: Option<TextPart>,
    /// The whole message, byte for byte; shared, so that SQLite can take it
    /// over without a copy.
    pub raw: Option<Arc<Vec<u8>>>,
    /// True where content was left on the server because of `max_size`.
    pub is_oversized: bool,
    /// What the server sent that could not be read, one sentence each.
    pub problems: Vec<String>,
}

/// One text part as transferred.
#[derive(Debug)]
pub struct TextPart {
    /// Its MIME header.
    pub header: Vec<u8>,
    /// Its content, still encoded.
    pub body: Vec<u8>,
}
