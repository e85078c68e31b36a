//! OpenCTI's connectors email-intel-imap and email-cases-importer.

use crate::rssd::Rssd;
use crate::subjects;
use crate::support::dovecot::Dovecot;
use crate::support::line::{Fault, Line};
use crate::support::mail::Mail;
use crate::support::until::PATIENCE;

#[test]
fn it_skips_mail_without_a_date_and_repeats_mail_from_the_future() {
    let user = Dovecot::shared().user("oc-dates");
    user.append(
        "INBOX",
        &[
            Mail::raw("Subject: none\r\n\r\nx\r\n"),
            Mail::raw("Subject: odd\r\nDate: the other day\r\n\r\nx\r\n"),
            Mail::raw("Subject: future\r\nDate: Mon, 1 Jan 2090 00:00:00 +0000\r\n\r\nx\r\n"),
            Mail::raw("Subject: late\r\nDate: Mon, 1 Jan 1990 00:00:00 +0000\r\n\r\nx\r\n"),
        ],
    );
    let rssd = Rssd::of(&user);
    assert_eq!(rssd.counts(r#"{"since": "P30D"}"#), [4, 4, 0, 0]);
    assert_eq!(subjects(&rssd), "future,late,none,odd");
    assert_eq!(rssd.counts(r#"{"since": "P30D"}"#), [0, 0, 0, 0]);
}

#[test]
fn it_never_takes_mail_that_is_delivered_late() {
    let user = Dovecot::shared().user("oc-late");
    let rssd = Rssd::of(&user);
    rssd.counts(r#"{"since": "P30D"}"#);
    user.append(
        "INBOX",
        &[Mail::numbered(1).received("01-Jan-2020 00:00:00 +0000")],
    );
    assert_eq!(rssd.counts(r#"{"since": "P30D"}"#), [1, 1, 0, 0]);
}

#[test]
fn it_stalls_for_good_on_one_message_that_fails() {
    let user = Dovecot::shared().user("oc-stall");
    let rssd = Rssd::of(&user);
    rssd.counts("{}");
    rssd.refuse("message 2");
    user.append("INBOX", &Mail::many(4));
    assert_eq!(rssd.counts("{}"), [4, 3, 0, 1]);
    user.append("INBOX", &[Mail::numbered(5)]);
    assert_eq!(rssd.counts("{}"), [2, 1, 0, 1]);
}

#[test]
fn it_keeps_a_whole_run_in_memory_and_loses_it_with_its_last_message() {
    let user = Dovecot::shared().user("oc-memory");
    user.append("INBOX", &Mail::many(400));
    let rssd = Rssd::of(&user);
    rssd.look("PRAGMA journal_mode = WAL");
    let line = Line::start(Dovecot::shared().port, Fault::Hold(60_000));
    let running = line
        .shell(&user, &rssd.path())
        .start(".timeout 20000\nSELECT imap_ingest(NULL, NULL, NULL, '{\"batch\": 5}');");
    rssd.wait("SELECT count(*) >= 5 FROM imap_sync_message");
    running.signal("KILL");
    running.finish(PATIENCE);
    let so_far = rssd.look("SELECT count(*) FROM uniform_resource_imap");
    let so_far: u32 = so_far.parse().unwrap();
    assert!((5..400).contains(&so_far), "{so_far}");
}

#[test]
fn it_drops_attachments_that_are_inline_nameless_or_mislabelled() {
    let user = Dovecot::shared().user("oc-dropped");
    user.append(
        "INBOX",
        &[Mail::raw(
            "Subject: a\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
             --b\r\n\r\nbody\r\n\
             --b\r\nContent-Type: application/pdf; name=inline.pdf\r\n\
             Content-Disposition: inline; filename=inline.pdf\r\n\r\n%PDF-1\r\n\
             --b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment\r\n\r\n%PDF-2\r\n\
             --b\r\nContent-Type: application/octet-stream\r\n\
             Content-Disposition: attachment; filename=mislabelled.bin\r\n\r\n%PDF-3\r\n\
             --b\r\nContent-Type: image/png\r\n\
             Content-Disposition: attachment; filename=dot.png\r\n\r\nx\r\n--b--\r\n",
        )],
    );
    let rssd = Rssd::of(&user);
    rssd.ingest(
        "INBOX",
        r#"{"attachments": "yes", "attachment_types": "application/pdf"}"#,
    );
    let found = "SELECT group_concat(CAST(content AS TEXT), ',') FROM (
                   SELECT content FROM ur_ingest_session_attachment ORDER BY content)";
    assert_eq!(rssd.ask(found), "%PDF-1,%PDF-2,%PDF-3");
}

#[test]
fn it_takes_two_messages_of_one_subject_and_second_for_one() {
    let user = Dovecot::shared().user("oc-second");
    let mail = |id: u32| {
        Mail::raw(format!(
            "Subject: alert\r\nDate: Mon, 2 Sep 2024 11:34:26 -0700\r\nMessage-ID: <{id}@x>\r\n\r\n{id}\r\n"
        ))
    };
    user.append("INBOX", &[mail(1), mail(2)]);
    let rssd = Rssd::of(&user);
    assert_eq!(rssd.counts("{}"), [2, 2, 0, 0]);
}

#[test]
fn its_importer_of_cases_loses_what_is_beyond_its_limit() {
    let user = Dovecot::shared().user("oc-limit");
    user.append("INBOX", &Mail::many(5));
    let rssd = Rssd::of(&user);
    assert_eq!(rssd.counts(r#"{"limit": 2}"#), [2, 2, 0, 0]);
    assert_eq!(rssd.ask("SELECT max(uid) FROM imap_sync_message"), "2");
    user.append("INBOX", &[Mail::numbered(6)]);
    assert_eq!(rssd.counts("{}"), [4, 4, 0, 0]);
}
