//! What is handed to other systems: events, feeds and reports are whole, hold
//! what the message holds, and refer to nothing that is not there.

#![no_main]

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use imap0::mail::digest::{md5_hex, sha256_hex};
use imap0::mail::event::{Attachments, event};
use imap0::mail::feed::feed;
use imap0::mail::part_row;
use imap0::mail::report::{Mode, Options, bundle};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use sqlite_imap_fuzz::shield;

fn assert_event(raw: &[u8]) {
    let told = event(raw, Attachments::Included { below: None });
    let rows = part_row::parts(raw);
    let leaves = rows
        .iter()
        .filter(|row| row.message.is_none() && !row.place.is_multipart);
    let parts = told["parts"].as_array().expect("parts");
    assert_eq!(parts.len(), leaves.count());
    for part in parts {
        if let Some(content) = part["body_base64"].as_str() {
            let content = STANDARD.decode(content).expect("base64");
            assert_eq!(part["hashes"]["md5"], md5_hex(&content));
            assert_eq!(part["size"], content.len());
        }
    }
}

fn assert_feed(raw: &[u8]) {
    let told = feed(raw);
    assert_eq!(told["sha256"], sha256_hex(raw));
    let text = told["msg"].as_str().expect("text");
    let bytes = match told["msg_base64"].as_str() {
        Some(exact) => STANDARD.decode(exact).expect("base64"),
        None => text.as_bytes().to_vec(),
    };
    assert_eq!(bytes, raw);
}

fn assert_bundle(raw: &[u8]) {
    let told = bundle(raw, &Options::default());
    let objects = told["objects"].as_array().expect("objects");
    let mut ids = HashSet::new();
    for object in objects {
        let id = object["id"].as_str().expect("an id");
        assert!(ids.insert(id), "{id} twice");
        let kind = object["type"].as_str().expect("a type");
        assert!(id.starts_with(&format!("{kind}--")) && id.len() == kind.len() + 38);
    }
    for reference in objects[0]["object_refs"].as_array().into_iter().flatten() {
        assert!(
            reference.as_str().is_some_and(|id| ids.contains(id)),
            "{reference}"
        );
    }
    let theirs = Options {
        mode: Mode::OpenCti,
        ..Options::default()
    };
    let theirs: Value = bundle(raw, &theirs);
    assert_eq!(theirs["objects"][0]["name"], objects[0]["name"]);
}

fuzz_target!(init: shield(), |raw: &[u8]| {
    assert_event(raw);
    assert_feed(raw);
    assert_bundle(raw);
});
