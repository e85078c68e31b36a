//! Bytes to text by a character set's label, with a fallback that loses
//! nothing.
//!
//! Text without a (known) character set is UTF-8 where its bytes are valid
//! UTF-8 and windows-1252 otherwise, which gives every byte a character.
//! U+FFFD comes out only where a declared multi-byte set really is broken.

use encoding_rs::{Encoding, REPLACEMENT, UTF_8, WINDOWS_1252};
use mail_parser::decoders::charsets::map::charset_decoder;
use memchr::memchr;
use std::borrow::Cow;

/// Text without a declared character set.
pub fn undeclared(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text.trim_start_matches('\u{feff}')),
        Err(_) => WINDOWS_1252.decode_without_bom_handling(bytes).0,
    }
}

/// Bytes that are text already, valid UTF-8 labelled so or not at all, without a
/// copy.
///
/// # Errors
/// The same bytes, where they have to be decoded.
pub fn utf8<'a>(label: &[u8], bytes: Cow<'a, [u8]>) -> Result<Cow<'a, str>, Cow<'a, [u8]>> {
    const LABELS: [&[u8]; 4] = [b"", b"utf-8", b"utf8", b"us-ascii"];
    if !LABELS.iter().any(|known| label.eq_ignore_ascii_case(known)) {
        return Err(bytes);
    }
    let mark = '\u{feff}';
    match bytes {
        Cow::Borrowed(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Cow::Borrowed(text.trim_start_matches(mark))),
            Err(_) => Err(Cow::Borrowed(bytes)),
        },
        Cow::Owned(bytes) => match String::from_utf8(bytes) {
            Ok(text) if text.starts_with(mark) => {
                Ok(text.trim_start_matches(mark).to_owned().into())
            }
            Ok(text) => Ok(Cow::Owned(text)),
            Err(error) => Err(Cow::Owned(error.into_bytes())),
        },
    }
}

/// True where [`undeclared`] has to guess.
pub fn is_guessed(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err()
}

/// Text in the character set that `label` names (any alias, any case); `None`
/// where it is unknown, so that the caller can say so and take [`undeclared`].
pub fn declared<'a>(label: &[u8], bytes: &'a [u8]) -> Option<Cow<'a, str>> {
    let label = label.trim_ascii().trim_ascii_start();
    let label = label.strip_prefix(b"\"").unwrap_or(label);
    let label = label.strip_suffix(b"\"").unwrap_or(label);
    if label.eq_ignore_ascii_case(b"us-ascii") || label.eq_ignore_ascii_case(b"ascii") {
        return Some(undeclared(bytes));
    }
    match Encoding::for_label(label) {
        Some(encoding) if encoding == UTF_8 => Some(mostly_utf8(bytes)),
        // ISO-2022-KR, ISO-2022-CN and HZ, for which no decoder exists here.
        Some(encoding) if encoding == REPLACEMENT => None,
        Some(encoding) => Some(encoding.decode(bytes).0),
        None if label.eq_ignore_ascii_case(b"utf8") => Some(mostly_utf8(bytes)),
        None if label.is_empty() => None,
        None => charset_decoder(label).map(|decode| Cow::Owned(decode(bytes))),
    }
}

/// Declared UTF-8: where single bytes are wrong they are read as windows-1252,
/// so that one bad byte spoils neither the rest nor itself.
fn mostly_utf8(bytes: &[u8]) -> Cow<'_, str> {
    if !is_guessed(bytes) {
        return undeclared(bytes);
    }
    let mut text = String::with_capacity(bytes.len() + bytes.len() / 8);
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.push_str(&WINDOWS_1252.decode_without_bom_handling(chunk.invalid()).0);
    }
    Cow::Owned(text)
}

/// `text` without NUL, at which SQLite's text functions would stop.
pub fn without_nul(text: Cow<'_, str>) -> String {
    free_of_nul(text).into_owned()
}

/// `text` without NUL and without white space around it; `None` where nothing is
/// left.
pub fn trimmed(text: Cow<'_, str>) -> Option<String> {
    let text = free_of_nul(text);
    let inside = text.trim();
    match inside.len() {
        0 => None,
        length if length == text.len() => Some(text.into_owned()),
        _ => Some(inside.to_owned()),
    }
}

/// As [`without_nul`], borrowed where it was and has none.
pub fn free_of_nul(text: Cow<'_, str>) -> Cow<'_, str> {
    if memchr(0, text.as_bytes()).is_some() {
        Cow::Owned(text.replace('\0', ""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undeclared_text_is_utf8_or_else_windows_1252() {
        assert_eq!(undeclared("größe".as_bytes()), "größe");
        assert_eq!(undeclared(b"gr\xf6\xdfe \x80"), "größe €");
        let every: Vec<u8> = (0..=255).collect();
        assert!(!undeclared(&every).contains('\u{fffd}'));
        assert!(is_guessed(b"caf\xe9") && !is_guessed("café".as_bytes()));
    }

    #[test]
    fn labels_are_known_by_any_alias() {
        for (label, bytes, text) in [
            ("ISO-8859-1", &b"gr\xf6\xdfe"[..], "größe"),
            ("\"iso8859_5\"", b"\xbf\xe0\xd8", "При"),
            ("Shift_JIS", b"\x83n\x83\x8D", "ハロ"),
            ("gb2312", b"\xc4\xe3\xba\xc3", "你好"),
            ("cp850", b"\x9b", "ø"),
            ("utf-7", b"+ZYeB9FH6-", "文致出"),
            ("utf-16", b"\xff\xfea\0", "a"),
            ("us-ascii", b"caf\xe9", "café"),
            ("UTF8", b"caf\xc3\xa9", "café"),
        ] {
            assert_eq!(
                declared(label.as_bytes(), bytes).as_deref(),
                Some(text),
                "{label}"
            );
        }
    }

    #[test]
    fn unknown_labels_are_told_apart() {
        for label in [
            "x-unknown",
            "",
            "unknown-8bit",
            "iso-2022-kr",
            "ansi",
            "\u{0}",
        ] {
            assert_eq!(declared(label.as_bytes(), b"x"), None, "{label}");
        }
    }

    #[test]
    fn one_bad_byte_spoils_nothing_in_declared_utf8() {
        assert_eq!(
            declared(b"utf-8", b"\xc3\xa9 \xe9 \xc3"),
            Some("é é Ã".into())
        );
    }

    #[test]
    fn nul_is_left_out() {
        assert_eq!(without_nul("a\0b".into()), "ab");
        assert_eq!(trimmed(" \0 a\0b ".into()).as_deref(), Some("ab"));
        assert_eq!(trimmed("ab".into()).as_deref(), Some("ab"));
        assert_eq!(trimmed(" \0".into()), None);
    }
}
