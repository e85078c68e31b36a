//! A whole message: its bodies decoded, its attachments listed, its problems
//! named.

use super::attachment::Attachment;
use super::bodies::{Bodies, HTML, TEXT, of_type};
use super::decoded_texts::DecodedTexts;
use super::headers::Headers;
use super::json;
use super::problem::Problem;
use super::structure::{Part, Structure};
use std::borrow::Cow;

/// A message taken apart; bodies are decoded when they are asked for, and once.
pub struct Message<'a> {
    raw: &'a [u8],
    headers: Headers<'a>,
    structure: Structure,
    bodies: Bodies,
    texts: DecodedTexts<'a>,
}

impl<'a> Message<'a> {
    /// Takes a raw message apart, whatever it is; an empty one has no header
    /// and no body.
    pub fn parse(raw: &'a [u8]) -> Self {
        let structure = Structure::parse(raw);
        let bodies = Bodies::sort(&structure.parts);
        Self {
            raw,
            headers: Headers::parse(raw),
            texts: DecodedTexts::of(raw, structure.parts.len()),
            structure,
            bodies,
        }
    }

    /// The message's header.
    pub fn headers(&self) -> &Headers<'a> {
        &self.headers
    }

    /// `body_text`: the first `text/plain` body; `None` where there is none or
    /// it is empty.
    pub fn body_text(&self) -> Option<&str> {
        self.text_of(self.bodies.first_text(&self.structure.parts)?)
    }

    /// `body_html`: the first `text/html` body; `None` where there is none or
    /// it is empty.
    pub fn body_html(&self) -> Option<&str> {
        self.text_of(self.bodies.first_html(&self.structure.parts)?)
    }

    /// [`Self::body_text`], for those who want nothing else.
    pub fn into_body_text(self) -> Option<String> {
        let index = self.bodies.first_text(&self.structure.parts)?;
        self.into_text(index)
    }

    /// [`Self::body_html`], for those who want nothing else.
    pub fn into_body_html(self) -> Option<String> {
        let index = self.bodies.first_html(&self.structure.parts)?;
        self.into_text(index)
    }

    /// Every `text/plain` body, in order, the empty ones left out.
    pub fn text_bodies(&self) -> Vec<&str> {
        self.texts(&self.bodies.text, TEXT)
    }

    /// Every `text/html` body, in order, the empty ones left out.
    pub fn html_bodies(&self) -> Vec<&str> {
        self.texts(&self.bodies.html, HTML)
    }

    /// Every part that is not shown as text in place.
    pub fn attachments(&self) -> Vec<Attachment> {
        let parts = self
            .bodies
            .attachments
            .iter()
            .map(|&index| &self.structure.parts[index]);
        parts
            .map(|part| Attachment {
                part: part.section.clone(),
                filename: part.about.filename(),
                content_type: part.about.content_type.value.clone(),
                size: part.about.decode(self.body(part)).bytes.len(),
                disposition: part
                    .about
                    .disposition
                    .as_ref()
                    .map(|field| field.value.clone()),
                content_id: part.about.content_id.clone(),
            })
            .collect()
    }

    /// The message as the JSON that surveilr stores: mail-parser's `Message`.
    /// Binary parts are arrays of numbers, about 3.6 bytes for each byte.
    /// `None` for an empty message.
    pub fn to_json(&self) -> Option<String> {
        json::message(self.raw, &self.structure, &self.bodies, &self.texts)
    }

    /// What could not be read in the header, the structure or a text body.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = self.headers.problems();
        problems.extend(
            self.structure
                .problems
                .iter()
                .map(|text| Problem::new("parts", text)),
        );
        let columns = [
            ("body_text", TEXT, &self.bodies.text),
            ("body_html", HTML, &self.bodies.html),
        ];
        for (column, kind, list) in columns {
            for index in of_type(list, &self.structure.parts, kind) {
                let part = &self.structure.parts[index];
                let found = &self.texts.of_part(index, part).problems;
                let section = &part.section;
                let named = |problem| Problem::new(column, format!("part {section} {problem}"));
                problems.extend(found.iter().map(named));
            }
        }
        problems
    }

    fn texts(&self, list: &[usize], kind: &str) -> Vec<&str> {
        let parts = of_type(list, &self.structure.parts, kind);
        parts.filter_map(|index| self.text_of(index)).collect()
    }

    fn text_of(&self, index: usize) -> Option<&str> {
        let part = &self.structure.parts[index];
        let text = &*self.texts.of_part(index, part).text;
        (!text.is_empty()).then_some(text)
    }

    fn into_text(self, index: usize) -> Option<String> {
        let part = &self.structure.parts[index];
        let text = self.texts.take(index, part).text;
        (!text.is_empty()).then(|| text.into_owned())
    }

    fn body(&self, part: &Part) -> &'a [u8] {
        &self.raw[part.body.clone()]
    }
}

