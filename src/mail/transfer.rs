//! Content-Transfer-Encoding (RFC 2045 section 6), decoded as far as possible.

use super::fields::{line_end, without_line_end};
use super::uuencode;
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use memchr::memchr;
use std::borrow::Cow;

/// How a body is encoded; what is unknown counts as not encoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transfer {
    /// `7bit`, `8bit`, `binary`, none, or an unknown one.
    #[default]
    Identity,
    /// `base64`.
    Base64,
    /// `quoted-printable`.
    QuotedPrintable,
    /// `x-uuencode`, which no RFC has and many a mailer writes.
    Uuencode,
}

/// Decoded bytes and what was wrong with the encoding.
#[derive(Debug)]
pub struct Decoded<'a> {
    /// The bytes, borrowed where there was nothing to decode.
    pub bytes: Cow<'a, [u8]>,
    /// What was wrong, if anything.
    pub problem: Option<&'static str>,
}

/// Padding may be missing or early, and the bits under it may be anything.
const TOLERANT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

impl Transfer {
    /// The encoding that a field value names, whatever follows its first word.
    pub fn named(value: &[u8]) -> Self {
        let value = value.trim_ascii();
        let ends = |byte: &u8| matches!(byte, b';' | b'(' | b',' | b' ' | b'\t' | b'\r' | b'\n');
        let word = value.split(ends).next().unwrap_or_default();
        if word.eq_ignore_ascii_case(b"base64") {
            Self::Base64
        } else if word.eq_ignore_ascii_case(b"quoted-printable") {
            Self::QuotedPrintable
        } else if UUENCODE.iter().any(|name| word.eq_ignore_ascii_case(name)) {
            Self::Uuencode
        } else {
            Self::Identity
        }
    }

    /// Decodes a body.
    pub fn decode(self, body: &[u8]) -> Decoded<'_> {
        match self {
            Self::Identity => Decoded {
                bytes: Cow::Borrowed(body),
                problem: None,
            },
            Self::Base64 => base64(body),
            Self::QuotedPrintable => quoted_printable(body),
            Self::Uuencode => uuencode(body),
        }
    }
}

/// The names under which mailers use uuencode.
const UUENCODE: [&[u8]; 4] = [b"uuencode", b"x-uue", b"x-uuencode", b"x-uu"];

fn uuencode(body: &[u8]) -> Decoded<'_> {
    match uuencode::decode(body) {
        Some(bytes) => Decoded {
            bytes: Cow::Owned(bytes),
            problem: None,
        },
        None => Decoded {
            bytes: Cow::Borrowed(body),
            problem: Some("is declared uuencoded but is not; taken as it is"),
        },
    }
}

/// Packed base64 that is decoded at once: a whole number of groups, small enough
/// to stay in the processor's cache.
const BLOCK: usize = 16 << 10;

fn base64(body: &[u8]) -> Decoded<'_> {
    if let Some(bytes) = base64_lines(body) {
        return Decoded {
            bytes: Cow::Owned(bytes),
            problem: None,
        };
    }
    if !looks_like_base64(body) {
        let problem = Some("is declared base64 but is not; taken as it is");
        return Decoded {
            bytes: Cow::Borrowed(body),
            problem,
        };
    }
    let bytes = Cow::Owned(broken_base64(body));
    Decoded {
        bytes,
        problem: Some("has broken base64; decoded as far as possible"),
    }
}

/// The lines as one run of base64; `None` where they are none.
fn base64_lines(body: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(body.len() / 4 * 3 + 3);
    let mut packed = Vec::with_capacity(2 * BLOCK);
    for line in lines(body) {
        packed.extend_from_slice(line.trim_ascii());
        let whole = packed.len() / 4 * 4;
        // Padding is an end: it waits, so that what follows it is seen.
        if whole >= BLOCK && packed[whole - 1] != b'=' {
            TOLERANT.decode_vec(&packed[..whole], &mut bytes).ok()?;
            packed.drain(..whole);
        }
    }
    TOLERANT.decode_vec(&packed, &mut bytes).ok()?;
    Some(bytes)
}

/// The lines of a body, each with its end.
fn lines(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = (at < body.len()).then_some(at)?;
        at = line_end(body, start);
        Some(&body[start..at])
    })
}

