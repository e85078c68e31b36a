//! MimeKit's expectations: of its mailbox files the offsets of every part and
//! a summary of every message, of its TNEF streams the names of the files in
//! them and the files.

use std::collections::BTreeMap;

use imap0::mail::Headers;
use imap0::mail::accepted::mime;
use imap0::mail::part_row::{self, PartRow};
use serde_json::Value;

use super::outline::{name, outline, without_cr};
use super::support::corpus::CORPUS;
use super::{Comparison, file};

/// Mailbox files that the corpus has with what is expected of them.
const MAILBOXES: [&str; 2] = ["content-length", "issue1189"];

/// Where a multipart ends is not compared: here before the line that closes
/// it, in MimeKit behind the epilogue.
const END_OF_MULTIPART: usize = usize::MAX;

/// Compares every expectation with its message.
pub fn compare() -> Comparison {
    let mut found = Comparison::new("MimeKit");
    for mailbox in MAILBOXES {
        let path = |ending: &str| format!("mimekit/mbox/{mailbox}{ending}");
        let (Some(bytes), Some(offsets), Some(summary)) = (
            file(&path(".mbox.txt")),
            file(&path(".unix-offsets.json")),
            file(&path("-summary.txt")),
        ) else {
            continue;
        };
        let offsets: Vec<Value> = serde_json::from_slice(offsets).expect("JSON");
        let summary = String::from_utf8_lossy(summary).into_owned();
        let summaries: Vec<&str> = summary.split("\n\n").map(str::trim).collect();
        for (number, (offsets, summary)) in offsets.iter().zip(summaries).enumerate() {
            found.messages += 1;
            let message = format!("mimekit/mbox/{mailbox} {}", number + 1);
            let begin = number_of(offsets, "beginOffset");
            let raw = &bytes[begin..number_of(offsets, "endOffset")];
            let mut theirs = BTreeMap::new();
            expected(offsets, None, begin, &mut theirs);
            let ours = outline(raw).into_iter().map(|(name, part)| {
                let mut places = part.places.unwrap_or_default();
                if part.kind.starts_with("multipart/") {
                    places[2] = END_OF_MULTIPART;
                }
                (name, (part.kind, places))
            });
            let ours: Places = ours.collect();
            let kinds = |parts: &Places| -> Vec<(String, String)> {
                let kind =
                    |(name, (kind, _)): (&String, &(String, _))| (name.clone(), kind.clone());
                parts.iter().map(kind).collect()
            };
            found.check(&message, "parts", &kinds(&theirs), &kinds(&ours));
            for (name, (_, places)) in &theirs {
                if let Some((_, own)) = ours.get(name) {
                    found.check(&message, "offsets", &(name, places), &(name, own));
                }
            }
            compare_summary(&mut found, &message, summary, raw);
        }
    }
    for (path, raw) in CORPUS.iter() {
        let stem = path.strip_suffix(".tnef");
        if let Some(stem) = stem.filter(|stem| stem.starts_with("mimekit/")) {
            found.messages += 1;
            compare_files(&mut found, stem, raw);
        }
    }
    found
}

/// The type and the places of every part, by its number.
type Places = BTreeMap<String, (String, [usize; 3])>;

fn number_of(value: &Value, key: &str) -> usize {
    let number = value[key].as_u64().expect("a number");
    usize::try_from(number).expect("within a file")
}

/// Reads the offsets of a message, those within the whole file.
fn expected(message: &Value, outer: Option<&str>, base: usize, parts: &mut Places) {
    let body = &message["body"];
    let is_multipart = body["children"].is_array();
    let number = match outer {
        _ if is_multipart => None,
        Some(outer) => Some(format!("{outer}.1")),
        None => Some("1".to_owned()),
    };
    part(body, outer, number, base, parts);
}

