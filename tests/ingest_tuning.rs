//! What an ingest changes of its host's connection to write faster, and that it
//! changes it back.

mod rssd;
mod support;

use rssd::Rssd;
use support::dovecot::Dovecot;
use support::mail::Mail;

/// What the host says of its settings.
const ASKED: &str = "PRAGMA main.cache_size; PRAGMA wal_autocheckpoint;";

/// Has every message that is recorded note the size of the page cache.
const NOTED: &str = "CREATE TABLE noted (cache_size);
    CREATE TRIGGER note AFTER INSERT ON imap_sync_message BEGIN
      INSERT INTO noted SELECT cache_size FROM pragma_cache_size('main');
    END;";

fn twenty_megabytes() -> Vec<Mail> {
    let body = "words and more words\r\n".repeat(8_000);
    let mail = |n| Mail::raw(format!("Subject: message {n}\r\n\r\n{body}"));
    (1..=120).map(mail).collect()
}

#[test]
fn there_is_a_larger_cache_and_a_longer_log_until_it_ends() {
    let user = Dovecot::shared().user("tuning");
    user.append("INBOX", &twenty_megabytes());
    let rssd = Rssd::of(&user);
    rssd.ingest("Sent", "{}");
    rssd.ask(&format!("PRAGMA journal_mode = WAL; {NOTED}"));
    let log = format!("{}-wal", rssd.path().display());
    let finished = rssd.shell.run(&format!(
        "PRAGMA cache_size = -1000; PRAGMA wal_autocheckpoint = 77;
SELECT imap_ingest(NULL, NULL, NULL, '{{\"layout\": \"compact\"}}') ->> 'inserted';
SELECT DISTINCT cache_size FROM noted;
{ASKED}
.system test $(stat -c %s '{log}') -gt 18000000 && echo long
"
    ));
    assert_eq!(finished.success(), "77\n120\n-16384\n-1000\n77\nlong\n");
    rssd.check();
}

#[test]
fn a_host_that_has_more_keeps_it() {
    let user = Dovecot::shared().user("untuned");
    user.append("INBOX", &Mail::many(3));
    let rssd = Rssd::of(&user);
    rssd.ingest("Sent", "{}");
    rssd.ask(&format!("PRAGMA journal_mode = WAL; {NOTED}"));
    let large = "PRAGMA cache_size = 100000; PRAGMA wal_autocheckpoint = 0;";
    let finished = rssd.shell.run(&format!(
        "{large}
SELECT imap_ingest(NULL, NULL, NULL, '{{\"layout\": \"compact\"}}') ->> 'inserted';
SELECT DISTINCT cache_size FROM noted;
{ASKED}"
    ));
    assert_eq!(finished.success(), "0\n3\n100000\n100000\n0\n");
}

#[test]
fn an_error_and_a_transaction_change_it_back_too() {
    let user = Dovecot::shared().user("tuningerror");
    user.append("INBOX", &Mail::many(3));
    let rssd = Rssd::of(&user);
    rssd.ask("PRAGMA journal_mode = WAL");
    let finished = rssd.shell.run(&format!(
        ".bail off
PRAGMA cache_size = -1000; PRAGMA wal_autocheckpoint = 77;
SELECT imap_ingest(NULL, NULL, 'Nowhere', '{{\"layout\": \"compact\"}}');
{ASKED}
BEGIN;
SELECT imap_ingest(NULL, NULL, NULL, '{{\"layout\": \"compact\"}}') ->> 'inserted';
{ASKED}
COMMIT;"
    ));
    assert!(finished.stderr.contains("cannot examine 'Nowhere'"));
    assert_eq!(finished.text(), "77\n-1000\n77\n3\n-1000\n77\n");
}

#[test]
fn an_interrupt_changes_it_back_too() {
    let user = Dovecot::shared().user("tuninginterrupt");
    user.append("INBOX", &Mail::many(100));
    let rssd = Rssd::of(&user);
    rssd.ask("PRAGMA journal_mode = WAL");
    let statement = r#"SELECT imap_ingest(NULL, NULL, NULL, '{"layout": "compact"}')"#;
    let small = ["cache_size=-1000", "wal_autocheckpoint=77"];
    let told = rssd.interrupted(&user, statement, 10, &small);
    assert_eq!(told, "imap: interrupted\nFalse\n-1000\n77\n");
}
