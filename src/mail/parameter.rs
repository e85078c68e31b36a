//! MIME parameters decoded: RFC 2231 pieces and character sets, RFC 2047 words.
//!
//! Works on name and value pairs as raw bytes, so that it serves a field of a
//! message and a BODYSTRUCTURE alike.

use super::charset;
use super::transfer::hex_pair;
use super::words;
use memchr::memchr;

/// The value of the parameter `name` (lower case), decoded; `None` where it is
/// missing or empty.
///
/// Of the forms a parameter can take, `name*` and `name*0*`, `name*1`...
/// (RFC 2231) win over a plain `name`, whose value may hold encoded words,
/// which is not allowed but common.
pub fn decode_parameter<N: AsRef<[u8]>, V: AsRef<[u8]>>(
    parameters: &[(N, V)],
    name: &str,
) -> Option<String> {
    let text = extended(parameters, name).or_else(|| {
        let (_, value) = parameters
            .iter()
            .find(|(key, _)| is_name(key.as_ref(), name))?;
        Some(charset::without_nul(words::decode_line(value.as_ref())))
    })?;
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn is_name(key: &[u8], name: &str) -> bool {
    key.eq_ignore_ascii_case(name.as_bytes())
}

/// The RFC 2231 form, whose pieces are joined as bytes before they are decoded:
/// a character may be split over two pieces.
fn extended<N: AsRef<[u8]>, V: AsRef<[u8]>>(parameters: &[(N, V)], name: &str) -> Option<String> {
    let mut pieces = Vec::new();
    for (key, value) in parameters {
        if let Some((index, is_encoded)) = section(key.as_ref(), name) {
            pieces.push((index, is_encoded, value.as_ref()));
        }
    }
    pieces.sort_by_key(|&(index, ..)| index);
    let &(_, first_is_encoded, first) = pieces.first()?;
    let label = if first_is_encoded {
        label_of(first)
    } else {
        None
    };
    let mut bytes = Vec::new();
    let mut previous = None;
    for (index, is_encoded, value) in pieces {
        // A server may list the same piece twice.
        if previous.replace(index) == Some(index) {
            continue;
        }
        if is_encoded {
            let prefix = if bytes.is_empty() {
                label.map_or(0, |(_, length)| length)
            } else {
                0
            };
            percent_decode(&value[prefix..], &mut bytes);
        } else {
            bytes.extend_from_slice(value);
        }
    }
    let declared = label.and_then(|(label, _)| charset::declared(label, &bytes));
    Some(charset::without_nul(
        declared.unwrap_or_else(|| charset::undeclared(&bytes)),
    ))
}

/// The number of the piece that `key` names, and whether it is percent-encoded:
/// `name*` is piece 0.
fn section(key: &[u8], name: &str) -> Option<(u32, bool)> {
    let (head, tail) = key.split_at_checked(name.len())?;
    let tail = tail.strip_prefix(b"*").filter(|_| is_name(head, name))?;
    if tail.is_empty() {
        return Some((0, true));
    }
    let digits = tail.strip_suffix(b"*").unwrap_or(tail);
    let index = std::str::from_utf8(digits).ok()?.parse().ok()?;
    Some((index, digits.len() < tail.len()))
}

/// The character set before the first quote of `charset'language'text`, and the
/// prefix's length.
fn label_of(value: &[u8]) -> Option<(&[u8], usize)> {
    let first = memchr(b'\'', value)?;
    let second = first + 1 + memchr(b'\'', &value[first + 1..])?;
    Some((&value[..first], second + 1))
}

fn percent_decode(value: &[u8], out: &mut Vec<u8>) {
    let mut rest = value;
    while let Some(at) = memchr(b'%', rest) {
        out.extend_from_slice(&rest[..at]);
        let byte = hex_pair(&rest[at + 1..]);
        out.push(byte.unwrap_or(b'%'));
        rest = &rest[at + if byte.is_some() { 3 } else { 1 }..];
    }
    out.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(parameters: &[(&str, &[u8])]) -> Option<String> {
        decode_parameter(parameters, "filename")
    }

    #[test]
    fn every_form_of_a_parameter_is_decoded() {
        assert_eq!(file(&[("FileName", b"a.txt")]).as_deref(), Some("a.txt"));
        assert_eq!(
            file(&[("filename*", b"utf-8'en'%e2%82%ac%20a")]).as_deref(),
            Some("€ a")
        );
        assert_eq!(
            file(&[
                ("filename*1*", b"%ac"),
                ("filename*2", b"%20.txt"),
                ("filename*0*", b"UTF-8''x%E2%82")
            ])
            .as_deref(),
            Some("x€%20.txt")
        );
        assert_eq!(
            file(&[("filename", b"=?iso-8859-1?q?caf=E9?= =?iso-8859-1?q?.txt?=")]).as_deref(),
            Some("café.txt")
        );
        assert_eq!(file(&[("filename", b"caf\xe9")]).as_deref(), Some("café"));
        assert_eq!(
            file(&[("filename", b"plain"), ("filename*", b"utf-8''%C3%A9")]).as_deref(),
            Some("é")
        );
    }

    #[test]
    fn broken_forms_are_decoded_as_far_as_possible() {
        assert_eq!(
            file(&[("filename*", b"no quotes %zz%")]).as_deref(),
            Some("no quotes %zz%")
        );
        assert_eq!(
            file(&[("filename*", b"x-none''caf%E9")]).as_deref(),
            Some("café")
        );
        assert_eq!(file(&[("filename*x", b"a")]), None);
        assert_eq!(file(&[("filename", b" ")]), None);
        assert_eq!(file(&[]), None);
    }
}
