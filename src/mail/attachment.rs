//! The metadata of a message's attachments, from the whole message.

use serde_json::{Value, json};

/// What is known of one attachment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// IMAP section number: `2`, `1.3`.
    pub part: String,
    /// The decoded file name.
    pub filename: Option<String>,
    /// The media type, lower case.
    pub content_type: String,
    /// Bytes after decoding.
    pub size: usize,
    /// `attachment`, `inline` or what else the message says, lower case.
    pub disposition: Option<String>,
    /// Content-ID without angle brackets.
    pub content_id: Option<String>,
}

impl Attachment {
    /// A JSON object with one key for each field.
    pub fn to_json(&self) -> Value {
        json!({
            "part": self.part,
            "filename": self.filename,
            "content_type": self.content_type,
            "size": self.size,
            "disposition": self.disposition,
            "content_id": self.content_id,
        })
    }
}
