//! A message as what can be compared: its parts by IMAP number.

use std::collections::BTreeMap;

use imap0::mail::entity::walk;
use imap0::mail::fields::split;

/// What a message consists of: its parts by number, each multipart by the
/// number of its message and `TEXT`, as IMAP names it.
pub type Outline = BTreeMap<String, Part>;

/// One part.
#[derive(Default)]
pub struct Part {
    /// The header fields, each as written, with LF for a line end.
    pub fields: Vec<String>,
    /// The media type.
    pub kind: String,
    /// The decoded content of a leaf, empty for others.
    pub content: Vec<u8>,
    /// The content as it stands in the message.
    pub encoded: Vec<u8>,
    /// Where its header begins, its body begins and its body ends in the
    /// message; `None` inside of what is encoded.
    pub places: Option<[usize; 3]>,
}

/// The key of the parts of a message that have no number of their own.
pub fn name(message: Option<&str>, part: Option<&str>) -> String {
    match (message, part) {
        (_, Some(part)) => part.to_owned(),
        (Some(message), None) => format!("{message}.TEXT"),
        (None, None) => "TEXT".to_owned(),
    }
}

/// A message as it is read here.
pub fn outline(raw: &[u8]) -> Outline {
    let mut outline = Outline::new();
    walk(raw, |entity| {
        let fields = split(entity.header).fields.into_iter().map(|field| {
            let whole = &entity.header[field.offset..field.value_offset + field.value.len()];
            without_cr(whole)
        });
        let offset = |slice: &[u8]| {
            let at = (slice.as_ptr() as usize).checked_sub(raw.as_ptr() as usize)?;
            (at + slice.len() <= raw.len()).then_some(at)
        };
        let places = offset(entity.header).zip(offset(entity.body));
        let part = Part {
            fields: fields.collect(),
            kind: entity.about.content_type.value.clone(),
            content: if entity.place.is_multipart {
                Vec::new()
            } else {
                entity.content().into_owned()
            },
            encoded: entity.body.to_vec(),
            places: places.map(|(header, body)| [header, body, body + entity.body.len()]),
        };
        outline.insert(name(entity.message, entity.part.as_deref()), part);
    });
    outline
}

/// Bytes as text with LF for a line end, what is no ASCII as `?`.
pub fn without_cr(bytes: &[u8]) -> String {
    let text = bytes.iter().filter(|&&byte| byte != b'\r');
    text.map(|&byte| {
        if byte.is_ascii() {
            char::from(byte)
        } else {
            '?'
        }
    })
    .collect()
}
