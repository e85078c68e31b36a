//! Many mailboxes in one call: `imap_ingest('*')` and an array of names.

mod rssd;
mod support;

use rssd::Rssd;
use serde_json::Value;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use support::dovecot::Dovecot;
use support::line::{Fault, Line};
use support::mail::Mail;
use support::until::PATIENCE;

/// A database beside an accounts file of these lines.
fn with_accounts(lines: &str) -> Rssd {
    let rssd = Rssd::at("imap://nowhere.invalid");
    let file = rssd.path().with_file_name("accounts.toml");
    fs::write(&file, lines).unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    rssd
}

fn account(name: &str, server: &str, password: &str) -> String {
    format!("[{name}]\nserver = \"{server}\"\nuser = \"{name}\"\npassword = \"{password}\"\n")
}

fn shell(rssd: &Rssd) -> support::shell::Shell {
    let file = rssd.path().with_file_name("accounts.toml");
    support::shell::Shell::new()
        .database(&rssd.path())
        .env("IMAP_ACCOUNTS", file.to_str().unwrap())
}

#[test]
fn all_accounts_are_read_into_one_database() {
    let dovecot = Dovecot::shared();
    let mut lines = String::new();
    for name in ["many1", "many2", "many3"] {
        let mails: Vec<Mail> = (1..=30)
            .map(|n| Mail::raw(format!("Subject: {name}-{n}\r\n\r\nx\r\n")))
            .collect();
        dovecot.user(name).append("INBOX", &mails);
        lines += &account(name, &dovecot.plain(), &format!("pw-{name}"));
    }
    let rssd = with_accounts(&lines);
    let told = shell(&rssd).run("SELECT imap_ingest('*', NULL, NULL, '{\"batch\": 7}');");
    let summary: Value = serde_json::from_str(told.success()).unwrap();
    let names: Vec<_> = summary["accounts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| (a["account"].clone(), a["inserted"].clone()))
        .collect();
    assert_eq!(
        names,
        [
            ("many1".into(), 30.into()),
            ("many2".into(), 30.into()),
            ("many3".into(), 30.into())
        ]
    );
    assert_eq!(
        rssd.look("SELECT count(*), count(DISTINCT email) FROM uniform_resource_imap"),
        "90|3"
    );
    rssd.check();
    let two = shell(&rssd)
        .run("SELECT json_array_length(imap_ingest('[\"many1\", \"many3\"]'), '$.accounts');");
    assert_eq!(two.success(), "2\n");
}

#[test]
fn one_failing_account_stops_no_other_and_is_named() {
    let dovecot = Dovecot::shared();
    dovecot.user("works").append("INBOX", &Mail::many(3));
    let lines = account("works", &dovecot.plain(), "pw-works")
        + &account("fails", &dovecot.plain(), "wrong")
        + &account("nobody", "imap+insecure://127.0.0.1:1", "x");
    let rssd = with_accounts(&lines);
    let error = shell(&rssd).error("SELECT imap_ingest('*');");
    assert!(
        error.starts_with("imap: 2 of 3 accounts failed, the others are ingested: 'fails': login refused for 'fails' at 127.0.0.1: NO "),
        "{error}"
    );
    assert!(
        error.contains("; 'nobody': cannot connect to 127.0.0.1:1"),
        "{error}"
    );
    assert_eq!(rssd.look("SELECT count(*) FROM uniform_resource_imap"), "3");
    let unknown = shell(&rssd).error("SELECT imap_ingest('[\"works\", \"other\"]');");
    assert!(
        unknown.contains("1 of 2 accounts failed, the others are ingested: 'other': "),
        "{unknown}"
    );
    let alone = shell(&rssd).error("SELECT imap_ingest('[\"other\"]');");
    assert!(
        alone.starts_with("imap: 1 of 1 accounts failed: 'other': no account 'other'; "),
        "{alone}"
    );
    let malformed = shell(&rssd).error("SELECT imap_ingest('[works]');");
    assert_eq!(
        malformed,
        "imap: imap_ingest takes account names as a JSON array, such as '[\"work\", \"home\"]', not '[works]'"
    );
    let user = shell(&rssd).error("SELECT imap_ingest('*', 'ada');");
    assert_eq!(
        user,
        "imap: imap_ingest of several accounts takes no user; each account has its own"
    );
}

#[test]
fn accounts_are_read_side_by_side_and_an_interrupt_stops_them_all() {
    let dovecot = Dovecot::shared();
    let stalled = Line::start(dovecot.port, Fault::Stall(40));
    let server = format!("imap+insecure://127.0.0.1:{}", stalled.port);
    dovecot.user("quick").append("INBOX", &Mail::many(3));
    let lines = account("slow1", &server, "pw-slow1")
        + &account("slow2", &server, "pw-slow2")
        + &account("quick", &dovecot.plain(), "pw-quick");
    let rssd = with_accounts(&lines);
    rssd.look("PRAGMA journal_mode = WAL");
    let running = shell(&rssd).start("SELECT imap_ingest('*');");
    // Though the slow ones never end.
    rssd.wait("SELECT count(*) = 3 FROM uniform_resource_imap");
    running.interrupt();
}

/// Checks that so many of six accounts on one server are connected at once.
#[track_caller]
fn are_connected(most: usize, options: &str) {
    let dovecot = Dovecot::shared();
    let line = Line::start(dovecot.port, Fault::HoldAt("Subject: six"));
    let server = format!("imap+insecure://127.0.0.1:{}", line.port);
    let mut lines = String::new();
    for n in 1..=6 {
        let name = format!("six{n}");
        let mails: Vec<Mail> = (1..=20)
            .map(|m| {
                Mail::raw(format!(
                    "Subject: {name}-{m}\r\n\r\n{}\r\n",
                    "x".repeat(3_000)
                ))
            })
            .collect();
        let user = dovecot.user(&name);
        user.expunge("INBOX", "1:*");
        user.append("INBOX", &mails);
        lines += &account(&name, &server, &format!("pw-{name}"));
    }
    let rssd = with_accounts(&lines);
    let sql = format!("SELECT imap_ingest('*', NULL, NULL, '{options}');");
    let running = shell(&rssd).start(&sql);
    line.holds(most);
    line.set(Fault::Drip(2_000));
    let told = running.finish(PATIENCE);
    let summary: Value = serde_json::from_str(told.success()).unwrap();
    assert_eq!(summary["accounts"].as_array().unwrap().len(), 6);
    let count = "SELECT count(*), count(DISTINCT subject) FROM uniform_resource_imap";
    assert_eq!(rssd.look(count), "120|120");
    assert_eq!(line.most(), most);
}

#[test]
fn more_at_once_than_there_are_accounts_costs_nothing() {
    let error = support::shell::Shell::new().error(
        "SELECT imap_ingest('[\"nobody\"]', NULL, NULL, '{\"concurrency\": 1000000000000000}');",
    );
    assert!(
        error.contains("1 of 1 accounts failed: 'nobody': "),
        "{error}"
    );
}

#[test]
fn one_server_gets_four_connections_at_most_and_concurrency_says_how_many_fewer() {
    are_connected(4, r#"{"concurrency": 6, "timeout": 300}"#);
    are_connected(2, r#"{"concurrency": 2, "timeout": 300}"#);
}

#[test]
fn accounts_that_watch_leave_room_for_those_behind_them() {
    let dovecot = Dovecot::shared();
    let mut lines = String::new();
    for n in 1..=3 {
        let name = format!("queue{n}");
        dovecot.user(&name).append("INBOX", &[Mail::numbered(n)]);
        lines += &account(&name, &dovecot.plain(), &format!("pw-{name}"));
    }
    let rssd = with_accounts(&lines);
    rssd.look("PRAGMA journal_mode = WAL");
    let running = shell(&rssd).start(
        ".timeout 300000\nSELECT imap_ingest('*', NULL, NULL, '{\"concurrency\": 1, \"watch\": \"PT1H\"}');",
    );
    rssd.wait("SELECT count(*) = 3 FROM uniform_resource_imap");
    for n in 1..=3 {
        let user = dovecot.user(&format!("queue{n}"));
        user.append("INBOX", &[Mail::numbered(10 + n)]);
    }
    rssd.wait("SELECT count(*) = 6 FROM uniform_resource_imap");
    running.interrupt();
    rssd.check();
}
