//! What a PDF file says and where it leads, as far as indicators need it: the
//! links of its annotations, its scripts, and text in fonts that are written as
//! they read.
//!
//! A scanner over bytes, one pass, no tree (ISO 32000-1 sections 7.3 and 9.4):
//! files that attackers send are seldom in order. Fonts with an encoding of
//! their own are not resolved, and nothing of an encrypted file is read.

use super::charset::without_nul;
use encoding_rs::{UTF_16BE, WINDOWS_1252};
use flate2::read::ZlibDecoder;
use memchr::memmem;
use std::io::Read;

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Pdf {
    /// Where its annotations and actions lead, each with the place in the file
    /// of its object or of the stream that holds it.
    pub links: Vec<(usize, String)>,
    /// Its scripts, with line ends between them.
    pub code: String,
    /// Its text, with line ends where lines seem to end.
    pub text: String,
}

/// The most bytes that are unpacked of one file.
const MAX_UNPACKED: u64 = 16 << 20;

/// The most links that are kept.
const MAX_LINKS: usize = 10_000;

/// The longest link or script.
const MAX_STRING: usize = 64 << 10;

/// How far before its data the dictionary of a stream may begin.
const MAX_DICTIONARY: usize = 1024;

impl Pdf {
    /// Reads a file, whatever it is.
    pub fn parse(file: &[u8]) -> Self {
        let mut found = Self::default();
        if memmem::find(file, b"/Encrypt").is_some() {
            return found;
        }
        let mut left = MAX_UNPACKED;
        let mut at = 0;
        while let Some(stream) = Stream::next(file, at) {
            found.actions(&file[at..stream.start], |offset| at + offset);
            if let Some(data) = stream.unpacked(file, &mut left) {
                found.actions(&data, |_| stream.start);
                found.show(&data);
            }
            at = stream.end;
        }
        found.actions(&file[at..], |offset| at + offset);
        found.code = without_nul(found.code.into());
        found.text = without_nul(found.text.into());
        found
    }

    /// Takes the URI and JavaScript actions of objects (section 12.6.4).
    fn actions(&mut self, objects: &[u8], place: impl Fn(usize) -> usize) {
        values(objects, b"/URI", |at, uri| {
            if self.links.len() < MAX_LINKS {
                self.links.push((place(at), without_nul(uri.into())));
            }
        });
        values(objects, b"/JS", |_, script| {
            self.code += &script;
            self.code.push('\n');
        });
    }

    /// Takes the strings that a content stream shows (section 9.4.3).
    fn show(&mut self, content: &[u8]) {
        let (mut at, mut is_text) = (0, false);
        // What stands before an operator, of which the last tells whether Td
        // leaves the line.
        let mut operand: &[u8] = b"";
        while let Some(&byte) = content.get(at) {
            if byte == b'(' {
                let (string, end) = literal(content, at, usize::MAX);
                if is_text && !string.iter().any(|byte| *byte < b'\t') {
                    self.text += &latin(&string);
                }
                at = end;
                continue;
            }
            let length = word(&content[at..]);
            if length == 0 {
                at += 1;
                continue;
            }
            let word = &content[at..at + length];
            match word {
                b"BT" => is_text = true,
                b"ET" => is_text = false,
                _ => {}
            }
            match word {
                b"Td" | b"TD" if is_text && operand == b"0" => self.text.push(' '),
                b"ET" | b"Tm" | b"T*" | b"Td" | b"TD" | b"'" | b"\"" => self.text.push('\n'),
                // In an array of strings: so wide a gap is a space.
                _ if is_text && is_gap(word) => self.text.push(' '),
                _ => {}
            }
            operand = word;
            at += length;
        }
    }
}

/// True for a number of a TJ array below a fifth of the font's height.
fn is_gap(word: &[u8]) -> bool {
    let number = std::str::from_utf8(word).ok();
    let number = number.and_then(|word| word.parse::<f32>().ok());
    word.starts_with(b"-") && number.is_some_and(|number| number < -200.0)
}

/// The length of the word at the start: what is neither white space nor a
/// delimiter (section 7.2.2).
fn word(bytes: &[u8]) -> usize {
    let is_regular = |byte: &u8| !byte.is_ascii_whitespace() && !b"\0()<>[]{}/%".contains(byte);
    bytes.iter().take_while(|&byte| is_regular(byte)).count()
}

/// A stream's data in the file, with what is before it.
struct Stream<'a> {
    dictionary: &'a [u8],
    start: usize,
    end: usize,
}

