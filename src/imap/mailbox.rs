//! The name of a mailbox: as users write it, and as the server spells it.
//!
//! Tables and plans use the name, commands the spelling. A name the server
//! spells by no rule (raw `&`, raw UTF-8, 8-bit) stays visible and usable: its
//! name is U+FFFD and then the spelling itself, and leads back to it. Which
//! mailboxes there are is not known here.

use std::fmt::Write;

use crate::error::{Error, Result, quote};

use super::quoted::{Argument, argument};
use super::utf7;

/// A mailbox name in both forms, each of which determines the other.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mailbox {
    name: String,
    spelling: Vec<u8>,
}

/// What a name begins with where the rest is the server's spelling as it is.
const RAW: char = char::REPLACEMENT_CHARACTER;

/// The longest spelling sent: well within the shortest command lines that
/// servers take (Office 365: some 4 KB).
const LONGEST: usize = 3_000;

impl Mailbox {
    /// The mailbox a user names; also a pattern of LIST, whose wildcards `*`
    /// and `%` are spelled as they are. `inbox` in any case is INBOX.
    ///
    /// # Errors
    ///
    /// `Usage`, where the name is empty, too long or holds a control character.
    pub fn from_name(name: &str) -> Result<Self> {
        let spelling = match name.strip_prefix(RAW) {
            Some(raw) => bytes_of_raw(raw),
            None => utf7::encode(name),
        };
        if name.chars().any(char::is_control) || spelling.iter().any(u8::is_ascii_control) {
            return Err(Error::usage(format!(
                "folder '{}' holds a control character; a folder's name is one line of text",
                quote(name)
            )));
        }
        if spelling.is_empty() {
            return Err(Error::usage(
                "the folder's name is empty; INBOX is where new mail arrives",
            ));
        }
        if spelling.len() > LONGEST {
            return Err(Error::usage(format!(
                "folder '{}' has a name longer than {LONGEST} bytes",
                quote(name)
            )));
        }
        Ok(Self::from_spelling(&spelling))
    }

    /// The mailbox a server names, whatever it sends.
    pub fn from_spelling(spelling: &[u8]) -> Self {
        if spelling.eq_ignore_ascii_case(b"INBOX") {
            return Self {
                name: "INBOX".to_owned(),
                spelling: b"INBOX".to_vec(),
            };
        }
        let name = utf7::decode(spelling)
            .filter(|name| !name.starts_with(RAW) && !name.chars().any(char::is_control))
            .unwrap_or_else(|| raw_name(spelling));
        Self {
            name,
            spelling: spelling.to_vec(),
        }
    }

    /// True where a name stands for all mailboxes that match it (RFC 9051
    /// section 6.3.9).
    pub fn is_pattern(name: &str) -> bool {
        name.contains(['*', '%'])
    }

    /// The name in UTF-8, without control characters.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name as the server spells it.
    pub fn spelling(&self) -> &[u8] {
        &self.spelling
    }

    /// The name as it goes into a command.
    pub fn argument(&self) -> Argument<'_> {
        argument(&self.spelling)
    }
}

/// A spelling made visible: U+FFFD, then its text, in which each byte that is
/// no text, or is itself part of a U+FFFD, is U+FFFD and two hex digits.
fn raw_name(spelling: &[u8]) -> String {
    let mut name = String::from(RAW);
    let escape = |name: &mut String, bytes: &[u8]| {
        for byte in bytes {
            // Writing to a String cannot fail.
            let _ = write!(name, "{RAW}{byte:02X}");
        }
    };
    for chunk in spelling.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c == RAW || c.is_control() {
                escape(&mut name, c.encode_utf8(&mut [0; 4]).as_bytes());
            } else {
                name.push(c);
            }
        }
        escape(&mut name, chunk.invalid());
    }
    name
}

