//! A whole message: its bodies decoded, its attachments listed, its problems named.

use super::attachment::Attachment;
use super::bodies::Bodies;
use super::headers::Headers;
use super::json;
use super::part::Text;
use super::problem::Problem;
use super::structure::{Part, Structure};
use std::borrow::Cow;

/// A message taken apart; bodies are decoded when they are asked for.
pub struct Message<'a> {
    raw: &'a [u8],
    headers: Headers<'a>,
    structure: Structure,
    bodies: Bodies,
}

impl<'a> Message<'a> {
    /// Takes a raw message apart, whatever it is; an empty one has no header and no body.
    pub fn parse(raw: &'a [u8]) -> Self {
        let structure = Structure::parse(raw);
        let bodies = Bodies::sort(&structure);
        Self {
            raw,
            headers: Headers::parse(raw),
            structure,
            bodies,
        }
    }

    /// The message's header.
    pub fn headers(&self) -> &Headers<'a> {
        &self.headers
    }

    /// `body_text`: the first `text/plain` body, `None` for mail without one.
    pub fn body_text(&self) -> Option<String> {
        self.texts(&self.bodies.text, "text/plain").next()
    }

    /// `body_html`: the first `text/html` body.
    pub fn body_html(&self) -> Option<String> {
        self.texts(&self.bodies.html, "text/html").next()
    }

    /// Every `text/plain` body, in order, the empty ones left out.
    pub fn text_bodies(&self) -> Vec<String> {
        self.texts(&self.bodies.text, "text/plain").collect()
    }

    /// Every `text/html` body, in order, the empty ones left out.
    pub fn html_bodies(&self) -> Vec<String> {
        self.texts(&self.bodies.html, "text/html").collect()
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

    /// The message as the JSON that surveilr stores: mail-parser's `Message`. Binary parts are
    /// arrays of numbers, about 3.6 bytes for each byte. `None` for an empty message.
    pub fn to_json(&self) -> Option<String> {
        json::message(self.raw)
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
            ("body_text", "text/plain", &self.bodies.text),
            ("body_html", "text/html", &self.bodies.html),
        ];
        for (column, kind, list) in columns {
            for part in self.of_type(list, kind) {
                let Text {
                    problems: found, ..
                } = part.about.decode_text(self.body(part));
                let section = &part.section;
                let named = |problem| Problem::new(column, format!("part {section} {problem}"));
                problems.extend(found.into_iter().map(named));
            }
        }
        problems
    }

    fn texts(&self, list: &'a [usize], kind: &'a str) -> impl Iterator<Item = String> {
        self.of_type(list, kind)
            .map(|part| part.about.decode_text(self.body(part)).text)
            .filter(|text| !text.is_empty())
    }

    fn of_type<'b>(&'b self, list: &'b [usize], kind: &'b str) -> impl Iterator<Item = &'b Part> {
        let parts = list.iter().map(|&index| &self.structure.parts[index]);
        parts.filter(move |part| part.about.content_type.value == kind)
    }

    fn body(&self, part: &Part) -> &'a [u8] {
        &self.raw[part.body.clone()]
    }
}

/// The `message` column and RSSD's message text: the raw bytes as text, what is no UTF-8 and NUL
/// replaced by U+FFFD; lossy here only, `raw` has the bytes.
pub fn raw_text(raw: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(raw);
    if raw.contains(&0) {
        Cow::Owned(text.replace('\0', "\u{fffd}"))
    } else {
        text
    }
}
