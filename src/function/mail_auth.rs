//! `mail_auth(raw, keys)`: what vouches for a message: Authentication-Results,
//! Received-SPF, DKIM and ARC.
//!
//! ```sql
//! SELECT mail_auth(readfile('message.eml'),
//!                  '{"selector._domainkey.example.org": "v=DKIM1; p=..."}');
//! ```
//!
//! Signatures are verified with the keys given, and nothing is looked up, so
//! that the answer can be reproduced. NULL as the message gives NULL.

use crate::error::{Error, Result, quote};
use crate::mail::auth::{Keys, describe};
use crate::sqlite::{Connection, Trust, Value, register_function};
use serde_json::{Map, Value as Json};

pub(super) fn register(connection: &Connection) -> Result<()> {
    register_function(
        connection,
        "mail_auth",
        1..=2,
        Trust::Innocuous,
        |_, arguments, cell| {
            let given = arguments.get(1).filter(|keys| !keys.is_null());
            let keys = given.map(keys).transpose()?.unwrap_or_default();
            let raw = &arguments[0];
            if !raw.is_null() {
                cell.json(&describe(raw.bytes(), &keys).to_string());
            }
            Ok(())
        },
    )
}

/// The keys of a JSON object: a record's name to its text, or to an array of
/// the strings that the DNS has cut it into.
fn keys(argument: &Value<'_>) -> Result<Keys> {
    let object: Map<String, Json> = serde_json::from_slice(argument.bytes()).map_err(|error| {
        let why = quote(&error.to_string());
        Error::mail(format!(
            "keys must be a JSON object, such as \
             '{{\"selector._domainkey.example.org\": \"v=DKIM1; p=...\"}}': {why}"
        ))
    })?;
    let mut keys = Keys::default();
    for (name, record) in object {
        keys.add(&name, text(&name, &record)?);
    }
    Ok(keys)
}

fn text(name: &str, record: &Json) -> Result<String> {
    let pieces = match record {
        Json::String(text) => Some(text.clone()),
        Json::Array(pieces) => pieces.iter().map(Json::as_str).collect(),
        _ => None,
    };
    pieces.ok_or_else(|| {
        Error::mail(format!(
            "key '{}' must be a string or an array of strings",
            quote(name)
        ))
    })
}
