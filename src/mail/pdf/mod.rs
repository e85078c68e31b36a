//! What a PDF file says and where it leads, as far as indicators need it: the
//! links of its annotations, its scripts, and text in fonts that are written as
//! they read.
//!
//! A scanner over bytes, one pass, no tree (ISO 32000-1 sections 7.3 and 9.4):
//! files that attackers send are seldom in order. Fonts with an encoding of
//! their own are not resolved, and of an encrypted file noise is read, in which
//! nothing will be found.

mod stream;
mod string;

use super::charset::without_nul;
use stream::Stream;
use string::{latin, literal, values};

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

/// The most bytes that are to be unpacked of all the files in a message: a
/// thousandth of them is enough to send.
pub const MAX_UNPACKED_TOGETHER: u64 = 4 * MAX_UNPACKED;

/// The most links that are kept.
const MAX_LINKS: usize = 10_000;

impl Pdf {
    /// Reads a file, whatever it is, of which as many bytes may be unpacked as
    /// `together` has left.
    pub fn parse(file: &[u8], together: &mut u64) -> Self {
        let mut found = Self::default();
        let most = MAX_UNPACKED.min(*together);
        let mut left = most;
        let mut at = 0;
        while let Some(stream) = Stream::next(file, at) {
            found.actions(&file[at..stream.start], |offset| at + offset);
            if let Some(data) = stream.unpacked(file, &mut left) {
                found.actions(&data, |_| stream.start);
                found.show(&data);
            }
            at = stream.end;
        }
        *together -= most - left;
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

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::ZlibEncoder;
    use std::io::Write;

    fn parse(file: &[u8]) -> Pdf {
        let mut together = MAX_UNPACKED_TOGETHER;
        Pdf::parse(file, &mut together)
    }

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
        let found = parse(&file);
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
            let text = parse(&file).text;
            let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
            assert_eq!(lines, ["Pay at www.evil.example", "192.0.2.1 nowcafé"]);
        }
    }

    #[test]
    fn images_and_fonts_are_left_alone() {
        let content = b"BT (shown) Tj ET /URI (http://a)";
        for dictionary in ["/Subtype/Image", "/Length1 9", "/Filter/DCTDecode"] {
            assert_eq!(parse(&stream(dictionary, content)), Pdf::default());
        }
    }

    #[test]
    fn a_file_that_unpacks_to_too_much_is_read_to_a_bound() {
        let bomb = packed(&"(a)Tj ".repeat(4 << 20));
        let file = stream("/Filter/FlateDecode", &bomb).repeat(3);
        assert!(parse(&file).text.len() as u64 <= MAX_UNPACKED);
    }

    #[test]
    fn junk_gives_something() {
        for junk in [
            "", "stream", "/URI", "/URI(", "/URI (\\", "stream (", "BT (", "/JS <", "))",
        ] {
            parse(junk.as_bytes());
            parse(&stream("", format!("BT {junk}").as_bytes()));
        }
    }

    #[test]
    fn text_packed_by_base_85_is_read() {
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
        assert_eq!(parse(&file).text.trim(), "www.evil.example");
    }
}
