//! What a report shows of a message, gathered in one walk over its parts and
//! those of the messages in it.

use super::{Mode, Options};
use crate::mail::digest::{md5_hex, sha1_hex, sha256_hex};
use crate::mail::entity::{Entity, walk};
use crate::mail::sniff::media_type;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A message's header and what is in it.
#[derive(Default)]
pub struct Content {
    /// The header of the outermost message.
    pub header: Vec<u8>,
    /// Whether that message is a multipart.
    pub is_multipart: bool,
    /// Every HTML part without a file name, one after the other.
    pub html: String,
    /// Every plain text part without a file name, one after the other.
    pub text: String,
    /// The attachments of the wanted types.
    pub documents: Vec<Document>,
    /// Every attachment.
    pub files: Vec<File>,
}

/// An attachment that goes into the report.
pub struct Document {
    /// The decoded file name, if it has one.
    pub name: Option<String>,
    /// The media type it was chosen by.
    pub mime_type: String,
    /// The content in base64.
    pub data: String,
}

/// What identifies an attachment.
pub struct File {
    /// The decoded file name, if it has one.
    pub name: Option<String>,
    /// The declared media type.
    pub mime_type: String,
    /// Bytes of the content.
    pub size: usize,
    /// Digests of the content, hexadecimal.
    pub md5: String,
    /// See `md5`.
    pub sha1: String,
    /// See `md5`.
    pub sha256: String,
}

impl Content {
    /// Gathers it; documents are attachments of the options' media types.
    pub fn gather(raw: &[u8], options: &Options) -> Self {
        let mut content = Self::default();
        walk(raw, |entity| {
            if entity.place.is_root && entity.message.is_none() {
                content.header = entity.header.to_vec();
                content.is_multipart = entity.place.is_multipart;
            }
            if !entity.place.is_multipart {
                content.add(entity, options);
            }
        });
        content
    }

    fn add(&mut self, entity: &Entity<'_>, options: &Options) {
        let about = entity.about;
        let kind = about.content_type.value.as_str();
        let name = about.filename();
        if name.is_none() {
            match kind {
                "text/html" => self.html += &about.decode_text(entity.body).text,
                "text/plain" => self.text += &about.decode_text(entity.body).text,
                _ => {}
            }
        }
        if !entity.place.is_attachment {
            return;
        }
        let bytes = entity.content();
        let is_named = name.is_some() || about.content_id.is_some();
        // Outlook's files say no type of what is attached, and attackers a
        // wrong one; OpenCTI's connector takes their word.
        let real = match options.mode {
            Mode::Stix if kind == "application/octet-stream" => media_type(&bytes),
            Mode::Stix | Mode::OpenCti => None,
        };
        let chosen = real.unwrap_or(kind);
        if about.is_attachment() && is_named && options.types.iter().any(|one| one == chosen) {
            self.documents.push(Document {
                name: name.clone(),
                mime_type: chosen.to_owned(),
                data: STANDARD.encode(&bytes),
            });
        }
        self.files.push(File {
            name,
            mime_type: kind.to_owned(),
            size: bytes.len(),
            md5: md5_hex(&bytes),
            sha1: sha1_hex(&bytes),
            sha256: sha256_hex(&bytes),
        });
    }

    /// The text that OpenCTI shows: HTML where there is any, else plain text.
    pub fn body(&self) -> &str {
        if self.html.is_empty() {
            &self.text
        } else {
            &self.html
        }
    }
}