/// The `message` column and RSSD's message text: the raw bytes as text, what is
/// no UTF-8 and NUL replaced by U+FFFD; lossy here only, `raw` has the bytes.
pub fn raw_text(raw: &[u8]) -> Cow<'_, str> {
    // Nearly all mail is UTF-8, which is seen at a fraction of the cost.
    let text = match std::str::from_utf8(raw) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(raw),
    };
    if memchr::memchr(0, raw).is_some() {
        Cow::Owned(text.replace('\0', "\u{fffd}"))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A message of one multipart type with parts given as header, empty line,
    /// body.
    fn multipart(kind: &str, parts: &[&str]) -> String {
        let parts: String = parts.iter().map(|part| format!("--b\n{part}\n")).collect();
        format!("Content-Type: multipart/{kind}; boundary=b\n\n{parts}--b--\n")
    }

    const HTML: &str = "Content-Type: text/html; charset=utf-8\n\n<p>é";
    const PLAIN: &str = "\nplain";
    const FILE: &str =
        "Content-Type: text/plain; name=a.txt\nContent-Disposition: attachment\n\nfile";
    const IMAGE: &str = "Content-Type: image/png\nContent-ID: <i@x>\n\
        Content-Disposition: inline; filename*=utf-8''%E2%98%BA.png\n\
        Content-Transfer-Encoding: base64\n\nAAEC";

    #[test]
    fn plain_and_html_are_told_apart() {
        let raw = multipart("alternative", &[PLAIN, HTML]);
        let message = Message::parse(raw.as_bytes());
        assert_eq!(message.body_text(), Some("plain"));
        assert_eq!(message.body_html(), Some("<p>é"));
        assert_eq!(message.attachments(), []);
    }

    #[test]
    fn mail_in_one_form_has_no_twin_in_the_other() {
        let message = Message::parse(HTML.as_bytes());
        assert_eq!((message.body_text(), message.text_bodies()), (None, vec![]));
        assert_eq!(message.html_bodies(), ["<p>é"]);
        let message = Message::parse(b"\nplain");
        assert_eq!((message.body_html(), message.html_bodies()), (None, vec![]));
        assert_eq!(message.text_bodies(), ["plain"]);
    }

    #[test]
    fn attachments_are_listed_and_are_no_bodies() {
        let raw = multipart("mixed", &[FILE, PLAIN, IMAGE, "\nfooter"]);
        let message = Message::parse(raw.as_bytes());
        assert_eq!(message.text_bodies(), ["plain", "footer"]);
        let list: Vec<String> = message
            .attachments()
            .iter()
            .map(|file| file.to_json().to_string())
            .collect();
        assert_eq!(
            list,
            [
                concat!(
                    r#"{"part":"1","filename":"a.txt","content_type":"text/plain","#,
                    r#""size":4,"disposition":"attachment","content_id":null}"#
                ),
                concat!(
                    r#"{"part":"3","filename":"☺.png","content_type":"image/png","#,
                    r#""size":3,"disposition":"inline","content_id":"i@x"}"#
                ),
            ]
        );
    }

    #[test]
    fn in_related_only_the_root_is_a_body() {
        let raw = multipart("related", &[HTML, PLAIN, IMAGE]);
        let message = Message::parse(raw.as_bytes());
        assert_eq!(
            (message.body_text(), message.attachments().len()),
            (None, 2)
        );
    }

    #[test]
    fn nothing_is_a_message_without_anything() {
        let message = Message::parse(b"");
        assert_eq!(
            (message.body_text(), message.body_html(), message.to_json()),
            (None, None, None)
        );
        assert_eq!(
            (message.attachments(), message.problems()),
            (vec![], vec![])
        );
    }

    #[test]
    fn undecodable_bodies_are_decoded_as_far_as_possible_and_named() {
        let raw = multipart(
            "mixed",
            &[
                "Content-Transfer-Encoding: base64\n\nSGVs!bG8=",
                "Content-Type: text/html\n\ncaf\u{e9}",
            ],
        );
        let latin1: Vec<u8> = raw.chars().map(|c| c as u8).collect();
        let message = Message::parse(&latin1);
        assert_eq!(message.body_text(), Some("Hello"));
        assert_eq!(message.body_html(), Some("café"));
        let problems: Vec<(String, String)> = message
            .problems()
            .into_iter()
            .map(|p| (p.field, p.problem))
            .collect();
        assert_eq!(
            problems,
            [
                (
                    "body_text".into(),
                    "part 1 has broken base64; decoded as far as possible".into()
                ),
                (
                    "body_html".into(),
                    "part 2 has undeclared 8-bit text, read as windows-1252".into()
                ),
            ]
        );
    }

    #[test]
    fn raw_text_is_lossy_where_it_must_be() {
        assert_eq!(raw_text(b"a\r\nb"), "a\r\nb");
        assert_eq!(raw_text(b"a\xe9\0"), "a\u{fffd}\u{fffd}");
    }
}
