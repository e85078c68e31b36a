//! Whole messages: header and parts are pieces of the bytes, every way to them
//! gives the same, and nothing grows out of proportion.

#![no_main]

#[path = "../../tests/support/columns.rs"]
mod columns;

use std::collections::HashSet;

use columns::columns;
use imap0::mail::accepted::Form;
use imap0::mail::message::raw_text;
use imap0::mail::part_row::{self, PartRow};
use imap0::mail::{Headers, Message, problem, summary};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use sqlite_imap_fuzz::{assert_no_nul, assert_text, shield};

/// The fields are what the header says they are, in order, and with the lines
/// that are none they are all of it.
fn assert_fields(raw: &[u8], headers: &Headers<'_>) {
    let mut end = 0;
    for field in headers.fields() {
        let value_end = field.value_offset + field.value.len();
        assert!(end <= field.offset && value_end <= headers.length());
        assert!(raw[field.offset..].starts_with(field.name.as_bytes()));
        assert_eq!(&raw[field.value_offset..value_end], field.value);
        assert_eq!(raw[field.value_offset - 1], b':');
        end = value_end;
    }
    let is_bare = !raw.starts_with(b"From ") && !raw.starts_with(b">From ");
    if is_bare && headers.problems().iter().all(|p| p.field != "headers") {
        let mut whole = Vec::new();
        for field in headers.fields() {
            let blank = &raw[field.offset + field.name.len()..field.value_offset];
            whole.extend([field.name.as_bytes(), blank, field.value].concat());
            let rest = &raw[whole.len()..headers.length()];
            let line_end = if rest.starts_with(b"\r") { 2 } else { 1 };
            whole.extend_from_slice(&rest[..line_end.min(rest.len())]);
        }
        assert!(raw.starts_with(&whole));
        let empty_line = &raw[whole.len()..headers.length()];
        assert!(matches!(empty_line, b"" | b"\n" | b"\r\n"));
    }
}

/// Everything that a header says.
fn all_of(headers: &Headers<'_>) -> Vec<Option<String>> {
    let mut all = columns(headers);
    all.push(headers.to_json());
    all
}

/// What must not depend on how lines end.
fn outline(raw: &[u8]) -> Vec<(Option<String>, String, Option<String>)> {
    let of = |part: PartRow| (part.part, part.content_type, part.filename);
    part_row::parts(raw).into_iter().map(of).collect()
}

fn assert_parts(raw: &[u8]) {
    let mut numbers = HashSet::new();
    let mut sum = 0;
    for part in part_row::parts(raw) {
        let place = part
            .part
            .clone()
            .or(part.message.clone().map(|m| m + ".TEXT"));
        assert!(numbers.insert(place), "{part:?}");
        if let Some(message) = &part.message {
            assert!(part.part.is_none_or(|number| number.starts_with(message)));
        }
        if part.message.is_none() {
            sum += part.content.as_ref().map_or(0, Vec::len);
        }
        let names = [part.filename, part.charset, part.content_id];
        names.iter().flatten().for_each(|text| assert_text(text));
        // One byte of windows-1252 is at most three of UTF-8.
        let size = part.content.map_or(0, |content| content.len());
        assert!(part.text.is_none_or(|text| text.len() <= 4 * size + 4));
    }
    if Form::of(raw) == Form::Mime {
        assert!(sum <= raw.len(), "{sum} bytes of {}", raw.len());
    }
}

fuzz_target!(init: shield(), |raw: &[u8]| {
    let message = Message::parse(raw);
    let headers = message.headers();
    assert_fields(raw, headers);

    let whole = all_of(headers);
    assert_eq!(all_of(&Headers::parse(&raw[..headers.length()])), whole);
    whole.iter().flatten().for_each(|text| assert_text(text));

    let texts = message.text_bodies();
    assert_eq!(message.body_text().as_ref().or(texts.first()), texts.first());
    texts.iter().for_each(|text| assert_text(text));
    message.html_bodies().iter().for_each(|text| assert_text(text));
    if let Some(json) = message.to_json() {
        let value: Value = serde_json::from_str(&json).expect("JSON");
        let parts = value["parts"].as_array().expect("parts");
        for part in parts {
            let [start, body, end] = ["offset_header", "offset_body", "offset_end"]
                .map(|key| part[key].as_u64().expect("an offset") as usize);
            assert!(start <= body && body <= end && end <= raw.len());
        }
        assert_no_nul(&value);
    }
    problem::to_json(&message.problems());
    assert!(!raw_text(raw).contains('\0'));

    let parsed = summary::of(raw);
    assert_no_nul(&parsed);
    if Form::of(raw) == Form::Mime {
        assert_eq!(parsed["subject"].as_str().map(str::to_owned), headers.subject());
    }
    assert_parts(raw);
    // Mail is CRLF on the wire and LF on disk, and the same mail.
    if Form::of(raw) == Form::Mime && !raw.contains(&b'\r') {
        let wire = raw.split(|&byte| byte == b'\n').collect::<Vec<_>>().join(&b"\r\n"[..]);
        assert_eq!(all_of(&Headers::parse(&wire)), whole);
        assert_eq!(outline(&wire), outline(raw));
    }
});
