//! `imap_attachments`: what is listed, and that only what is read is fetched.

use serde_json::{Value, json};

use crate::support::dovecot::Dovecot;
use crate::support::mail::Mail;

/// A text, a PDF of these bytes in base64, and an attached message.
fn with_attachments(pdf: &str) -> Mail {
    Mail::raw(format!(
        "Subject: files\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=b\r\n\r\n\
         --b\r\n\r\nsee below\r\n\
         --b\r\nContent-Type: application/pdf; name=a.pdf\r\n\
         Content-Disposition: attachment; filename*=utf-8''r%C3%A9sum%C3%A9.pdf\r\n\
         Content-ID: <file@example.org>\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{pdf}\r\n\
         --b\r\nContent-Type: message/rfc822\r\n\r\n\
         Subject: inner\r\n\r\nhello\r\n\
         --b--\r\n"
    ))
}

const ABC: &str = "\
    SELECT part, filename, content_type, size, disposition, content_id, hex(content) AS content, \
           md5, sha1, sha256 FROM imap_attachments() WHERE uid = 2;";

fn pdf_row() -> Value {
    json!({
        "part": "2", "filename": "résumé.pdf", "content_type": "application/pdf", "size": 4,
        "disposition": "attachment", "content_id": "file@example.org", "content": "616263",
        "md5": "900150983cd24fb0d6963f7d28e17f72",
        "sha1": "a9993e364706816aba3e25717850c26c9cd0d89d",
        "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    })
}

#[test]
fn every_attachment_is_a_row_and_its_content_the_file() {
    let user = Dovecot::shared().user("attachments");
    user.append("INBOX", &[Mail::numbered(1), with_attachments("YWJj")]);
    let rows = user.shell().rows(ABC);
    assert_eq!(rows[0], pdf_row());
    assert_eq!(
        (&rows[1]["part"], &rows[1]["content_type"]),
        (&json!("3"), &json!("message/rfc822"))
    );
    let inner: String = b"Subject: inner\r\n\r\nhello"
        .iter()
        .map(|b| format!("{b:02X}"))
        .collect();
    assert_eq!(rows[1]["content"], inner);
    assert_eq!(rows.len(), 2);
}

#[test]
fn a_server_without_binary_gives_the_same() {
    let server = Dovecot::start(&["imap_capability = IMAP4rev1"]);
    let user = server.user("attachments-plain");
    user.append("INBOX", &[Mail::numbered(1), with_attachments("YWJj")]);
    user.record();
    assert_eq!(user.shell().rows(ABC)[0], pdf_row());
    let asked = user.commands().join("\n");
    assert!(asked.contains("UID FETCH 2 (UID BODY.PEEK[2])"), "{asked}");
    assert!(!asked.contains("BINARY"), "{asked}");
}

#[test]
fn listing_opens_no_body_and_content_only_that_of_the_rows_left() {
    let user = Dovecot::shared().user("attachments-asked");
    let mails: Vec<Mail> = (0..60).map(|_| with_attachments("YWJj")).collect();
    user.append("INBOX", &mails);
    user.record();
    let rows = user
        .shell()
        .rows("SELECT count(*) AS n, sum(size) AS s FROM imap_attachments();");
    assert_eq!(rows[0]["n"], 120);
    let asked = user.commands().join("\n");
    assert!(
        asked.contains("UID FETCH 1:50 (UID BODYSTRUCTURE)"),
        "{asked}"
    );
    assert!(
        !asked.contains("BODY.PEEK") && !asked.contains("BINARY"),
        "{asked}"
    );
    let rows = user.shell().rows(
        "SELECT sha256, content FROM imap_attachments() \
         WHERE filename LIKE '%.pdf' AND uid IN (7, 55);",
    );
    assert_eq!(rows.len(), 2);
    let asked = user.commands().join("\n");
    let parts: Vec<&str> = asked
        .lines()
        .filter(|line| line.contains("BINARY"))
        .collect();
    assert_eq!(parts.len(), 2, "{parts:?}");
    assert!(
        parts[0].ends_with("UID FETCH 7 (UID BINARY.PEEK[2])"),
        "{parts:?}"
    );
}

#[test]
fn broken_encodings_are_decoded_as_far_as_they_go() {
    let user = Dovecot::shared().user("attachments-broken");
    user.append("INBOX", &[with_attachments("YWJj*ZGVm=\r\nno base64!")]);
    let rows = user.shell().rows(
        "SELECT typeof(content) AS t, substr(content, 1, 3) = x'616263' AS begins \
           FROM imap_attachments() WHERE part = '2';",
    );
    assert_eq!(rows, [json!({"t": "blob", "begins": 1})]);
}

#[test]
fn a_part_above_max_size_has_no_content_and_flags_stay_as_they_are() {
    let user = Dovecot::shared().user("attachments-large");
    user.append("INBOX", &[with_attachments(&"YWJj".repeat(1000))]);
    let rows = user.shell().rows(
        "SELECT length(content) AS c, sha256 IS NULL AS s, size \
           FROM imap_attachments(NULL, NULL, NULL, '{\"max_size\": 100}') WHERE part = '2' \
         UNION ALL SELECT length(content), sha256 IS NULL, size FROM imap_attachments() \
          WHERE part = '2';",
    );
    assert_eq!(rows[0], json!({"c": null, "s": 1, "size": 4000}));
    assert_eq!(rows[1], json!({"c": 3000, "s": 0, "size": 4000}));
    assert_eq!(user.status("INBOX", "unseen"), "unseen=1");
}

#[test]
fn folders_patterns_and_joins_mean_what_they_say() {
    let user = Dovecot::shared().user("attachments-joined");
    user.create("Ablage/é");
    user.append("INBOX", &[with_attachments("YWJj")]);
    user.append(
        "Ablage/&AOk-",
        &[Mail::numbered(1), with_attachments("YWJjZA==")],
    );
    let rows = user.shell().rows(
        "SELECT a.folder_name, a.uid, a.part, m.subject, hex(a.content) AS content
           FROM imap_attachments(NULL, NULL, '*') AS a
           JOIN imap_messages(NULL, NULL, '*') AS m
             ON m.folder_name = a.folder_name AND m.uid = a.uid
          WHERE a.content_type = 'application/pdf';",
    );
    assert_eq!(
        rows,
        [
            json!({"folder_name": "Ablage/é", "uid": 2, "part": "2", "subject": "files",
                   "content": "61626364"}),
            json!({"folder_name": "INBOX", "uid": 1, "part": "2", "subject": "files",
                   "content": "616263"}),
        ]
    );
}

#[test]
fn the_rows_are_those_of_the_column_attachments() {
    let user = Dovecot::shared().user("attachments-demo");
    user.fill_with_demo_mail();
    let rows = user.shell().rows(
        "CREATE TABLE listed AS SELECT folder_name, uid, part, filename, content_type, size
           FROM imap_attachments(NULL, NULL, '*');
         CREATE TABLE shown AS
         SELECT folder_name, uid, value ->> 'part' AS part, value ->> 'filename' AS filename,
                value ->> 'content_type' AS content_type, value ->> 'size' AS size
           FROM imap_messages(NULL, NULL, '*'), json_each(attachments);
         SELECT (SELECT count(*) FROM listed) AS n,
                (SELECT count(*) FROM (SELECT * FROM listed EXCEPT SELECT * FROM shown)) AS more,
                (SELECT count(*) FROM (SELECT * FROM shown EXCEPT SELECT * FROM listed)) AS less;",
    );
    assert!(rows[0]["n"].as_i64().unwrap() > 10, "{rows:?}");
    assert_eq!((&rows[0]["more"], &rows[0]["less"]), (&json!(0), &json!(0)));
}

#[test]
fn an_omitted_argument_may_be_null_under_or() {
    let user = Dovecot::shared().user("attachments-or");
    let mails: Vec<Mail> = (0..6).map(|_| with_attachments("YWJj")).collect();
    user.append("INBOX", &mails);
    for arguments in ["", "NULL, NULL, 'INBOX'", "NULL, NULL, NULL, NULL"] {
        let sql = format!(
            "SELECT count(*) AS n FROM imap_attachments({arguments}) WHERE uid = 1 OR uid > 4;"
        );
        assert_eq!(user.shell().rows(&sql), [json!({"n": 6})], "{sql}");
    }
}
