//! The strings of a PDF file (ISO 32000-1 section 7.3.4), in objects and in what
//! a page shows.

use encoding_rs::{UTF_16BE, WINDOWS_1252};
use memchr::memmem;

/// The longest link or script.
const MAX_STRING: usize = 64 << 10;

/// Calls `visit` with each string that is the value of `key`, and where the key
/// stands.
pub(super) fn values(objects: &[u8], key: &[u8], mut visit: impl FnMut(usize, String)) {
    let mut at = 0;
    while let Some(found) = memmem::find(&objects[at..], key) {
        let key_at = at + found;
        at = key_at + key.len();
        let spaces = objects[at..]
            .iter()
            .take_while(|byte| byte.is_ascii_whitespace());
        let start = at + spaces.take(64).count();
        let bytes = match objects.get(start..start + 2) {
            Some([b'(', _]) => {
                let (bytes, end) = literal(objects, start, MAX_STRING);
                // What was read is not read again.
                at = end;
                bytes
            }
            Some([b'<', next]) if *next != b'<' => {
                let (bytes, length) = hex(&objects[start + 1..]);
                at = start + 1 + length;
                bytes
            }
            _ => continue,
        };
        let text = match bytes.strip_prefix(b"\xfe\xff") {
            Some(wide) => UTF_16BE.decode_without_bom_handling(wide).0.into_owned(),
            None => latin(&bytes),
        };
        visit(key_at, text);
    }
}

/// Text as simple fonts and most producers write it.
pub(super) fn latin(bytes: &[u8]) -> String {
    WINDOWS_1252
        .decode_without_bom_handling(bytes)
        .0
        .into_owned()
}

/// The bytes of the literal string that begins at `at`, at most `most` of
/// them, and where it ends (section 7.3.4.2).
pub(super) fn literal(bytes: &[u8], at: usize, most: usize) -> (Vec<u8>, usize) {
    let mut out = Vec::new();
    let mut depth = 0_usize;
    let mut at = at;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'(' => {
                depth += 1;
                if depth > 1 {
                    out.push(byte);
                }
            }
            b')' => {
                depth -= 1;
                if depth == 0 {
                    break;
                }
                out.push(byte);
            }
            b'\\' => at = escape(bytes, at, &mut out),
            _ => out.push(byte),
        }
        if out.len() >= most {
            break;
        }
    }
    (out, at)
}

/// Appends what the escape stands for whose second character is at `at`;
/// returns where it ends.
fn escape(bytes: &[u8], at: usize, out: &mut Vec<u8>) -> usize {
    let Some(&byte) = bytes.get(at) else {
        return at;
    };
    let digits = bytes[at..].iter().take(3);
    let digits = digits
        .take_while(|byte| matches!(byte, b'0'..=b'7'))
        .count();
    if digits > 0 {
        let value = bytes[at..at + digits]
            .iter()
            .fold(0_u32, |value, digit| value * 8 + u32::from(digit - b'0'));
        out.push(value.to_le_bytes()[0]);
        return at + digits;
    }
    match byte {
        b'n' => out.push(b'\n'),
        b'r' => out.push(b'\r'),
        b't' => out.push(b'\t'),
        // The line goes on.
        b'\r' | b'\n' => {}
        other => out.push(other),
    }
    at + 1
}

/// The bytes of a hexadecimal string (section 7.3.4.3), and its length.
fn hex(bytes: &[u8]) -> (Vec<u8>, usize) {
    let inside = bytes.iter().take(MAX_STRING);
    let length = inside.take_while(|&&byte| byte != b'>').count();
    let digits: Vec<u8> = bytes[..length]
        .iter()
        .filter_map(|&byte| char::from(byte).to_digit(16))
        .filter_map(|digit| u8::try_from(digit).ok())
        .collect();
    let pairs = digits.chunks(2);
    let bytes = pairs.map(|pair| pair[0] << 4 | pair.get(1).copied().unwrap_or(0));
    (bytes.collect(), length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_parentheses_are_undone() {
        for (written, meant) in [
            (&br"(a\(b\)\057c\n)"[..], &b"a(b)/c\n"[..]),
            (br"(a(b)c)d", b"a(b)c"),
            (b"(a\\\nb)", b"ab"),
            (b"(open", b"open"),
        ] {
            assert_eq!(literal(written, 0, MAX_STRING).0, meant);
        }
        assert_eq!(literal(b"(abc)", 0, 2), (b"ab".to_vec(), 3));
        assert_eq!(hex(b"68 7474>70"), (b"htt".to_vec(), 7));
        assert_eq!(hex(b"7"), (b"p".to_vec(), 1));
    }
}
