//! A message taken apart at its MIME boundaries (RFC 2046 section 5.1).
//!
//! Our own, since mail-parser 0.11 has no limits there: nested messages inside
//! an encoded part and long runs of RFC 2231 parameters cost it stack and time
//! that grow without bound. This one is flat, visits each level's bytes once,
//! and stops at [`MAX_DEPTH`] and [`MAX_PARTS`]. Attached messages are leaves.

use super::bodies::Outline;
use super::content::Content;
use super::fields::line_end;
use super::headers::Headers;
use super::part::PartHeader;
use memchr::memmem;
use std::ops::Range;
use std::slice;

/// How deep multiparts may nest; a deeper one is taken as one text.
const MAX_DEPTH: usize = 32;

/// The most parts that are looked at in one message.
const MAX_PARTS: usize = 10_000;

/// One part of a message.
#[derive(Debug)]
pub(super) struct Part {
    /// Its section number as IMAP counts (RFC 9051 section 6.4.5): `1.2`; empty
    /// for the top multipart.
    pub section: String,
    /// Where its header is in the message, the empty line included.
    pub header: Range<usize>,
    /// Where its body is, still encoded, without the line end that belongs to
    /// the boundary.
    pub body: Range<usize>,
    /// What its header says.
    pub about: PartHeader,
    /// The indexes of a multipart's parts.
    pub children: Vec<usize>,
    /// True for a multipart that was taken apart.
    pub is_multipart: bool,
}

impl Outline for Part {
    fn content_type(&self) -> &str {
        &self.about.content_type.value
    }

    fn is_attachment(&self) -> bool {
        self.about.is_attachment()
    }

    fn is_named(&self) -> bool {
        self.about.filename().is_some()
    }

    fn children(&self) -> Option<&[usize]> {
        self.is_multipart.then_some(self.children.as_slice())
    }
}

/// A message's parts; the first is the message itself, children follow their
/// parents.
#[derive(Debug, Default)]
pub(super) struct Structure {
    pub parts: Vec<Part>,
    /// What could not be taken apart.
    pub problems: Vec<String>,
}

/// A multipart whose end has not been seen.
struct Open {
    part: usize,
    boundary: Vec<u8>,
    default_type: &'static str,
}

/// A boundary line.
struct Delimiter {
    /// Where the line end before it begins: the end of what came before.
    start: usize,
    /// Where the next line begins.
    after: usize,
    /// Which of the open multiparts it belongs to.
    level: usize,
    is_close: bool,
}

impl Structure {
    /// Takes a message apart.
    pub fn parse(raw: &[u8]) -> Self {
        let mut structure = Self::default();
        let mut open: Vec<Open> = Vec::new();
        let mut at = 0;
        loop {
            let end = delimiter(raw, at, &open);
            let limit = end.as_ref().map_or(raw.len(), |end| end.start.max(at));
            let part = structure.add(raw, at..limit, &open);
            let mut next = end;
            if let Some((inner, first)) = structure.open(raw, part, open.len()) {
                // What is before the first boundary line is the preamble, for
                // no one to see.
                next = Some(Delimiter {
                    level: open.len(),
                    ..first
                });
                open.push(inner);
            }
            // Close what the boundary lines end, until one begins a part.
            loop {
                let Some(found) = next else {
                    structure.close(&mut open, 0, raw.len());
                    return structure;
                };
                structure.close(&mut open, found.level + 1, found.start);
                if !found.is_close {
                    at = found.after;
                    break;
                }
                structure.close(&mut open, found.level, found.start);
                next = delimiter(raw, found.after, &open);
            }
            if structure.parts.len() == MAX_PARTS {
                structure
                    .problems
                    .push(format!("only the first {MAX_PARTS} parts are read"));
                structure.close(&mut open, 0, raw.len());
                return structure;
            }
        }
    }

    /// Adds the part at `range`, header and body, under the innermost open
    /// multipart.
    fn add(&mut self, raw: &[u8], range: Range<usize>, open: &[Open]) -> usize {
        let headers = Headers::parse(&raw[range.clone()]);
        let body = range.start + headers.length();
        let default_type = open.last().map_or("text/plain", |open| open.default_type);
        let index = self.parts.len();
        let section = match open.last() {
            None => String::new(),
            Some(parent) => {
                let parent = &mut self.parts[parent.part];
                parent.children.push(index);
                let dot = if parent.section.is_empty() { "" } else { "." };
                format!("{}{dot}{}", parent.section, parent.children.len())
            }
        };
        self.parts.push(Part {
            section,
            header: range.start..body,
            body: body..range.end,
            about: PartHeader::read(&headers, default_type),
            children: Vec::new(),
            is_multipart: false,
        });
        index
    }

