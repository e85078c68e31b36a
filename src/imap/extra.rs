//! The FETCH items of extensions: what Gmail, OBJECTID and PREVIEW add to a
//! message.
//!
//! Each belongs to a capability and is never asked for without it. A value is
//! a list of words, whatever form it travels in: a number, a string, a list.

use super::flags::text;
use super::token::Reader;
use super::utf7;

/// An item of an extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum Extra {
    /// The message's id, the same in every folder (RFC 8474 section 5.1).
    EmailId,
    /// The labels Gmail shows the message under.
    GmLabels,
    /// Gmail's id of the message.
    GmMsgid,
    /// Gmail's id of its conversation.
    GmThrid,
    /// The first words of the text (RFC 8970).
    Preview,
    /// The id of its conversation (RFC 8474 section 5.2).
    ThreadId,
}

/// Words of one item's value; more are cut.
const MOST: usize = 1_000;

impl Extra {
    /// Every item, in the order of their numbers.
    pub const ALL: [Self; 6] = [
        Self::EmailId,
        Self::GmLabels,
        Self::GmMsgid,
        Self::GmThrid,
        Self::Preview,
        Self::ThreadId,
    ];

    /// The item as commands and answers spell it.
    pub const fn item(self) -> &'static str {
        match self {
            Self::EmailId => "EMAILID",
            Self::GmLabels => "X-GM-LABELS",
            Self::GmMsgid => "X-GM-MSGID",
            Self::GmThrid => "X-GM-THRID",
            Self::Preview => "PREVIEW",
            Self::ThreadId => "THREADID",
        }
    }

    /// The capability without which no server knows it.
    pub const fn capability(self) -> &'static str {
        match self {
            Self::EmailId | Self::ThreadId => "OBJECTID",
            Self::GmLabels | Self::GmMsgid | Self::GmThrid => "X-GM-EXT-1",
            Self::Preview => "PREVIEW",
        }
    }

    /// The item of this name, in any case.
    pub(super) fn named(name: &[u8]) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|extra| extra.item().as_bytes().eq_ignore_ascii_case(name))
    }

    /// Reads the item's value; `None` for NIL.
    pub(super) fn read(self, reader: &mut Reader<'_>) -> Option<Vec<String>> {
        let word = |bytes: &[u8]| match self {
            // Labels are spelled as mailboxes are.
            Self::GmLabels => utf7::decode(bytes).unwrap_or_else(|| text(bytes)),
            _ => text(bytes),
        };
        if !reader.enter_list() {
            return reader.string().map(|bytes| vec![word(&bytes)]);
        }
        let mut words = Vec::new();
        while reader.has_value() {
            let value = reader.string();
            words.extend(
                value
                    .filter(|_| words.len() < MOST)
                    .map(|bytes| word(&bytes)),
            );
        }
        reader.leave_list();
        Some(words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(extra: Extra, value: &[u8]) -> Option<Vec<String>> {
        extra.read(&mut Reader::new(value))
    }

    fn words(words: &[&str]) -> Option<Vec<String>> {
        Some(words.iter().map(|&word| word.to_owned()).collect())
    }

    #[test]
    fn values_of_every_form_are_words() {
        let labels = b"(\"\\\\Inbox\" \\Sent Important \"Muy &AOk-\" {3}\r\na)b)";
        assert_eq!(
            read(Extra::GmLabels, labels),
            words(&["\\Inbox", "\\Sent", "Important", "Muy é", "a)b"])
        );
        assert_eq!(read(Extra::GmLabels, b"()"), words(&[]));
        assert_eq!(
            read(Extra::GmMsgid, b"1278455344230334865)"),
            words(&["1278455344230334865"])
        );
        assert_eq!(read(Extra::EmailId, b"(M6d99)"), words(&["M6d99"]));
        assert_eq!(read(Extra::ThreadId, b"NIL"), None);
        assert_eq!(
            read(Extra::Preview, "\"grüße \\\"x\\\"\"".as_bytes()),
            words(&["grüße \"x\""])
        );
    }

    #[test]
    fn items_are_found_by_name_and_by_number() {
        for (position, extra) in Extra::ALL.into_iter().enumerate() {
            assert_eq!(extra as usize, position);
            assert_eq!(
                Extra::named(extra.item().to_ascii_lowercase().as_bytes()),
                Some(extra)
            );
        }
        assert_eq!(Extra::named(b"SAVEDATE"), None);
    }
}
