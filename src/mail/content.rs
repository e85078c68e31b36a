//! Content-Type and Content-Disposition (RFC 2045 section 5.1, RFC 2183) from
//! raw bytes.

use super::fields::unfold;
use super::parameter::decode_parameter;

/// The most bytes of such a field that are looked at.
const MAX_LENGTH: usize = 64 * 1024;

/// The most parameters of such a field that are looked at.
const MAX_PARAMETERS: usize = 1000;

/// A field `value; name=value; ...`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// What stands before the first semicolon, lower case: `text/plain`,
    /// `attachment`.
    pub value: String,
    /// The parameters: lower-case name, raw value without its quotes, in order.
    pub parameters: Vec<(String, Vec<u8>)>,
}

impl Content {
    /// Reads a field's value; whatever it is, something comes out.
    pub fn parse(value: &[u8]) -> Self {
        let line = unfold(&value[..value.len().min(MAX_LENGTH)]);
        let mut scanner = Scanner { rest: &line };
        let (mut value, end) = scanner.text(b";=");
        let mut parameters = Vec::new();
        if end == Some(b'=') {
            let rest = scanner.text(b";").0;
            match value.iter().rposition(u8::is_ascii_whitespace) {
                // The semicolon before the first parameter is missing: others
                // find the parts of such a message, and what is in them.
                Some(blank) => {
                    parameters.push((name_of(&value.split_off(blank + 1)), rest));
                }
                None => value.extend([&b"="[..], &rest].concat()),
            }
        }
        let value = String::from_utf8_lossy(&value).to_ascii_lowercase();
        // A NUL is no part of a type, and SQLite's text functions stop there.
        let is_blank = |c: char| c.is_ascii_whitespace() || c == '\0';
        let value = value.split(is_blank).collect();
        while !scanner.rest.is_empty() && parameters.len() < MAX_PARAMETERS {
            let (name, end) = scanner.text(b";=");
            let name = name_of(&name);
            let value = if end == Some(b'=') {
                scanner.text(b";").0
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

/// A parameter's name, lower case and without NUL.
fn name_of(name: &[u8]) -> String {
    let name = String::from_utf8_lossy(name).to_ascii_lowercase();
    name.replace('\0', "")
}

/// Cuts a field at its separators, minding quotes and comments.
struct Scanner<'a> {
    rest: &'a [u8],
}

impl Scanner<'_> {
    /// Everything up to one of `ends`, and which one it was; both are consumed.
    /// Quotes and escapes are resolved, comments left out, and white space
    /// around it that is not quoted.
    fn text(&mut self, ends: &[u8]) -> (Vec<u8>, Option<u8>) {
        let mut text = Vec::new();
        let (mut is_quoted, mut comments, mut quoted_to) = (false, 0_usize, 0);
        while let Some((&byte, rest)) = self.rest.split_first() {
            self.rest = rest;
            match byte {
                b'\\' if is_quoted || comments > 0 => {
                    let Some((&escaped, rest)) = rest.split_first() else {
                        continue;
                    };
                    self.rest = rest;
                    if comments == 0 {
                        // Windows paths come unescaped: a backslash before a
                        // letter is itself.
                        if !matches!(escaped, b'"' | b'\\') {
                            text.push(b'\\');
                        }
                        text.push(escaped);
                    }
                }
                b'(' if !is_quoted => comments += 1,
                b')' if comments > 0 => comments -= 1,
                _ if comments > 0 => {}
                b'"' => {
                    is_quoted = !is_quoted;
                    quoted_to = text.len();
                }
                _ if !is_quoted && ends.contains(&byte) => {
                    return (trimmed(text, quoted_to), Some(byte));
                }
                b' ' | b'\t' if !is_quoted && text.is_empty() => {}
                _ => text.push(byte),
            }
        }
        (trimmed(text, quoted_to), None)
    }
}

/// `text` without white space at its end, but for the quoted part.
fn trimmed(mut text: Vec<u8>, quoted_to: usize) -> Vec<u8> {
    text.truncate(text.trim_ascii_end().len().max(quoted_to));
    text
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
            "text /\0 plain (a;b=c) ;charset=\"utf\\-8\" ;; format=flowed",
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
    fn a_missing_semicolon_hides_no_boundary() {
        for value in [
            "multipart/mixed\n\tboundary=\"a;b\"; x=y",
            "multipart/mixed boundary = a\\;b; x=y",
        ] {
            let (kind, parameters) = pairs(&value.replace("a\\;b", "\"a;b\""));
            assert_eq!(kind, "multipart/mixed");
            assert_eq!(parameters[0].1, "a;b");
            assert_eq!(parameters[1], ("x".into(), "y".into()));
        }
        assert_eq!(pairs("text/plain=x; a=b").0, "text/plain=x");
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
