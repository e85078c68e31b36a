//! The `options` argument: a JSON object whose every key is known and typed.
//!
//! Used by each table and function that takes options; each names its own
//! keys, so that a misspelt one is told from one that does not apply.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::error::{Error, Result, quote};
use crate::imap::search_key::Key;
use crate::imap::search_text;

/// The keys of every call that connects to a server.
pub const CONNECTION_KEYS: [&str; 6] = [
    "ca_file", "compress", "deadline", "max_size", "timeout", "tls_pin",
];

/// A parsed `options` argument; a key that is absent or null is not given. It
/// has no `Debug`, since a client's secret may be among them.
#[derive(Default)]
pub struct Options(Map<String, Value>);

impl Options {
    /// Reads the JSON object in `text`; no text is no options.
    ///
    /// # Errors
    ///
    /// Text that is no JSON object, and a key not in `known`.
    pub fn parse(text: Option<&str>, known: &[&str]) -> Result<Self> {
        Self::parse_like(text, known, "{\"timeout\": 10}")
    }

    /// [`Options::parse`] where `example` shows what is known.
    ///
    /// # Errors
    ///
    /// As [`Options::parse`].
    pub fn parse_like(text: Option<&str>, known: &[&str], example: &str) -> Result<Self> {
        let Some(text) = text else {
            return Ok(Self::default());
        };
        let map: Map<String, Value> = serde_json::from_str(text).map_err(|e| {
            let why = quote(&e.to_string());
            Error::usage(format!(
                "options must be a JSON object, such as '{example}': {why}"
            ))
        })?;
        if let Some(key) = map.keys().find(|key| !known.contains(&key.as_str())) {
            let mut known = known.to_vec();
            known.sort_unstable();
            let known = known.join(", ");
            return Err(Error::usage(format!(
                "unknown option '{}' (known: {known})",
                quote(key)
            )));
        }
        Ok(Self(map))
    }

    /// A path in the file system.
    pub fn path(&self, key: &str) -> Result<Option<PathBuf>> {
        self.typed(key, "the path of a file in double quotes", |value| {
            value
                .as_str()
                .filter(|path| !path.is_empty() && !path.contains('\0'))
                .map(PathBuf::from)
        })
    }

    /// An IP address, with its port or without; never a name, which somebody
    /// would have to be asked about.
    pub fn address(&self, key: &str, default_port: u16) -> Result<Option<SocketAddr>> {
        let wanted = "an IP address such as 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:5353";
        self.typed(key, wanted, |value| {
            let text = value.as_str()?;
            let alone = |ip: IpAddr| SocketAddr::new(ip, default_port);
            text.parse().or_else(|_| text.parse().map(alone)).ok()
        })
    }

    /// A time span in seconds; fractions are allowed.
    pub fn seconds(&self, key: &str) -> Result<Option<Duration>> {
        self.typed(key, "a number of seconds above 0", |value| {
            let seconds = value.as_f64().filter(|&seconds| seconds > 0.0)?;
            Duration::try_from_secs_f64(seconds).ok()
        })
    }

    /// A whole number of at least one: bytes, or a count.
    pub fn count(&self, key: &str) -> Result<Option<u64>> {
        self.typed(key, "a whole number above 0", |value| {
            value.as_u64().filter(|&n| n > 0)
        })
    }

    /// A whole number of bytes, of which 0 is one.
    pub fn size(&self, key: &str) -> Result<Option<u64>> {
        self.typed(key, "a whole number of bytes, 0 or more", Value::as_u64)
    }

    /// A text, which is `wanted`: `a name such as "laptop"`.
    pub fn text(&self, key: &str, wanted: &str) -> Result<Option<&str>> {
        self.typed(key, wanted, Value::as_str)
    }

