//! What RSSD has to know of one message, read from its bytes.

use serde_json::{Map, Value, json};

use super::content::Content;
use super::identity;
use super::incoming::Incoming;
use super::status::status;
use crate::mail::address::Role;
use crate::mail::digest::{hex, sha1_hex, sha256};
use crate::mail::{Headers, time};

/// What tells a message from all others; enough to see whether it is there.
pub struct Record {
    /// The message itself.
    pub content: Content,
    /// SHA-256 of the bytes, in hex.
    pub sha256: String,
    /// SHA-1 of the bytes, in hex.
    pub sha1: String,
    /// Without angle brackets; empty where it is missing.
    pub message_id: String,
    /// The id of the message row.
    pub row_id: String,
}

impl Record {
    /// Reads as much of a message as its identity needs.
    pub fn read(raw: Vec<u8>) -> Self {
        let content = Content::of(raw);
        let raw = content.bytes();
        let message_id = Headers::parse(raw).message_id().unwrap_or_default();
        let digest = sha256(raw);
        let row_id = match &content {
            Content::Text(_) => identity::message(&digest, &message_id),
            Content::Bytes(_) => identity::message(&sha256(content.text().as_bytes()), &message_id),
        };
        Self {
            sha256: hex(&digest),
            sha1: sha1_hex(raw),
            content,
            message_id,
            row_id,
        }
    }

    /// The `message` column where the content is in the `text` resource of
    /// this uri alone. Views tell it from a message by how it begins.
    pub fn reference(&self, uri: &str) -> String {
        json!({ "sha256": self.sha256, "uri": uri }).to_string()
    }
}

/// The other columns of a message row. RSSD has NOT NULL where this
/// extension's own tables have NULL: a missing text is `''`, a missing list `[]`.
pub struct Columns {
    pub subject: String,
    pub from: String,
    pub cc: String,
    pub bcc: String,
    pub email_references: String,
    /// The Date header, ISO 8601.
    pub date: Option<String>,
    /// A JSON array of words.
    pub status: String,
}

impl Columns {
    /// Reads the columns from the header, and the status from the flags.
    pub fn read(headers: &Headers<'_>, flags: &[String]) -> Self {
        let list = |list: Option<String>| list.unwrap_or_else(|| "[]".to_owned());
        Self {
            subject: headers.subject().unwrap_or_default(),
            from: headers.from().unwrap_or_default(),
            cc: list(headers.bare_addresses(Role::Cc)),
            bcc: list(headers.bare_addresses(Role::Bcc)),
            email_references: list(headers.email_references()),
            date: headers.date().and_then(time::iso8601),
            status: Value::from(status(|flag| {
                flags.iter().any(|set| set.eq_ignore_ascii_case(flag))
            }))
            .to_string(),
        }
    }
}

/// The elaboration of a message's `text` resource: what RSSD has no column for.
pub fn elaboration(
    record: &Record,
    headers: &Headers<'_>,
    incoming: &Incoming,
    problems: &[crate::mail::Problem],
    inside: Option<(&str, &str)>,
) -> String {
    let texts = |role| -> Vec<String> {
        headers
            .mailboxes(role)
            .into_iter()
            .filter_map(|mailbox| mailbox.address)
            .collect()
    };
    let mut object = Map::new();
    object.insert("sha256".into(), record.sha256.as_str().into());
    object.insert("to".into(), texts(Role::To).into());
    object.insert("in_reply_to".into(), headers.in_reply_to().into());
    object.insert(
        "internal_date".into(),
        incoming.internal_date.and_then(time::iso8601).into(),
    );
    object.insert("flags".into(), incoming.flags.clone().into());
    if let Some((message, part)) = inside {
        object.insert("attached_to".into(), message.into());
        object.insert("part".into(), part.into());
    }
    if !problems.is_empty() {
        let problems: Vec<Value> = problems
            .iter()
            .map(|problem| json!({ "field": problem.field, "problem": problem.problem }))
            .collect();
        object.insert("problems".into(), problems.into());
    }
    Value::from(object).to_string()
}