/// Whether the first line of text is base64 but for a few wrong characters:
/// sentences, which have spaces and punctuation, would decode to noise.
fn looks_like_base64(body: &[u8]) -> bool {
    let mut lines = body.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
    let line = lines.find(|line| !line.is_empty()).unwrap_or_default();
    let data = line.split(|&byte| byte == b'=').next().unwrap_or(line);
    let foreign = data.iter().filter(|&&byte| sextet(byte).is_none()).count();
    !data.contains(&b' ') && foreign * 5 <= data.len()
}

/// Decodes group by group. Characters outside the alphabet are ignored (RFC
/// 2045 section 6.8), but after padding white space in a line, or a line that
/// has any, ends the data: mailing lists append plain text there.
fn broken_base64(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() / 4 * 3);
    let (mut group, mut held, mut padded) = (0_u32, 0_u32, false);
    'lines: for line in body.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii) {
        if padded
            && line
                .iter()
                .any(|&byte| sextet(byte).is_none() && byte != b'=')
        {
            break;
        }
        for &byte in line {
            if padded && byte.is_ascii_whitespace() {
                break 'lines;
            }
            if let Some(value) = sextet(byte) {
                group = group << 6 | value;
                held += 1;
            }
            padded |= byte == b'=';
            if held == 4 || byte == b'=' {
                flush(&mut out, group, held);
                (group, held) = (0, 0);
            }
        }
    }
    flush(&mut out, group, held);
    out
}

/// The whole bytes among the `held` sextets of `group`.
fn flush(out: &mut Vec<u8>, group: u32, held: u32) {
    let bytes = match held {
        4 => 3,
        3 => 2,
        2 => 1,
        _ => 0,
    };
    let left_aligned = (group << (6 * (4 - held.min(4)))) & 0xff_ffff;
    out.extend_from_slice(&left_aligned.to_be_bytes()[1..=bytes]);
}

/// The value of a character of the base64 alphabet.
fn sextet(byte: u8) -> Option<u32> {
    let value = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(value.into())
}

/// One base64 encoded-word's data: strict but for padding and white space;
/// `None` if it is not.
pub(super) fn base64_word(data: &[u8]) -> Option<Vec<u8>> {
    if let Ok(bytes) = TOLERANT.decode(data) {
        return Some(bytes);
    }
    let known = |&byte: &u8| sextet(byte).is_some() || byte == b'=' || byte.is_ascii_whitespace();
    data.iter().all(known).then(|| broken_base64(data))
}

/// RFC 2045 section 6.7; what is no escape is taken as it is.
fn quoted_printable(body: &[u8]) -> Decoded<'_> {
    let mut out = Vec::with_capacity(body.len());
    let mut problem = None;
    for line in lines(body) {
        let text = without_line_end(line);
        let end_of_line = &line[text.len()..];
        // Rule 3: white space at the end of a line was added on the way.
        let kept = if end_of_line.is_empty() {
            text
        } else {
            text.trim_ascii_end()
        };
        let (kept, end_of_line) = match kept.strip_suffix(b"=") {
            Some(soft) => (soft, &b""[..]),
            None => (kept, end_of_line),
        };
        if !unescape(kept, &mut out) {
            problem = Some("has broken quoted-printable; decoded as far as possible");
        }
        out.extend_from_slice(end_of_line);
    }
    Decoded {
        bytes: Cow::Owned(out),
        problem,
    }
}

/// Appends `text` with its `=XX` escapes replaced; false where some `=` is no
/// escape.
pub(super) fn unescape(text: &[u8], out: &mut Vec<u8>) -> bool {
    let mut well_formed = true;
    let mut rest = text;
    while let Some(at) = memchr(b'=', rest) {
        out.extend_from_slice(&rest[..at]);
        rest = match hex_pair(&rest[at + 1..]) {
            Some(byte) => {
                out.push(byte);
                &rest[at + 3..]
            }
            None => {
                well_formed = false;
                out.push(b'=');
                &rest[at + 1..]
            }
        };
    }
    out.extend_from_slice(rest);
    well_formed
}

