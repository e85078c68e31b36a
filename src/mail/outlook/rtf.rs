//! The RTF that Outlook keeps as a message's body, read as the HTML that it
//! wraps (MS-OXRTFEX) or as plain text.
//!
//! No RTF engine: formatting is passed over, only words and, of wrapped HTML,
//! its tags are kept.

use super::item::charset_of;
use crate::mail::charset;

/// What an RTF text is.
#[derive(Debug, PartialEq, Eq)]
pub enum Content {
    /// The HTML that it wraps.
    Html(String),
    /// Its words.
    Text(String),
}

/// Reads RTF, whatever it is.
pub fn read(rtf: &[u8]) -> Content {
    let mut reader = Reader {
        rtf,
        at: 0,
        group: Group::default(),
        outer: Vec::new(),
        is_html: false,
        charset: charset_of(1252),
        bytes: Vec::new(),
        text: String::new(),
        to_skip: 0,
        high: None,
    };
    reader.run();
    reader.settle();
    let text = charset::without_nul(reader.text.into());
    if reader.is_html {
        Content::Html(text)
    } else {
        Content::Text(text)
    }
}

/// What holds until a group ends.
#[derive(Clone, Copy)]
struct Group {
    /// In a destination that is not shown.
    is_hidden: bool,
    /// Between `\htmlrtf` and `\htmlrtf0`: RTF that repeats what tags say.
    is_repeated: bool,
    /// How many characters stand for those who cannot read the `\u` before them.
    substitutes: usize,
}

impl Default for Group {
    fn default() -> Self {
        Self {
            is_hidden: false,
            is_repeated: false,
            substitutes: 1,
        }
    }
}

struct Reader<'a> {
    rtf: &'a [u8],
    at: usize,
    group: Group,
    outer: Vec<Group>,
    is_html: bool,
    charset: String,
    /// Bytes in the code page that are not text yet.
    bytes: Vec<u8>,
    text: String,
    /// Characters to pass over after a `\u`.
    to_skip: usize,
    /// The first half of a character outside the first plane, whose halves
    /// come as two numbers.
    high: Option<u16>,
}

/// Groups whose words are not the text's.
const HIDDEN: [&str; 12] = [
    "author",
    "colortbl",
    "filetbl",
    "fonttbl",
    "footer",
    "header",
    "info",
    "listtable",
    "object",
    "pict",
    "stylesheet",
    "themedata",
];

