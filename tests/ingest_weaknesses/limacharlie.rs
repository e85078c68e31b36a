//! LimaCharlie's IMAP adapter (usp-adapters, `imap/client.go`).

use crate::rssd::Rssd;
use crate::support::dovecot::Dovecot;
use crate::support::holder::Holder;
use crate::support::line::{Fault, Line};
use crate::support::mail::Mail;
use crate::{WATCH, subjects};
use std::time::Duration;

#[test]
fn it_loses_or_repeats_what_came_while_it_was_down() {
    let user = Dovecot::shared().user("lc-down");
    user.append("INBOX", &Mail::many(3));
    let rssd = Rssd::of(&user);
    assert_eq!(rssd.counts("{}"), [3, 3, 0, 0]);
    user.append("INBOX", &[Mail::numbered(4), Mail::numbered(5)]);
    assert_eq!(rssd.counts("{}"), [2, 2, 0, 0]);
    assert_eq!(rssd.counts("{}"), [0, 0, 0, 0]);
}

#[test]
fn it_waits_for_ever_for_uids_of_a_past_uidvalidity() {
    let user = Dovecot::shared().user("lc-validity");
    user.create("Box");
    user.append("Box", &Mail::many(5));
    let rssd = Rssd::of(&user);
    rssd.ingest("Box", "{}");
    // The folder is made anew: its UIDs begin with 1 again.
    let mut client = user.client();
    client.command(b"DELETE Box");
    client.command(b"CREATE Box");
    user.append("Box", &[Mail::numbered(6)]);
    user.set_uidvalidity("Box", 4242);
    assert_eq!(rssd.ingest("Box", "{}")["inserted"], 1);
}