impl<'a> Stream<'a> {
    /// The next one at or after `at`.
    fn next(file: &'a [u8], at: usize) -> Option<Self> {
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
    fn unpacked(&self, file: &[u8], left: &mut u64) -> Option<Vec<u8>> {
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

/// Calls `visit` with each string that is the value of `key`, and where the key
/// stands.
fn values(objects: &[u8], key: &[u8], mut visit: impl FnMut(usize, String)) {
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

fn latin(bytes: &[u8]) -> String {
    WINDOWS_1252
        .decode_without_bom_handling(bytes)
        .0
        .into_owned()
}

/// The bytes of the literal string that begins at `at`, at most `most` of
/// them, and where it ends (section 7.3.4.2).
fn literal(bytes: &[u8], at: usize, most: usize) -> (Vec<u8>, usize) {
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
    use flate2::Compression;
    use flate2::write::ZlibEncoder;
    use std::io::Write;

    fn packed(data: &str) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(data.as_bytes()).expect("in memory");
        encoder.finish().expect("in memory")
    }

    fn stream(dictionary: &str, data: &[u8]) -> Vec<u8> {
        let begin = format!("4 0 obj\n<<{dictionary}>>\nstream\r\n");
        [begin.as_bytes(), data, b"\nendstream\nendobj\n"].concat()
    }

    #[test]
    fn links_are_found_in_objects_and_in_packed_ones() {
        let plain =
            b"%PDF-1.7\n3 0 obj <</A<</S/URI/URI(https://evil.example/a\\(b\\)\\057c)>>>> endobj\n";
        let inside =
            packed("1 0 <</S /URI /URI <68 747470733a2f2f62>>> /JS (app.launchURL\\('x'\\))");
        let file = [
            &plain[..],
            &stream("/Type/ObjStm/Filter/FlateDecode", &inside),
        ]
        .concat();
        let found = Pdf::parse(&file);
        let at = file.windows(8).position(|bytes| bytes == b"stream\r\n");
        assert_eq!(
            found.links,
            [
                (29, "https://evil.example/a(b)/c".to_owned()),
                (at.expect("there") + 6, "https://b".to_owned()),
            ]
        );
        assert_eq!(found.code, "app.launchURL('x')\n");
    }

    #[test]
    fn text_is_read_line_by_line() {
        let content = "(no text) BT /F1 12 Tf 72 700 Td (Pay at) Tj 10 0 Td (www.evil.example) Tj \
            0 -14 Td [(192.0) 20 (.2.1) -300 (now)] TJ (caf\\351) ' (\\000\\001) Tj ET";
        for file in [
            stream("/Filter/FlateDecode", &packed(content)),
            stream("/Length 9", content.as_bytes()),
        ] {
            let text = Pdf::parse(&file).text;
            let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
            assert_eq!(lines, ["Pay at www.evil.example", "192.0.2.1 nowcafé"]);
        }
    }

    #[test]
    fn base_85_is_undone() {
        assert_eq!(ascii85(b"87cURD]i,\"Ebo7~>left"), b"Hello World");
        assert_eq!(ascii85(b"z!"), [0; 4]);
        let content = "BT (www.evil.example) Tj ET";
        let mut digits = String::new();
        let packed = packed(content);
        for group in packed.chunks(4) {
            let mut bytes = [0; 4];
            bytes[..group.len()].copy_from_slice(group);
            let value = u32::from_be_bytes(bytes);
            let all: Vec<u8> = (0..5)
                .map(|place| {
                    u8::try_from(value / 85_u32.pow(4 - place) % 85).expect("a digit") + b'!'
                })
                .collect();
            digits += std::str::from_utf8(&all[..=group.len()]).expect("ASCII");
        }
        let file = stream(
            "/Filter [/ASCII85Decode /FlateDecode]",
            format!("{digits}~>").as_bytes(),
        );
        assert_eq!(Pdf::parse(&file).text.trim(), "www.evil.example");
    }

    #[test]
    fn images_fonts_and_encrypted_files_are_left_alone() {
        let content = b"BT (shown) Tj ET /URI (http://a)";
        for dictionary in ["/Subtype/Image", "/Length1 9", "/Filter/DCTDecode"] {
            assert_eq!(Pdf::parse(&stream(dictionary, content)), Pdf::default());
        }
        let encrypted = [&stream("", content)[..], b"trailer <</Encrypt 5 0 R>>"].concat();
        assert_eq!(Pdf::parse(&encrypted), Pdf::default());
    }

    #[test]
    fn a_file_that_unpacks_to_too_much_is_read_to_a_bound() {
        let bomb = packed(&"(a)Tj ".repeat(4 << 20));
        let file = stream("/Filter/FlateDecode", &bomb).repeat(3);
        assert!(Pdf::parse(&file).text.len() as u64 <= MAX_UNPACKED);
    }

    #[test]
    fn junk_gives_something() {
        for junk in [
            "", "stream", "/URI", "/URI(", "/URI (\\", "stream (", "BT (", "/JS <", "))",
        ] {
            Pdf::parse(junk.as_bytes());
            Pdf::parse(&stream("", format!("BT {junk}").as_bytes()));
        }
    }
}
