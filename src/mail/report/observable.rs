//! What can be observed in a message, as STIX 2.1 observables (section 6),
//! with the identifiers that the standard derives.

use super::content::{Content, File};
use super::id::{identifier, of_message};
use super::published::Published;
use crate::mail::headers::Headers;
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

/// The message itself, then the addresses in its header and its attachments.
pub fn all(
    raw: &[u8],
    content: &Content,
    headers: &Headers<'_>,
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
