//! The keys that the caller gives, by their names in the DNS.

use super::key::Key;
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

/// Where the key of a selector in a domain is, in its one spelling.
pub(super) fn name(selector: &str, domain: &str) -> String {
    canonical(&format!("{selector}._domainkey.{domain}"))
}

/// One spelling for each name; domains outside ASCII have their own in the DNS
/// (RFC 8616 section 5).
fn canonical(name: &str) -> String {
    let name = name.trim_end_matches('.');
    to_ascii(name).unwrap_or_else(|| name.to_lowercase())
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
