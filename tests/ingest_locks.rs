//! `imap_ingest` into a database that other programs read and write: it waits
//! for them by itself, for so long and no longer.

mod rssd;
mod support;

use rssd::Rssd;
use std::process::Command;
use std::time::Duration;
use support::dovecot::Dovecot;
use support::mail::Mail;
use support::process::Running;
use support::shell::Shell;
use support::user::User;

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(60);

/// Twenty messages, one of which is ingested.
fn twenty(name: &str) -> (User<'static>, Rssd) {
    let user = Dovecot::shared().user(name);
    user.append("INBOX", &Mail::many(20));
    let rssd = Rssd::of(&user);
    rssd.counts(r#"{"limit": 1}"#);
    (user, rssd)
}

/// Another program that holds the database for so many seconds.
fn hold(rssd: &Rssd, lock: &str, seconds: u32) -> Running {
    let other = Shell::new().database(&rssd.path());
    let holder = other.start(&format!("{lock};\n.shell sleep {seconds}\nCOMMIT;"));
    std::thread::sleep(Duration::from_millis(700));
    holder
}

#[test]
fn another_writer_is_waited_for_where_the_host_does_not() {
    for lock in ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"] {
        let (_user, rssd) = twenty("waits");
        let holder = hold(&rssd, lock, 2);
        let sql = "SELECT imap_ingest() ->> 'inserted';";
        assert_eq!(rssd.shell.run(sql).success(), "19\n");
        holder.finish(LONG).success();
        rssd.check();
    }
}

#[test]
fn a_host_that_waits_has_the_last_word() {
    let (_user, rssd) = twenty("host");
    let holder = hold(&rssd, "BEGIN IMMEDIATE", 3);
    let refused = rssd.shell.error(".timeout 50\nSELECT imap_ingest();");
    assert_eq!(
        refused,
        "imap: cannot run 'BEGIN IMMEDIATE': database is locked (5)"
    );
    let patient = ".timeout 20000\nSELECT imap_ingest() ->> 'inserted';";
    assert_eq!(rssd.shell.run(patient).success(), "19\n");
    holder.finish(LONG).success();
    rssd.check();
}

#[test]
fn a_lock_that_lasts_is_an_error_after_the_timeout_and_no_loss() {
    let (_user, rssd) = twenty("lasts");
    let holder = hold(&rssd, "BEGIN IMMEDIATE", 4);
    for option in ["timeout", "deadline"] {
        let call = format!("SELECT imap_ingest(NULL, NULL, NULL, '{{\"{option}\": 1}}');");
        let finished = rssd.shell.run(&call);
        let told = "imap: cannot run 'BEGIN IMMEDIATE': database is locked; \
                    others have held it for 1 s (5)";
        assert!(finished.stderr.contains(told), "{}", finished.stderr);
    }
    holder.finish(LONG).success();
    assert_eq!(rssd.counts("{}"), [19, 19, 0, 0]);
    rssd.check();
}

#[test]
fn a_wait_is_interrupted() {
    let (_user, rssd) = twenty("stopped");
    let holder = hold(&rssd, "BEGIN IMMEDIATE", 4);
    let running = rssd.shell.start("SELECT imap_ingest();");
    std::thread::sleep(Duration::from_millis(1_500));
    running.signal("INT");
    let finished = running.finish(Duration::from_secs(2));
    assert!(
        finished.stderr.contains("imap: interrupted"),
        "{}",
        finished.stderr
    );
    holder.finish(LONG).success();
}

#[test]
fn in_a_transaction_of_the_caller_a_lock_is_told_at_once() {
    let (_user, rssd) = twenty("caller");
    let holder = hold(&rssd, "BEGIN IMMEDIATE", 4);
    let finished = rssd
        .shell
        .run("BEGIN;\nSELECT count(*) FROM device;\nSELECT imap_ingest();");
    let told = "database is locked (5)";
    assert!(finished.stderr.contains(told), "{}", finished.stderr);
    assert!(
        finished.took < Duration::from_secs(2),
        "{:?}",
        finished.took
    );
    holder.finish(LONG).success();
}

/// Reads again and again, and holds its lock most of the time.
const READER: &str = r#"
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=0)
until = time.time() + 4
while time.time() < until:
    try:
        rows = connection.execute("SELECT 1 FROM imap_sync_message UNION ALL SELECT 2")
        rows.fetchone()
        time.sleep(0.3)
        rows.close()
        time.sleep(0.01)
    except sqlite3.OperationalError as error:
        assert str(error) == "database is locked", error
        time.sleep(0.01)
"#;

#[test]
fn a_reader_that_polls_keeps_no_batch_from_its_commit() {
    let (_user, rssd) = twenty("reader");
    let mut python = Command::new("/usr/bin/python3");
    python.args(["-c", READER]).arg(rssd.path());
    let reader = Running::start(&mut python, b"");
    std::thread::sleep(Duration::from_millis(300));
    let sql = "SELECT imap_ingest(NULL, NULL, NULL, '{\"batch\": 5}') ->> 'inserted';";
    assert_eq!(rssd.shell.run(sql).success(), "19\n");
    reader.finish(LONG).success();
    rssd.check();
}

#[test]
fn a_reader_that_stays_is_an_error_that_leaves_no_transaction() {
    let (_user, rssd) = twenty("stays");
    let other = Shell::new().database(&rssd.path());
    let holder = other.start("BEGIN;\nSELECT count(*) FROM device;\n.shell sleep 4\nCOMMIT;");
    std::thread::sleep(Duration::from_millis(700));
    let call = "SELECT imap_ingest(NULL, NULL, NULL, '{\"timeout\": 1}');";
    let finished = rssd
        .shell
        .run(&format!(".bail off\n{call}\nBEGIN;\nROLLBACK;"));
    let told = "imap: cannot run 'COMMIT': database is locked; others have held it for 1 s (5)";
    assert!(finished.stderr.contains(told), "{}", finished.stderr);
    assert_eq!(finished.stderr.lines().count(), 1, "{}", finished.stderr);
    holder.finish(LONG);
    assert_eq!(rssd.counts("{}"), [19, 19, 0, 0]);
    rssd.check();
}
