//! What a UID FETCH asks for, and whether an answer has all of it.
//!
//! Sections can only be asked for with PEEK: reading never marks a message as
//! seen. The plan of a query makes [`Items`]; the fetch stream sends them.

use std::fmt;

use super::extra::Extra;
use super::message::{Content, Message};
use crate::error::{Error, Result, quote};

/// One FETCH item (RFC 9051 section 6.4.5).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Item {
    /// `FLAGS`
    Flags,
    /// `INTERNALDATE`
    InternalDate,
    /// `RFC822.SIZE`
    Size,
    /// `MODSEQ`
    Modseq,
    /// `BODYSTRUCTURE`
    Structure,
    /// An item of an extension.
    Extra(Extra),
    /// `BODY.PEEK[]<0.32768>`: the first [`HEAD`] bytes.
    Head,
    /// `BODY.PEEK[HEADER.FIELDS (...)]`: these header fields.
    HeaderFields(Vec<String>),
    /// `BODY.PEEK[HEADER]`: the header.
    Header,
    /// `BODY.PEEK[1.2]`, `BODY.PEEK[1.2.MIME]`: a part, or its header.
    Section(String),
    /// `BINARY.PEEK[1.2]`: a part without its transfer encoding (RFC 3516).
    Binary(String),
    /// `BODY.PEEK[]`: the whole message.
    Body,
}

/// Bytes of [`Item::Head`]: header and first text of nearly every message.
pub const HEAD: usize = 32 << 10;

impl Item {
    /// True if `content` is what the server answers to it.
    fn is_of(&self, content: &Content) -> bool {
        match self {
            Self::HeaderFields(_) => content.is_header_fields(),
            Self::Header => content.is("HEADER"),
            Self::Section(name) | Self::Binary(name) => content.is(name),
            Self::Head => content.is_head(),
            Self::Body => content.is(""),
            Self::Flags
            | Self::InternalDate
            | Self::Size
            | Self::Modseq
            | Self::Extra(_)
            | Self::Structure => false,
        }
    }

    /// True for what servers keep beside the message.
    fn is_light(&self) -> bool {
        match self {
            Self::Flags | Self::InternalDate | Self::Size | Self::Modseq => true,
            Self::Extra(extra) => *extra != Extra::Preview,
            _ => false,
        }
    }
}

/// The items of one FETCH; the UID always comes with them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Items(Vec<Item>);

impl Items {
    /// These items.
    ///
    /// # Errors
    /// [`crate::error::Kind::Usage`] where the name of a field or section is none.
    pub fn new(items: Vec<Item>) -> Result<Self> {
        for item in &items {
            let names = match item {
                Item::HeaderFields(names) if names.is_empty() => return Err(bad_name("")),
                Item::HeaderFields(names) => names.as_slice(),
                Item::Section(name) | Item::Binary(name) => std::slice::from_ref(name),
                _ => &[],
            };
            for name in names {
                let is_plain = |b: u8| b.is_ascii_graphic() && !b"()[]{}\"\\%*:".contains(&b);
                if name.is_empty() || !name.bytes().all(is_plain) {
                    return Err(bad_name(name));
                }
            }
        }
        Ok(Self(items))
    }

    /// These items, whose names are this library's own.
    pub(super) fn known(items: Vec<Item>) -> Self {
        Self(items)
    }

    /// True if nothing but the UID is asked for.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// True if the message holds every item: an answer that lacks one is only
    /// a part of the answer, or was not asked for at all.
    pub(super) fn are_in(&self, message: &Message) -> bool {
        self.0.iter().all(|item| match item {
            Item::Flags => message.flags.is_some(),
            Item::InternalDate => message.internal_date.is_some(),
            Item::Size => message.size.is_some(),
            Item::Modseq => message.modseq.is_some(),
            Item::Structure => message.structure.is_some(),
            Item::Extra(extra) => message.extras.iter().any(|(known, _)| known == extra),
            Item::Head => message.head().is_some(),
            Item::HeaderFields(_) => message.header_fields().is_some(),
            Item::Header => message.header().is_some(),
            Item::Section(name) | Item::Binary(name) => message.section(name).is_some(),
            Item::Body => message.body().is_some(),
        })
    }

    /// The items.
    pub(super) fn each(&self) -> &[Item] {
        &self.0
    }

    /// What to ask for one after the other where all of them together were
    /// refused: what servers keep beside the message, the flags at least, which
    /// tell whether it is there; then each of the others alone. What was
    /// refused alone is not asked for again, but for [`Items::instead`] of it.
    pub(super) fn apart(&self) -> Vec<Self> {
        let (mut light, heavy): (Vec<Item>, Vec<Item>) =
            self.0.iter().cloned().partition(Item::is_light);
        let mut parts: Vec<Self> = heavy.into_iter().map(|item| Self(vec![item])).collect();
        if self.0.len() == 1 {
            if light == [Item::Flags] {
                return Vec::new();
            }
            light.clear();
            parts = self.instead().into_iter().collect();
        }
        if light.is_empty() {
            light.push(Item::Flags);
        }
        parts.insert(0, Self(light));
        parts
    }