    /// Opens `part` if it is a multipart whose boundary appears in its body;
    /// else it is a leaf.
    fn open(&mut self, raw: &[u8], part: usize, depth: usize) -> Option<(Open, Delimiter)> {
        let opened = self.boundary(raw, part, depth);
        let this = &mut self.parts[part];
        this.is_multipart = opened.is_some();
        if opened.is_none() {
            if this.about.content_type.value.starts_with("multipart/") {
                // Readable at least, as the text it must be without its
                // boundaries.
                this.about.content_type = Content {
                    value: "text/plain".into(),
                    parameters: vec![],
                };
            }
            if this.section.is_empty() {
                this.section = "1".into();
            }
        }
        opened
    }

    /// A multipart's boundary and where it first appears, or a problem named.
    fn boundary(&mut self, raw: &[u8], part: usize, depth: usize) -> Option<(Open, Delimiter)> {
        let this = &self.parts[part];
        let content_type = &this.about.content_type;
        let kind = content_type.value.strip_prefix("multipart/")?;
        let default_type = if kind == "digest" {
            "message/rfc822"
        } else {
            "text/plain"
        };
        let written = content_type
            .parameters
            .iter()
            .find(|(name, _)| name == "boundary");
        let boundary = match written {
            Some((_, boundary)) => boundary.trim_ascii_end().to_vec(),
            None => content_type
                .parameter("boundary")
                .unwrap_or_default()
                .into_bytes(),
        };
        let open = Open {
            part,
            boundary,
            default_type,
        };
        let first = delimiter(
            &raw[..this.body.end],
            this.body.start,
            slice::from_ref(&open),
        )
        .filter(|first| !open.boundary.is_empty() && !first.is_close);
        let problem = match first {
            Some(first) if depth < MAX_DEPTH => return Some((open, first)),
            Some(_) => "is nested too deep; taken as text",
            None => "is a multipart without its boundary; taken as text",
        };
        let section = if this.section.is_empty() {
            "1"
        } else {
            &this.section
        };
        self.problems.push(format!("part {section} {problem}"));
        None
    }

    /// Ends the multiparts from `level` inwards at `end`.
    fn close(&mut self, open: &mut Vec<Open>, level: usize, end: usize) {
        for closed in open.drain(level.min(open.len())..) {
            let body = &mut self.parts[closed.part].body;
            body.end = end.max(body.start);
        }
    }
}

