//! Encoded words (RFC 2047) in header text, repaired where mailers split them.
//!
//! Adjacent words of one character set are joined before they are decoded,
//! since many mailers cut in the middle of a character. Words are also taken
//! where the RFC does not allow them (glued to text, in quoted strings), as
//! every mail reader does.

use super::charset;
use super::fields::unfold_to_space;
use super::transfer::{base64_word, unescape};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use memchr::memmem;
use std::borrow::Cow;

/// Encoded words that cannot be decoded and are left to mail-parser as they
/// are; it searches the rest of the value for the end of each.
const MAX_UNDECODED: usize = 16;

/// A run of a header value.
enum Piece<'a> {
    Plain(&'a [u8]),
    Encoded { charset: &'a [u8], bytes: Vec<u8> },
}

/// A field's text as people read it: unfolded, decoded, without NUL; `None`
/// where nothing is left.
pub fn decode(value: &[u8]) -> Option<String> {
    let line = unfold_to_space(value);
    charset::trimmed(decode_line(&line))
}

/// [`decode`] of one line, white space kept.
pub(super) fn decode_line(line: &[u8]) -> Cow<'_, str> {
    if word_start(line).is_none() {
        return charset::undeclared(line);
    }
    let texts = pieces(line).into_iter().map(|piece| match piece {
        Piece::Plain(bytes) => charset::undeclared(bytes),
        Piece::Encoded { charset, bytes } => Cow::Owned(encoded_text(charset, &bytes)),
    });
    Cow::Owned(texts.collect())
}

/// A structured field's value (addresses) made fit for mail-parser: one line,
/// valid UTF-8 without NUL, each run of encoded words one UTF-8 word that
/// surely decodes.
pub(super) fn repair(value: &[u8]) -> Vec<u8> {
    let line = unfold_to_space(value);
    let mut out = Vec::with_capacity(line.len() + 1);
    for piece in pieces(&line) {
        match piece {
            Piece::Plain(bytes) => {
                let text = charset::free_of_nul(charset::undeclared(bytes));
                out.extend_from_slice(&defused(text.as_bytes()));
            }
            Piece::Encoded { charset, bytes } => {
                let text = encoded_text(charset, &bytes);
                out.extend_from_slice(b"=?utf-8?b?");
                out.extend_from_slice(STANDARD.encode(text).as_bytes());
                out.extend_from_slice(b"?=");
            }
        }
    }
    // mail-parser's field parsers give a value only at the end of a line.
    out.push(b'\n');
    out
}

/// Plain text with all but its first `=?` broken up.
fn defused(text: &[u8]) -> Cow<'_, [u8]> {
    let Some(last) = memmem::find_iter(text, b"=?").nth(MAX_UNDECODED) else {
        return Cow::Borrowed(text);
    };
    let mut text = text.to_vec();
    let mut at = last;
    while let Some(found) = memmem::find(&text[at..], b"=?") {
        text[at + found + 1] = b' ';
        at += found;
    }
    Cow::Owned(text)
}

/// Where an encoded word may begin.
fn word_start(line: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'=', line).find(|at| line.get(at + 1) == Some(&b'?'))
}

fn encoded_text(label: &[u8], bytes: &[u8]) -> String {
    let declared = charset::declared(label, bytes);
    charset::without_nul(declared.unwrap_or_else(|| charset::undeclared(bytes)))
}

/// Cuts a line into plain runs and joined encoded words; the white space
/// between two words is not part of the text (RFC 2047 section 6.2).
fn pieces(line: &[u8]) -> Vec<Piece<'_>> {
    let mut pieces: Vec<Piece<'_>> = Vec::new();
    let (mut plain, mut at) = (0, 0);
    while let Some(found) = word_start(&line[at..]) {
        let start = at + found;
        at = start + 2;
        let Some((charset, bytes, length)) = word(&line[start..]) else {
            continue;
        };
        let gap = &line[plain..start];
        match pieces.last_mut() {
            Some(Piece::Encoded {
                charset: open,
                bytes: joined,
            }) if gap.trim_ascii().is_empty() => {
                if open.eq_ignore_ascii_case(charset) {
                    // An ISO 2022 word ends in ASCII; two switches in a row
                    // would be an error.
                    if joined.ends_with(b"\x1b(B") && bytes.starts_with(b"\x1b$") {
                        joined.truncate(joined.len() - 3);
                    }
                    joined.extend_from_slice(&bytes);
                } else {
                    pieces.push(Piece::Encoded { charset, bytes });
                }
            }
            _ => {
                if !gap.is_empty() {
                    pieces.push(Piece::Plain(gap));
                }
                pieces.push(Piece::Encoded { charset, bytes });
            }
        }
        at = start + length;
        plain = at;
    }
    if plain < line.len() {
        pieces.push(Piece::Plain(&line[plain..]));
    }
    pieces
}

