//! `mail_auth(raw, keys)`: what vouches for a message: Authentication-Results,
//! Received-SPF, DKIM and ARC.
//!
//! ```sql
//! SELECT mail_auth(readfile('message.eml'),
//!                  '{"selector._domainkey.example.org": "v=DKIM1; p=..."}');
//! ```
//!
//! Signatures are verified with the keys given, such as `imap_dkim_keys` finds,
//! and nothing is looked up, so that the answer can be reproduced. NULL as the
//! message gives NULL.

use crate::error::{Error, Result, quote};
use crate::mail::auth::{Keys, Record, describe};
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

/// The keys of a JSON object: a record's name to its text, to an array of the
/// strings that the DNS has cut it into, to null where there is none, or to an
/// object with an `error` where that could not be found out.
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
        keys.add(&name, read(&name, record)?);
    }
    Ok(keys)
}

fn read(name: &str, record: Json) -> Result<Record> {
    let read = match record {
        Json::Null => Some(Record::Absent),
        Json::String(text) => Some(Record::Text(text)),
        Json::Array(pieces) => {
            let text: Option<String> = pieces.iter().map(Json::as_str).collect();
            text.map(Record::Text)
        }
        Json::Object(failure) => {
            let why = failure.get("error").and_then(Json::as_str);
            why.map(|why| Record::Unknown(quote(why)))
        }
        _ => None,
    };
    read.ok_or_else(|| {
        Error::mail(format!(
            "key '{}' must be a string, an array of strings, null, or an object such as \
             {{\"error\": \"SERVFAIL\"}}",
            quote(name)
        ))
    })
}
