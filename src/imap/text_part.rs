//! Which part of a message is its text, told from BODYSTRUCTURE alone.

use super::structure::Structure;

/// Encoded bytes that may stand for no text at all: soft line breaks, padding.
const SHORT: u64 = 32;

/// The section of the first body, where that is plain text and beyond doubt.
///
/// `None` where the message is no multipart (its one part is all of it) and
/// where the first leaf is anything but inline text/plain: then the whole
/// message has to say what its text is, so that the answer never depends on
/// how much was fetched.
pub fn text_section(structure: &Structure) -> Option<String> {
    if !structure.root.is_multipart() || structure.truncated {
        return None;
    }
    let mut part = &structure.root;
    while part.is_multipart() {
        part = part.parts.first()?;
    }
    let is_text = part.media_type == "text" && part.subtype == "plain";
    let is_inline = part
        .disposition
        .as_deref()
        .is_none_or(|disposition| disposition == "inline");
    let is_named = part
        .parameters
        .iter()
        .any(|(name, _)| name.starts_with("name"))
        || !part.disposition_parameters.is_empty();
    // A part that decodes to nothing is passed over in favour of the next text.
    let is_filled = part.size.is_some_and(|size| size > SHORT);
    (is_text && is_inline && !is_named && is_filled).then(|| part.section.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imap::structure::Part;

    fn leaf(section: &str, subtype: &str) -> Part {
        Part {
            section: section.into(),
            media_type: "text".into(),
            subtype: subtype.into(),
            size: Some(100),
            ..Part::default()
        }
    }

    fn section_of(root: Part) -> Option<String> {
        text_section(&Structure {
            root,
            truncated: false,
        })
    }

    fn multipart(parts: Vec<Part>) -> Part {
        Part {
            media_type: "multipart".into(),
            parts,
            ..Part::default()
        }
    }

    #[test]
    fn the_first_leaf_is_the_text() {
        let alternative = multipart(vec![leaf("1.1", "plain"), leaf("1.2", "html")]);
        let mixed = multipart(vec![alternative, leaf("2", "plain")]);
        assert_eq!(section_of(mixed).as_deref(), Some("1.1"));
    }

    #[test]
    fn doubt_takes_the_whole_message() {
        assert_eq!(section_of(leaf("1", "plain")), None);
        assert_eq!(section_of(multipart(vec![])), None);
        assert_eq!(
            section_of(multipart(vec![leaf("1", "html"), leaf("2", "plain")])),
            None
        );
        let mut attached = leaf("1", "plain");
        attached.disposition = Some("attachment".into());
        assert_eq!(section_of(multipart(vec![attached])), None);
        let mut named = leaf("1", "plain");
        named.parameters = vec![("name*0*".into(), b"x".to_vec())];
        assert_eq!(section_of(multipart(vec![named])), None);
    }
}
