//! What is wanted of each message, and the cheapest FETCH items that give it.
//!
//! The ladder, from cheap to dear: nothing, FLAGS / RFC822.SIZE / INTERNALDATE,
//! single header fields, BODYSTRUCTURE, the whole header, one text part, the
//! whole message. Used by the plan of a table and by [`super::download`].

use std::ops::BitOr;

use super::capability::Capabilities;
use super::extra::Extra;
use super::items::{Item, Items};
use super::session::Examined;

/// A set of things wanted of a message (RFC 9051 section 6.4.5).
///
/// | bit | wanted | FETCH item |
/// |---|---|---|
/// | 0x01 | flags | `FLAGS` |
/// | 0x02 | size | `RFC822.SIZE` |
/// | 0x04 | internal date | `INTERNALDATE` |
/// | 0x08 | MIME structure | `BODYSTRUCTURE` |
/// | 0x10 | all header fields | `BODY.PEEK[HEADER]` |
/// | 0x20 | the first text/plain body | its part, or the whole message |
/// | 0x40 | the whole message | `BODY.PEEK[]` |
/// | 0x80 | the number of its last change | `MODSEQ` |
/// | 0x100 and up | one header field each, see [`Field`] | `BODY.PEEK[HEADER.FIELDS (…)]` |
/// | 0x80000 and up | one item of an extension each, see [`Extra`] | its own |
/// | 0x2000000 | the first bytes, for a preview | `BODY.PEEK[]<0.32768>` |
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted(u32);

/// A header field that a column is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Field {
    /// RFC 5322 section 3.6.3.
    Bcc,
    /// RFC 5322 section 3.6.3.
    Cc,
    /// RFC 5322 section 3.6.1.
    Date,
    /// RFC 5322 section 3.6.2.
    From,
    /// RFC 5322 section 3.6.4.
    InReplyTo,
    /// RFC 5322 section 3.6.4.
    MessageId,
    /// RFC 5322 section 3.6.4.
    References,
    /// RFC 5322 section 3.6.2.
    ReplyTo,
    /// RFC 5322 section 3.6.2.
    Sender,
    /// RFC 5322 section 3.6.5.
    Subject,
    /// RFC 5322 section 3.6.3.
    To,
}

impl Field {
    /// Every field, in the order of their bits.
    pub const ALL: [Self; 11] = [
        Self::Bcc,
        Self::Cc,
        Self::Date,
        Self::From,
        Self::InReplyTo,
        Self::MessageId,
        Self::References,
        Self::ReplyTo,
        Self::Sender,
        Self::Subject,
        Self::To,
    ];

    /// The field's name as commands spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bcc => "BCC",
            Self::Cc => "CC",
            Self::Date => "DATE",
            Self::From => "FROM",
            Self::InReplyTo => "IN-REPLY-TO",
            Self::MessageId => "MESSAGE-ID",
            Self::References => "REFERENCES",
            Self::ReplyTo => "REPLY-TO",
            Self::Sender => "SENDER",
            Self::Subject => "SUBJECT",
            Self::To => "TO",
        }
    }
}

const FIRST_FIELD: u32 = 8;
const ALL_FIELDS: u32 = ((1 << Field::ALL.len()) - 1) << FIRST_FIELD;
const FIRST_EXTRA: u32 = 19;
const ALL_EXTRAS: u32 = ((1 << Extra::ALL.len()) - 1) << FIRST_EXTRA;

impl Wanted {
    /// Nothing but which messages there are.
    pub const NONE: Self = Self(0);
    /// The flags.
    pub const FLAGS: Self = Self(0x01);
    /// The size in bytes.
    pub const SIZE: Self = Self(0x02);
    /// When the server received it.
    pub const INTERNAL_DATE: Self = Self(0x04);
    /// The MIME structure.
    pub const STRUCTURE: Self = Self(0x08);
    /// All header fields.
    pub const HEADER: Self = Self(0x10);
    /// The first text/plain body.
    pub const TEXT: Self = Self(0x20);
    /// The whole message.
    pub const WHOLE: Self = Self(0x40);

    /// The number of its last change (RFC 7162).
    pub const MODSEQ: Self = Self(0x80);
    /// The first [`items::HEAD`](super::items::HEAD) bytes, from which a
    /// preview is made where the server makes none.
    pub const HEAD: Self = Self(1 << 25);

    /// One item of an extension.
    pub const fn extra(extra: Extra) -> Self {
        Self(1 << (FIRST_EXTRA + extra as u32))
    }

    /// What of it a server can give: items of extensions it does not have are
    /// left out, and its first bytes stand in for a preview. Whether a mailbox
    /// counts changes EXAMINE has told.
    pub fn offered(self, capabilities: &Capabilities, examined: &Examined) -> Self {
        let mut offered = self;
        for extra in Extra::ALL {
            let wanted = Self::extra(extra);
            if self.contains(wanted) && !capabilities.has(extra.capability()) {
                offered = offered.without(wanted);
                if extra == Extra::Preview {
                    offered = offered.and(Self::HEAD);
                }
            }
        }
        if capabilities.counts_changes() && !examined.no_modseq {
            offered
        } else {
            offered.without(Self::MODSEQ)
        }
    }

    /// Every single header field.
    pub const FIELDS: Self = Self(ALL_FIELDS);

