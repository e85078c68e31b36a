//! One MIME part: what its header says, and its content decoded.
//!
//! The whole-message path and the path that fetches a single part both come
//! through here, so that a body reads the same either way.

use super::charset;
use super::content::Content;
use super::headers::Headers;
use super::transfer::{Decoded, Transfer};
use std::borrow::Cow;

/// What a part's header says about its content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartHeader {
    /// Content-Type; `text/plain` where it is missing or no media type (RFC
    /// 2045 section 5.2).
    pub content_type: Content,
    /// Content-Disposition, where there is one.
    pub disposition: Option<Content>,
    /// Content-Transfer-Encoding.
    pub transfer: Transfer,
    /// Content-ID without angle brackets.
    pub content_id: Option<String>,
}

/// A text part's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text<'a> {
    /// The text, line ends as they are in the message; borrowed where the body is
    /// the text.
    pub text: Cow<'a, str>,
    /// What was wrong with its encoding or character set.
    pub problems: Vec<String>,
}

impl PartHeader {
    /// Reads the MIME fields of a part's header, or of a message's.
    pub fn parse(header: &[u8]) -> Self {
        Self::read(&Headers::parse(header), "text/plain")
    }

    /// As [`Self::parse`], with the type that a part has by default in its
    /// multipart.
    pub(super) fn read(headers: &Headers<'_>, default_type: &str) -> Self {
        let mut content_type = headers
            .last("Content-Type")
            .map(Content::parse)
            .unwrap_or_default();
        if !content_type.value.contains('/') {
            // RFC 1049 had bare types, of which only `text` lives on.
            let bare = content_type.value.as_str();
            let value = if bare.is_empty() {
                default_type
            } else {
                "text/plain"
            };
            content_type.value = value.into();
        }
        Self {
            content_type,
            disposition: headers.last("Content-Disposition").map(Content::parse),
            transfer: headers
                .last("Content-Transfer-Encoding")
                .map(Transfer::named)
                .unwrap_or_default(),
            content_id: headers
                .last("Content-ID")
                .and_then(super::identifier::single),
        }
    }

    /// True for a part that says it is an attachment.
    pub fn is_attachment(&self) -> bool {
        self.disposition
            .as_ref()
            .is_some_and(|field| field.value == "attachment")
    }

    /// The file name: the disposition's `filename`, else the type's `name`.
    pub fn filename(&self) -> Option<String> {
        let filename = self
            .disposition
            .as_ref()
            .and_then(|field| field.parameter("filename"));
        filename.or_else(|| self.content_type.parameter("name"))
    }

    /// The content without its transfer encoding.
    pub fn decode<'a>(&self, body: &'a [u8]) -> Decoded<'a> {
        self.transfer.decode(body)
    }

    /// The content as text.
    pub fn decode_text<'a>(&self, body: &'a [u8]) -> Text<'a> {
        let decoded = self.decode(body);
        let mut problems: Vec<String> = decoded.problem.map(Into::into).into_iter().collect();
        let label = self
            .content_type
            .parameters
            .iter()
            .find(|(name, _)| name == "charset");
        let label = label.map(|(_, value)| value.as_slice()).unwrap_or_default();
        let text = charset::utf8(label, decoded.bytes).unwrap_or_else(|bytes| {
            let text = charset::declared(label, &bytes).unwrap_or_else(|| {
                if !label.is_empty() {
                    let name = crate::error::quote_bytes(label);
                    problems.push(format!("has the unknown character set '{name}'"));
                }
                if charset::is_guessed(&bytes) {
                    problems.push("has undeclared 8-bit text, read as windows-1252".into());
                }
                charset::undeclared(&bytes)
            });
            Cow::Owned(text.into_owned())
        });
        Text {
            text: charset::free_of_nul(text),
            problems,
        }
    }
}

/// Decodes one text part, given its MIME header (for a message without parts
/// the message's header) and its body as they were transferred: `BODY[n.MIME]`
/// and `BODY[n]`, or `BODY[HEADER]` and `BODY[TEXT]`.
pub fn decode_text_part<'a>(header: &[u8], body: &'a [u8]) -> Text<'a> {
    PartHeader::parse(header).decode_text(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text<'a>(header: &str, body: &'a [u8]) -> Text<'a> {
        decode_text_part(header.as_bytes(), body)
    }

    #[test]
    fn a_text_part_is_decoded_by_its_header() {
        let header = "Content-Type: text/plain; charset=iso-8859-1\r\n\
                      Content-Transfer-Encoding: quoted-printable\r\n\r\n";
        assert_eq!(
            text(header, b"caf=E9\r\n"),
            Text {
                text: "café\r\n".into(),
                problems: vec![]
            }
        );
        assert_eq!(text("", "café".as_bytes()).text, "café");
    }

    #[test]
    fn what_is_guessed_is_named() {
        let unknown = text("Content-Type: text/plain; charset=x-odd", b"caf\xe9\0");
        assert_eq!(unknown.text, "café");
        assert_eq!(
            unknown.problems,
            [
                "has the unknown character set 'x-odd'",
                "has undeclared 8-bit text, read as windows-1252"
            ]
        );
    }

    #[test]
    fn missing_and_broken_types_are_plain_text() {
        for header in [
            "",
            "Content-Type:",
            "Content-Type: text; charset=utf-8",
            "Content-Type: ;",
        ] {
            assert_eq!(
                PartHeader::parse(header.as_bytes()).content_type.value,
                "text/plain"
            );
        }
    }

    #[test]
    fn the_file_name_is_found_in_either_field() {
        let header = b"Content-Type: a/b; name=x\nContent-Disposition: ATTACHMENT; filename=y\n";
        let part = PartHeader::parse(header);
        assert!(part.is_attachment());
        assert_eq!(part.filename().as_deref(), Some("y"));
        assert_eq!(
            PartHeader::parse(b"Content-Type: a/b; name=x")
                .filename()
                .as_deref(),
            Some("x")
        );
    }
}
