//! `mail_event(raw, options)`: LimaCharlie's e-mail event.
//!
//! ```sql
//! SELECT mail_event(readfile('message.eml'));
//! SELECT mail_event(raw, '{"include_attachments": true, "max_body_size": 1048576}')
//!   FROM imap_messages;
//! ```
//!
//! Both options mean what LimaCharlie's documentation says: attachments are
//! sent where they are asked for, those below `max_body_size` bytes; 0 is no
//! limit. NULL gives NULL.

use crate::account::Options;
use crate::error::{Error, Result};
use crate::mail::event::{Attachments, event};
use crate::sqlite::{Connection, Trust, Value, register_function};

pub(super) fn register(connection: &Connection) -> Result<()> {
    register_function(
        connection,
        "mail_event",
        1..=2,
        Trust::Innocuous,
        |_, arguments, cell| {
            let attachments = options(arguments.get(1)).map_err(Error::in_mail)?;
            let raw = &arguments[0];
            if !raw.is_null() {
                cell.json(&event(raw.bytes(), attachments).to_string());
            }
            Ok(())
        },
    )
}

fn options(argument: Option<&Value<'_>>) -> Result<Attachments> {
    let text = argument.map_or(Ok(None), |value| value.given_text("options"))?;
    let options = Options::parse_like(
        text,
        &["include_attachments", "max_body_size"],
        "{\"include_attachments\": true}",
    )?;
    let below = options.size("max_body_size")?.filter(|&size| size > 0);
    Ok(if options.switch("include_attachments")? {
        Attachments::Included { below }
    } else {
        Attachments::Described
    })
}
