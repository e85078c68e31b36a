//! Every part of a message and of the messages inside it, one after the other.
//!
//! The one walk that parts, attachments and indicators are read by. An attached
//! message is a part itself and is then entered, with its parts numbered below
//! it as IMAP does (RFC 9051 section 6.4.5): the only text of the message in
//! part 2 is part 2.1. Outlook's forms are entered like `message/rfc822`.

use super::accepted;
use super::bodies::Bodies;
use super::headers::Headers;
use super::part::PartHeader;
use super::structure::Structure;
use std::borrow::Cow;

/// How many messages inside one another are entered.
const MAX_NESTED: usize = 8;

/// The most parts that are visited over all of them.
const MAX_ENTITIES: usize = 20_000;

/// One part, for the time of a visit.
pub struct Entity<'a> {
    /// Its number; `None` for a multipart that is a whole message.
    pub part: Option<String>,
    /// The number of the attached message that it is in; `None` in the
    /// outermost.
    pub message: Option<&'a str>,
    /// What it is there for.
    pub place: Place,
    /// Its header; of [`Place::is_root`] the header of the whole message.
    pub header: &'a [u8],
    /// What the header says of the content.
    pub about: &'a PartHeader,
    /// Its content, still encoded.
    pub body: &'a [u8],
}

/// What a part is there for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The first part of a message, whose header is the message's.
    pub is_root: bool,
    /// A multipart that was taken apart.
    pub is_multipart: bool,
    /// A part that is not shown as text in place.
    pub is_attachment: bool,
}

impl Entity<'_> {
    /// Where the header of its message is, as IMAP names it: `HEADER`, of an
    /// attached message `2.HEADER`.
    pub fn header_section(&self) -> String {
        match self.message {
            None => "HEADER".to_owned(),
            Some(message) => format!("{message}.HEADER"),
        }
    }

    /// The content without its transfer encoding.
    pub fn content(&self) -> Cow<'_, [u8]> {
        self.about.decode(self.body).bytes
    }
}

/// Calls `visit` with every part of `raw`, a message in any form that is
/// accepted, and of the messages in it. What cannot be taken apart comes back
/// as text, with the part in front.
pub fn walk(raw: &[u8], mut visit: impl FnMut(&Entity<'_>)) -> Vec<String> {
    let mut walk = Walk {
        visit: &mut visit,
        left: MAX_ENTITIES,
        problems: Vec::new(),
    };
    walk.message(&accepted::mime(raw), None, 0);
    if walk.left == 0 {
        walk.problems
            .push(format!("only the first {MAX_ENTITIES} parts are read"));
    }
    walk.problems
}

struct Walk<'v> {
    visit: &'v mut dyn FnMut(&Entity<'_>),
    left: usize,
    problems: Vec<String>,
}

impl Walk<'_> {
    fn message(&mut self, raw: &[u8], message: Option<&str>, depth: usize) {
        let structure = Structure::parse(raw);
        let mut is_attachment = vec![false; structure.parts.len()];
        for index in Bodies::sort(&structure.parts).attachments {
            is_attachment[index] = true;
        }
        self.problems.extend(structure.problems);
        for (index, part) in structure.parts.iter().enumerate() {
            if self.left == 0 {
                return;
            }
            self.left -= 1;
            let number = match (message, part.section.as_str()) {
                (_, "") => None,
                (None, section) => Some(section.to_owned()),
                (Some(message), section) => Some(format!("{message}.{section}")),
            };
            let entity = Entity {
                part: number,
                message,
                place: Place {
                    is_root: index == 0,
                    is_multipart: part.is_multipart,
                    is_attachment: is_attachment[index],
                },
                header: &raw[part.header.clone()],
                about: &part.about,
                body: &raw[part.body.clone()],
            };
            (self.visit)(&entity);
            if !part.is_multipart {
                self.enter(&entity, depth);
            }
        }
    }

    /// Goes into a part that is a message.
    fn enter(&mut self, entity: &Entity<'_>, depth: usize) {
        let kind = entity.about.content_type.value.as_str();
        let name = entity.about.filename().unwrap_or_default();
        let Some(number) = entity.part.as_deref() else {
            return;
        };
        if !may_be_message(kind, &name) {
            return;
        }
        let content = entity.content();
        let inner = match accepted::converted(&content) {
            Some(Ok(mime)) => Cow::Owned(mime),
            Some(Err(problem)) => {
                self.problems.push(format!("part {number} {problem}"));
                return;
            }
            None if is_message(kind) || Headers::parse(&content).is_message() => content,
            None => return,
        };
        if depth == MAX_NESTED {
            self.problems
                .push(format!("part {number} is nested too deep; not entered"));
            return;
        }
        self.message(&inner, Some(number), depth + 1);
    }
}

