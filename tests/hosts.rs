//! The library in the newest hosts from PyPI and npm: rows and errors arrive,
//! and a connection that had an error goes on working.

mod support;

use std::process::Command;
use support::dovecot::Dovecot;
use support::library::{host, library};
use support::mail::Mail;
use support::process::Running;
use support::until::PATIENCE;

#[test]
fn apsw_gets_rows_and_errors() {
    let mut python = Command::new(host("python/bin/python"));
    expect_rows_and_errors("host-apsw", python.arg(script("py")));
}

#[test]
fn better_sqlite3_gets_rows_and_errors() {
    let mut node = Command::new("node");
    node.env("NODE_PATH", host("node/node_modules"));
    expect_rows_and_errors("host-node", node.arg(script("js")));
}

fn script(suffix: &str) -> String {
    format!(
        "{}/tests/hosts/rows_and_errors.{suffix}",
        env!("CARGO_MANIFEST_DIR")
    )
}

#[track_caller]
fn expect_rows_and_errors(name: &str, command: &mut Command) {
    let user = Dovecot::shared().user(name);
    let mails = Mail::many(2);
    user.append("INBOX", &mails);
    command.arg(library()).envs(user.environment());
    let finished = Running::start(command, b"").finish(PATIENCE);
    let lines: Vec<&str> = finished.success().lines().collect();
    let size = mails[0].raw.len();
    assert_eq!(lines[0], format!("1 | message 1 | {size}"));
    assert_eq!(lines[1], format!("2 | message 2 | {size}"));
    assert!(
        lines[2].starts_with("imap: unknown option 'timeuot' (known: "),
        "{}",
        lines[2]
    );
    assert_eq!(lines[3..], ["2"]);
}
