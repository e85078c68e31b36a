//! LimaCharlie's e-mail event: what its IMAP adapter's messages look like to
//! detection rules (`mail_event`).
//!
//! The shape is that of the documented sample: `headers` as an object of
//! lower-case name to an array of values, top first, and `parts` as a flat
//! array of the leaves with their own fields, their text and its digests. What
//! the sample does not show (attachments) has keys of our own.

use super::charset::{undeclared, without_nul};
use super::digest::{md5_hex, sha1_hex, sha256_hex};
use super::entity::{Entity, walk};
use super::fields::unfold_to_space;
use super::headers::Headers;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

/// What an event holds of an attachment, beside its fields and digests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Attachments {
    /// Nothing else.
    #[default]
    Described,
    /// Its content, in base64, where that is smaller than `below` bytes; else
    /// it is marked as truncated.
    Included {
        /// The bytes at which content is left out; `None` for no limit.
        below: Option<u64>,
    },
}

/// The event of a message.
pub fn event(raw: &[u8], attachments: Attachments) -> Value {
    let mut headers = Map::new();
    let mut parts = Vec::new();
    walk(raw, |entity| {
        // An attached message is one part, as it is one file to a reader.
        if entity.message.is_some() {
            return;
        }
        if entity.place.is_root {
            headers = fields(entity.header, |_| true);
        }
        if !entity.place.is_multipart {
            parts.push(part(entity, attachments));
        }
    });
    json!({ "headers": headers, "parts": parts })
}

/// Fields by lower-case name, each fold one space, otherwise as written.
fn fields(header: &[u8], is_wanted: impl Fn(&str) -> bool) -> Map<String, Value> {
    let mut object = Map::new();
    for field in Headers::parse(header).fields() {
        let name = field.name.to_ascii_lowercase();
        if !is_wanted(&name) {
            continue;
        }
        let values = object.entry(name).or_insert_with(|| json!([]));
        if let Value::Array(values) = values {
            values.push(without_nul(undeclared(&unfold_to_space(field.value))).into());
        }
    }
    object
}

fn part(entity: &Entity<'_>, attachments: Attachments) -> Value {
    let about = entity.about;
    let content = entity.content();
    // The only part of a message shares its header with it, of which the
    // fields of MIME are the part's own (RFC 2045 section 3).
    let own = |name: &str| !entity.place.is_root || name.starts_with("content-");
    let mut part = Map::new();
    part.insert("headers".into(), fields(entity.header, own).into());
    if about.content_type.value.starts_with("text/") && !entity.place.is_attachment {
        part.insert(
            "body_text".into(),
            about.decode_text(entity.body).text.into_owned().into(),
        );
    } else {
        part.insert("filename".into(), json!(about.filename()));
        part.insert("size".into(), json!(content.len()));
        if let Attachments::Included { below } = attachments {
            let is_small = below.is_none_or(|below| (content.len() as u64) < below);
            let (key, value) = if is_small {
                ("body_base64", json!(STANDARD.encode(&content)))
            } else {
                ("truncated", json!(true))
            };
            part.insert(key.into(), value);
        }
    }
    let hashes = json!({
        "md5": md5_hex(&content),
        "sha1": sha1_hex(&content),
        "sha256": sha256_hex(&content),
    });
    part.insert("hashes".into(), hashes);
    part.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: &[u8] = b"Received: by b;\r\n\tnow\r\nReceived: by a\r\nSubject: =?utf-8?q?a?=\r\n\
        Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\
        Content-Type: text/plain; charset=iso-8859-1\r\n\
        Content-Transfer-Encoding: quoted-printable\r\n\r\ncaf=E9\r\n\r\n--b\r\n\
        Content-Type: text/html; name=Page.html\r\n\
        Content-Disposition: attachment; filename=Page.html\r\n\r\n<p>\r\n--b--\r\n";

    #[test]
    fn fields_are_arrays_top_first_with_folds_as_one_space() {
        let event = event(MAIL, Attachments::Described);
        assert_eq!(event["headers"]["received"], json!(["by b; now", "by a"]));
        assert_eq!(event["headers"]["subject"], json!(["=?utf-8?q?a?="]));
    }

    #[test]
    fn text_is_decoded_and_digests_are_over_its_bytes_before_that() {
        let part = &event(MAIL, Attachments::Described)["parts"][0];
        assert_eq!(part["body_text"], "café\r\n");
        assert_eq!(part["hashes"]["md5"], md5_hex(b"caf\xe9\r\n"));
        assert_eq!(
            part["headers"]["content-transfer-encoding"],
            json!(["quoted-printable"])
        );
    }

    #[test]
    fn attachments_are_described_included_or_truncated_by_their_bytes() {
        let part = |attachments| event(MAIL, attachments)["parts"][1].clone();
        let described = part(Attachments::Described);
        assert_eq!(described["filename"], "Page.html");
        assert_eq!(described["size"], 3);
        assert_eq!(described.get("body_base64"), None);
        assert_eq!(described.get("body_text"), None);
        let included = part(Attachments::Included { below: Some(4) });
        assert_eq!(included["body_base64"], "PHA+");
        assert_eq!(included.get("truncated"), None);
        let truncated = part(Attachments::Included { below: Some(3) });
        assert_eq!(truncated["truncated"], true);
        assert_eq!(truncated["hashes"], described["hashes"]);
        assert_eq!(truncated.get("body_base64"), None);
    }

    #[test]
    fn the_only_part_has_the_fields_of_mime_for_its_own() {
        let event = event(
            b"Subject: x\nContent-Type: text/plain\n\nhi",
            Attachments::Described,
        );
        assert_eq!(
            event["parts"][0]["headers"],
            json!({"content-type": ["text/plain"]})
        );
        assert_eq!(event["headers"]["subject"], json!(["x"]));
    }

    #[test]
    fn an_attached_message_is_one_part() {
        let raw = b"Content-Type: message/rfc822\n\nSubject: inner\n\ntext";
        let event = event(raw, Attachments::Described);
        assert_eq!(event["parts"].as_array().map(Vec::len), Some(1));
        assert_eq!(event["parts"][0]["size"], 20);
    }
}
