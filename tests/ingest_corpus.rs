//! A whole mailbox of real mail, there and back: nothing lost, nothing twice,
//! no byte and no flag changed.
//!
//! Where the corpus of tests/support/corpus.rs is absent, the demo's mail takes
//! its place, and the test says so.

mod rssd;
mod support;

use std::collections::BTreeSet;

use imap0::mail::digest::sha256_hex;
use rssd::Rssd;
use support::corpus;
use support::dovecot::Dovecot;
use support::mail::Mail;
use support::skipped::skipped;
use support::user::User;

/// Fills INBOX; how many messages there are.
fn fill(user: &User<'_>) -> usize {
    let mails: Vec<Mail> = corpus::messages("spamassassin")
        .into_iter()
        .map(Mail::raw)
        .collect();
    if mails.is_empty() {
        skipped("ingest_corpus: THE CORPUS IS ABSENT, only the demo's mail was ingested");
        user.fill_with_demo_mail();
    } else {
        user.append("INBOX", &mails);
    }
    user.client().raw_messages("INBOX").len()
}

#[test]
fn every_message_arrives_byte_for_byte_and_once() {
    let user = Dovecot::shared().user("corpus");
    let count = fill(&user);
    assert!(count > 100);
    let held = user.client().raw_messages("INBOX");
    let digests: Vec<String> = held.values().map(|raw| sha256_hex(raw)).collect();
    let state = || user.status("INBOX", "messages recent unseen highestmodseq uidnext");
    let before = state();

    let rows = user
        .shell()
        .rows("SELECT uid, size, sha256 FROM imap_messages();");
    assert_eq!(rows.len(), count);
    for ((row, (uid, raw)), digest) in rows.iter().zip(&held).zip(&digests) {
        assert_eq!(row["uid"], *uid);
        assert_eq!(row["size"], raw.len(), "{}", String::from_utf8_lossy(raw));
        assert_eq!(row["sha256"], *digest);
    }

    let rssd = Rssd::of(&user);
    let [fetched, inserted, already_there, failed] = rssd.counts("{}").map(|n| n as usize);
    assert_eq!((fetched, failed), (count, 0));
    assert_eq!(inserted + already_there, count);
    let kept =
        rssd.ask("SELECT elaboration ->> '$.sha256' FROM uniform_resource WHERE nature = 'text';");
    let kept: BTreeSet<&str> = kept.lines().collect();
    assert_eq!(kept, digests.iter().map(String::as_str).collect());
    assert_eq!(
        rssd.ask("SELECT count(*) FROM imap_sync_message;").trim(),
        count.to_string()
    );
    assert_eq!(rssd.ask("PRAGMA foreign_key_check;"), "");
    assert_eq!(rssd.ask("PRAGMA integrity_check;").trim(), "ok");

    assert_eq!(rssd.counts("{}"), [0, 0, 0, 0]);
    assert_eq!(state(), before);
    let file = std::fs::read(rssd.path()).unwrap();
    let secret = user.password.as_bytes();
    assert!(!file.windows(secret.len()).any(|window| window == secret));
}

#[test]
fn a_large_messages_text_is_the_same_alone_and_in_the_whole() {
    let user = Dovecot::shared().user("text-part");
    let mut mails = corpus::messages("spamassassin");
    mails.truncate(300);
    mails.push(b"Subject: own\r\n\r\nown\r\n".to_vec());
    // Each is made large by an attachment, so that its text is fetched alone.
    let attachment = "QUFB".repeat(40_000);
    let large = mails.iter().map(|raw| {
        let text = imap0::mail::Message::parse(raw)
            .into_body_text()
            .unwrap_or_default();
        let text: String = text
            .chars()
            .filter(|c| !c.is_control() || *c == '\n')
            .collect();
        let text = text.replace('\n', "\r\n");
        Mail::raw(format!(
            "Subject: large\r\nMIME-Version: 1.0\r\n\
             Content-Type: multipart/mixed; boundary=\"=b=\"\r\n\r\n--=b=\r\n\
             Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\
             {text} and some more, so that it is no short one\r\n--=b=\r\n\
             Content-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n\r\n\
             {attachment}\r\n--=b=--\r\n"
        ))
    });
    let large: Vec<Mail> = large.collect();
    user.append("INBOX", &large);
    let (_, traffic) = user.observe(|| {
        user.shell()
            .rows("SELECT sum(length(body_text)) FROM imap_messages();")
    });
    assert!(
        traffic.bytes_out < 160_000 * large.len() as u64 / 2,
        "{traffic:?}"
    );
    let rows = user.shell().rows(
        "SELECT count(*) AS n, sum(a.body_text IS b.body_text) AS same, \
         sum(a.body_text IS NULL) AS textless \
         FROM (SELECT uid, body_text FROM imap_messages()) AS a \
         JOIN (SELECT uid, body_text, raw FROM imap_messages() WHERE length(raw) > 0) AS b \
         USING (uid);",
    );
    let n = large.len();
    assert_eq!(
        rows,
        [serde_json::json!({ "n": n, "same": n, "textless": 0 })]
    );
}
