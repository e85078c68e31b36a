//! Canonicalization of fields and bodies before they are hashed (RFC 6376
//! section 3.4).
//!
//! Signers hash lines that end in CRLF. A message that was stored with bare LF
//! is hashed as if it had not been.

use crate::mail::fields::without_line_end;

/// How much the way of a message may change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Canonicalization {
    /// Nothing but line ends.
    Simple,
    /// White space, and the case of field names.
    Relaxed,
}

impl Canonicalization {
    /// The names in `c=`: header, then body, each `simple` where it is left
    /// out.
    pub fn pair(text: Option<&str>) -> Option<(Self, Self)> {
        let (header, body) = match text {
            None => ("simple", "simple"),
            Some(text) => text.split_once('/').unwrap_or((text, "simple")),
        };
        Some((Self::named(header.trim())?, Self::named(body.trim())?))
    }

    fn named(name: &str) -> Option<Self> {
        match name {
            "simple" => Some(Self::Simple),
            "relaxed" => Some(Self::Relaxed),
            _ => None,
        }
    }

    /// Appends a field, whose bytes reach from its name to before the final
    /// line end, without a line end.
    pub fn field(self, name: &str, whole: &[u8], value: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::Simple => {
                for (index, line) in whole.split(|&byte| byte == b'\n').enumerate() {
                    if index > 0 {
                        out.extend_from_slice(b"\r\n");
                    }
                    out.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
                }
            }
            Self::Relaxed => {
                out.extend(
                    name.trim_end()
                        .bytes()
                        .map(|byte| byte.to_ascii_lowercase()),
                );
                out.push(b':');
                squeeze(value.trim_ascii(), out);
            }
        }
    }

    /// The canonical body.
    pub fn body(self, body: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(body.len() + 2);
        for line in body.split_inclusive(|&byte| byte == b'\n') {
            let text = without_line_end(line);
            match self {
                Self::Simple => out.extend_from_slice(text),
                Self::Relaxed => squeeze(trim_spaces(text), &mut out),
            }
            out.extend_from_slice(b"\r\n");
        }
        // Empty lines at the end do not count; simple keeps one line end.
        let mut length = out.len();
        while out[..length].ends_with(b"\r\n\r\n") || out[..length] == *b"\r\n" {
            length -= 2;
        }
        out.truncate(length);
        if out.is_empty() && self == Self::Simple {
            out.extend_from_slice(b"\r\n");
        }
        out
    }
}

/// Appends `text` with each run of white space, folds too, made one space.
fn squeeze(text: &[u8], out: &mut Vec<u8>) {
    let mut was_space = false;
    for (index, &byte) in text.iter().enumerate() {
        match byte {
            b'\n' => {}
            b'\r' if text.get(index + 1) == Some(&b'\n') => {}
            b' ' | b'\t' => was_space = true,
            _ => {
                if was_space {
                    out.push(b' ');
                }
                was_space = false;
                out.push(byte);
            }
        }
    }
}

fn trim_spaces(line: &[u8]) -> &[u8] {
    let end = line.iter().rposition(|byte| !matches!(byte, b' ' | b'\t'));
    &line[..end.map_or(0, |end| end + 1)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    // The examples of RFC 6376 section 3.4.5.
    const BODY: &[u8] = b" C \r\nD \t E\r\n\r\n\r\n";

    fn fields(how: Canonicalization) -> String {
        let mut out = Vec::new();
        how.field("A", b"A: X", b" X", &mut out);
        out.extend_from_slice(b"\r\n");
        how.field("B ", b"B : Y\t\r\n\tZ  ", b" Y\t\r\n\tZ  ", &mut out);
        String::from_utf8(out).expect("ASCII")
    }

    #[test]
    fn the_examples_of_the_rfc_come_out_as_there() {
        assert_eq!(fields(Canonicalization::Relaxed), "a:X\r\nb:Y Z");
        assert_eq!(fields(Canonicalization::Simple), "A: X\r\nB : Y\t\r\n\tZ  ");
        assert_eq!(Canonicalization::Relaxed.body(BODY), b" C\r\nD E\r\n");
        assert_eq!(Canonicalization::Simple.body(BODY), b" C \r\nD \t E\r\n");
    }

    #[test]
    fn empty_bodies_and_bare_line_feeds_are_told() {
        assert_eq!(Canonicalization::Simple.body(b""), b"\r\n");
        assert_eq!(Canonicalization::Relaxed.body(b""), b"");
        assert_eq!(Canonicalization::Relaxed.body(b"\r\n\r\n"), b"");
        assert_eq!(Canonicalization::Simple.body(b"a\nb"), b"a\r\nb\r\n");
        // A bare carriage return ends no line.
        assert_eq!(
            Canonicalization::Relaxed.body(b"a\rb\n\r"),
            b"a\rb\r\n\r\r\n"
        );
    }

    #[test]
    fn the_tag_names_header_and_body() {
        use Canonicalization::{Relaxed, Simple};
        assert_eq!(Canonicalization::pair(None), Some((Simple, Simple)));
        assert_eq!(
            Canonicalization::pair(Some("relaxed")),
            Some((Relaxed, Simple))
        );
        assert_eq!(
            Canonicalization::pair(Some("simple/relaxed")),
            Some((Simple, Relaxed))
        );
        assert_eq!(Canonicalization::pair(Some("nofws")), None);
    }

    proptest! {
        #[test]
        fn what_is_canonical_stays_as_it_is(body in "[a \t\r\n]{0,40}") {
            for how in [Canonicalization::Simple, Canonicalization::Relaxed] {
                let once = how.body(body.as_bytes());
                prop_assert_eq!(&how.body(&once), &once);
            }
        }
    }
}
