//! Content-Type and Content-Disposition (RFC 2045 section 5.1, RFC 2183) from raw bytes.

use super::fields::unfold;
use super::parameter::decode_parameter;

/// The most bytes of such a field that are looked at.
const MAX_LENGTH: usize = 64 * 1024;

/// The most parameters of such a field that are looked at.
const MAX_PARAMETERS: usize = 1000;

/// A field `value; name=value; ...`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// What stands before the first semicolon, lower case: `text/plain`, `attachment`.
    pub value: String,
    /// The parameters: lower-case name, raw value without its quotes, in order.
    pub parameters: Vec<(String, Vec<u8>)>,
}

impl Content {
    /// Reads a field's value; whatever it is, something comes out.
    pub fn parse(value: &[u8]) -> Self {
        let line = unfold(&value[..value.len().min(MAX_LENGTH)]);
        let mut scanner = Scanner { rest: &line };
        let value = String::from_utf8_lossy(&scanner.text(b";")).to_ascii_lowercase();
        let value = value.split_ascii_whitespace().collect();
        let mut parameters = Vec::new();
        while !scanner.rest.is_empty() && parameters.len() < MAX_PARAMETERS {
            let name = String::from_utf8_lossy(&scanner.text(b";=")).to_ascii_lowercase();
            let value = if scanner.ended_by(b'=') {
                scanner.text(b";")
            } else {
                Vec::new()
            };
            if !name.is_empty() {
                parameters.push((name, value));
            }
        }
        Self { value, parameters }
    }

    /// A parameter decoded; see [`decode_parameter`].
    pub fn parameter(&self, name: &str) -> Option<String> {
        decode_parameter(&self.parameters, name)
    }
}

/// Cuts a field at its separators, minding quotes and comments.
struct Scanner<'a> {
    rest: &'a [u8],
}

impl Scanner<'_> {
    /// Everything up to one of `ends` (which is consumed) or the end: quotes
    /// and escapes resolved, comments left out, white space around it trimmed.
    fn text(&mut self, ends: &[u8]) -> Vec<u8> {
        let mut text = Vec::new();
        let (mut quoted, mut comments, mut kept) = (false, 0_usize, 0);
        let mut at = 0;
        while let Some(&byte) = self.rest.get(at) {
            at += 1;
            match byte {
                b'\\' if quoted || comments > 0 => {
                    if let (0, Some(&escaped)) = (comments, self.rest.get(at)) {
                        // Windows paths come unescaped: a backslash before a letter is itself.
                        if !matches!(escaped, b'"' | b'\\') {
                            text.push(b'\\');
                        }
                        text.push(escaped);
                    }
                    at += 1;
                }
                b'(' if !quoted => comments += 1,
                b')' if comments > 0 => comments -= 1,
                _ if comments > 0 => {}
                b'"' => {
                    quoted = !quoted;
                    kept = text.len();
                }
                _ if !quoted && ends.contains(&byte) => {
                    // The separator before the rest tells the caller what ended the text.
                    at -= 1;
                    break;
                }
                _ => text.push(byte),
            }
        }
        self.rest = &self.rest[at.min(self.rest.len())..];
        if !matches!(self.rest.first(), Some(b'=')) {
            self.rest = self.rest.get(1..).unwrap_or_default();
        }
        let end = text.trim_ascii_end().len().max(kept);
        text.truncate(end);
        let start = text.len() - text.trim_ascii_start().len();
        text.drain(..start);
        text
    }

    /// Consumes `separator` if it is what the text before ended with.
    fn ended_by(&mut self, separator: u8) -> bool {
        let rest = self.rest.strip_prefix(&[separator]);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(value: &str) -> (String, Vec<(String, String)>) {
        let content = Content::parse(value.as_bytes());
        let text = |value: Vec<u8>| String::from_utf8_lossy(&value).into_owned();
        (
            content.value,
            content
                .parameters
                .into_iter()
                .map(|(n, v)| (n, text(v)))
                .collect(),
        )
    }

    #[test]
    fn parameters_are_taken_apart() {
        for value in [
            " Text/Plain; Charset=\"utf-8\"; format=flowed\r\n",
            "text/plain;\r\n\tcharset = utf-8 (why) ; format=flowed;",
            "text / plain (a;b=c) ;charset=\"utf\\-8\" ;; format=flowed",
        ] {
            let (kind, parameters) = pairs(&value.replace("\\-", "-"));
            assert_eq!(kind, "text/plain");
            assert_eq!(
                parameters,
                [
                    ("charset".into(), "utf-8".into()),
                    ("format".into(), "flowed".into())
                ]
            );
        }
    }

    #[test]
    fn quotes_keep_separators_and_escapes() {
        let (kind, parameters) = pairs(r#"attachment; filename="a;b=\"c\" (d) C:\x""#);
        assert_eq!(kind, "attachment");
        assert_eq!(
            parameters,
            [("filename".into(), r#"a;b="c" (d) C:\x"#.into())]
        );
    }

    #[test]
    fn junk_gives_something() {
        for value in [
            "",
            ";",
            "=",
            "\"",
            "(((",
            "a;=;b",
            "a; b=\"open",
            "\\",
            "a;\\=\\",
        ] {
            let _ = pairs(value);
        }
        assert_eq!(pairs("a; b").1, [("b".into(), "".into())]);
        assert_eq!(pairs("a; b=c=d").1, [("b".into(), "c=d".into())]);
    }

    #[test]
    fn decoded_parameters_come_from_raw_bytes() {
        let content = Content::parse(b"a; name=caf\xe9; filename*=utf-8''%C3%A9");
        assert_eq!(content.parameter("name").as_deref(), Some("café"));
        assert_eq!(content.parameter("filename").as_deref(), Some("é"));
    }
}
