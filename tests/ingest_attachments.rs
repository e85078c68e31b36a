//! Attachments as rows of their own: option `attachments`.

mod rssd;
mod support;

use base64::Engine;
use rssd::Rssd;
use support::corpus::CORPUS;
use support::dovecot::Dovecot;
use support::mail::Mail;
use support::skipped::skipped;

const WITH_ATTACHMENTS: &str = "From: a@b.c\r\nSubject: outer\r\nMessage-ID: <outer@test>\r\n\
    Content-Type: multipart/mixed; boundary=q\r\n\r\n--q\r\n\r\nhello\r\n\
    --q\r\nContent-Type: application/pdf; name=\"=?utf-8?q?Caf=C3=A9.pdf?=\"\r\n\
    Content-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\nAAEC\r\n\
    --q\r\nContent-Type: text/html; name=page.html\r\nContent-Disposition: attachment\r\n\r\n<p>\r\n\
    --q\r\nContent-Type: message/rfc822\r\n\r\nFrom: in@b.c\r\nSubject: inner\r\nMessage-ID: <inner@test>\r\n\r\nx\r\n\
    --q--\r\n";

fn ingested(name: &str, options: &str) -> Rssd {
    let user = Dovecot::shared().user(name);
    user.append("INBOX", &[Mail::raw(WITH_ATTACHMENTS)]);
    let rssd = Rssd::of(&user);
    rssd.ingest("INBOX", options);
    rssd.check();
    rssd
}

const COUNTS: &str = "SELECT (SELECT count(*) FROM ur_ingest_session_attachment),
    (SELECT count(*) FROM uniform_resource WHERE uri LIKE '%/attachment/%'),
    (SELECT count(*) FROM uniform_resource_imap)";

#[test]
fn attachments_stay_in_their_message_unless_asked_for() {
    assert_eq!(ingested("attno", "{}").ask(COUNTS), "0|0|1");
}