    /// One header field.
    pub const fn field(field: Field) -> Self {
        Self(1 << (FIRST_FIELD + field as u32))
    }

    /// Both sets together.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// This set without `other`.
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// True where all of `other` is in this set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// True where nothing is wanted of a message.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The bits of the table above.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// The set of these bits; unknown ones are dropped.
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits & (ALL_FIELDS | ALL_EXTRAS | Self::HEAD.0 | 0xff))
    }

    /// The cheapest set that gives the same: the header gives every field, the
    /// whole message gives header and text.
    pub const fn reduced(self) -> Self {
        let mut bits = self.0;
        if self.contains(Self::WHOLE) {
            bits &= !(Self::HEADER.0 | Self::TEXT.0);
        }
        if self.contains(Self::WHOLE) || self.contains(Self::HEADER) {
            bits &= !ALL_FIELDS;
        }
        Self(bits)
    }

    /// The items to ask for. [`Wanted::TEXT`] has none of its own: which part
    /// it is differs from message to message.
    pub fn items(self) -> Items {
        self.items_and(Vec::new())
    }

    /// The same with single sections.
    pub(super) fn items_and(self, sections: Vec<Item>) -> Items {
        let wanted = self.reduced();
        let mut items = sections;
        for (part, item) in [
            (Self::FLAGS, Item::Flags),
            (Self::SIZE, Item::Size),
            (Self::INTERNAL_DATE, Item::InternalDate),
            (Self::MODSEQ, Item::Modseq),
            (Self::STRUCTURE, Item::Structure),
            (Self::HEADER, Item::Header),
            (Self::WHOLE, Item::Body),
        ] {
            if wanted.contains(part) {
                items.push(item);
            }
        }
        // The whole message begins with its first bytes.
        if wanted.contains(Self::HEAD) && !wanted.contains(Self::WHOLE) {
            items.push(Item::Head);
        }
        let extras = Extra::ALL.into_iter();
        items.extend(
            extras
                .filter(|extra| wanted.contains(Self::extra(*extra)))
                .map(Item::Extra),
        );
        let fields = Field::ALL
            .into_iter()
            .filter(|field| wanted.contains(Self::field(*field)));
        let names: Vec<String> = fields.map(|field| field.name().to_owned()).collect();
        if !names.is_empty() {
            items.push(Item::HeaderFields(names));
        }
        Items::known(items)
    }
}

impl BitOr for Wanted {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.and(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_fields_are_named() {
        let wanted = Wanted::field(Field::Subject) | Wanted::field(Field::From) | Wanted::FLAGS;
        assert_eq!(
            wanted.items().to_string(),
            "(UID FLAGS BODY.PEEK[HEADER.FIELDS (FROM SUBJECT)])"
        );
        assert_eq!(Wanted::NONE.items().to_string(), "(UID)");
    }

    #[test]
    fn the_dearer_item_gives_the_cheaper_ones() {
        let subject = Wanted::field(Field::Subject);
        assert_eq!(
            (subject | Wanted::HEADER).items().to_string(),
            "(UID BODY.PEEK[HEADER])"
        );
        let all = Wanted::from_bits(u32::MAX);
        assert_eq!(
            all.items().to_string(),
            "(UID FLAGS RFC822.SIZE INTERNALDATE MODSEQ BODYSTRUCTURE BODY.PEEK[] EMAILID \
             X-GM-LABELS X-GM-MSGID X-GM-THRID PREVIEW THREADID)"
        );
    }

    #[test]
    fn nothing_here_can_set_the_seen_flag() {
        let extras = [0, ALL_EXTRAS, Wanted::HEAD.0];
        for bits in (0..=(ALL_FIELDS | 0xff)).flat_map(|bits| extras.map(|extra| bits | extra)) {
            let items = Wanted::from_bits(bits).items().to_string();
            assert!(
                !items.contains("BODY[") && !items.contains("RFC822.TEXT"),
                "{items}"
            );
        }
    }

    #[test]
    fn only_what_the_server_has_is_asked_for() {
        let all = Wanted::from_bits(ALL_EXTRAS).and(Wanted::MODSEQ);
        let asked = |capabilities: &str, no_modseq| {
            let capabilities = Capabilities::parse(capabilities.as_bytes());
            let examined = Examined {
                no_modseq,
                ..Examined::default()
            };
            all.offered(&capabilities, &examined).items().to_string()
        };
        assert_eq!(asked("IMAP4rev1", false), "(UID BODY.PEEK[]<0.32768>)");
        assert_eq!(
            asked("IMAP4rev1 OBJECTID PREVIEW CONDSTORE", false),
            "(UID MODSEQ EMAILID PREVIEW THREADID)"
        );
        assert_eq!(
            asked("IMAP4rev1 X-GM-EXT-1 CONDSTORE", true),
            "(UID BODY.PEEK[]<0.32768> X-GM-LABELS X-GM-MSGID X-GM-THRID)"
        );
        let capabilities = Capabilities::parse(b"IMAP4rev1");
        assert!(
            Wanted::MODSEQ
                .offered(&capabilities, &Examined::default())
                .is_empty()
        );
    }

    #[test]
    fn each_field_has_its_own_bit() {
        for (position, field) in Field::ALL.into_iter().enumerate() {
            assert_eq!(field as usize, position);
        }
    }
}
