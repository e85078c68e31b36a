//! Which parts are the message's body and which are attachments (RFC 8621
//! section 4.1.4).
//!
//! Works on any outline of a message, its own bytes taken apart or a server's
//! BODYSTRUCTURE, so that both choose the same part.

/// The most multiparts inside one another that are looked into.
const MAX_DEPTH: usize = 64;

/// What must be known of a part to tell its use; parts form a tree.
pub trait Outline {
    /// The media type, lower case: `text/plain`.
    fn content_type(&self) -> &str;
    /// True where the disposition is `attachment`.
    fn is_attachment(&self) -> bool;
    /// True where the part has a file name.
    fn is_named(&self) -> bool;
    /// For a multipart the indexes of its parts, in order; `None` for a leaf
    /// (an attached message is one).
    fn children(&self) -> Option<&[usize]>;
}

/// The parts of a message by use, as indexes into its outline.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Bodies {
    /// What a reader that prefers plain text shows: HTML where there is nothing
    /// else, media in place.
    pub text: Vec<usize>,
    /// What a reader that prefers HTML shows: plain text where there is nothing
    /// else.
    pub html: Vec<usize>,
    /// Every leaf that is not text shown in place.
    pub attachments: Vec<usize>,
}

/// The multipart whose parts are looked at.
#[derive(Clone, Copy)]
struct Level<'a> {
    subtype: &'a str,
    in_alternative: bool,
    depth: usize,
    /// Whether its parts can be in each of the two lists.
    text: bool,
    html: bool,
}

impl Bodies {
    /// Sorts the parts of a message, of which the first is the message itself.
    pub fn sort<P: Outline>(parts: &[P]) -> Self {
        let mut bodies = Self::default();
        if !parts.is_empty() {
            let top = Level {
                subtype: "mixed",
                in_alternative: false,
                depth: 0,
                text: true,
                html: true,
            };
            bodies.visit(parts, &[0], top);
        }
        bodies
    }

    /// The part that `body_text` shows: the first body of type `text/plain`.
    pub fn first_text<P: Outline>(&self, parts: &[P]) -> Option<usize> {
        of_type(&self.text, parts, TEXT).next()
    }

    /// The part that `body_html` shows: the first body of type `text/html`.
    pub fn first_html<P: Outline>(&self, parts: &[P]) -> Option<usize> {
        of_type(&self.html, parts, HTML).next()
    }

    /// The RFC's `parseStructure`.
    fn visit<P: Outline>(&mut self, parts: &[P], siblings: &[usize], mut level: Level<'_>) {
        let (text_before, html_before) = (self.text.len(), self.html.len());
        let is_alternative = level.subtype == "alternative";
        for (position, &index) in siblings.iter().enumerate() {
            let Some(part) = parts.get(index) else {
                continue;
            };
            let kind = part.content_type();
            if let Some(children) = part.children() {
                if level.depth < MAX_DEPTH {
                    let subtype = kind.strip_prefix("multipart/").unwrap_or_default();
                    let in_alternative = level.in_alternative || subtype == "alternative";
                    let depth = level.depth + 1;
                    self.visit(
                        parts,
                        children,
                        Level {
                            subtype,
                            in_alternative,
                            depth,
                            ..level
                        },
                    );
                }
                continue;
            }
            if !is_inline(part, position, level.subtype) {
                self.attachments.push(index);
                continue;
            }
            if !is_alternative && level.in_alternative {
                // Text beside other parts inside an alternative is that
                // alternative's one form.
                level.html &= kind != TEXT;
                level.text &= kind != HTML;
            }
            if if is_alternative {
                kind == TEXT
            } else {
                level.text
            } {
                self.text.push(index);
            }
            if if is_alternative {
                kind == HTML
            } else {
                level.html
            } {
                self.html.push(index);
            }
            if is_media(kind) {
                self.attachments.push(index);
            }
        }
        if is_alternative && level.text && level.html {
            let (text, html) = (self.text.len() > text_before, self.html.len() > html_before);
            if html && !text {
                self.text.extend_from_slice(&self.html[html_before..]);
            }
            if text && !html {
                self.html.extend_from_slice(&self.text[text_before..]);
            }
        }
    }
}