/// The spelling that [`raw_name`] made visible, its first U+FFFD taken off.
fn bytes_of_raw(raw: &str) -> Vec<u8> {
    let mut pieces = raw.split(RAW);
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        let digits = piece
            .get(..2)
            .filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                bytes.extend_from_slice(&piece.as_bytes()[2..]);
            }
            None => bytes.extend(format!("{RAW}{piece}").into_bytes()),
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn refusal(name: &str) -> String {
        Mailbox::from_name(name).unwrap_err().to_string()
    }

    #[test]
    fn inbox_is_one_mailbox_in_any_case() {
        let inbox = Mailbox::from_name("inBox").unwrap();
        assert_eq!(inbox, Mailbox::from_spelling(b"Inbox"));
        assert_eq!((inbox.name(), inbox.spelling()), ("INBOX", &b"INBOX"[..]));
        assert_eq!(Mailbox::from_name("inbox/a").unwrap().name(), "inbox/a");
    }

    #[test]
    fn names_that_could_break_a_line_are_refused() {
        assert_eq!(
            refusal("a\nb"),
            "imap: folder 'a\\nb' holds a control character; a folder's name is one line of text"
        );
        for name in [
            "\0",
            "a\r\nx2 LOGOUT",
            "\u{7f}",
            "\u{85}",
            "\u{fffd}a\u{fffd}0Ab",
        ] {
            assert!(refusal(name).contains("control character"), "{name:?}");
        }
        assert_eq!(
            refusal(""),
            "imap: the folder's name is empty; INBOX is where new mail arrives"
        );
        assert_eq!(refusal("\u{fffd}"), refusal(""));
        let long = refusal(&"x".repeat(3_001));
        assert!(
            long.ends_with("x...' has a name longer than 3000 bytes"),
            "{long}"
        );
    }

    #[test]
    fn spellings_outside_the_rules_are_shown_and_lead_back() {
        for (spelling, name) in [
            (&b"R&D"[..], "\u{fffd}R&D"),
            ("Entwürfe".as_bytes(), "\u{fffd}Entwürfe"),
            (
                b"caf\xe9 \xef\xbf\xbd",
                "\u{fffd}caf\u{fffd}E9 \u{fffd}EF\u{fffd}BF\u{fffd}BD",
            ),
            (b"&AAk-", "\u{fffd}&AAk-"),
            (b"&,,0-x", "\u{fffd}&,,0-x"),
        ] {
            let mailbox = Mailbox::from_spelling(spelling);
            assert_eq!(mailbox.name(), name);
            assert_eq!(Mailbox::from_name(name).unwrap(), mailbox);
        }
        assert_eq!(
            Mailbox::from_spelling(b"a\nb").name(),
            "\u{fffd}a\u{fffd}0Ab"
        );
    }

    #[test]
    fn commands_get_quotes_where_they_can() {
        let quoted = Mailbox::from_name("a \"b\" ü").unwrap();
        assert_eq!(
            quoted.argument(),
            Argument::Quoted(b"\"a \\\"b\\\" &APw-\"".to_vec())
        );
        let raw = Mailbox::from_spelling("ü".as_bytes());
        assert_eq!(raw.argument(), Argument::Literal("ü".as_bytes()));
    }

    proptest! {
        #[test]
        fn names_come_back_from_their_spelling(name in "[^\\p{C}\u{fffd}][^\\p{Cc}]{0,40}") {
            let mailbox = Mailbox::from_name(&name).unwrap();
            prop_assert_eq!(&mailbox, &Mailbox::from_spelling(mailbox.spelling()));
            prop_assume!(!name.eq_ignore_ascii_case("inbox"));
            prop_assert_eq!(mailbox.name(), name);
        }

        #[test]
        fn spellings_come_back_from_their_name(
            spelling in proptest::collection::vec(
                prop_oneof![32u8..127, 128u8.., Just(b'&'), Just(b'-')],
                1..40,
            ),
        ) {
            let mailbox = Mailbox::from_spelling(&spelling);
            prop_assert!(!mailbox.name().chars().any(char::is_control));
            prop_assert_eq!(Mailbox::from_name(mailbox.name()).unwrap(), mailbox);
        }
    }
}
