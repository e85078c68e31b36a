//! What ten typical queries receive, next to all the mail there is.
//!
//! A report, and a bound for each, far above what it takes and far below what
//! a download would: `BYTES_MESSAGES=20000 cargo test --test bytes -- --nocapture`.

mod support;

use std::fmt::Write;

use support::dovecot::Dovecot;
use support::mail::Mail;

/// Each query, and the most it may receive in thousandths of all bytes.
const QUERIES: [(&str, u64); 10] = [
    ("SELECT count(*) FROM imap_messages()", 2),
    ("SELECT max(uid) FROM imap_messages()", 2),
    (
        "SELECT count(*) FROM imap_messages() WHERE seen = 0 AND size > 1500",
        2,
    ),
    (
        "SELECT uid, subject FROM imap_messages() ORDER BY uid DESC LIMIT 10",
        120,
    ),
    (
        "SELECT uid, subject, \"from\" FROM imap_messages() WHERE seen = 0",
        30,
    ),
    (
        "SELECT uid, size FROM imap_messages() WHERE internal_date >= '2026-01-28'",
        20,
    ),
    (
        "SELECT body_text FROM imap_messages() WHERE subject LIKE '%message 77'",
        20,
    ),
    (
        "SELECT raw FROM imap_messages() WHERE message_id = '7@example.org'",
        5,
    ),
    (
        "SELECT raw FROM imap_messages() WHERE uid > (SELECT max(uid) - 5 FROM imap_messages())",
        10,
    ),
    ("SELECT subject, \"from\", date FROM imap_messages()", 150),
];

#[test]
fn queries_receive_what_they_show() {
    let count = std::env::var("BYTES_MESSAGES").map_or(2_000, |count| count.parse().unwrap());
    let user = Dovecot::shared().user("bytes");
    let mails: Vec<Mail> = (1..=count)
        .map(|n| {
            let day = n % 28 + 1;
            let mut mail = Mail::numbered(n).received(&format!("{day:02}-Jan-2026 12:00:00 +0000"));
            for line in 0..n % 60 + 10 {
                let text =
                    format!("line {line} of a message that says a little more than hello\r\n");
                mail.raw.extend_from_slice(text.as_bytes());
            }
            mail.flags(if n % 10 == 0 { "" } else { "\\Seen" })
        })
        .collect();
    let all: u64 = mails.iter().map(|mail| mail.raw.len() as u64).sum();
    for batch in mails.chunks(2_000) {
        user.append("INBOX", batch);
    }
    // The first query of all builds the server's index of the mailbox.
    user.shell()
        .run("SELECT count(subject) FROM imap_messages();")
        .success();
    let mut report = format!("{count} messages, {all} bytes\n");
    let mut wrong = Vec::new();
    for (sql, most) in QUERIES {
        let ((), traffic) = user.observe(|| {
            user.shell()
                .run(&format!("CREATE TABLE t AS {sql};"))
                .success();
        });
        let share = traffic.bytes_out as f64 * 100.0 / all as f64;
        writeln!(report, "{:>10} {share:>7.3} %  {sql}", traffic.bytes_out).unwrap();
        // What every session says costs some bytes, however much mail there is.
        if traffic.bytes_out > 4_000 + all * most / 1_000 {
            wrong.push(sql);
        }
    }
    println!("{report}");
    assert!(wrong.is_empty(), "{wrong:#?}\n{report}");
}
