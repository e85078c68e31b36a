//! Quoted strings, both ways (RFC 9051 section 4.3).
//!
//! The token reader undoes the escapes of a server's strings here, and every
//! command with a string argument asks here how to send it. It does not know
//! what the strings mean.

use std::borrow::Cow;

use memchr::memchr;

/// How a string goes into a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument<'a> {
    /// The string in its quotes, to be sent as it is.
    Quoted(Vec<u8>),
    /// A string that quotes cannot hold (CR, LF, NUL, 8-bit): the body of a literal.
    Literal(&'a [u8]),
}

/// How to send `bytes`: in quotes where the protocol allows it.
///
/// ```text
/// quoted = DQUOTE *(TEXT-CHAR except quoted-specials / "\" quoted-specials) DQUOTE
/// ```
pub fn argument(bytes: &[u8]) -> Argument<'_> {
    if bytes
        .iter()
        .any(|byte| !byte.is_ascii() || matches!(byte, b'\r' | b'\n' | 0))
    {
        return Argument::Literal(bytes);
    }
    let mut quoted = Vec::with_capacity(bytes.len() + 2);
    quoted.push(b'"');
    for &byte in bytes {
        if matches!(byte, b'"' | b'\\') {
            quoted.push(b'\\');
        }
        quoted.push(byte);
    }
    quoted.push(b'"');
    Argument::Quoted(quoted)
}

/// The content of a quoted string, its escapes undone. A backslash before
/// anything but `"` and `\` is no escape but a server's mistake (a Windows
/// path, usually), and stays.
pub fn unescape(inside: &[u8]) -> Cow<'_, [u8]> {
    if memchr(b'\\', inside).is_none() {
        return Cow::Borrowed(inside);
    }
    let mut out = Vec::with_capacity(inside.len());
    let mut bytes = inside.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match bytes.next_if(|next| byte == b'\\' && matches!(next, b'"' | b'\\')) {
            Some(escaped) => out.push(escaped),
            None => out.push(byte),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn strings_that_quotes_cannot_hold_become_literals() {
        assert_eq!(
            argument(b"a\"b\\"),
            Argument::Quoted(b"\"a\\\"b\\\\\"".to_vec())
        );
        for bytes in [&b"a\r\nx2 LOGOUT"[..], b"\0", "ä".as_bytes()] {
            assert_eq!(argument(bytes), Argument::Literal(bytes));
        }
    }

    #[test]
    fn a_backslash_that_escapes_nothing_stays() {
        assert_eq!(&*unescape(br#"C:\temp\\x \"y\" \"#), br#"C:\temp\x "y" \"#);
        assert!(matches!(unescape(b"plain"), Cow::Borrowed(_)));
    }

    proptest! {
        #[test]
        fn what_is_quoted_is_read_back(text in "[ -~]*") {
            let Argument::Quoted(quoted) = argument(text.as_bytes()) else { unreachable!() };
            prop_assert_eq!(&*unescape(&quoted[1..quoted.len() - 1]), text.as_bytes());
        }
    }
}
