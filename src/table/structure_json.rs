//! BODYSTRUCTURE as the columns of tables: which parts are attachments, what is
//! known of each, and the JSON of `parts` and `attachments`.

use serde_json::{Value, json};

use crate::imap::structure::{Part, Structure};
use crate::mail::parameter::decode_parameter;

/// Every leaf part: one that is no multipart. An attached message is a leaf.
pub fn parts(structure: &Structure) -> String {
    list(leaves(&structure.root).into_iter())
}

/// The leaves that are attachments: those that say so, that have a file name,
/// or that are no text.
pub fn attachments(structure: &Structure) -> String {
    list(attached(structure))
}

/// The parts that are attachments, in the order of the message.
pub fn attached(structure: &Structure) -> impl Iterator<Item = &Part> {
    let leaves = leaves(&structure.root).into_iter();
    leaves.filter(|part| is_attachment(part))
}

fn list<'a>(parts: impl Iterator<Item = &'a Part>) -> String {
    Value::Array(parts.map(object).collect()).to_string()
}

fn object(part: &Part) -> Value {
    json!({
        "part": part.section,
        "filename": filename(part),
        "content_type": content_type(part),
        "size": part.size,
        "encoding": part.encoding,
        "disposition": part.disposition,
        "content_id": content_id(part),
    })
}

/// `application/pdf`; `None` where the server does not know.
pub fn content_type(part: &Part) -> Option<String> {
    match (&part.media_type[..], &part.subtype[..]) {
        ("", _) => None,
        (media_type, subtype) => Some(format!("{media_type}/{subtype}")),
    }
}

/// Content-ID without angle brackets.
pub fn content_id(part: &Part) -> Option<String> {
    let id = String::from_utf8_lossy(part.id.as_deref()?.trim_ascii()).into_owned();
    let bare = id.strip_prefix('<').and_then(|id| id.strip_suffix('>'));
    Some(bare.unwrap_or(&id).to_owned())
}

/// The file name of Content-Disposition, else the name of Content-Type.
pub fn filename(part: &Part) -> Option<String> {
    decode_parameter(&part.disposition_parameters, "filename")
        .or_else(|| decode_parameter(&part.parameters, "name"))
}

fn is_attachment(part: &Part) -> bool {
    part.disposition.as_deref() == Some("attachment")
        || filename(part).is_some()
        || (!part.media_type.is_empty() && part.media_type != "text")
}

/// The leaves in the order of the message. A multipart without parts, as some
/// servers send for a broken one, is none.
fn leaves(root: &Part) -> Vec<&Part> {
    let mut found = Vec::new();
    let mut waiting = vec![root];
    while let Some(part) = waiting.pop() {
        if part.is_multipart() {
            waiting.extend(part.parts.iter().rev());
        } else {
            found.push(part);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(section: &str, media_type: &str, subtype: &str) -> Part {
        Part {
            section: section.into(),
            media_type: media_type.into(),
            subtype: subtype.into(),
            ..Part::default()
        }
    }

    fn structure(root: Part) -> Structure {
        Structure {
            root,
            truncated: false,
        }
    }

    #[test]
    fn attached_messages_are_leaves() {
        let mut inner = part("2", "message", "rfc822");
        inner.parts = vec![part("2.1", "text", "plain")];
        let mut root = part("TEXT", "multipart", "mixed");
        root.parts = vec![part("1", "text", "plain"), inner];
        let json: Value = serde_json::from_str(&parts(&structure(root.clone()))).unwrap();
        assert_eq!(json[0]["part"], "1");
        assert_eq!(json[1]["content_type"], "message/rfc822");
        assert_eq!(json.as_array().unwrap().len(), 2);
        let json: Value = serde_json::from_str(&attachments(&structure(root))).unwrap();
        assert_eq!(json.as_array().unwrap().len(), 1);
    }

    #[test]
    fn names_are_decoded_and_ids_are_bare() {
        let mut root = part("1", "text", "plain");
        root.parameters = vec![("name".into(), b"=?utf-8?q?=C3=BC.txt?=".to_vec())];
        root.id = Some(b"<a@b>".to_vec());
        let json: Value = serde_json::from_str(&attachments(&structure(root))).unwrap();
        assert_eq!(json[0]["filename"], "ü.txt");
        assert_eq!(json[0]["content_id"], "a@b");
    }
}