/// True for the types that say they are a message (RFC 2046 section 5.2.1, RFC
/// 6532 section 3.7).
pub fn is_message(kind: &str) -> bool {
    matches!(kind, "message/rfc822" | "message/global")
}

/// True where the content is worth a look: by its type, or by the name that
/// mailers give a message which they label as bare bytes.
fn may_be_message(kind: &str, name: &str) -> bool {
    let by_type = matches!(
        kind,
        "application/ms-tnef" | "application/vnd.ms-tnef" | "application/vnd.ms-outlook"
    );
    let lower = name.to_ascii_lowercase();
    let has = |extension: &str| lower.ends_with(extension);
    is_message(kind)
        || by_type
        || lower == "winmail.dat"
        || [".eml", ".msg", ".tnef"].into_iter().any(has)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORWARD: &str = "Content-Type: multipart/mixed; boundary=a\n\n--a\n\ntext\n--a\n\
        Content-Type: message/rfc822\n\nSubject: in\nContent-Type: multipart/mixed; boundary=b\n\n\
        --b\n\ninner\n--b\nContent-Type: application/octet-stream; name=x.eml\n\
        Content-Transfer-Encoding: base64\n\nRnJvbTogYUBiClN1YmplY3Q6IGRlZXAKCmRlZXBlc3QK\n\
        --b--\n--a--\n";

    #[test]
    fn attached_messages_are_entered_and_numbered_as_imap_does() {
        let mut seen = Vec::new();
        let problems = walk(FORWARD.as_bytes(), |entity| {
            seen.push((
                entity.part.clone().unwrap_or_default(),
                entity.message.unwrap_or_default().to_owned(),
                String::from_utf8_lossy(&entity.content())
                    .lines()
                    .next()
                    .unwrap_or_default()
                    .to_owned(),
            ));
        });
        let row = |a: &str, b: &str, c: &str| (a.to_owned(), b.to_owned(), c.to_owned());
        assert_eq!(problems, [""; 0]);
        assert_eq!(
            seen,
            [
                row("", "", "--a"),
                row("1", "", "text"),
                row("2", "", "Subject: in"),
                row("", "2", "--b"),
                row("2.1", "2", "inner"),
                row("2.2", "2", "From: a@b"),
                row("2.2.1", "2.2", "deepest"),
            ]
        );
    }

    #[test]
    fn messages_inside_one_another_are_entered_to_a_bounded_depth() {
        let deep = "Content-Type: message/rfc822\n\n".repeat(1000);
        let mut count = 0;
        let problems = walk(deep.as_bytes(), |_| count += 1);
        assert_eq!(count, MAX_NESTED + 1);
        assert_eq!(
            problems,
            ["part 1.1.1.1.1.1.1.1.1 is nested too deep; not entered"]
        );
    }

    #[test]
    fn a_file_that_is_only_named_like_a_message_is_not_entered() {
        let raw = b"Content-Type: text/plain; name=notes.eml\n\njust some notes\n";
        let mut count = 0;
        walk(raw, |_| count += 1);
        assert_eq!(count, 1);
    }
}
