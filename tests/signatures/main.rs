//! DKIM signatures over the mail of the corpus, made by dkimpy and some of the
//! messages then changed: it and this library must say the same of each.

#[path = "../support/mod.rs"]
mod support;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use imap0::mail::auth::{Keys, Record, describe};
use serde_json::Value;
use std::fmt::Write;
use std::process::Command;
use support::corpus;
use support::library::host;
use support::process::Running;
use support::skipped::skipped;
use support::until::PATIENCE;

/// Every so many of SpamAssassin's messages, and all of mail-parser's.
const STEP: usize = 20;

#[test]
fn signatures_count_where_they_count_for_dkimpy() {
    let mut messages: Vec<_> = corpus::messages("spamassassin")
        .into_iter()
        .step_by(STEP)
        .collect();
    messages.extend(corpus::messages("mail-parser"));
    if messages.is_empty() {
        skipped("signatures: THE CORPUS IS ABSENT, nothing was compared");
        return;
    }
    let mut lines = String::new();
    for raw in &messages {
        writeln!(lines, "{}", STANDARD.encode(raw)).unwrap();
    }
    let mut sign = Command::new(host("dkim/bin/python"));
    sign.arg(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/signatures/dkimpy.py"
    ));
    let signed = Running::start(&mut sign, lines.as_bytes()).finish(PATIENCE);
    assert!(signed.status.success(), "{}", signed.stderr);

    let (mut passed, mut failed) = (0, 0);
    for line in signed.text().lines() {
        let signed: Value = serde_json::from_str(line).unwrap();
        let raw = STANDARD.decode(signed["raw"].as_str().unwrap()).unwrap();
        let mut keys = Keys::default();
        let record = signed["record"].as_str().unwrap().to_owned();
        keys.add("s._domainkey.d.example", Record::Text(record));
        let found = &describe(&raw, &keys)["dkim"][0];
        let passes = found["result"] == "pass";
        assert_eq!(
            passes,
            signed["passes"] == true,
            "{}: {found}\n{}",
            signed["how"],
            String::from_utf8_lossy(&raw)
        );
        *(if passes { &mut passed } else { &mut failed }) += 1;
    }
    assert!(passed > 200 && failed > 200, "{passed} pass, {failed} fail");
}
