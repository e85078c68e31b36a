//! Which parts are the message's body and which are attachments (RFC 8621 section 4.1.4).

use super::structure::{Part, Structure};

/// The parts of a message by use, as indexes into its structure.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Bodies {
    /// What a reader that prefers plain text shows: HTML where there is nothing else, media in place.
    pub text: Vec<usize>,
    /// What a reader that prefers HTML shows: plain text where there is nothing else.
    pub html: Vec<usize>,
    /// Every leaf that is not text shown in place.
    pub attachments: Vec<usize>,
}

/// Which of the two lists the parts at hand belong to.
#[derive(Clone, Copy)]
struct Wanted {
    text: bool,
    html: bool,
}

impl Bodies {
    /// Sorts the parts of a message.
    pub fn sort(structure: &Structure) -> Self {
        let mut bodies = Self::default();
        if !structure.parts.is_empty() {
            let both = Wanted {
                text: true,
                html: true,
            };
            bodies.visit(&structure.parts, &[0], "mixed", false, both);
        }
        bodies
    }

    /// The RFC's `parseStructure`; as deep as the structure, which is bounded.
    fn visit(
        &mut self,
        parts: &[Part],
        siblings: &[usize],
        multipart: &str,
        in_alternative: bool,
        mut wanted: Wanted,
    ) {
        let (text_before, html_before) = (self.text.len(), self.html.len());
        for (position, &index) in siblings.iter().enumerate() {
            let part = &parts[index];
            let kind = part.about.content_type.value.as_str();
            if part.is_multipart {
                let inner = kind.strip_prefix("multipart/").unwrap_or_default();
                let in_alternative = in_alternative || inner == "alternative";
                self.visit(parts, &part.children, inner, in_alternative, wanted);
                continue;
            }
            let is_text = matches!(kind, "text/plain" | "text/html");
            if !is_inline(part, position, multipart) {
                self.attachments.push(index);
                continue;
            }
            let mut list = wanted;
            if multipart == "alternative" {
                list = Wanted {
                    text: kind == "text/plain",
                    html: kind == "text/html",
                };
            } else if in_alternative && is_text {
                // Text beside other parts inside an alternative is that alternative's one form.
                wanted.html &= kind != "text/plain";
                wanted.text &= kind != "text/html";
                list = wanted;
            }
            if list.text {
                self.text.push(index);
            }
            if list.html {
                self.html.push(index);
            }
            if !is_text {
                self.attachments.push(index);
            }
        }
        if multipart == "alternative" && wanted.text && wanted.html {
            let (text_added, html_added) =
                (self.text.len() > text_before, self.html.len() > html_before);
            if html_added && !text_added {
                self.text.extend_from_slice(&self.html[html_before..]);
            }
            if text_added && !html_added {
                self.html.extend_from_slice(&self.text[text_before..]);
            }
        }
    }
}

/// Whether a part is shown in place: text or media that does not say it is an attachment, and in
/// `multipart/related` only the first part; named text only where it comes first.
fn is_inline(part: &Part, position: usize, multipart: &str) -> bool {
    let kind = part.about.content_type.value.as_str();
    let is_media = part.is_media();
    !part.about.is_attachment()
        && (is_media || matches!(kind, "text/plain" | "text/html"))
        && (position == 0
            || multipart != "related" && (is_media || part.about.filename().is_none()))
}
