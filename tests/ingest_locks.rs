//! `imap_ingest` into a database that other programs read and write: it waits
//! for them by itself, for so long and no longer.

mod rssd;
mod support;

use rssd::Rssd;
use std::process::Command;
use support::dovecot::Dovecot;
use support::holder::Holder;
use support::mail::Mail;
use support::process::Running;
use support::until::{PATIENCE, until};
use support::user::User;

/// Twenty messages, one of which is ingested.
fn twenty(name: &str) -> (User<'static>, Rssd) {
    let user = Dovecot::shared().user(name);
    user.append("INBOX", &Mail::many(20));
    let rssd = Rssd::of(&user);
    rssd.counts(r#"{"limit": 1}"#);
    (user, rssd)
}

/// A run that has met a lock and waits for its end: then, and not before, it
/// asks whether the host waits.
fn waiting(rssd: &Rssd) -> Running {
    let sql = ".trace stderr\nSELECT imap_ingest() ->> 'inserted';";
    let running = rssd.shell.start(sql);
    running.complains_of("PRAGMA busy_timeout", 1);
    running
}

/// Checks that an error tells of a lock that was waited for for a second, or
/// for longer on a machine that has much else to do.
#[track_caller]
fn tells_of_a_second(complaint: &str, locked: &str) {
    let told = format!("imap: cannot run '{locked}': database is locked; others have held it for ");
    let seconds = complaint.split_once(&told).expect(complaint).1;
    let seconds: u32 = seconds.strip_suffix(" s (5)\n").unwrap().parse().unwrap();
    assert!((1..30).contains(&seconds), "{complaint}");
}

#[test]
fn another_writer_is_waited_for_where_the_host_does_not() {
    for lock in ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"] {
        let (_user, rssd) = twenty("waits");
        let holder = Holder::of(&rssd.path(), lock);
        let running = waiting(&rssd);
        holder.release();
        assert_eq!(running.finish(PATIENCE).text(), "19\n");
        rssd.check();
    }
}

#[test]
fn a_host_that_waits_has_the_last_word() {
    let (_user, rssd) = twenty("host");
    let holder = Holder::of(&rssd.path(), "BEGIN IMMEDIATE");
    let refused = rssd.shell.error(".timeout 50\nSELECT imap_ingest();");
    assert_eq!(
        refused,
        "imap: cannot run 'BEGIN IMMEDIATE': database is locked (5)"
    );
    let patient = ".timeout 300000\n.trace stderr\nSELECT imap_ingest() ->> 'inserted';";
    let running = rssd.shell.start(patient);
    running.complains_of("BEGIN IMMEDIATE", 1);
    holder.release();
    assert_eq!(running.finish(PATIENCE).text(), "19\n");
    rssd.check();
}

#[test]
fn a_lock_that_lasts_is_an_error_after_the_timeout_and_no_loss() {
    let (_user, rssd) = twenty("lasts");
    let holder = Holder::of(&rssd.path(), "BEGIN IMMEDIATE");
    for option in ["timeout", "deadline"] {
        let call = format!("SELECT imap_ingest(NULL, NULL, NULL, '{{\"{option}\": 1}}');");
        tells_of_a_second(&rssd.shell.run(&call).stderr, "BEGIN IMMEDIATE");
    }
    holder.release();
    assert_eq!(rssd.counts("{}"), [19, 19, 0, 0]);
    rssd.check();
}

#[test]
fn a_wait_is_interrupted() {
    let (_user, rssd) = twenty("stopped");
    let holder = Holder::of(&rssd.path(), "BEGIN IMMEDIATE");
    waiting(&rssd).interrupt();
    holder.release();
}

#[test]
fn in_a_transaction_of_the_caller_a_lock_is_told_at_once() {
    let (_user, rssd) = twenty("caller");
    let holder = Holder::of(&rssd.path(), "BEGIN IMMEDIATE");
    let finished = rssd
        .shell
        .run("BEGIN;\nSELECT count(*) FROM device;\nSELECT imap_ingest();");
    // Without a word of how long it was waited for.
    let told = "database is locked (5)";
    assert!(finished.stderr.contains(told), "{}", finished.stderr);
    holder.release();
}

/// Reads again and again, and holds its lock most of the time, as long as there
/// is the file it makes.
const READER: &str = r#"
import os, sqlite3, sys, time
database, sign = sys.argv[1:]
connection = sqlite3.connect(database, isolation_level=None, timeout=0)
has_begun = False
while not has_begun or os.path.exists(sign):
    try:
        rows = connection.execute("SELECT 1 FROM imap_sync_message UNION ALL SELECT 2")
        rows.fetchone()
        if not has_begun:
            open(sign, "w").close()
            has_begun = True
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
    let sign = rssd.path().with_file_name("reading");
    python.args(["-c", READER]).args([&rssd.path(), &sign]);
    let reader = Running::start(&mut python, b"");
    until(|| sign.exists().then_some(()));
    let sql = "SELECT imap_ingest(NULL, NULL, NULL, '{\"batch\": 5}') ->> 'inserted';";
    assert_eq!(rssd.shell.run(sql).success(), "19\n");
    std::fs::remove_file(&sign).unwrap();
    reader.finish(PATIENCE).success();
    rssd.check();
}

#[test]
fn a_reader_that_stays_is_an_error_that_leaves_no_transaction() {
    let (_user, rssd) = twenty("stays");
    let holder = Holder::of(&rssd.path(), "BEGIN;\nSELECT count(*) FROM device");
    let call = "SELECT imap_ingest(NULL, NULL, NULL, '{\"timeout\": 1}');";
    let finished = rssd
        .shell
        .run(&format!(".bail off\n{call}\nBEGIN;\nROLLBACK;"));
    tells_of_a_second(&finished.stderr, "COMMIT");
    assert_eq!(finished.stderr.lines().count(), 1, "{}", finished.stderr);
    holder.release();
    assert_eq!(rssd.counts("{}"), [19, 19, 0, 0]);
    rssd.check();
}
