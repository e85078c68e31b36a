//! Attachments as rows of their own: option `attachments`.

mod rssd;
mod support;

use rssd::Rssd;
use support::dovecot::Dovecot;
use support::mail::Mail;

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
