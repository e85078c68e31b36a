//! The bytes of a message, and whether they are text.

use std::borrow::Cow;

use crate::mail::message::raw_text;

/// The exact bytes of a message. Whether they are text is looked at once, which
/// takes as long as hashing them.
pub enum Content {
    /// UTF-8 without NUL: the text has all of it.
    Text(String),
    /// Anything else.
    Bytes(Vec<u8>),
}

impl Content {
    /// Looks at the bytes.
    pub fn of(raw: Vec<u8>) -> Self {
        match String::from_utf8(raw) {
            Ok(text) if memchr::memchr(0, text.as_bytes()).is_none() => Self::Text(text),
            Ok(text) => Self::Bytes(text.into_bytes()),
            Err(error) => Self::Bytes(error.into_bytes()),
        }
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }

    /// The text, as the `message` column has it: made anew where it is not what
    /// the bytes are.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Bytes(bytes) => raw_text(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_stay_what_they_are_and_become_text_where_they_must() {
        for (raw, is_text, text) in [
            ("a\r\né".as_bytes(), true, "a\r\né"),
            (b"a\xe9", false, "a\u{fffd}"),
            (b"a\0b", false, "a\u{fffd}b"),
        ] {
            let content = Content::of(raw.to_vec());
            assert_eq!(content.bytes(), raw);
            assert_eq!(matches!(content, Content::Text(_)), is_text);
            assert_eq!(content.text(), text);
        }
    }
}
