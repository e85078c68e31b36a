//! imap-collector of spamtrap-system. What it loses between its broker and a
//! subscriber is tested in tests/hpfeeds.

use crate::rssd::Rssd;
use crate::support::dovecot::Dovecot;
use crate::support::mail::Mail;
use crate::{WATCH, subjects};
use std::time::Duration;

#[test]
fn it_misses_unseen_mail_that_is_no_longer_recent() {
    let user = Dovecot::shared().user("ic-recent");
    user.append("INBOX", &Mail::many(3));
    let mut other = user.client();
    other.command(b"SELECT INBOX");
    let rssd = Rssd::of(&user);
    assert_eq!(rssd.counts(r#"{"fetch": "unseen"}"#), [3, 3, 0, 0]);
}

#[test]
fn it_goes_on_after_a_refused_login() {
    let user = Dovecot::shared().user("ic-refusing");
    let error = user
        .shell()
        .env("IMAP_PASSWORD", "wrong")
        .error("SELECT imap_ingest();");
    assert!(
        error.starts_with("imap: login refused for 'ic-refusing'"),
        "{error}"
    );
}

#[test]
fn it_dies_of_a_message_that_is_no_utf8_and_loses_those_behind_it() {
    let user = Dovecot::shared().user("ic-latin");
    user.append(
        "INBOX",
        &[
            Mail::raw(b"Subject: a\r\n\r\nb\xe9dy\r\n".to_vec()),
            Mail::raw("Subject: b\r\n\r\nx\r\n"),
        ],
    );
    let rssd = Rssd::of(&user);
    assert_eq!(rssd.counts("{}"), [2, 2, 0, 0]);
    assert_eq!(subjects(&rssd), "a,b");
    let exact = "SELECT hex(content) LIKE '%62E96479%' FROM uniform_resource
                  WHERE nature = 'text' AND typeof(content) = 'blob'";
    assert_eq!(rssd.ask(exact), "1");
}

#[test]
fn it_ends_well_where_nothing_could_be_delivered() {
    let user = Dovecot::shared().user("ic-nowhere");
    user.append("INBOX", &Mail::many(2));
    let rssd = Rssd::of(&user);
    rssd.ask("CREATE TABLE t (x)");
    let error = rssd
        .shell
        .error("PRAGMA query_only = ON;\nSELECT imap_ingest();");
    assert!(error.contains("readonly database"), "{error}");
    assert_eq!(user.status("INBOX", "unseen"), "unseen=2");
    assert_eq!(rssd.counts("{}"), [2, 2, 0, 0]);
}

#[test]
fn it_takes_delete_and_deletes_nothing() {
    let user = Dovecot::shared().user("ic-delete");
    user.append("INBOX", &Mail::many(3));
    let rssd = Rssd::of(&user);
    assert_eq!(rssd.ingest("INBOX", r#"{"delete": true}"#)["deleted"], 3);
    assert_eq!(user.status("INBOX", "messages"), "messages=0");
    assert_eq!(rssd.ask("SELECT count(*) FROM uniform_resource_imap"), "3");
}

#[test]
fn it_takes_any_certificate() {
    let user = Dovecot::shared().user("ic-expired");
    let server = format!("imaps://127.0.0.3:{}", Dovecot::shared().tls_port);
    let error = user
        .shell()
        .env("IMAP_SERVER", server)
        .error("SELECT imap_ingest();");
    assert!(error.contains("certificate"), "{error}");
}

#[test]
fn it_is_done_with_an_account_after_one_quiet_idle() {
    let user = Dovecot::shared().user("ic-quiet");
    let rssd = Rssd::of(&user);
    rssd.look("PRAGMA journal_mode = WAL");
    let running = rssd.shell.start(WATCH);
    // Longer than its wait for a word of the server.
    std::thread::sleep(Duration::from_secs(7));
    user.append("INBOX", &[Mail::numbered(1)]);
    rssd.wait("SELECT count(*) = 1 FROM imap_sync_message");
    running.interrupt();
}
