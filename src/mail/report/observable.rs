//! What can be observed in a message, as STIX 2.1 observables (section 6),
//! with the identifiers that the standard derives.

use super::content::{Content, File};
use super::id::{identifier, of_message};
use super::published::Published;
use crate::mail::headers::Headers;
use crate::mail::indicator::{Indicator, Kind};
use crate::mail::{Address, Role};
use serde_json::{Map, Value, json};
use std::collections::HashSet;

/// The most observables of one report.
const MAX_OBSERVABLES: usize = 10_000;

/// Collects objects, each once, all under one marking.
struct Found<'a> {
    marking: &'a str,
    known: HashSet<String>,
    objects: Vec<Value>,
}

/// The message itself, then the addresses in its header, its attachments and
/// the `indicators` in all of it.
pub fn all(
    raw: &[u8],
    content: &Content,
    headers: &Headers<'_>,
    indicators: &[Indicator],
    published: &Published,
    marking: &str,
) -> Vec<Value> {
    let mut found = Found {
        marking,
        known: HashSet::new(),
        objects: Vec::new(),
    };
    let mailboxes = |found: &mut Found<'_>, role| -> Vec<Value> {
        let list = headers.mailboxes(role).into_iter();
        list.filter_map(|mailbox| found.mailbox(mailbox)).collect()
    };
    let from = mailboxes(&mut found, Role::From);
    let to = mailboxes(&mut found, Role::To);
    let cc = mailboxes(&mut found, Role::Cc);
    for role in [Role::Sender, Role::ReplyTo, Role::Bcc] {
        mailboxes(&mut found, role);
    }
    for file in &content.files {
        found.file(file);
    }
    for indicator in indicators {
        found.indicator(indicator);
    }
    let subject = headers.subject();
    let mut identifying = Vec::new();
    if let Some(from) = from.first() {
        identifying.push(("from_ref", from.clone()));
    }
    if let Some(subject) = &subject {
        identifying.push(("subject", json!(subject)));
    }
    let id = if identifying.is_empty() {
        of_message("email-message", raw)
    } else {
        identifier("email-message", &identifying)
    };
    let mut message = Map::new();
    message.insert("is_multipart".into(), json!(content.is_multipart));
    message.insert("date".into(), json!(published.stix()));
    message.insert("message_id".into(), json!(headers.message_id()));
    message.insert("subject".into(), json!(subject));
    message.insert("from_ref".into(), json!(from.first()));
    for (key, list) in [("to_refs", to), ("cc_refs", cc)] {
        if !list.is_empty() {
            message.insert(key.into(), list.into());
        }
    }
    message.retain(|_, value| !value.is_null());
    let mut objects = vec![found.object("email-message", &id, message)];
    objects.extend(found.objects);
    objects
}

impl Found<'_> {
    /// The address of a mailbox; its identifier.
    fn mailbox(&mut self, mailbox: Address) -> Option<Value> {
        let address = mailbox.address.filter(|address| address.contains('@'))?;
        Some(self.value("email-addr", &address))
    }

    /// What an indicator points to, where STIX has an object for it: dates,
    /// cards and crypto currencies have none.
    fn indicator(&mut self, indicator: &Indicator) {
        let (Some(kind), Some(value)) = (indicator.kind, &indicator.normalised) else {
            return;
        };
        match kind {
            Kind::Ipv4 => drop(self.value("ipv4-addr", value)),
            Kind::Ipv6 => drop(self.value("ipv6-addr", value)),
            Kind::Email => drop(self.value("email-addr", value)),
            Kind::Domain => drop(self.value("domain-name", value)),
            Kind::Url => drop(self.value("url", value)),
            // Those of attachments are with the files.
            Kind::Md5 | Kind::Sha1 | Kind::Sha256 if indicator.source == "content" => {}
            Kind::Md5 => self.digest("MD5", value),
            Kind::Sha1 => self.digest("SHA-1", value),
            Kind::Sha256 => self.digest("SHA-256", value),
            Kind::DateTime | Kind::Card | Kind::Crypto => {}
        }
    }

    /// A file of which only a digest is known.
    fn digest(&mut self, algorithm: &str, value: &str) {
        let hashes = json!({ algorithm: value });
        let id = identifier("file", &[("hashes", hashes.clone())]);
        self.add(
            "file",
            id,
            [("hashes".to_owned(), hashes)].into_iter().collect(),
        );
    }

    /// An object whose one identifying property is its value; its identifier.
    fn value(&mut self, kind: &str, value: &str) -> Value {
        let id = identifier(kind, &[("value", json!(value))]);
        let properties = [("value".to_owned(), json!(value))];
        self.add(kind, id, properties.into_iter().collect())
    }

    fn file(&mut self, file: &File) {
        // Of several digests the standard takes the first in this order.
        let mut identifying = vec![("hashes", json!({ "MD5": file.md5 }))];
        let mut properties = Map::new();
        let hashes = json!({ "MD5": file.md5, "SHA-1": file.sha1, "SHA-256": file.sha256 });
        properties.insert("hashes".into(), hashes);
        properties.insert("size".into(), json!(file.size));
        properties.insert("mime_type".into(), json!(file.mime_type));
        if let Some(name) = &file.name {
            identifying.push(("name", json!(name)));
            properties.insert("name".into(), json!(name));
        }
        self.add("file", identifier("file", &identifying), properties);
    }

    /// Adds an object that is not there yet; its identifier.
    fn add(&mut self, kind: &str, id: String, properties: Map<String, Value>) -> Value {
        if self.objects.len() < MAX_OBSERVABLES && !self.known.contains(&id) {
            let object = self.object(kind, &id, properties);
            self.objects.push(object);
            self.known.insert(id.clone());
        }
        id.into()
    }

    fn object(&self, kind: &str, id: &str, properties: Map<String, Value>) -> Value {
        let mut object = json!({
            "type": kind,
            "spec_version": "2.1",
            "id": id,
            "object_marking_refs": [self.marking],
        });
        if let Value::Object(object) = &mut object {
            object.extend(properties);
        }
        object
    }
}

#[cfg(test)]
mod tests {
    use crate::mail::report::{Options, bundle};

    /// The objects of a type, by the property that shows them.
    fn seen(raw: &str, kind: &str, property: &str) -> Vec<String> {
        let bundle = bundle(raw.as_bytes(), &Options::default());
        let objects = bundle["objects"].as_array().cloned().unwrap_or_default();
        let seen = objects.iter().filter(|object| object["type"] == kind);
        seen.map(|object| object[property].to_string().replace('"', ""))
            .collect()
    }

    #[test]
    fn what_the_message_shows_is_referred_to_once() {
        let raw = "From: a@b.example\nTo: c@d.example\nSubject: s\n\n\
            hxxp://evil[.]example.com/x and 192.0.2.7, again 192.0.2.7\n\
            d41d8cd98f00b204e9800998ecf8427e\n";
        assert_eq!(seen(raw, "url", "value"), ["http://evil.example.com/x"]);
        assert_eq!(seen(raw, "ipv4-addr", "value"), ["192.0.2.7"]);
        let addresses = seen(raw, "email-addr", "value");
        assert_eq!(addresses, ["a@b.example", "c@d.example"]);
        let digest = "{MD5:d41d8cd98f00b204e9800998ecf8427e}";
        assert_eq!(seen(raw, "file", "hashes"), [digest]);
        assert_eq!(seen(raw, "email-message", "subject"), ["s"]);
    }

    #[test]
    fn a_message_without_anything_is_observed_itself() {
        assert_eq!(seen("", "email-message", "is_multipart"), ["false"]);
    }
}