/// The encoded word at the start of `text`: its character set, its bytes, its
/// length.
///
/// Data ends at the first `?` that closes it, or at one that shows it never
/// closes, so that a value is passed over once however many words begin in it.
fn word(text: &[u8]) -> Option<(&[u8], Vec<u8>, usize)> {
    let after = text.strip_prefix(b"=?")?;
    let label_end = after.iter().take(64).position(|&byte| byte == b'?')?;
    let label = &after[..label_end];
    if label.is_empty() || label.iter().any(|byte| !byte.is_ascii_graphic()) {
        return None;
    }
    // RFC 2231 section 5: a language may follow the character set.
    let charset = label.split(|&byte| byte == b'*').next().unwrap_or(label);
    let [encoding, b'?', data @ ..] = &after[label_end + 1..] else {
        return None;
    };
    let (bytes, data_length) = match encoding {
        b'b' | b'B' => {
            let end = data.iter().position(|&byte| byte == b'?')?;
            let end = data[end..].starts_with(b"?=").then_some(end)?;
            (base64_word(&data[..end])?, end)
        }
        b'q' | b'Q' => {
            let end = q_end(data)?;
            let spaced: Vec<u8> = data[..end]
                .iter()
                .map(|&byte| if byte == b'_' { b' ' } else { byte })
                .collect();
            let mut bytes = Vec::with_capacity(end);
            unescape(&spaced, &mut bytes);
            (bytes, end)
        }
        _ => return None,
    };
    Some((charset, bytes, 2 + label_end + 1 + 2 + data_length + 2))
}

/// Where Q data ends: at the first `?=` before another word begins; a lone `?`
/// may be in it.
fn q_end(data: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let mark = at + memchr::memchr(b'?', &data[at..])?;
        if data.get(mark + 1) == Some(&b'=') {
            return Some(mark);
        }
        if mark > 0 && data[mark - 1] == b'=' {
            return None;
        }
        at = mark + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> String {
        decode(value.as_bytes()).unwrap_or_default()
    }

    #[test]
    fn words_are_decoded_in_both_encodings() {
        assert_eq!(
            read("=?iso-8859-1?Q?Keld_J=F8rn?= Simonsen"),
            "Keld Jørn Simonsen"
        );
        assert_eq!(read("=?UTF-8?B?4pi6?="), "☺");
        assert_eq!(read("=?utf-8*en?b?4pi6?="), "☺");
        assert_eq!(read("a =?utf-8?q?b?= =?utf-8?q?c?= d"), "a bc d");
        assert_eq!(read("a=?utf-8?q?b?==?iso-8859-1?q?=E9?=d"), "abéd");
        assert_eq!(read("=?utf-8?q??="), "");
    }

    #[test]
    fn a_character_split_over_two_words_is_whole() {
        assert_eq!(read("=?utf-8?B?4pg=?=\r\n =?UTF-8?B?ug==?="), "☺");
        assert_eq!(read("=?utf-8?Q?caf=C3?= =?utf-8?Q?=A9?="), "café");
        assert_eq!(
            read("=?iso-2022-jp?B?GyRCJE8=?= =?iso-2022-jp?B?JGIbKEI=?="),
            "はも"
        );
        assert_eq!(
            read("=?ISO-2022-JP?B?GyRCJUYlOSVIGyhC?= =?ISO-2022-JP?B?GyRCJUYlOSVIGyhC?="),
            "テストテスト"
        );
    }

    #[test]
    fn what_is_no_word_stays() {
        for text in [
            "=?",
            "=?utf-8?x?a?=",
            "=?utf-8?b?*?=",
            "=?utf-8?q?open",
            "=??q?a?=",
            "1 =? 2 ?= 3",
        ] {
            assert_eq!(read(text), text);
        }
    }

    #[test]
    fn undeclared_and_unknown_8_bit_falls_back() {
        assert_eq!(decode(b"caf\xe9").as_deref(), Some("café"));
        assert_eq!(decode("café".as_bytes()).as_deref(), Some("café"));
        assert_eq!(decode(b"=?x-unknown?q?caf=E9?=").as_deref(), Some("café"));
    }

    #[test]
    fn folds_become_one_space_and_nothing_becomes_none() {
        assert_eq!(read(" a\r\n\t b\r\n"), "a b");
        assert_eq!(decode(b" \r\n "), None);
        assert_eq!(decode(b"\0"), None);
    }

    #[test]
    fn endless_beginnings_of_words_take_linear_time() {
        for beginning in ["=?a?q?b ", "=?a?b?AAAA", "=?a?q?", "=?", "=\0?ab?q?b "] {
            let value = beginning.repeat(200_000);
            assert!(decode(value.as_bytes()).is_some());
            assert!(memmem::find_iter(&repair(value.as_bytes()), b"=?").count() <= MAX_UNDECODED);
        }
    }
}