fn part(
    value: &Value,
    message: Option<&str>,
    number: Option<String>,
    base: usize,
    parts: &mut Places,
) {
    let places = ["beginOffset", "headersEndOffset", "endOffset"];
    let mut places = places.map(|key| number_of(value, key) - base);
    // Media types are compared without case (RFC 2045 section 5.1).
    let kind = value["mimeType"]
        .as_str()
        .expect("a type")
        .to_ascii_lowercase();
    if kind.starts_with("multipart/") {
        places[2] = END_OF_MULTIPART;
    }
    parts.insert(name(message, number.as_deref()), (kind, places));
    let prefix = number.as_deref().or(message);
    let children = value["children"].as_array();
    for (at, child) in children.into_iter().flatten().enumerate() {
        let dot = prefix.map_or(String::new(), |prefix| format!("{prefix}."));
        part(
            child,
            message,
            Some(format!("{dot}{}", at + 1)),
            base,
            parts,
        );
    }
    if value["message"].is_object() {
        expected(&value["message"], number.as_deref(), base, parts);
    }
}

/// The lines From, To, Subject and Date of a summary.
fn compare_summary(found: &mut Comparison, message: &str, summary: &str, raw: &[u8]) {
    let headers = Headers::parse(raw);
    let mut fields = summary.lines().filter_map(|line| line.split_once(": "));
    for (field, theirs) in &mut fields {
        match field {
            "Subject" => {
                let ours = headers.subject().unwrap_or_default();
                found.check(message, "subject", &theirs.to_owned(), &ours);
            }
            "Date" => {
                let date = format!("Date: {theirs}\n\n");
                let theirs = Headers::parse(date.as_bytes()).date();
                found.check(message, "date", &theirs, &headers.date());
            }
            "From" | "To" => {
                let role = imap0::mail::Role::ALL;
                let role = role.into_iter().find(|role| role.field() == field);
                let role = role.expect("one of the roles");
                let ours: Vec<String> = headers
                    .mailboxes(role)
                    .into_iter()
                    .map(|mailbox| match (mailbox.name, mailbox.address) {
                        (Some(name), address) => {
                            format!("\"{name}\" <{}>", address.unwrap_or_default())
                        }
                        (None, address) => address.unwrap_or_default(),
                    })
                    .collect();
                found.check(message, "addresses", &theirs.to_owned(), &ours.join(", "));
            }
            _ => {}
        }
    }
}

/// The files in a TNEF stream: those extracted lie in a folder of its name.
fn compare_files(found: &mut Comparison, stem: &str, raw: &[u8]) {
    let rows = part_row::parts(raw);
    let own = rows.iter().filter(|row| row.message.is_none());
    let files = own.filter(|row| row.place.is_attachment);
    let mut ours: Vec<String> = files
        .clone()
        .filter_map(|row| row.filename.clone())
        .collect();
    let list = file(&format!("{stem}.list")).unwrap_or_default();
    let list = without_cr(list);
    let listed = list.lines().filter(|line| !line.starts_with("body."));
    let mut theirs: Vec<String> = listed.map(str::to_owned).collect();
    ours.sort();
    theirs.sort();
    found.check(stem, "file names", &theirs, &ours);
    let folder = format!("{stem}/");
    for (path, expected) in CORPUS.iter().filter(|(path, _)| path.starts_with(&folder)) {
        let file = &path[folder.len()..];
        if file.starts_with("message.") {
            continue;
        }
        // Those that are text lost their CR on the way into the corpus.
        let theirs = without_cr(expected);
        let same =
            |row: &&PartRow| row.content.as_deref().map(without_cr).as_ref() == Some(&theirs);
        let told = |text: &str| format!("{} bytes {:.50}", text.len(), text);
        let others = files.clone().filter_map(|row| row.content.as_deref());
        let others: Vec<String> = others.map(|content| told(&without_cr(content))).collect();
        let ours = match files.clone().find(same) {
            Some(_) => told(&theirs),
            None => others.join(", "),
        };
        found.check(
            &format!("{stem}/{file}"),
            "file content",
            &told(&theirs),
            &ours,
        );
    }
    assert!(
        !mime(raw).is_empty() || list.is_empty() || theirs.is_empty(),
        "{stem}"
    );
}
