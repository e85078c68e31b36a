//! BODYSTRUCTURE: the parts of a message without its bytes (RFC 9051 section
//! 7.5.2), and the numbers FETCH knows them by (section 6.4.5.1).
//!
//! Tables list attachments from it and choose the part to fetch. Parameters
//! are raw bytes as sent: decoding RFC 2231 and RFC 2047 is MIME's business.

use std::borrow::Cow;

use super::flags::text;
use super::token::Reader;

/// A part, and the parts inside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// What FETCH calls its content: `1.2`. The multipart that is the whole
    /// message is `TEXT`, the one that is the message in part 3 is `3.TEXT`.
    pub section: String,
    /// The media type, lower-case: `text`, `multipart`. Empty where unknown.
    pub media_type: String,
    /// The media subtype, lower-case: `plain`. Empty where unknown.
    pub subtype: String,
    /// The parameters of Content-Type.
    pub parameters: Parameters,
    /// Content-ID as sent, usually in angle brackets.
    pub id: Option<Vec<u8>>,
    /// The transfer encoding, lower-case: `base64`.
    pub encoding: Option<String>,
    /// Bytes of the content as transferred, before decoding.
    pub size: Option<u64>,
    /// Content-Disposition, lower-case: `attachment`.
    pub disposition: Option<String>,
    /// The parameters of Content-Disposition.
    pub disposition_parameters: Parameters,
    /// The parts of a multipart, or the one body of a message/rfc822.
    pub parts: Vec<Part>,
}

/// Parameters in their order: lower-case name (`filename*0*`) and raw value.
pub type Parameters = Vec<(String, Vec<u8>)>;

/// The structure of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Structure {
    /// The outermost part.
    pub root: Part,
    /// True where parts or parameters beyond the limits were left out.
    pub truncated: bool,
}

/// Levels of parts; what lies deeper is left out.
const DEPTH: usize = 64;
/// Parts of one message; those after are left out.
const PARTS: usize = 10_000;
/// Parameters of all parts together; those after are left out.
const PARAMETERS: usize = 50_000;

impl Structure {
    /// Reads the value of BODYSTRUCTURE or BODY; None where it is no list.
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Box<Self>> {
        if reader.next_byte() != Some(b'(') {
            reader.skip_value();
            return None;
        }
        let mut parser = Parser {
            reader,
            parts: 0,
            parameters: 0,
            truncated: false,
        };
        let root = parser.part(Place::message(String::new()), 0)?;
        Some(Box::new(Self {
            root,
            truncated: parser.truncated,
        }))
    }

    /// All parts, outer before inner, in the order of the message.
    pub fn parts(&self) -> impl Iterator<Item = &Part> {
        let mut waiting = vec![&self.root];
        std::iter::from_fn(move || {
            let part = waiting.pop()?;
            waiting.extend(part.parts.iter().rev());
            Some(part)
        })
    }
}

impl Part {
    /// True for `multipart/*`, whose content is its parts.
    pub fn is_multipart(&self) -> bool {
        self.media_type == "multipart"
    }

    /// The first value of the Content-Type parameter `name` (lower-case).
    pub fn parameter(&self, name: &str) -> Option<&[u8]> {
        find(&self.parameters, name)
    }
}

fn find<'a>(parameters: &'a Parameters, name: &str) -> Option<&'a [u8]> {
    parameters
        .iter()
        .find(|(known, _)| known == name)
        .map(|(_, value)| &**value)
}

/// Where a part stands, which decides its number.
struct Place {
    /// The section of a part with content of its own.
    leaf: String,
    /// The section of a multipart here.
    multipart: String,
    /// What the numbers of a multipart's parts begin with.
    prefix: String,
}

impl Place {
    /// The body of a message: the whole one (`""`), or the one in part `outer`.
    /// A body that is no multipart is its part 1.
    fn message(outer: String) -> Self {
        let inside = |name: &str| join(&outer, name);
        Self {
            leaf: inside("1"),
            multipart: inside("TEXT"),
            prefix: outer,
        }
    }

    /// A part of a multipart.
    fn child(prefix: &str, number: usize) -> Self {
        let section = join(prefix, &number.to_string());
        Self {
            leaf: section.clone(),
            multipart: section.clone(),
            prefix: section,
        }
    }
}

fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() {
        name.to_owned()
    } else {
        format!("{prefix}.{name}")
    }
}

struct Parser<'r, 'a> {
    reader: &'r mut Reader<'a>,
    parts: usize,
    parameters: usize,
    truncated: bool,
}

impl Parser<'_, '_> {
    /// ```text
    /// body = "(" (body-type-1part / body-type-mpart) ")"
    /// ```
    /// None, the list skipped, beyond the limits.
    fn part(&mut self, place: Place, depth: usize) -> Option<Part> {
        if depth == DEPTH || self.parts == PARTS {
            self.truncated = true;
            self.reader.skip_value();
            return None;
        }
        self.parts += 1;
        self.reader.enter_list();
        let mut part = Part::default();
        if self.reader.next_byte() == Some(b'(') {
            self.multipart(&mut part, place, depth);
        } else {
            let media_type = self.word().unwrap_or_default();
            if self.reader.next_byte() == Some(b'(') {
                // Gmail's multipart without parts: only the subtype is there.
                (part.media_type, part.subtype) = ("multipart".to_owned(), media_type);
                part.section = place.multipart;
                part.parameters = self.parameters();
                self.disposition(&mut part);
            } else {
                part.media_type = media_type;
                self.single(&mut part, place, depth);
            }
        }
        self.reader.leave_list();
        Some(part)
    }