    /// What gives some of it where it was refused: the header of the message.
    pub(super) fn instead(&self) -> Option<Self> {
        (self.0 == [Item::Body]).then(|| Self(vec![Item::Header]))
    }

    /// Drops the sections and items of extensions nobody asked for, and all but
    /// the first of each.
    pub(super) fn keep_in(&self, message: &mut Message) {
        if let ([item], [content], []) = (&self.0[..], &message.contents[..], &message.extras[..])
            && item.is_of(content)
        {
            return;
        }
        let mut kept = vec![false; self.0.len()];
        message.contents.retain(|content| {
            let asked = self.0.iter().position(|item| item.is_of(content));
            asked.is_some_and(|index| !std::mem::replace(&mut kept[index], true))
        });
        message.extras.retain(|(extra, _)| {
            let asked = (self.0.iter()).position(|item| *item == Item::Extra(*extra));
            asked.is_some_and(|index| !std::mem::replace(&mut kept[index], true))
        });
    }
}

impl fmt::Display for Item {
    /// As a command holds it: `BODY.PEEK[HEADER]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flags => f.write_str("FLAGS"),
            Self::InternalDate => f.write_str("INTERNALDATE"),
            Self::Size => f.write_str("RFC822.SIZE"),
            Self::Modseq => f.write_str("MODSEQ"),
            Self::Structure => f.write_str("BODYSTRUCTURE"),
            Self::Extra(extra) => f.write_str(extra.item()),
            Self::Head => write!(f, "BODY.PEEK[]<0.{HEAD}>"),
            Self::HeaderFields(names) => {
                write!(f, "BODY.PEEK[HEADER.FIELDS ({})]", names.join(" "))
            }
            Self::Header => f.write_str("BODY.PEEK[HEADER]"),
            Self::Section(name) => write!(f, "BODY.PEEK[{name}]"),
            Self::Binary(name) => write!(f, "BINARY.PEEK[{name}]"),
            Self::Body => f.write_str("BODY.PEEK[]"),
        }
    }
}

impl fmt::Display for Items {
    /// As the command holds them: `(UID FLAGS BODY.PEEK[])`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(UID")?;
        for item in &self.0 {
            write!(f, " {item}")?;
        }
        f.write_str(")")
    }
}

fn bad_name(name: &str) -> Error {
    Error::usage(format!(
        "cannot fetch '{}': no name of a header field or section",
        quote(name)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_read_as_the_command_needs_them_and_always_peek() {
        let items = Items::new(vec![
            Item::Flags,
            Item::InternalDate,
            Item::Size,
            Item::Structure,
            Item::HeaderFields(vec!["Subject".into(), "X-Spam".into()]),
            Item::Header,
            Item::Section("1.2.MIME".into()),
            Item::Binary("2".into()),
            Item::Modseq,
            Item::Extra(Extra::GmLabels),
            Item::Head,
            Item::Body,
        ]);
        assert_eq!(
            items.expect("good names").to_string(),
            "(UID FLAGS INTERNALDATE RFC822.SIZE BODYSTRUCTURE \
             BODY.PEEK[HEADER.FIELDS (Subject X-Spam)] BODY.PEEK[HEADER] \
             BODY.PEEK[1.2.MIME] BINARY.PEEK[2] MODSEQ X-GM-LABELS BODY.PEEK[]<0.32768> \
             BODY.PEEK[])"
        );
        assert_eq!(Items::default().to_string(), "(UID)");
    }

    #[test]
    fn names_that_would_leave_the_brackets_are_refused() {
        for name in ["", "a b", "1]", "1]\r\nx LOGOUT", "a\0", "ä", "a:"] {
            assert!(
                Items::new(vec![Item::Section(name.into())]).is_err(),
                "{name:?}"
            );
            assert!(
                Items::new(vec![Item::HeaderFields(vec![name.into()])]).is_err(),
                "{name:?}"
            );
        }
        assert!(Items::new(vec![Item::HeaderFields(vec![])]).is_err());
    }

    #[test]
    fn refused_items_are_asked_for_apart() {
        let apart = |items: &[Item]| {
            let parts = Items::known(items.to_vec()).apart();
            let parts: Vec<String> = parts.iter().map(ToString::to_string).collect();
            parts.join(" ")
        };
        assert_eq!(
            apart(&[Item::Flags, Item::Size, Item::Structure, Item::Body]),
            "(UID FLAGS RFC822.SIZE) (UID BODYSTRUCTURE) (UID BODY.PEEK[])"
        );
        assert_eq!(apart(&[Item::Body]), "(UID FLAGS) (UID BODY.PEEK[HEADER])");
        assert_eq!(
            apart(&[Item::Extra(Extra::Preview), Item::Header]),
            "(UID FLAGS) (UID PREVIEW) (UID BODY.PEEK[HEADER])"
        );
        assert_eq!(apart(&[Item::Size]), "(UID FLAGS)");
        assert_eq!(apart(&[Item::Flags]), "");
    }
}