impl Reader<'_> {
    fn run(&mut self) {
        while let Some(&byte) = self.rtf.get(self.at) {
            self.at += 1;
            match byte {
                b'{' => self.outer.push(self.group),
                b'}' => {
                    self.group = self.outer.pop().unwrap_or_default();
                    self.to_skip = 0;
                }
                b'\\' => self.control(),
                b'\r' | b'\n' => {}
                _ => self.byte(byte),
            }
        }
    }

    fn control(&mut self) {
        let Some(&first) = self.rtf.get(self.at) else {
            return;
        };
        self.at += 1;
        match first {
            b'\\' | b'{' | b'}' => self.byte(first),
            b'~' => self.byte(b' '),
            b'_' => self.byte(b'-'),
            b'\r' | b'\n' => self.word("par", None),
            b'*' => self.destination(),
            b'\'' => {
                let digits = self.rtf.get(self.at..self.at + 2);
                if let Some(byte) = digits.and_then(crate::mail::transfer::hex_pair) {
                    self.at += 2;
                    self.byte(byte);
                }
            }
            b'a'..=b'z' | b'A'..=b'Z' => {
                self.at -= 1;
                let (word, number) = self.name();
                self.word(&word, number);
            }
            _ => {}
        }
    }

    /// `\*` before a destination: one that is not known is hidden.
    fn destination(&mut self) {
        let rest = &self.rtf[self.at..];
        let is = |name: &[u8]| rest.starts_with(name);
        if !is(b"\\htmltag") {
            self.group.is_hidden = true;
        }
    }

    /// A control word, its number and the space behind it.
    fn name(&mut self) -> (String, Option<i64>) {
        /// The longest of the specification, and of numbers.
        const LONGEST: usize = 32;
        let run = |from: usize, is: fn(&u8) -> bool| {
            let rest = self.rtf[from..].iter().take(LONGEST);
            from + rest.take_while(|byte| is(byte)).count()
        };
        let word_end = run(self.at, u8::is_ascii_alphabetic);
        let sign = usize::from(self.rtf.get(word_end) == Some(&b'-'));
        let end = run(word_end + sign, u8::is_ascii_digit);
        let text =
            |from: usize, to: usize| String::from_utf8_lossy(&self.rtf[from..to]).into_owned();
        let word = text(self.at, word_end);
        let number = text(word_end, end).parse().ok();
        self.at = if number.is_some() { end } else { word_end };
        if self.rtf.get(self.at) == Some(&b' ') {
            self.at += 1;
        }
        (word, number)
    }

    fn word(&mut self, word: &str, number: Option<i64>) {
        match word {
            "fromhtml" => self.is_html = number != Some(0),
            "ansicpg" => {
                self.settle();
                self.charset = charset_of(number.unwrap_or(1252));
            }
            "htmlrtf" => self.group.is_repeated = number != Some(0),
            "uc" => {
                let count = number.and_then(|count| usize::try_from(count).ok());
                self.group.substitutes = count.unwrap_or(1).min(16);
            }
            "u" => {
                // Numbers above 32767 are written below 0.
                let code = number.unwrap_or(0).rem_euclid(0x1_0000);
                let code = u16::try_from(code).unwrap_or(0);
                self.unicode(code);
                self.to_skip = self.group.substitutes;
            }
            "bin" => {
                let length = number.and_then(|length| usize::try_from(length).ok());
                self.at = self
                    .at
                    .saturating_add(length.unwrap_or(0))
                    .min(self.rtf.len());
            }
            "par" | "line" | "row" => self.plain("\r\n"),
            "tab" | "cell" => self.plain("\t"),
            "lquote" => self.plain("\u{2018}"),
            "rquote" => self.plain("\u{2019}"),
            "ldblquote" => self.plain("\u{201c}"),
            "rdblquote" => self.plain("\u{201d}"),
            "bullet" => self.plain("\u{2022}"),
            "endash" => self.plain("\u{2013}"),
            "emdash" => self.plain("\u{2014}"),
            _ if HIDDEN.contains(&word) => self.group.is_hidden = true,
            _ => {}
        }
    }

    fn unicode(&mut self, code: u16) {
        let high = self.high.take();
        if (0xd800..0xdc00).contains(&code) {
            self.high = Some(code);
            return;
        }
        let units = high.into_iter().chain([code]);
        let text: String = char::decode_utf16(units)
            .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect();
        self.plain(&text);
    }

    fn is_shown(&self) -> bool {
        let is_repeated = self.is_html && self.group.is_repeated;
        !self.group.is_hidden && !is_repeated
    }

    fn plain(&mut self, text: &str) {
        if self.is_shown() {
            self.settle();
            self.text.push_str(text);
        }
    }

    fn byte(&mut self, byte: u8) {
        if self.to_skip > 0 {
            self.to_skip -= 1;
        } else if self.is_shown() {
            self.bytes.push(byte);
        }
    }

    /// Makes text of the bytes so far.
    fn settle(&mut self) {
        if !self.bytes.is_empty() {
            let bytes = std::mem::take(&mut self.bytes);
            let text = charset::declared(self.charset.as_bytes(), &bytes);
            self.text += &text.unwrap_or_else(|| charset::undeclared(&bytes));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn wrapped_html_is_unwrapped() {
        let rtf = br"{\rtf1\ansi\ansicpg1251\fromhtml1 \deff0{\fonttbl{\f0 Arial;}}
{\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 a \'cf\u1088?{\*\htmltag84 &nbsp;}\htmlrtf \par }\htmlrtf0 {\*\mhtmltag72 <x>}{\*\htmltag72 </p>}}";
        assert_eq!(
            read(rtf),
            Content::Html("<p>a \u{41f}\u{440}&nbsp;</p>".into())
        );
    }

    #[test]
    fn words_are_told_from_formatting() {
        let rtf = br"{\rtf1{\*\generator x;}{\info{\author y}}\b bold\b0  \{plain\}\par caf\'e9\tab\bin3 {}{z\u-10179?\u-8704?}";
        assert_eq!(
            read(rtf),
            Content::Text("bold {plain}\r\ncaf\u{e9}\tz\u{1f600}".into())
        );
    }

    #[test]
    fn broken_rtf_is_read_to_its_end() {
        for rtf in [
            &b"\\"[..],
            b"\\'",
            b"}}}",
            b"\\u",
            b"\\u99999999999999999999 ",
            b"\\bin9 x",
            b"{{{",
        ] {
            let _ = read(rtf);
        }
    }

    proptest! {
        #[test]
        fn any_rtf_is_some_content(pieces in proptest::collection::vec(
            proptest::sample::select(vec![
                "{", "}", "\\", "\\'e9", "\\u8226", "\\bin9 ", "\\*", "\\fromhtml1", "\\htmlrtf",
                "\\htmltag ", "\\uc2", "\\fonttbl", "x", " ", "\n",
            ]),
            0..40,
        )) {
            let rtf = ["{\\rtf1", &pieces.concat()].concat();
            let (Content::Html(text) | Content::Text(text)) = read(rtf.as_bytes());
            prop_assert!(text.len() <= 4 * rtf.len());
        }
    }
}
