//! The harness itself: what other tests take for granted.

mod support;

use serde_json::json;
use std::time::Duration;
use support::dovecot::Dovecot;
use support::mail::Mail;
use support::process::Running;

#[test]
fn appended_messages_come_back_byte_for_byte() {
    let user = Dovecot::shared().user("append");
    let mails = Mail::many(1200);
    user.append("INBOX", &mails);
    let held = user.client().raw_messages("INBOX");
    assert_eq!(held.len(), mails.len());
    assert!(
        mails
            .iter()
            .zip(1..)
            .all(|(mail, uid)| held[&uid] == mail.raw)
    );
}

#[test]
fn the_log_tells_bodies_from_headers() {
    let user = Dovecot::shared().user("log");
    user.append("INBOX", &Mail::many(3));
    let fetch = |items: &str| {
        let (_, traffic) = user.observe(|| {
            let mut client = user.client();
            client.command(b"EXAMINE INBOX");
            client.command(format!("FETCH 1:* {items}").as_bytes());
            client.command(b"LOGOUT");
        });
        assert_eq!(traffic.sessions, 1);
        traffic.bodies
    };
    assert_eq!(fetch("FLAGS"), 0);
    assert_eq!(fetch("BODY.PEEK[]"), 3);
}

#[test]
fn mailboxes_change_behind_a_clients_back() {
    let user = Dovecot::shared().user("change");
    user.create("Entwürfe/a b");
    user.append("Entw&APw-rfe/a b", &Mail::many(5));
    user.add_flags("Entwürfe/a b", "1:2", "\\Seen");
    user.expunge("Entwürfe/a b", "4:5");
    user.set_uidvalidity("Entwürfe/a b", 4242);
    let status = user.status("Entwürfe/a b", "messages uidvalidity unseen");
    assert_eq!(status, "messages=3 uidvalidity=4242 unseen=1");
}

#[test]
fn the_demos_mail_is_in_its_mailboxes() {
    let user = Dovecot::shared().user("demo");
    user.fill_with_demo_mail();
    let status = |mailbox| user.status(mailbox, "messages unseen");
    assert_eq!(status("INBOX"), "messages=184 unseen=53");
    assert_eq!(status("Entwürfe/a b"), "messages=5 unseen=0");
    let held = user.client().raw_messages("INBOX");
    let undeclared = b"Ren\xe9 M\xfcller";
    let kept = |raw: &Vec<u8>| {
        raw.windows(undeclared.len())
            .any(|bytes| bytes == undeclared)
    };
    assert!(held.values().any(kept));
}

#[test]
fn recorded_commands_are_what_clients_sent() {
    let user = Dovecot::shared().user("record");
    user.record();
    user.observe(|| {
        let mut client = user.client();
        client.command(b"EXAMINE INBOX");
        client.command(b"LOGOUT");
    });
    assert_eq!(user.commands(), ["t EXAMINE INBOX", "t LOGOUT"]);
}

#[test]
fn a_server_ends_with_its_value() {
    let server = Dovecot::start(&["imap_capability = IMAP4rev1"]);
    let capability = server.user("own").client().command(b"CAPABILITY");
    assert_eq!(capability, [b"* CAPABILITY IMAP4rev1\r\n"]);
    let log = server.log();
    drop(server);
    assert!(!log.exists());
}

#[test]
#[should_panic(expected = "still running after")]
fn a_program_that_hangs_is_ended() {
    let mut sleep = std::process::Command::new("sleep");
    Running::start(sleep.arg("60"), b"").finish(Duration::from_millis(50));
}

#[test]
fn hosts_give_rows_and_errors() {
    use support::{
        python::{Outcome, Python},
        shell::Shell,
    };
    assert_eq!(
        Shell::new().rows("SELECT 1 AS a, 'x' AS b"),
        [json!({"a": 1, "b": "x"})]
    );
    assert!(
        Shell::new()
            .error("SELECT missing")
            .starts_with("no such column: missing")
    );
    let python = Python::new();
    assert_eq!(
        python.one("SELECT x'00ff'"),
        Outcome::Rows(vec![vec![json!({"blob": "00ff"})]])
    );
    assert_eq!(
        python.one("SELECT"),
        Outcome::Error("incomplete input".into(), 1)
    );
}