    /// A text that `read` makes something of, which is `wanted`.
    pub fn parsed<T>(
        &self,
        key: &str,
        wanted: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>> {
        self.typed(key, wanted, |value| read(value.as_str()?))
    }

    /// The option `search`: keys that every message has to meet.
    ///
    /// # Errors
    /// What is no text, or no search keys.
    pub fn search(&self) -> Result<Vec<Key>> {
        let text = self.text("search", "IMAP search keys such as \"UNSEEN\"")?;
        Ok(text
            .map(search_text::parse)
            .transpose()?
            .unwrap_or_default())
    }

    /// One of `words`, by its place among them.
    pub fn choice(&self, key: &str, words: &[&str]) -> Result<Option<usize>> {
        self.parsed(key, &alternatives(words), |word| {
            words.iter().position(|known| *known == word)
        })
    }

    /// One or more of `words` in any case, by their places; none where it is not
    /// given.
    pub fn choices(&self, key: &str, words: &[&str]) -> Result<Vec<usize>> {
        let wanted = format!("{}, or an array of these", alternatives(words));
        let found = self.typed(key, &wanted, |value| {
            let place = |word: &String| {
                let mut known = words.iter();
                known.position(|known| known.eq_ignore_ascii_case(word))
            };
            one_or_more(value)?.iter().map(place).collect()
        })?;
        Ok(found.unwrap_or_default())
    }

    /// A text or an array of texts; none where it is not given.
    pub fn one_or_more(&self, key: &str) -> Result<Vec<String>> {
        let found = self.typed(key, TEXTS, one_or_more)?;
        Ok(found.unwrap_or_default())
    }

    /// An object of names, each with a text or an array of texts.
    pub fn named_texts(&self, key: &str) -> Result<Vec<(String, Vec<String>)>> {
        let wanted = "an object such as {\"X-Spam-Flag\": \"YES\"}";
        let named = self.typed(key, wanted, |value| {
            let named =
                |(name, value): (&String, &Value)| Some((name.clone(), one_or_more(value)?));
            value.as_object()?.iter().map(named).collect()
        })?;
        Ok(named.unwrap_or_default())
    }

    /// Those of `keys` that are given, in that order, as a JSON object; empty
    /// where none is.
    pub fn part(&self, keys: &[&str]) -> String {
        let given = |key: &&str| Some(((*key).to_owned(), self.0.get(*key)?.clone()));
        let part: Map<String, Value> = keys.iter().filter_map(given).collect();
        if part.values().all(Value::is_null) {
            return String::new();
        }
        Value::from(part).to_string()
    }

    /// Some texts: a JSON array of them, or one text with commas between them.
    pub fn texts(&self, key: &str) -> Result<Option<Vec<String>>> {
        self.typed(key, TEXTS, |value| match value {
            Value::String(text) => Some(text.split(',').map(|one| one.trim().to_owned()).collect()),
            Value::Array(list) => list
                .iter()
                .map(|one| one.as_str().map(str::to_owned))
                .collect(),
            _ => None,
        })
    }

    /// A yes or no: JSON's true and false, or SQL's 1 and 0.
    pub fn switch(&self, key: &str) -> Result<bool> {
        let value = self.typed(key, "true or false", |value| match value {
            Value::Bool(on) => Some(*on),
            _ => value.as_u64().filter(|&n| n < 2).map(|n| n == 1),
        })?;
        Ok(value.unwrap_or(false))
    }

    fn typed<'a, T>(
        &'a self,
        key: &str,
        wanted: &str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<Option<T>> {
        match self.0.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => read(value).map(Some).ok_or_else(|| {
                let found = quote(&value.to_string());
                Error::usage(format!("option {key} must be {wanted}, not {found}"))
            }),
        }
    }
}

/// What [`Options::one_or_more`] and [`Options::texts`] take.
const TEXTS: &str = "a text such as \"a\" or an array such as [\"a\", \"b\"]";

/// Words as a sentence offers them: `a, b or c`.
fn alternatives(words: &[&str]) -> String {
    match words.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        _ => words.concat(),
    }
}

