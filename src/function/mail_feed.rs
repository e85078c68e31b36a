//! `mail_feed(raw)`: the payload by which spam traps share a message.
//!
//! ```sql
//! SELECT mail_feed(readfile('message.eml'));
//! ```
//!
//! A JSON object of `msg` and `sha256`; for mail that is no UTF-8 `msg_base64`
//! has its exact bytes. NULL gives NULL.

use crate::error::Result;
use crate::mail::feed::feed;
use crate::sqlite::{Connection, Trust, register_function};

pub(super) fn register(connection: &Connection) -> Result<()> {
    register_function(
        connection,
        "mail_feed",
        1..=1,
        Trust::Innocuous,
        |_, arguments, cell| {
            let raw = &arguments[0];
            if !raw.is_null() {
                cell.json(&feed(raw.bytes()).to_string());
            }
            Ok(())
        },
    )
}
