//! Attachments of a message as rows of their own, decoded.

use super::database::Database;
use super::identity;
use super::insert::Insert;
use crate::error::Result;
use crate::mail::digest::{md5_hex, sha1_hex, sha256_hex};
use crate::mail::entity::{Entity, walk};
use crate::mail::sniff::media_type;
use crate::sqlite::Bind;
use serde_json::{Value, json};

/// An attachment, decoded.
pub struct Attachment {
    /// Its part number, as IMAP counts; below that of an attached message, an
    /// Outlook file or a TNEF stream (`winmail.dat`) that holds it.
    pub part: String,
    /// Its media type, lower-case.
    pub nature: String,
    /// Its bytes without their transfer encoding.
    pub content: Vec<u8>,
    /// SHA-1 of the bytes, in hex.
    pub sha1: String,
    /// What else is known of it, as a JSON object.
    pub elaboration: Value,
    name: Option<String>,
    sha256: String,
}

impl Attachment {
    /// True where it is a message itself (RFC 2046 section 5.2.1).
    pub fn is_message(&self) -> bool {
        matches!(self.nature.as_str(), "message/rfc822" | "message/global")
    }

    /// Where below the message's uri it is.
    pub fn place(&self) -> String {
        format!("/attachment/{}", self.part)
    }
}

/// The attachments of a message and of the messages in it, of these media types
/// (`image/*` for all of a kind; all where there are none), by what they say
/// they are or by their own bytes: TNEF for one says nothing. The same content
/// attached twice is one, with the places of the others in its elaboration:
/// RSSD holds no second one.
pub fn attachments(raw: &[u8], types: &[String]) -> Vec<Attachment> {
    let mut found: Vec<Attachment> = Vec::new();
    walk(raw, |entity| {
        let Some(part) = entity.part.clone().filter(|_| entity.place.is_attachment) else {
            return;
        };
        let attachment = read(part, entity);
        let sniffed = attachment.elaboration["sniffed_type"].as_str();
        if !is_wanted(&attachment.nature, types) && !sniffed.is_some_and(|it| is_wanted(it, types))
        {
            return;
        }
        let twin = found
            .iter_mut()
            .find(|known| known.sha256 == attachment.sha256 && known.nature == attachment.nature);
        match twin {
            Some(twin) => twin.note(&attachment),
            None => found.push(attachment),
        }
    });
    found
}

fn read(part: String, entity: &Entity<'_>) -> Attachment {
    let content = entity.content().into_owned();
    let (sha1, sha256) = (sha1_hex(&content), sha256_hex(&content));
    let disposition = entity.about.disposition.as_ref();
    let elaboration = json!({
        "part": part,
        "md5": md5_hex(&content),
        "sha1": sha1,
        "sha256": sha256,
        "sniffed_type": media_type(&content),
        "disposition": disposition.map(|field| field.value.as_str()),
        "content_id": entity.about.content_id,
    });
    Attachment {
        part,
        nature: entity.about.content_type.value.clone(),
        content,
        sha1,
        elaboration,
        name: entity.about.filename(),
        sha256,
    }
}

impl Attachment {
    /// Notes another place of the same content.
    fn note(&mut self, other: &Self) {
        let place = json!({ "part": other.part, "name": other.name });
        if let Value::Object(elaboration) = &mut self.elaboration {
            let also = elaboration.entry("also").or_insert_with(|| json!([]));
            if let Value::Array(also) = also {
                also.push(place);
            }
        }
    }
}

/// True where a media type is one of `types`, or there are none.
fn is_wanted(nature: &str, types: &[String]) -> bool {
    let is_one = |wanted: &String| match wanted.strip_suffix("/*") {
        Some(kind) => nature.split('/').next() == Some(kind),
        None => nature == wanted,
    };
    types.is_empty() || types.iter().any(is_one)
}

/// Writes attachments; the prepared statement of one run.
pub struct AttachmentRows(Insert);

impl AttachmentRows {
    /// Prepares the statement, once the table is there.
    ///
    /// # Errors
    /// `Host` where SQLite refuses.
    pub fn open(connection: &Database) -> Result<Self> {
        Insert::prepare(connection, TABLE, &COLUMNS).map(Self)
    }

    /// Writes an attachment of the message whose `text` resource and uri these
    /// are; false where it is there.
    ///
    /// # Errors
    /// `Host` where SQLite refuses.
    pub fn write(&mut self, resource: &str, uri: &str, attachment: &Attachment) -> Result<bool> {
        let size = i64::try_from(attachment.content.len()).unwrap_or(i64::MAX);
        let Attachment { sha256, nature, .. } = attachment;
        let id = identity::derived(TABLE, &[resource, sha256, nature]);
        let uri = format!("{uri}{}", attachment.place());
        let elaboration = attachment.elaboration.to_string();
        self.0.run(&[
            Bind::Text(&id),
            Bind::Text(resource),
            attachment.name.as_deref().map_or(Bind::Null, Bind::Text),
            Bind::Text(&uri),
            Bind::Blob(&attachment.content),
            Bind::Text(nature),
            Bind::Integer(size),
            Bind::Text(sha256),
            Bind::Text(&elaboration),
        ])
    }
}

const TABLE: &str = "ur_ingest_session_attachment";

const COLUMNS: [&str; 9] = [
    "ur_ingest_session_attachment_id",
    "uniform_resource_id",
    "name",
    "uri",
    "content",
    "nature",
    "size",
    "checksum",
    "elaboration",
];

#[cfg(test)]
mod tests {
    use super::*;

    const RAW: &[u8] = b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\ntext\r\n\
        --a\r\nContent-Type: image/png; name=a.png\r\nContent-Transfer-Encoding: base64\r\n\r\n\
        AAEC\r\n--a\r\nContent-Type: image/png; name=b.png\r\n\
        Content-Transfer-Encoding: base64\r\n\r\nAAEC\r\n--a\r\nContent-Type: message/rfc822\r\n\r\n\
        Subject: in\r\nContent-Type: application/pdf; name=c.pdf\r\n\r\nx\r\n--a--\r\n";

    fn parts(types: &[&str]) -> Vec<String> {
        let types: Vec<String> = types.iter().map(|kind| (*kind).to_owned()).collect();
        let found = attachments(RAW, &types);
        found.into_iter().map(|found| found.part).collect()
    }

    #[test]
    fn attachments_are_decoded_and_told_apart_by_content() {
        let found = attachments(RAW, &[]);
        assert_eq!(found[0].content, [0, 1, 2]);
        assert_eq!(found[0].elaboration["also"][0]["name"], "b.png");
        assert!(found.iter().any(Attachment::is_message));
        let sha256 = "ae4b3280e56e2faf83f414a6e3dabe9d5fbe18976544c05fed121accb85b53fc";
        assert_eq!(found[0].elaboration["sha256"], sha256);
    }

    #[test]
    fn types_choose_and_those_inside_of_messages_count() {
        assert_eq!(parts(&["image/*"]), ["2"]);
        assert_eq!(parts(&["application/pdf"]), ["4.1"]);
        assert_eq!(parts(&["text/calendar"]), [""; 0]);
    }
}
