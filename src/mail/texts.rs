//! What there is to read in a message, piece by piece: for `mail_texts`, which
//! full-text search is made of.
//!
//! Header fields are decoded, HTML is what it shows, and attached messages are
//! read like the outer one; of other attachments the names count.

use super::entity::{Entity, is_message, walk};
use super::headers::Headers;
use super::indicator::html::Html;
use super::{Address, Role};

/// A piece of text.
#[derive(Debug, PartialEq, Eq)]
pub struct Piece {
    /// `subject`, an address field (`from`, `sender`, `reply_to`, `to`, `cc`,
    /// `bcc`), `text`, `html` or `filename`.
    pub kind: &'static str,
    /// The part it is in, or the header: `1`, `2.HEADER`.
    pub part: Option<String>,
    /// The attached message that it is in; `None` in the outermost.
    pub message: Option<String>,
    /// Not empty, without NUL.
    pub text: String,
}

/// The pieces of a message, in the order of its parts: of each message the
/// subject, then the addresses, one a piece, then bodies and names of files.
pub fn texts(raw: &[u8]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    walk(raw, |entity| {
        let mut push = |kind, part: Option<String>, text: String| {
            if !text.trim().is_empty() {
                pieces.push(Piece {
                    kind,
                    part,
                    message: entity.message.map(str::to_owned),
                    text,
                });
            }
        };
        if entity.place.is_root {
            let section = entity.header_section();
            header(entity, |kind, text| push(kind, Some(section.clone()), text));
        }
        if entity.place.is_multipart {
            return;
        }
        if let Some((kind, text)) = body(entity) {
            push(kind, entity.part.clone(), text);
        }
        if let Some(name) = entity.about.filename() {
            push("filename", entity.part.clone(), name);
        }
    });
    pieces
}

fn header(entity: &Entity<'_>, mut push: impl FnMut(&'static str, String)) {
    let headers = Headers::parse(entity.header);
    if let Some(subject) = headers.subject() {
        push("subject", subject);
    }
    for role in Role::ALL {
        for mailbox in headers.mailboxes(role) {
            push(role.column(), written(mailbox));
        }
    }
}

/// A mailbox as people write it: `Ada <ada@example.org>`.
fn written(mailbox: Address) -> String {
    match (mailbox.name, mailbox.address) {
        (Some(name), Some(address)) => format!("{name} <{address}>"),
        (name, address) => name.or(address).unwrap_or_default(),
    }
}

/// The text of a part that is shown in place; reports of delivery are text too.
fn body(entity: &Entity<'_>) -> Option<(&'static str, String)> {
    let kind = entity.about.content_type.value.as_str();
    let is_report = kind.starts_with("message/") && !is_message(kind);
    let is_text = kind.starts_with("text/") && !entity.place.is_attachment;
    if !is_text && !is_report {
        return None;
    }
    let text = entity.about.decode_text(entity.body).text;
    Some(match kind {
        "text/html" => ("html", Html::parse(&text).shown.text().to_owned()),
        _ => ("text", text.into_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(raw: &str) -> Vec<String> {
        let pieces = texts(raw.as_bytes()).into_iter();
        let line = |piece: Piece| {
            let part = piece.part.unwrap_or_default();
            format!("{part} {} {}", piece.kind, piece.text.trim())
        };
        pieces.map(line).collect()
    }

    #[test]
    fn a_message_is_read_with_its_encodings_undone() {
        let raw = "From: =?utf-8?q?J=C3=BCrgen?= <j@b.example>\nTo: c@d.example, Eve <e@f.example>\n\
                   Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\nContent-Type: text/html\n\n\
                   <style>p{}</style><p>one</p>tw<b>o</b> &amp; more";
        assert_eq!(
            lines(raw),
            [
                "HEADER subject Grüße",
                "HEADER from Jürgen <j@b.example>",
                "HEADER to c@d.example",
                "HEADER to Eve <e@f.example>",
                "1 html one\ntwo & more",
            ]
        );
    }

    #[test]
    fn attached_messages_are_read_and_other_attachments_named() {
        let raw = "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nhello\n\
                   --b\nContent-Type: text/csv; name=a.csv\nContent-Disposition: attachment\n\n1,2\n\
                   --b\nContent-Type: message/rfc822\n\nSubject: inner\n\nwords\n--b--\n";
        assert_eq!(
            lines(raw),
            [
                "1 text hello",
                "2 filename a.csv",
                "3.HEADER subject inner",
                "3.1 text words",
            ]
        );
        let inner = texts(raw.as_bytes()).pop().unwrap();
        assert_eq!(inner.message.as_deref(), Some("3"));
    }

    #[test]
    fn what_holds_no_words_has_no_pieces() {
        assert_eq!(lines("Subject: \nFrom:\n\n \n"), [""; 0]);
        assert_eq!(lines(""), [""; 0]);
    }
}
