//! The streams of a PDF file, found by their keywords and unpacked (ISO 32000-1
//! sections 7.3.8 and 7.4).

use flate2::read::ZlibDecoder;
use memchr::memmem;
use std::io::Read;

/// How far before its data the dictionary of a stream may begin.
const MAX_DICTIONARY: usize = 1024;

/// A stream's data in the file, with what is before it.
pub(super) struct Stream<'a> {
    dictionary: &'a [u8],
    /// Where its data begins.
    pub(super) start: usize,
    /// Where what follows it begins.
    pub(super) end: usize,
}

impl<'a> Stream<'a> {
    /// The next one at or after `at`.
    pub(super) fn next(file: &'a [u8], at: usize) -> Option<Self> {
        let keyword = at + memmem::find(&file[at..], b"stream")?;
        let dictionary = &file[at.max(keyword.saturating_sub(MAX_DICTIONARY))..keyword];
        let begins = memmem::rfind(dictionary, b"obj").unwrap_or(0);
        let start = keyword + b"stream".len();
        let length = memmem::find(&file[start..], b"endstream");
        // The word itself is passed over too: it ends in `stream`.
        let end = length.map_or(file.len(), |length| start + length + b"endstream".len());
        Some(Self {
            dictionary: &dictionary[begins..],
            start,
            end,
        })
    }

    /// The data of what may be text or objects, of which `left` bytes may be
    /// unpacked yet.
    pub(super) fn unpacked(&self, file: &[u8], left: &mut u64) -> Option<Vec<u8>> {
        let has = |name: &[u8]| memmem::find(self.dictionary, name).is_some();
        // An embedded font has its length before compression too.
        if has(b"/Image") || has(b"/Length1") || has(b"/XRef") {
            return None;
        }
        let data = &file[self.start..self.end];
        let data = data.strip_prefix(b"\r").unwrap_or(data);
        let data = data.strip_prefix(b"\n").unwrap_or(data);
        if !has(b"/Filter") {
            return Some(data.to_vec());
        }
        if !has(b"/FlateDecode") {
            return None;
        }
        let bytes;
        let packed = if has(b"/ASCII85Decode") {
            bytes = ascii85(data);
            &bytes
        } else {
            data
        };
        let mut out = Vec::new();
        // What has been unpacked before an error is good.
        let _ = ZlibDecoder::new(packed).take(*left).read_to_end(&mut out);
        *left = left.saturating_sub(out.len() as u64);
        Some(out)
    }
}

/// Undoes ASCII base-85 (section 7.4.3): five digits are four bytes.
fn ascii85(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() / 5 * 4);
    let mut group = Vec::with_capacity(5);
    for &byte in text {
        match byte {
            b'z' if group.is_empty() => out.extend_from_slice(&[0; 4]),
            b'!'..=b'u' => group.push(byte - b'!'),
            b'~' => break,
            _ => {}
        }
        if group.len() == 5 {
            out.extend_from_slice(&base85(&group));
            group.clear();
        }
    }
    // A last group of n digits has n - 1 bytes.
    if let Some(count) = group.len().checked_sub(1) {
        group.resize(5, 84);
        out.extend_from_slice(&base85(&group)[..count]);
    }
    out
}

/// The bytes of five digits; what is too large for them is cut.
fn base85(digits: &[u8]) -> [u8; 4] {
    let value = digits
        .iter()
        .fold(0_u64, |value, &digit| value * 85 + u64::from(digit));
    let [.., a, b, c, d] = value.to_be_bytes();
    [a, b, c, d]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_85_is_undone() {
        assert_eq!(ascii85(b"87cURD]i,\"Ebo7~>left"), b"Hello World");
        assert_eq!(ascii85(b"z!"), [0; 4]);
    }
}
