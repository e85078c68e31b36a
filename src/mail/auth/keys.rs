//! The keys that the caller gives, by their names in the DNS, and the names that
//! a message asks for.

use super::key::{Algorithm, Key};
use super::signature::Signature;
use super::{MAX_SIGNATURES, accepted};
use crate::mail::headers::Headers;
use crate::mail::indicator::to_ascii;
use std::collections::HashMap;

/// Key records by their name in the DNS, `selector._domainkey.domain`.
#[derive(Debug, Default)]
pub struct Keys(HashMap<String, Record>);

/// What is known of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// The text of its TXT record.
    Text(String),
    /// It has none.
    Absent,
    /// It could not be found out; why.
    Unknown(String),
}

/// Why there is no record of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The caller said nothing of it.
    NotGiven(String),
    /// It has none.
    Absent(String),
    /// It could not be found out; why.
    Unknown(String, String),
}

impl Keys {
    /// Adds what is known of a name.
    pub fn add(&mut self, name: &str, record: Record) {
        self.0.insert(canonical(name), record);
    }

    /// The record of a selector in a domain.
    pub fn find(&self, selector: &str, domain: &str) -> Result<&str, Missing> {
        let name = name(selector, domain);
        match self.0.get(&name) {
            Some(Record::Text(text)) => Ok(text),
            Some(Record::Absent) => Err(Missing::Absent(name)),
            Some(Record::Unknown(why)) => Err(Missing::Unknown(name, why.clone())),
            None => Err(Missing::NotGiven(name)),
        }
    }
}

fn name(selector: &str, domain: &str) -> String {
    canonical(&format!("{selector}._domainkey.{domain}"))
}

/// One spelling for each name; domains outside ASCII have their own in the DNS
/// (RFC 8616 section 5).
fn canonical(name: &str) -> String {
    let name = name.trim_end_matches('.');
    to_ascii(name).unwrap_or_else(|| name.to_lowercase())
}

/// The most names that one message may ask for.
const MAX_NAMES: usize = 32;

/// The names of the keys that the signatures of a message name, in their order,
/// each once; of those that can count by their algorithm.
pub fn key_names(raw: &[u8]) -> Vec<String> {
    let mime = accepted::mime(raw);
    let headers = Headers::parse(&mime);
    let mut names: Vec<String> = Vec::new();
    for kind in ["DKIM-Signature", "ARC-Message-Signature", "ARC-Seal"] {
        for value in headers.all(kind).take(MAX_SIGNATURES) {
            let Some(name) = key_name(value) else {
                continue;
            };
            if names.len() < MAX_NAMES && !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}

fn key_name(value: &[u8]) -> Option<String> {
    let tags = Signature::parse(value).tags?;
    Algorithm::named(tags.value("a")?).ok()?;
    Some(name(tags.value("s")?, tags.value("d")?))
}

/// The record to take of several at one name, which there should not be (RFC
/// 6376 section 3.6.2.2): the first that is a key, else the first.
pub fn best_record(mut records: Vec<String>) -> Option<String> {
    let is_key = |record: &String| Key::parse(record).is_ok();
    let index = records.iter().position(is_key).unwrap_or(0);
    (index < records.len()).then(|| records.swap_remove(index))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_in_any_case() {
        let mut keys = Keys::default();
        let text = Record::Text("p=YQ==".into());
        keys.add("Sel._DomainKey.Example.org.", text.clone());
        keys.add("s._domainkey.xn--mnchen-3ya.de", text);
        assert_eq!(keys.find("sel", "EXAMPLE.ORG"), Ok("p=YQ=="));
        assert_eq!(keys.find("s", "münchen.de"), Ok("p=YQ=="));
        assert_eq!(
            keys.find("other", "example.org"),
            Err(Missing::NotGiven("other._domainkey.example.org".into()))
        );
    }

    #[test]
    fn each_key_is_named_once_if_it_can_count() {
        let signature = |kind: &str, algorithm: &str, selector: &str| {
            format!("{kind}: v=1; a={algorithm}; d=D.example; s={selector}; b=x\n")
        };
        let raw = [
            signature("ARC-Seal", "rsa-sha256", "c"),
            signature("DKIM-Signature", "rsa-sha256", "a"),
            signature("DKIM-Signature", "ed25519-sha256", "a"),
            signature("DKIM-Signature", "rsa-sha1", "old"),
            "DKIM-Signature: junk\n".to_owned(),
            signature("ARC-Message-Signature", "rsa-sha256", "b"),
        ];
        let names = ["a", "b", "c"].map(|selector| format!("{selector}._domainkey.d.example"));
        assert_eq!(key_names(raw.concat().as_bytes()), names);
        let many: String = (0..100)
            .map(|number| signature("ARC-Seal", "rsa-sha256", &format!("s{number}")))
            .collect();
        assert_eq!(key_names(many.as_bytes()).len(), MAX_NAMES);
        assert_eq!(key_names(b""), [""; 0]);
    }

    #[test]
    fn of_several_records_a_key_counts() {
        let records = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect();
        assert_eq!(best_record(records(&[])), None);
        assert_eq!(best_record(records(&["a", "b"])), Some("a".into()));
        assert_eq!(
            best_record(records(&["a", "p=YQ=="])),
            Some("p=YQ==".into())
        );
    }
}
