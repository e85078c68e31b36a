//! `mail_parse(raw)`: a message as one JSON object.
//!
//! ```sql
//! SELECT mail_parse(readfile('message.eml')) ->> 'subject';
//! ```
//!
//! `docs/mail.md` lists its keys. NULL gives NULL.

use crate::error::Result;
use crate::mail::summary;
use crate::sqlite::{Connection, Trust, register_function};

pub(super) fn register(connection: &Connection) -> Result<()> {
    register_function(
        connection,
        "mail_parse",
        1..=1,
        Trust::Innocuous,
        |_, arguments, cell| {
            let raw = &arguments[0];
            if !raw.is_null() {
                cell.json(&summary::of(raw.bytes()).to_string());
            }
            Ok(())
        },
    )
}