fn one_or_more(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(vec![text.clone()]),
        Value::Array(texts) => texts
            .iter()
            .map(|t| t.as_str().map(str::to_owned))
            .collect(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message<T>(result: Result<T>) -> String {
        result.err().unwrap().to_string()
    }

    #[test]
    fn null_and_absent_are_not_given() {
        let options = Options::parse(Some(r#"{"timeout": null}"#), &CONNECTION_KEYS).unwrap();
        assert_eq!(options.seconds("timeout").unwrap(), None);
        assert_eq!(options.path("ca_file").unwrap(), None);
        assert!(!options.switch("timeout").unwrap());
        assert!(Options::parse(None, &[]).is_ok());
    }

    #[test]
    fn values_are_typed() {
        let text = r#"{"timeout": 0.5, "max_size": 1000, "ca_file": "ca.pem", "deadline": 1}"#;
        let options = Options::parse(Some(text), &CONNECTION_KEYS).unwrap();
        assert_eq!(
            options.seconds("timeout").unwrap(),
            Some(Duration::from_millis(500))
        );
        assert_eq!(options.count("max_size").unwrap(), Some(1000));
        assert_eq!(
            options.path("ca_file").unwrap(),
            Some(PathBuf::from("ca.pem"))
        );
        assert!(options.switch("deadline").unwrap());
        for (address, meant) in [
            ("127.0.0.1", "127.0.0.1:53"),
            ("::1", "[::1]:53"),
            ("[::1]:5353", "[::1]:5353"),
        ] {
            let text = format!(r#"{{"ca_file": "{address}"}}"#);
            let options = Options::parse(Some(&text), &CONNECTION_KEYS).unwrap();
            let read = options.address("ca_file", 53).unwrap().unwrap();
            assert_eq!(read.to_string(), meant);
        }
    }

    #[test]
    fn wrong_options_get_one_sentence() {
        let parse = |text| Options::parse(Some(text), &CONNECTION_KEYS);
        assert_eq!(
            message(parse(r#"{"timeuot": 1}"#)),
            "imap: unknown option 'timeuot' (known: ca_file, compress, deadline, max_size, timeout, tls_pin)"
        );
        assert_eq!(
            message(parse("[1]")),
            "imap: options must be a JSON object, such as '{\"timeout\": 10}': \
             invalid type: sequence, expected a map at line 1 column 0"
        );
        assert_eq!(
            message(Options::parse_like(
                Some("no"),
                &["mode"],
                "{\"mode\": \"stix\"}"
            )),
            "imap: options must be a JSON object, such as '{\"mode\": \"stix\"}': \
             expected ident at line 1 column 2"
        );
        let seconds = |text| message(parse(text).unwrap().seconds("timeout"));
        assert_eq!(
            seconds(r#"{"timeout": "soon"}"#),
            "imap: option timeout must be a number of seconds above 0, not \"soon\""
        );
        assert_eq!(
            seconds(r#"{"timeout": 0}"#),
            "imap: option timeout must be a number of seconds above 0, not 0"
        );
        assert_eq!(
            message(parse(r#"{"max_size": -1}"#).unwrap().count("max_size")),
            "imap: option max_size must be a whole number above 0, not -1"
        );
        assert_eq!(
            message(parse(r#"{"ca_file": 7}"#).unwrap().path("ca_file")),
            "imap: option ca_file must be the path of a file in double quotes, not 7"
        );
        assert_eq!(
            message(parse(r#"{"ca_file": "h"}"#).unwrap().address("ca_file", 1)),
            "imap: option ca_file must be an IP address such as 192.0.2.53, 192.0.2.53:5353 or \
             [2001:db8::53]:5353, not \"h\""
        );
        assert_eq!(
            message(
                parse(r#"{"max_size": 7}"#)
                    .unwrap()
                    .text("max_size", "a name such as \"laptop\"")
            ),
            "imap: option max_size must be a name such as \"laptop\", not 7"
        );
        for wrong in ["7", "\"x\""] {
            let text = format!("{{\"timeout\": {wrong}}}");
            let options = Options::parse(Some(&text), &CONNECTION_KEYS).unwrap();
            let read = |text: &str| text.parse::<u16>().ok();
            assert_eq!(
                message(options.parsed("timeout", "digits such as \"10\"", read)),
                format!("imap: option timeout must be digits such as \"10\", not {wrong}")
            );
            assert_eq!(
                message(options.choices("timeout", &["a", "b", "c"])),
                format!(
                    "imap: option timeout must be a, b or c, or an array of these, not {wrong}"
                )
            );
        }
        assert_eq!(
            message(
                parse(r#"{"timeout": "no"}"#)
                    .unwrap()
                    .choice("timeout", &["a", "b", "c"])
            ),
            "imap: option timeout must be a, b or c, not \"no\""
        );
        assert_eq!(
            message(parse(r#"{"timeout": [7]}"#).unwrap().one_or_more("timeout")),
            "imap: option timeout must be a text such as \"a\" or an array such as [\"a\", \"b\"], \
             not [7]"
        );
        assert_eq!(
            message(parse(r#"{"timeout": "x"}"#).unwrap().named_texts("timeout")),
            "imap: option timeout must be an object such as {\"X-Spam-Flag\": \"YES\"}, not \"x\""
        );
        assert_eq!(
            message(parse(r#"{"timeout": "yes"}"#).unwrap().switch("timeout")),
            "imap: option timeout must be true or false, not \"yes\""
        );
    }
}