#[test]
fn it_takes_sequence_numbers_for_uids_when_it_begins_from_now_on() {
    let user = Dovecot::shared().user("lc-now");
    let old = |mail: &Mail| mail.clone().received("01-Jan-2026 00:00:00 +0000");
    let mails: Vec<Mail> = Mail::many(20).iter().map(old).collect();
    user.append("INBOX", &mails);
    user.expunge("INBOX", "1:15");
    let rssd = Rssd::of(&user);
    assert_eq!(rssd.counts(r#"{"since": "PT0S"}"#), [0, 0, 0, 0]);
    user.append("INBOX", &[Mail::numbered(21)]);
    assert_eq!(rssd.counts(r#"{"since": "PT0S"}"#), [1, 1, 0, 0]);
}

#[test]
fn it_stops_where_no_mail_has_come_for_a_year() {
    let user = Dovecot::shared().user("lc-year");
    user.append(
        "INBOX",
        &[Mail::numbered(1).received("01-Jan-2020 00:00:00 +0000")],
    );
    let rssd = Rssd::of(&user);
    assert_eq!(rssd.counts(r#"{"since": "PT0S"}"#), [0, 0, 0, 0]);
    user.append("INBOX", &[Mail::numbered(2)]);
    assert_eq!(rssd.counts(r#"{"since": "PT0S"}"#), [1, 1, 0, 0]);
}

#[test]
fn it_ends_with_its_first_error() {
    let user = Dovecot::shared().user("lc-error");
    let rssd = Rssd::of(&user);
    rssd.look("PRAGMA journal_mode = WAL");
    let running = rssd.shell.start(WATCH);
    user.append("INBOX", &[Mail::numbered(1)]);
    rssd.wait("SELECT count(*) = 1 FROM imap_sync_message");
    user.kick();
    user.append("INBOX", &[Mail::numbered(2)]);
    rssd.wait("SELECT count(*) = 2 FROM imap_sync_message");
    running.interrupt();
}

#[test]
fn a_charset_it_does_not_know_blocks_what_is_behind_it() {
    let user = Dovecot::shared().user("lc-charset");
    user.append(
        "INBOX",
        &[
            Mail::raw(
                b"Subject: a\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\nb\xe9dy\r\n"
                    .to_vec(),
            ),
            Mail::raw(
                "Subject: b\r\nContent-Type: text/plain; charset=x-mac-turkish-9\r\n\r\nx\r\n",
            ),
            Mail::raw(
                "Subject: c\r\nContent-Type: multipart/mixed; boundary=\"-\"\r\n\r\n--\r\nbroken",
            ),
            Mail::raw("Subject: d\r\n\r\nx\r\n"),
        ],
    );
    let rssd = Rssd::of(&user);
    assert_eq!(rssd.counts("{}"), [4, 4, 0, 0]);
    assert_eq!(subjects(&rssd), "a,b,c,d");
}

#[test]
fn it_starts_over_where_a_large_mailbox_takes_too_long() {
    let user = Dovecot::shared().user("lc-large");
    user.append("INBOX", &Mail::many(600));
    let rssd = Rssd::of(&user);
    let line = Line::start(Dovecot::shared().port, Fault::Stall(60_000));
    let shell = line.shell(&user, &rssd.path());
    let error =
        shell.error("SELECT imap_ingest(NULL, NULL, NULL, '{\"deadline\": 8, \"batch\": 10}');");
    assert!(error.contains("deadline of the statement"), "{error}");
    let so_far = rssd.ask("SELECT count(*) FROM imap_sync_message");
    let so_far: u64 = so_far.parse().unwrap();
    assert!((1..600).contains(&so_far), "{so_far}");
    line.set(Fault::Nothing);
    let rest = shell.run("SELECT imap_ingest() ->> 'fetched';");
    assert_eq!(rest.success(), format!("{}\n", 600 - so_far));
}

#[test]
fn it_and_opencti_and_surveilr_mark_what_they_read_as_seen() {
    let user = Dovecot::shared().user("lc-unseen");
    user.append("INBOX", &Mail::many(3));
    Rssd::of(&user).ingest(
        "INBOX",
        r#"{"attachments": "yes", "from": "a", "text": "x"}"#,
    );
    assert_eq!(user.status("INBOX", "unseen"), "unseen=3");
}

#[test]
fn it_tries_one_message_for_ever_where_its_destination_fails() {
    let user = Dovecot::shared().user("lc-ship");
    user.append("INBOX", &Mail::many(3));
    let rssd = Rssd::of(&user);
    rssd.counts(r#"{"limit": 1}"#);
    let holder = Holder::of(&rssd.path(), "BEGIN IMMEDIATE");
    let error = rssd.shell.error(".timeout 1\nSELECT imap_ingest();");
    assert!(error.ends_with("database is locked (5)"), "{error}");
    holder.release();
    assert_eq!(rssd.counts("{}"), [2, 2, 0, 0]);
}

#[test]
fn its_max_body_size_counts_sections_instead_of_bytes() {
    let user = Dovecot::shared().user("lc-bytes");
    let large = format!("Subject: large\r\n\r\n{}", "x".repeat(5_000));
    user.append(
        "INBOX",
        &[
            Mail::raw("Subject: small\r\n\r\nx\r\n"),
            Mail::raw(large.as_str()),
        ],
    );
    let rssd = Rssd::of(&user);
    let (counts, traffic) = user.observe(|| rssd.counts(r#"{"max_size": 1000}"#));
    assert_eq!(counts, [1, 1, 0, 1]);
    assert_eq!(traffic.bodies, 1);
}

#[test]
fn it_downloads_every_body_twice() {
    let user = Dovecot::shared().user("lc-twice");
    let large = format!("Subject: large\r\n\r\n{}", "words \r\n".repeat(50_000));
    user.append("INBOX", &[Mail::raw(large.as_str())]);
    let rssd = Rssd::of(&user);
    let (_, traffic) = user.observe(|| rssd.counts("{}"));
    assert!(
        traffic.bytes_out < large.len() as u64 + 10_000,
        "{traffic:?}"
    );
}

#[test]
fn it_drops_text_attachments_and_spoils_names() {
    let user = Dovecot::shared().user("lc-names");
    user.append(
        "INBOX",
        &[Mail::raw(
            "Subject: a\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
             --b\r\n\r\nbody\r\n\
             --b\r\nContent-Type: text/html\r\n\
             Content-Disposition: attachment; filename=\"Report.HTML\"; size=3\r\n\r\n<p>\r\n\
             --b\r\nContent-Type: text/plain; name=\"=?utf-8?q?Caf=C3=A9.txt?=\"\r\n\
             Content-Disposition: attachment\r\n\r\ntext\r\n\
             --b\r\nContent-Type: application/pdf\r\n\
             Content-Disposition: attachment; filename*=utf-8''%C3%9Cbersicht.pdf\r\n\r\n%PDF-\r\n\
             --b\r\nContent-Disposition: attachment; filename=untyped.bin\r\n\r\nx\r\n--b--\r\n",
        )],
    );
    let rssd = Rssd::of(&user);
    rssd.ingest("INBOX", r#"{"attachments": "yes"}"#);
    let names = "SELECT group_concat(name, ',') FROM (
                   SELECT name FROM ur_ingest_session_attachment ORDER BY elaboration ->> 'part')";
    assert_eq!(
        rssd.ask(names),
        "Report.HTML,Caf\u{e9}.txt,\u{dc}bersicht.pdf,untyped.bin"
    );
}

#[test]
fn it_reads_one_mailbox_only_and_asks_every_ten_seconds() {
    let user = Dovecot::shared().user("lc-one");
    user.create("Junk");
    let rssd = Rssd::of(&user);
    rssd.look("PRAGMA journal_mode = WAL");
    user.record();
    let running = rssd.shell.start(&WATCH.replacen("NULL, '", "'*', '", 1));
    user.append("Junk", &[Mail::numbered(1)]);
    rssd.wait("SELECT count(*) = 1 FROM imap_sync_message");
    user.says("NOTIFY SET", 1);
    user.append("Junk", &[Mail::numbered(2)]);
    let took = rssd.wait("SELECT count(*) = 2 FROM imap_sync_message");
    // Told of, and not found by asking, which is done once a minute.
    assert!(took < Duration::from_secs(30), "{took:?}");
    running.interrupt();
}