    /// ```text
    /// body-type-mpart = 1*body SP media-subtype [SP body-ext-mpart]
    /// body-ext-mpart  = body-fld-param [SP body-fld-dsp [SP ...]]
    /// ```
    fn multipart(&mut self, part: &mut Part, place: Place, depth: usize) {
        part.media_type = "multipart".to_owned();
        part.section = place.multipart;
        let mut number = 0;
        while self.reader.next_byte() == Some(b'(') {
            number += 1;
            let child = self.part(Place::child(&place.prefix, number), depth + 1);
            part.parts.extend(child);
        }
        part.subtype = self.word().unwrap_or_default();
        part.parameters = self.parameters();
        self.disposition(part);
    }

    /// ```text
    /// body-type-1part = media-type SP media-subtype SP body-fields [...] [SP body-ext-1part]
    /// body-fields     = body-fld-param SP body-fld-id SP body-fld-desc SP body-fld-enc SP
    ///                   body-fld-octets
    /// body-ext-1part  = body-fld-md5 [SP body-fld-dsp [SP ...]]
    /// ```
    /// Between them a message has its envelope, body and lines, and a text its
    /// lines.
    fn single(&mut self, part: &mut Part, place: Place, depth: usize) {
        part.subtype = self.word().unwrap_or_default();
        part.section = place.leaf;
        part.parameters = self.parameters();
        part.id = self.reader.string().map(Cow::into_owned);
        self.reader.skip_value();
        part.encoding = self.word();
        part.size = self.reader.number();
        // Gmail and Exchange describe some attached messages as any other file.
        if part.media_type == "message" && self.reader.next_byte() == Some(b'(') {
            self.reader.skip_value();
            if self.reader.next_byte() == Some(b'(') {
                let body = self.part(Place::message(part.section.clone()), depth + 1);
                part.parts.extend(body);
            } else {
                self.reader.skip_value();
            }
        }
        // Lines, where they are given.
        if self
            .reader
            .next_byte()
            .is_some_and(|byte| byte.is_ascii_digit())
        {
            self.reader.skip_value();
        }
        self.reader.skip_value();
        self.disposition(part);
    }

    /// ```text
    /// body-fld-param = "(" string SP string *(SP string SP string) ")" / nil
    /// ```
    fn parameters(&mut self) -> Parameters {
        let mut parameters = Parameters::new();
        if !self.reader.enter_list() {
            self.reader.skip_value();
            return parameters;
        }
        while self.reader.has_value() {
            let name = self.word();
            let value = self.reader.string();
            if let (Some(name), Some(value)) = (name, value) {
                if self.parameters == PARAMETERS {
                    self.truncated = true;
                } else {
                    self.parameters += 1;
                    parameters.push((name, value.into_owned()));
                }
            }
        }
        self.reader.leave_list();
        parameters
    }

    /// ```text
    /// body-fld-dsp = "(" string SP body-fld-param ")" / nil
    /// ```
    fn disposition(&mut self, part: &mut Part) {
        if self.reader.enter_list() {
            part.disposition = self.word();
            part.disposition_parameters = self.parameters();
            self.reader.leave_list();
        } else {
            part.disposition = self.word();
        }
    }