/// The first boundary line at or after `at` (the start of a line) of any open
/// multipart, innermost first. White space and then anything may follow the
/// boundary on its line; anything else may not, since mailers do give an inner
/// multipart a boundary that begins with the outer one's.
fn delimiter(raw: &[u8], at: usize, open: &[Open]) -> Option<Delimiter> {
    if open.is_empty() {
        return None;
    }
    let mut lines = memmem::find_iter(&raw[at..], b"\n--").map(|found| at + found + 1);
    let first = raw[at..].starts_with(b"--").then_some(at);
    first.into_iter().chain(&mut lines).find_map(|line| {
        let end = line_end(raw, line);
        let text = raw[line + 2..end].trim_ascii_end();
        let (level, is_close) = open.iter().enumerate().rev().find_map(|(level, open)| {
            let rest = text.strip_prefix(open.boundary.as_slice())?;
            let (rest, is_close) = match rest.strip_prefix(b"--") {
                Some(rest) => (rest, true),
                None => (rest, false),
            };
            matches!(rest, [] | [b' ' | b'\t', ..]).then_some((level, is_close))
        })?;
        let start = match &raw[..line] {
            [rest @ .., b'\r', b'\n'] | [rest @ .., b'\n'] => rest.len(),
            _ => line,
        };
        Some(Delimiter {
            start: start.max(at),
            after: end,
            level,
            is_close,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NESTED: &str = "Content-Type: multipart/mixed; boundary=out\n\npreamble\n--out\n\
        Content-Type: multipart/alternative; boundary=\"out-in\"\n\n--out-in\n\nplain\n--out-in \n\
        Content-Type: text/html\n\n<p>\n--out-in--\nepilogue\n--out\n\
        Content-Type: message/rfc822\n\nSubject: x\n\ny\n--out--\nend\n";

    fn leaves(raw: &str) -> Vec<(String, String, String)> {
        let structure = Structure::parse(raw.as_bytes());
        let leaves = structure.parts.iter().filter(|part| !part.is_multipart);
        leaves
            .map(|part| {
                let kind = part.about.content_type.value.clone();
                (
                    part.section.clone(),
                    kind,
                    raw[part.body.clone()].to_owned(),
                )
            })
            .collect()
    }

    fn leaf(section: &str, kind: &str, body: &str) -> (String, String, String) {
        (section.into(), kind.into(), body.into())
    }

    #[test]
    fn parts_are_found_whatever_the_line_ends() {
        let expected = [
            leaf("1.1", "text/plain", "plain"),
            leaf("1.2", "text/html", "<p>"),
            leaf("2", "message/rfc822", "Subject: x\n\ny"),
        ];
        assert_eq!(leaves(NESTED), expected);
        let with_crlf = leaves(&NESTED.replace('\n', "\r\n"));
        let bodies: Vec<String> = with_crlf.into_iter().map(|leaf| leaf.2).collect();
        assert_eq!(bodies, ["plain", "<p>", "Subject: x\r\n\r\ny"]);
    }

    #[test]
    fn a_message_without_parts_is_its_own_only_part() {
        assert_eq!(
            leaves("A: b\n\nbody\n--x\n"),
            [leaf("1", "text/plain", "body\n--x\n")]
        );
        assert_eq!(leaves(""), [leaf("1", "text/plain", "")]);
    }

    #[test]
    fn missing_ends_and_boundaries_lose_nothing() {
        let cut = &NESTED[..NESTED.find("--out-in--").unwrap_or_default()];
        assert_eq!(leaves(cut)[1], leaf("1.2", "text/html", "<p>\n"));
        let no_inner_end = NESTED.replace("--out-in--\n", "");
        assert_eq!(
            leaves(&no_inner_end)[1],
            leaf("1.2", "text/html", "<p>\nepilogue")
        );
        let unmarked = "Content-Type: multipart/mixed; boundary=x\n\ntext\n";
        assert_eq!(leaves(unmarked), [leaf("1", "text/plain", "text\n")]);
        let structure = Structure::parse(unmarked.as_bytes());
        assert_eq!(
            structure.problems,
            ["part 1 is a multipart without its boundary; taken as text"]
        );
    }

    #[test]
    fn a_header_without_an_empty_line_ends_at_the_boundary() {
        let raw = "Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/html\n\
            --x\n\nb\n--x--";
        assert_eq!(
            leaves(raw),
            [leaf("1", "text/html", ""), leaf("2", "text/plain", "b")]
        );
    }

    #[test]
    fn what_follows_a_boundary_on_its_line_is_ignored() {
        let raw =
            "Content-Type: multipart/mixed; boundary=x\n\n--x and more\n\na\n--xy\n--x-- z\nb";
        assert_eq!(leaves(raw), [leaf("1", "text/plain", "a\n--xy")]);
    }

    #[test]
    fn a_digest_holds_messages() {
        let raw = "Content-Type: multipart/digest; boundary=x\n\n--x\n\nSubject: a\n\nb\n--x--";
        assert_eq!(
            leaves(raw),
            [leaf("1", "message/rfc822", "Subject: a\n\nb")]
        );
    }

    #[test]
    fn depth_and_number_of_parts_are_bounded() {
        let mut deep = String::new();
        for level in 0..10_000 {
            deep += &format!("Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n");
        }
        let structure = Structure::parse(deep.as_bytes());
        assert_eq!(structure.parts.len(), MAX_DEPTH + 1);
        assert!(structure.problems[0].ends_with("is nested too deep; taken as text"));
        let wide = format!(
            "Content-Type: multipart/mixed; boundary=x\n\n{}",
            "--x\n".repeat(50_000)
        );
        let structure = Structure::parse(wide.as_bytes());
        assert_eq!(structure.parts.len(), MAX_PARTS);
        assert_eq!(structure.problems, ["only the first 10000 parts are read"]);
    }
}