/// The byte that two hexadecimal digits at the start of `text` stand for.
pub(super) fn hex_pair(text: &[u8]) -> Option<u8> {
    let digit = |at: usize| char::from(*text.get(at)?).to_digit(16);
    u8::try_from(digit(0)? << 4 | digit(1)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(transfer: Transfer, body: &str) -> (String, bool) {
        let decoded = transfer.decode(body.as_bytes());
        (
            String::from_utf8_lossy(&decoded.bytes).into_owned(),
            decoded.problem.is_some(),
        )
    }

    #[test]
    fn the_encoding_is_named_by_its_first_word() {
        assert_eq!(Transfer::named(b" BASE64\r\n"), Transfer::Base64);
        assert_eq!(
            Transfer::named(b"Quoted-Printable (yes)"),
            Transfer::QuotedPrintable
        );
        assert_eq!(Transfer::named(b"X-UUencode"), Transfer::Uuencode);
        for other in ["", "8bit", "uu", "base64url"] {
            assert_eq!(Transfer::named(other.as_bytes()), Transfer::Identity);
        }
    }

    #[test]
    fn good_base64_is_decoded_in_lines_padded_or_not() {
        for body in [
            "SGVsbG8=",
            "SGVs\r\nbG8=\r\n",
            "SGVsbG8",
            " SGVs\n\tbG8\n\n",
        ] {
            assert_eq!(
                text(Transfer::Base64, body),
                ("Hello".into(), false),
                "{body:?}"
            );
        }
    }

    #[test]
    fn long_base64_is_one_run_however_it_is_cut_into_lines() {
        let bytes: Vec<u8> = (0..100_000_u32).map(|n| (n * 7) as u8).collect();
        for end in [0, 1, 2] {
            let bytes = &bytes[end..];
            let run = base64::engine::general_purpose::STANDARD.encode(bytes);
            for length in [76, 77, 4096, run.len()] {
                let lines: Vec<&[u8]> = run.as_bytes().chunks(length).collect();
                let body = lines.join(&b"\r\n"[..]);
                let decoded = Transfer::Base64.decode(&body);
                assert_eq!((&*decoded.bytes, decoded.problem), (bytes, None));
                let twice = [&body[..], b"\r\n", &body].concat();
                let is_padded = run.ends_with('=');
                let decoded = Transfer::Base64.decode(&twice);
                assert_eq!(decoded.problem.is_some(), is_padded, "lines of {length}");
                assert_eq!(*decoded.bytes, [bytes, bytes].concat());
            }
        }
    }

    #[test]
    fn uuencode_is_decoded_where_it_is_one() {
        let body = "begin 644 a\n%2&5L;&\\ \n`\nend\n";
        assert_eq!(text(Transfer::Uuencode, body), ("Hello".into(), false));
        assert_eq!(text(Transfer::Uuencode, "Hi"), ("Hi".into(), true));
    }

    #[test]
    fn broken_base64_is_decoded_as_far_as_possible() {
        for (body, decoded) in [
            ("SGVs!bG8=", "Hello"),
            ("SGVsbG8=\r\nSGVsbG8=", "HelloHello"),
            ("SGVsbG8= ignored", "Hello"),
            ("SGVsbG8=\r\n_____\r\nList footer\r\n", "Hello"),
            (
                "SGVsbG8gd29ybGQhIEhlbGxvIHdvcmxkISBIZWxsbyB3b3JsZCE\u{e9}A",
                "Hello world! Hello",
            ),
        ] {
            let (got, wrong) = text(Transfer::Base64, body);
            assert!(got.starts_with(decoded) && wrong, "{body:?} gave {got:?}");
        }
        let plain = "Dear all, this is plain.\r\n";
        assert_eq!(text(Transfer::Base64, plain), (plain.into(), true));
    }

    #[test]
    fn quoted_printable_follows_its_rules() {
        for (body, decoded, wrong) in [
            ("caf=C3=A9 =\r\nau lait  \r\nx", "café au lait\r\nx", false),
            ("soft =  \nbreak", "soft break", false),
            ("1 = 2, =zz=4", "1 = 2, =zz=4", true),
            ("end=", "end", false),
            ("=3d=3D", "==", false),
        ] {
            assert_eq!(
                text(Transfer::QuotedPrintable, body),
                (decoded.into(), wrong),
                "{body:?}"
            );
        }
    }
}