    fn word(&mut self) -> Option<String> {
        let word = text(&self.reader.string()?);
        Some(word.trim().to_ascii_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &[u8]) -> Structure {
        let mut reader = Reader::new(value);
        let structure = *Structure::read(&mut reader).unwrap();
        assert_eq!(reader.next_byte(), None, "all of the value is read");
        structure
    }

    fn outline(value: &[u8]) -> Vec<String> {
        let structure = read(value);
        assert!(!structure.truncated);
        structure
            .parts()
            .map(|p| format!("{} {}/{}", p.section, p.media_type, p.subtype))
            .collect()
    }

    const TEXT: &str = r#"("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 12 1)"#;
    const FILE: &str = r#"("application" "octet-stream" NIL NIL NIL "base64" 9)"#;
    const ENVELOPE: &str = r#"(NIL "a (b" NIL NIL NIL NIL NIL NIL NIL "<x>")"#;

    #[test]
    fn parts_are_numbered_as_in_the_example_of_the_rfc() {
        let inner =
            format!(r#"({TEXT}("application" "octet-stream" NIL NIL NIL "base64" 9) "mixed")"#);
        let message = format!(r#"("message" "rfc822" NIL NIL NIL "7bit" 99 {ENVELOPE} {inner} 9)"#);
        let body = format!(r#"({TEXT}({TEXT}{TEXT} "alternative") "mixed")"#);
        let deep = format!(
            r#"({TEXT}("message" "rfc822" NIL NIL NIL "7bit" 9 {ENVELOPE} {body} 9) "mixed")"#
        );
        let value = format!(r#"({TEXT}{FILE}{message}{deep} "MIXED" ("boundary" "x") NIL NIL)"#);
        assert_eq!(
            outline(value.as_bytes()),
            [
                "TEXT multipart/mixed",
                "1 text/plain",
                "2 application/octet-stream",
                "3 message/rfc822",
                "3.TEXT multipart/mixed",
                "3.1 text/plain",
                "3.2 application/octet-stream",
                "4 multipart/mixed",
                "4.1 text/plain",
                "4.2 message/rfc822",
                "4.2.TEXT multipart/mixed",
                "4.2.1 text/plain",
                "4.2.2 multipart/alternative",
                "4.2.2.1 text/plain",
                "4.2.2.2 text/plain",
            ]
        );
    }

    #[test]
    fn a_message_without_parts_has_part_1() {
        assert_eq!(outline(TEXT.as_bytes()), ["1 text/plain"]);
        let forward =
            format!(r#"("message" "rfc822" NIL NIL NIL NIL 9 {ENVELOPE} {TEXT} 3 NIL NIL)"#);
        assert_eq!(
            outline(forward.as_bytes()),
            ["1 message/rfc822", "1.1 text/plain"]
        );
    }

    #[test]
    fn fields_of_a_part_are_kept_raw() {
        let part = read(
            b"(\"APPLICATION\" \"PDF\" (\"NAME\" {4}\r\na)\xe9\" x NIL \"Y\" \"z\") \
              \"<id@x>\" \"desc\" \
              \"BASE64\" 5000000000 NIL (\"ATTACHMENT\" (\"FILENAME*0*\" \"utf-8''a%20\" \
              \"filename\" \"b\\\\c \\\"d\\\".pdf\")) NIL NIL)",
        )
        .root;
        assert_eq!((&*part.media_type, &*part.subtype), ("application", "pdf"));
        assert_eq!(part.parameter("name"), Some(&b"a)\xe9\""[..]));
        assert_eq!(
            (part.parameter("x"), part.parameter("y")),
            (None, Some(&b"z"[..]))
        );
        assert_eq!(part.id.as_deref(), Some(&b"<id@x>"[..]));
        assert_eq!(
            (part.encoding.as_deref(), part.size),
            (Some("base64"), Some(5_000_000_000))
        );
        assert_eq!(part.disposition.as_deref(), Some("attachment"));
        assert_eq!(
            find(&part.disposition_parameters, "filename*0*"),
            Some(&b"utf-8''a%20"[..])
        );
        assert_eq!(
            find(&part.disposition_parameters, "filename"),
            Some(&b"b\\c \"d\".pdf"[..])
        );
    }

    #[test]
    fn oddities_of_servers_are_read() {
        assert_eq!(outline(br#"("TEXT" NIL NIL NIL NIL NIL NIL)"#), ["1 text/"]);
        assert_eq!(
            outline(br#"("MIXED" ("BOUNDARY" "b") NIL NIL)"#),
            ["TEXT multipart/mixed"]
        );
        assert_eq!(outline(br#"(() "mixed")"#), ["TEXT multipart/mixed", "1 /"]);
        assert_eq!(outline(b"()"), ["1 /"]);
        let part =
            read(br#"("message" "rfc822" NIL NIL NIL "7bit" "77" NIL ("attachment" NIL))"#).root;
        assert_eq!(
            (part.size, part.disposition.as_deref()),
            (Some(77), Some("attachment"))
        );
        let part =
            read(br#"("image" "png" ("name" ("x")) NIL NIL "base64" -1 NIL "INLINE" NIL)"#).root;
        assert_eq!(
            (part.size, part.disposition.as_deref()),
            (None, Some("inline"))
        );
        let part =
            read(br#"("text" "plain" NIL NIL NIL "8bit" 3 1 NIL ("inline" ("filename" "x")))"#)
                .root;
        assert_eq!(
            find(&part.disposition_parameters, "filename"),
            Some(&b"x"[..])
        );
    }

    #[test]
    fn hostile_depth_and_breadth_are_cut_and_the_rest_is_read() {
        let deep = format!("{}{}", "(".repeat(100_000), ")".repeat(100_000));
        let structure = read(deep.as_bytes());
        assert!(structure.truncated);
        assert_eq!(structure.parts().count(), DEPTH);
        let broad = format!("({} \"mixed\")", TEXT.repeat(PARTS + 5));
        let structure = read(broad.as_bytes());
        assert!(structure.truncated && structure.root.subtype == "mixed");
        assert_eq!(structure.parts().count(), PARTS);
        let many = format!(r#"("a" "b" ({}))"#, "a b ".repeat(PARAMETERS + 5));
        let structure = read(many.as_bytes());
        assert!(structure.truncated && structure.root.parameters.len() == PARAMETERS);
        assert!(Structure::read(&mut Reader::new(b"NIL")).is_none());
    }
}
