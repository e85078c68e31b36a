//! The views of sql/views over an ingested mailbox: each shows what it says,
//! and their exports are taken by those they are for.

mod rssd;
mod support;

use rssd::Rssd;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Command;
use support::dovecot::Dovecot;
use support::library::host;
use support::mail::Mail;
use support::process::Running;
use support::until::PATIENCE;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A database with this mail, ingested, and every view.
fn with_views(name: &str, mails: &[Mail]) -> Rssd {
    let user = Dovecot::shared().user(name);
    user.append("INBOX", mails);
    let rssd = Rssd::of(&user);
    rssd.ingest("INBOX", "{}");
    install(&rssd);
    rssd
}

/// Installs them as their heads say, twice, as somebody who updates them does.
fn install(rssd: &Rssd) {
    let mut views: Vec<String> = fs::read_dir(Path::new(ROOT).join("sql/views"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    views.sort();
    assert!(views.len() > 5);
    let read: String = views
        .iter()
        .map(|view| format!(".read sql/views/{view}\n"))
        .collect();
    rssd.shell
        .run(&format!(".cd '{ROOT}'\n{read}{read}"))
        .success();
}

fn mail(header: &str, body: &str) -> Mail {
    Mail::raw(format!("{header}\n\n{body}\n").replace('\n', "\r\n"))
}

fn values(rssd: &Rssd, sql: &str) -> Vec<Value> {
    let rows = rssd.shell.rows(sql);
    rows.iter()
        .map(|row| {
            serde_json::from_str(row.as_object().unwrap()["json"].as_str().unwrap()).unwrap()
        })
        .collect()
}

#[test]
fn events_are_limacharlies_documented_ones() {
    let fixture = |name| fs::read(Path::new(ROOT).join("tests/fixtures/exports").join(name));
    let rssd = with_views(
        "view-event",
        &[Mail::raw(fixture("limacharlie.eml").unwrap())],
    );
    let expected: Value = serde_json::from_slice(&fixture("limacharlie.json").unwrap()).unwrap();
    let events = values(&rssd, "SELECT event AS json FROM email_event");
    assert_eq!(events, std::slice::from_ref(&expected));
    let record = &values(&rssd, "SELECT record AS json FROM email_event")[0];
    assert_eq!(record["event"], expected);
    assert_eq!(record["routing"]["event_type"], "email");
    assert_eq!(record["routing"]["hostname"], "view-event");
    assert!(record["routing"]["event_time"].as_i64().unwrap() > 1_700_000_000_000);
}

#[test]
fn feeds_hold_the_message() {
    let rssd = with_views(
        "view-feed",
        &[Mail::numbered(1), Mail::raw("\r\ncaf\u{e9}")],
    );
    let payloads = values(
        &rssd,
        "SELECT payload AS json FROM email_feed ORDER BY date",
    );
    assert_eq!(payloads[0]["msg"], "\r\ncaf\u{e9}");
    let raw = String::from_utf8(Mail::numbered(1).raw).unwrap();
    assert_eq!(payloads[1]["msg"], raw);
}

#[test]
fn messages_that_are_kept_once_are_exported_too() {
    let user = Dovecot::shared().user("view-compact");
    user.append("INBOX", &Mail::many(2));
    let rssd = Rssd::of(&user);
    rssd.ingest("INBOX", r#"{"layout": "compact"}"#);
    install(&rssd);
    let payloads = values(
        &rssd,
        "SELECT payload AS json FROM email_feed ORDER BY date",
    );
    let raw = |number| String::from_utf8(Mail::numbered(number).raw).unwrap();
    assert_eq!(
        [&payloads[0]["msg"], &payloads[1]["msg"]],
        [&raw(1), &raw(2)]
    );
}

#[test]
fn reports_since_a_time_are_those_bundles() {
    let rssd = with_views("view-report", &Mail::many(2));
    let since = |time: &str| {
        let sql = format!("SELECT bundle AS json FROM email_report WHERE ingested_at >= {time}");
        values(&rssd, &sql).len()
    };
    assert_eq!(since("date('now', '-1 day')"), 2);
    assert_eq!(since("date('now', '+1 day')"), 0);
}

#[test]
fn every_bundle_is_what_stix2_and_pycti_take() {
    let user = Dovecot::shared().user("view-stix");
    user.fill_with_demo_mail();
    let rssd = Rssd::of(&user);
    rssd.ingest("*", "{}");
    install(&rssd);
    let sql = ".mode list\nSELECT json_object('date', json_extract(mail_parse(raw), '$.date_header'), \
               'stix', json(bundle), 'opencti', json(opencti)) FROM email JOIN email_report USING (email_id);";
    let lines = rssd.shell.run(sql).success().to_owned();
    assert_eq!(lines.lines().count(), 307);
    let mut oracle = Command::new(host("intel/bin/python"));
    oracle.arg(Path::new(ROOT).join("tests/hosts/bundles.py"));
    let finished = Running::start(&mut oracle, lines.as_bytes()).finish(PATIENCE);
    let said = finished.text();
    assert!(finished.status.success(), "{said}{}", finished.stderr);
    assert!(said.starts_with("307 bundles, "), "{said}");
}

#[test]
fn indicators_of_all_messages_are_rows() {
    let body = "see hxxp://evil[.]example.com/a";
    let rssd = with_views(
        "view-indicator",
        &[mail("Subject: 1", body), mail("Subject: 2", body)],
    );
    let rows = rssd.shell.rows(
        "SELECT normalised, count(DISTINCT email_id) AS emails FROM email_indicator \
         WHERE kind = 'url' GROUP BY 1;",
    );
    assert_eq!(
        json!(rows),
        json!([{"normalised": "http://evil.example.com/a", "emails": 2}])
    );
}

#[test]
fn attachments_are_gathered_by_their_content() {
    let file = |from: &str, name: &str, day: u8| {
        mail(
            &format!(
                "From: {from}\nDate: {day} Jan 2026 12:00:00 +0000\nContent-Type: application/pdf\n\
                 Content-Disposition: attachment; filename={name}"
            ),
            "%PDF-1.4",
        )
    };
    let rssd = with_views(
        "view-attachment",
        &[
            file("a@x.example", "a.pdf", 1),
            file("b@x.example", "b.pdf", 2),
        ],
    );
    let rows = rssd.shell.rows(
        "SELECT names, emails, senders, size, sniffed_type, first_date, last_date \
         FROM email_attachment_hash;",
    );
    assert_eq!(
        json!(rows),
        json!([{
            "names": r#"["a.pdf","b.pdf"]"#, "emails": 2, "senders": 2, "size": 10,
            "sniffed_type": "application/pdf",
            "first_date": "2026-01-01T12:00:00Z", "last_date": "2026-01-02T12:00:00Z",
        }])
    );
}

#[test]
fn senders_that_look_like_somebody_known_are_told_with_the_reason() {
    let senders = [
        ("Ada <ada@harbour.example>", None),
        ("Ada <ada@mail.harbour.example>", None),
        ("Carol <carol@elsewhere.example>", None),
        ("Ada <ada@harb0ur.example>", Some("confusable")),
        ("Ada <ada@harbor.example>", Some("one edit")),
        ("Ada <ada@harbuor.example>", Some("one edit")),
        ("Ada <ada@harbour.exemple>", Some("one edit")),
        ("Ada <ada@xn--hrbour-9ve.example>", Some("confusable")),
        ("Ada <ada@xn--pier-9ve.example>", None),
        ("Ada <ada@abharour.example>", None),
        ("Ada <ada@harbour.example.evil.test>", Some("subdomain")),
        ("harbour office <x@evil.test>", Some("display name")),
        (
            "\"ada@harbour.example\" <x@evil.test>",
            Some("address shown"),
        ),
    ];
    let mails: Vec<Mail> = senders
        .iter()
        .map(|(from, _)| mail(&format!("From: {from}"), "x"))
        .collect();
    let rssd = with_views("view-lookalike", &mails);
    rssd.ask("INSERT INTO email_known VALUES ('Harbour.example', 'Harbour Office')");
    let rows = rssd.shell.rows(
        "SELECT coalesce(from_name, '') || ' ' || \"from\" AS sender, reason FROM email_lookalike;",
    );
    let mut found: Vec<(String, String)> = rows
        .iter()
        .map(|row| {
            ["sender", "reason"]
                .map(|key| row[key].as_str().unwrap().to_owned())
                .into()
        })
        .collect();
    let plain = |from: &str| from.replace(['"', '<', '>'], "");
    let mut expected: Vec<(String, String)> = senders
        .iter()
        .filter_map(|(from, reason)| reason.map(|reason| (plain(from), reason.to_owned())))
        .collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}