#[test]
fn attachments_are_decoded_rows_with_three_hashes() {
    let rssd = ingested("attyes", r#"{"attachments": "yes"}"#);
    assert_eq!(rssd.ask(COUNTS), "3|0|2");
    let row = "SELECT a.name, a.nature, hex(a.content), a.size, a.checksum = a.elaboration ->> 'sha256',
                      a.elaboration ->> 'md5', r.nature
                 FROM ur_ingest_session_attachment AS a JOIN uniform_resource AS r USING (uniform_resource_id)
                WHERE a.nature = 'application/pdf'";
    assert_eq!(
        rssd.ask(row),
        "Café.pdf|application/pdf|000102|3|1|b95f67f61ebb03619622d798f45fc2d3|text"
    );
    let inner = "SELECT i.subject, o.subject
                   FROM uniform_resource AS r, ur_ingest_session_imap_acct_folder_message AS i,
                        ur_ingest_session_imap_acct_folder_message AS o
                  WHERE r.ingest_session_imap_acct_folder_message = i.ur_ingest_session_imap_acct_folder_message_id
                    AND r.elaboration ->> 'attached_to' = o.ur_ingest_session_imap_acct_folder_message_id";
    assert_eq!(rssd.ask(inner), "inner|outer");
}

#[test]
fn attachments_are_resources_too_where_that_is_asked_for() {
    let rssd = ingested("attur", r#"{"attachments": "uniform-resource"}"#);
    assert_eq!(rssd.ask(COUNTS), "3|3|2");
}

/// An attribute of a TNEF stream: level, id, data, and a checksum that nobody
/// checks (MS-OXTNEF section 2.1.3.2).
fn attribute(level: u8, id: u32, data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).unwrap().to_le_bytes();
    [&[level], &id.to_le_bytes()[..], &length, data, &[0, 0]].concat()
}

/// A message as Outlook sends it, with two files in its `winmail.dat`.
fn from_outlook() -> Mail {
    const MESSAGE: u8 = 1;
    const FILE: u8 = 2;
    let file = |title: &[u8], content: &[u8]| {
        [
            attribute(FILE, 0x0006_9002, &[0; 14]),
            attribute(FILE, 0x0001_8010, title),
            attribute(FILE, 0x0006_800f, content),
        ]
        .concat()
    };
    let stream = [
        b"\x78\x9f\x3e\x22\x01\0".to_vec(),
        attribute(MESSAGE, 0x0001_8004, b"from outlook\0"),
        file(b"notes.txt\0", b"the notes"),
        file(b"dot.png\0", b"\x89PNG\r\n\x1a\n"),
    ]
    .concat();
    let head = "Subject: from outlook\r\nMessage-ID: <outlook@test>\r\n\
        Content-Type: multipart/mixed; boundary=q\r\n\r\n--q\r\n\r\nhello\r\n\
        --q\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\n\
        Content-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\n";
    let encoded = base64::engine::general_purpose::STANDARD.encode(stream);
    Mail::raw(format!("{head}{encoded}\r\n--q--\r\n"))
}

#[test]
fn winmail_dat_is_opened_and_its_files_are_attachments() {
    let user = Dovecot::shared().user("winmail");
    user.append("INBOX", &[from_outlook()]);
    let rssd = Rssd::of(&user);
    let summary = rssd.ingest("INBOX", r#"{"attachments": "uniform-resource"}"#);
    assert_eq!(summary["attachments"], 3);
    let rows = "SELECT a.name, a.elaboration ->> 'sniffed_type', hex(a.content), a.elaboration ->> 'part', r.nature
                  FROM ur_ingest_session_attachment AS a JOIN uniform_resource AS r ON r.uri = a.uri
                 WHERE a.name <> 'winmail.dat' ORDER BY 4";
    assert_eq!(
        rssd.ask(rows),
        "notes.txt||746865206E6F746573|2.2|application/octet-stream\n\
         dot.png|image/png|89504E470D0A1A0A|2.3|application/octet-stream"
    );
    rssd.check();
}

#[test]
fn a_winmail_dat_of_outlook_itself_gives_its_files() {
    let name = "mimekit/tnef/rich-text.eml";
    let Some((_, raw)) = CORPUS.iter().find(|(path, _)| path == name) else {
        skipped(&format!(
            "ingest_attachments: THE CORPUS IS ABSENT, {name} was not ingested"
        ));
        return;
    };
    let user = Dovecot::shared().user("kitten");
    user.append("INBOX", &[Mail::raw(raw.clone())]);
    let rssd = Rssd::of(&user);
    rssd.ingest(
        "INBOX",
        r#"{"attachments": "yes", "attachment_types": "image/*"}"#,
    );
    assert_eq!(
        rssd.ask("SELECT name, hex(substr(content, 1, 3)) FROM ur_ingest_session_attachment"),
        "kitten-playing-with-a-christmas-tree.jpg|FFD8FF"
    );
    rssd.check();
}

#[test]
fn a_message_within_a_message_is_an_attachment_and_a_message_with_its_own() {
    let innermost = "Subject: innermost\r\nContent-Type: application/pdf; name=deep.pdf\r\n\
        Content-Disposition: attachment\r\n\r\n%PDF-\r\n";
    let middle = format!(
        "Subject: middle\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n\r\nx\r\n\
         --m\r\nContent-Type: message/rfc822\r\n\r\n{innermost}\r\n--m--\r\n"
    );
    let outer = format!(
        "Subject: outer\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n\r\nx\r\n\
         --o\r\nContent-Type: message/rfc822\r\n\r\n{middle}\r\n--o--\r\n"
    );
    let user = Dovecot::shared().user("matryoshka");
    user.append("INBOX", &[Mail::raw(outer)]);
    let rssd = Rssd::of(&user);
    rssd.ingest("INBOX", r#"{"attachments": "yes"}"#);
    let rows =
        "SELECT group_concat(line) FROM (SELECT nature || ' ' || (elaboration ->> 'part') AS line
                  FROM ur_ingest_session_attachment ORDER BY elaboration ->> 'part')";
    assert_eq!(
        rssd.ask(rows),
        "message/rfc822 2,message/rfc822 2.2,application/pdf 2.2.1"
    );
    let subjects = "SELECT group_concat(subject) FROM (
                      SELECT subject FROM uniform_resource_imap ORDER BY subject)";
    assert_eq!(rssd.ask(subjects), "innermost,middle,outer");
    let places = "SELECT elaboration ->> 'part' FROM uniform_resource
                   WHERE nature = 'text' AND elaboration ->> 'attached_to' IS NOT NULL ORDER BY 1";
    assert_eq!(rssd.ask(places), "2\n2.2");
    rssd.check();
}

#[test]
fn media_types_choose_attachments() {
    let rssd = ingested(
        "atttypes",
        r#"{"attachments": "yes", "attachment_types": ["application/*"]}"#,
    );
    assert_eq!(rssd.ask(COUNTS), "1|0|1");
}

#[test]
fn a_later_run_adds_attachments_to_messages_that_are_there() {
    let user = Dovecot::shared().user("attlater");
    user.append("INBOX", &[Mail::raw(WITH_ATTACHMENTS)]);
    let rssd = Rssd::of(&user);
    rssd.ingest("INBOX", "{}");
    let summary = rssd.ingest("INBOX", r#"{"attachments": "yes", "fetch": "all"}"#);
    assert_eq!(summary["attachments"], 3);
    assert_eq!(rssd.ask(COUNTS), "3|0|2");
    rssd.check();
}