pub(super) const TEXT: &str = "text/plain";
pub(super) const HTML: &str = "text/html";

/// Those of `list` that have the media type `kind`.
pub(super) fn of_type<P: Outline>(
    list: &[usize],
    parts: &[P],
    kind: &str,
) -> impl Iterator<Item = usize> {
    list.iter()
        .copied()
        .filter(move |&index| parts[index].content_type() == kind)
}

/// True for media that a reader shows in place.
pub(super) fn is_media(kind: &str) -> bool {
    matches!(kind.split('/').next(), Some("image" | "audio" | "video"))
}

/// Whether a part is shown in place: text or media that does not say it is an
/// attachment, and in `multipart/related` only the first part; named text only
/// where it comes first.
fn is_inline<P: Outline>(part: &P, position: usize, subtype: &str) -> bool {
    let kind = part.content_type();
    !part.is_attachment()
        && (is_media(kind) || matches!(kind, TEXT | HTML))
        && (position == 0 || subtype != "related" && (is_media(kind) || !part.is_named()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Plain {
        kind: &'static str,
        is_attachment: bool,
        is_named: bool,
        children: Option<Vec<usize>>,
    }

    impl Outline for Plain {
        fn content_type(&self) -> &str {
            self.kind
        }
        fn is_attachment(&self) -> bool {
            self.is_attachment
        }
        fn is_named(&self) -> bool {
            self.is_named
        }
        fn children(&self) -> Option<&[usize]> {
            self.children.as_deref()
        }
    }

    fn leaf(kind: &'static str) -> Plain {
        Plain {
            kind,
            ..Plain::default()
        }
    }

    fn multipart(kind: &'static str, children: &[usize]) -> Plain {
        Plain {
            children: Some(children.to_vec()),
            ..leaf(kind)
        }
    }

    fn sorted(parts: &[Plain]) -> (Vec<usize>, Vec<usize>, Vec<usize>) {
        let bodies = Bodies::sort(parts);
        (bodies.text, bodies.html, bodies.attachments)
    }

    #[test]
    fn the_example_of_rfc_8621_is_sorted_as_there() {
        // mixed(A plain, mixed(alternative(mixed(B plain, C jpeg, D plain),
        // related(E html, F jpeg)), G jpeg, H x-excel, J message), K plain),
        // section 4.1.4.
        let parts = [
            multipart("multipart/mixed", &[1, 2, 15]),
            leaf(TEXT),
            multipart("multipart/mixed", &[3, 12, 13, 14]),
            multipart("multipart/alternative", &[4, 9]),
            multipart("multipart/mixed", &[5, 6, 7]),
            leaf(TEXT),
            leaf("image/jpeg"),
            leaf(TEXT),
            leaf("application/x-none"),
            multipart("multipart/related", &[10, 11]),
            leaf(HTML),
            leaf("image/jpeg"),
            Plain {
                is_attachment: true,
                ..leaf("image/jpeg")
            },
            leaf("application/x-excel"),
            leaf("message/rfc822"),
            leaf(TEXT),
        ];
        let (text, html, attachments) = sorted(&parts);
        assert_eq!(text, [1, 5, 6, 7, 15]);
        assert_eq!(html, [1, 10, 15]);
        assert_eq!(attachments, [6, 11, 12, 13, 14]);
    }

    #[test]
    fn one_form_stands_in_for_the_other_but_is_not_taken_for_it() {
        let parts = [multipart("multipart/alternative", &[1]), leaf(HTML)];
        let bodies = Bodies::sort(&parts);
        assert_eq!(
            (bodies.text.as_slice(), bodies.html.as_slice()),
            (&[1][..], &[1][..])
        );
        assert_eq!(
            (bodies.first_text(&parts), bodies.first_html(&parts)),
            (None, Some(1))
        );
    }

    #[test]
    fn parts_that_are_not_there_are_passed_over() {
        let parts = [multipart("multipart/mixed", &[7, 1]), leaf(TEXT)];
        assert_eq!(Bodies::sort(&parts).first_text(&parts), Some(1));
        assert_eq!(Bodies::sort::<Plain>(&[]), Bodies::default());
    }
}
