//! One part as a row or a JSON object: where it is, what it says it is, its
//! decoded content and its digests.
//!
//! Used by `mail_parts` and `mail_attachments` alike, so that a file reads the
//! same in both.

use super::digest::{md5_hex, sha1_hex, sha256_hex};
use super::entity::{Entity, Place, walk};
use super::headers::Headers;
use super::{sniff, words};
use serde_json::{Value, json};

/// A part, with nothing left in it that must be decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartRow {
    /// Its number as IMAP counts; `None` for a multipart that is a message.
    pub part: Option<String>,
    /// The number of the attached message it is in, if it is in one.
    pub message: Option<String>,
    /// What it is there for.
    pub place: Place,
    /// The declared media type, lower case.
    pub content_type: String,
    /// The declared character set, as written.
    pub charset: Option<String>,
    /// Content-Transfer-Encoding as declared, lower case.
    pub encoding: Option<String>,
    /// Content-Disposition without its parameters, lower case.
    pub disposition: Option<String>,
    /// The decoded file name.
    pub filename: Option<String>,
    /// Content-ID without angle brackets.
    pub content_id: Option<String>,
    /// The content without its transfer encoding; `None` for a multipart.
    pub content: Option<Vec<u8>>,
    /// The same as text, for `text/*`.
    pub text: Option<String>,
}

/// Every part of a message and of the messages in it, in order.
pub fn parts(raw: &[u8]) -> Vec<PartRow> {
    rows(raw, |_| true).0
}

/// The same, and what could not be taken apart.
pub fn parts_and_problems(raw: &[u8]) -> (Vec<PartRow>, Vec<String>) {
    rows(raw, |_| true)
}

/// Those that are attachments; an attached message is one, and so are its own.
pub fn attachments(raw: &[u8]) -> Vec<PartRow> {
    rows(raw, |place| place.is_attachment).0
}

fn rows(raw: &[u8], wanted: impl Fn(Place) -> bool) -> (Vec<PartRow>, Vec<String>) {
    let mut rows = Vec::new();
    let problems = walk(raw, |entity| {
        if wanted(entity.place) {
            rows.push(PartRow::of(entity));
        }
    });
    (rows, problems)
}

impl PartRow {
    fn of(entity: &Entity<'_>) -> Self {
        let about = entity.about;
        let is_leaf = !entity.place.is_multipart;
        let is_text = is_leaf && about.content_type.value.starts_with("text/");
        Self {
            part: entity.part.clone(),
            message: entity.message.map(str::to_owned),
            place: entity.place,
            content_type: about.content_type.value.clone(),
            charset: about.content_type.parameter("charset"),
            encoding: Headers::parse(entity.header)
                .last("Content-Transfer-Encoding")
                .and_then(words::decode)
                .map(|word| word.to_ascii_lowercase()),
            disposition: about.disposition.as_ref().map(|field| field.value.clone()),
            filename: about.filename(),
            content_id: about.content_id.clone(),
            content: is_leaf.then(|| entity.content().into_owned()),
            text: is_text.then(|| about.decode_text(entity.body).text.into_owned()),
        }
    }

    /// Bytes after decoding.
    pub fn size(&self) -> Option<usize> {
        self.content.as_ref().map(Vec::len)
    }

    /// The media type that the content shows.
    pub fn sniffed_type(&self) -> Option<&'static str> {
        sniff::media_type(self.content.as_ref()?)
    }

    /// MD5 of the content.
    pub fn md5(&self) -> Option<String> {
        self.content.as_deref().map(md5_hex)
    }

    /// SHA-1 of the content.
    pub fn sha1(&self) -> Option<String> {
        self.content.as_deref().map(sha1_hex)
    }

    /// SHA-256 of the content.
    pub fn sha256(&self) -> Option<String> {
        self.content.as_deref().map(sha256_hex)
    }

    /// What is known of it without its content, one key for each.
    pub fn to_json(&self) -> Value {
        json!({
            "part": self.part,
            "message": self.message,
            "content_type": self.content_type,
            "charset": self.charset,
            "encoding": self.encoding,
            "disposition": self.disposition,
            "filename": self.filename,
            "content_id": self.content_id,
            "size": self.size(),
        })
    }

    /// As [`Self::to_json`], with what only the content tells.
    pub fn to_json_with_digests(&self) -> Value {
        let mut object = self.to_json();
        object["sniffed_type"] = json!(self.sniffed_type());
        object["md5"] = json!(self.md5());
        object["sha1"] = json!(self.sha1());
        object["sha256"] = json!(self.sha256());
        object
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_over_the_decoded_content_as_limacharlie_has_them() {
        // The two bodies of LimaCharlie's documented event, by its hash rule.
        let raw = b"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\n\
            One more test email.\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n\
            <div dir=\"ltr\">One more test email.</div>\r\n\r\n--b--\r\n";
        let parts = parts(raw);
        let digests: Vec<_> = parts[1..]
            .iter()
            .map(|part| (part.md5(), part.sha256()))
            .collect();
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            digests,
            [
                (
                    some("cbe37e2ee4cf3c35d67a7c4a8e6a9e35"),
                    some("95dbb63f3fd41f7852395d84ef9570ef4db567c43d20e3f1e27c72c903b94686")
                ),
                (
                    some("a2fcd5c1aa40abe526bbbbd58251a90f"),
                    some("1f3877f593c1af2ad3e482aee2f4181a34e0f502799908f4ca330f3327d6c175")
                ),
            ]
        );
        assert_eq!(parts[0].md5(), None);
    }

    #[test]
    fn a_part_says_what_it_is_and_shows_what_it_has() {
        let raw = b"Content-Type: image/png; name=a.png\nContent-Disposition: attachment\n\
            Content-Transfer-Encoding: base64\n\nJVBERi0xLjcK\n";
        let attachments = attachments(raw);
        assert_eq!(
            attachments[0].to_json_with_digests()["sniffed_type"],
            "application/pdf"
        );
        assert_eq!(attachments[0].content_type, "image/png");
        assert_eq!(attachments[0].content.as_deref(), Some(&b"%PDF-1.7\n"[..]));
        assert_eq!(attachments.len(), 1);
    }
}
