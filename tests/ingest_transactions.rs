//! `imap_ingest` in every situation a caller can be in.

mod rssd;
mod support;

use rssd::Rssd;
use support::dovecot::Dovecot;
use support::holder::Holder;
use support::mail::Mail;

#[test]
fn in_a_transaction_it_commits_nothing_itself() {
    let user = Dovecot::shared().user("rollback");
    user.append("INBOX", &Mail::many(5));
    let rssd = Rssd::of(&user);
    let finished = rssd.shell.run(
        "CREATE TABLE t (x);
         BEGIN;
         INSERT INTO t VALUES (1);
         SELECT imap_ingest(NULL, NULL, NULL, '{\"batch\": 2}') ->> 'inserted';
         SELECT count(*) FROM uniform_resource_imap;
         ROLLBACK;",
    );
    assert_eq!(finished.success(), "5\n5\n");
    assert_eq!(
        rssd.ask("SELECT group_concat(name) FROM sqlite_schema"),
        "t"
    );
    assert_eq!(rssd.ask("SELECT count(*) FROM t"), "0");
    assert_eq!(rssd.counts("{}"), [5, 5, 0, 0]);
}

#[test]
fn an_error_leaves_the_callers_transaction_as_it_was_before() {
    let user = Dovecot::shared().user("error");
    user.append("INBOX", &Mail::many(3));
    let rssd = Rssd::of(&user);
    rssd.counts("{}");
    let finished = rssd.shell.run(
        ".bail off
CREATE TABLE t (x);
BEGIN;
INSERT INTO t VALUES (1);
SELECT imap_ingest(NULL, NULL, 'Nowhere');
COMMIT;",
    );
    assert!(
        finished.stderr.contains("cannot examine 'Nowhere'"),
        "{}",
        finished.stderr
    );
    assert_eq!(rssd.ask("SELECT count(*) FROM t"), "1");
    assert_eq!(rssd.ask("SELECT count(*) FROM uniform_resource_imap"), "3");
    rssd.check();
}

#[test]
fn inside_a_statement_that_writes_it_shares_its_fate() {
    let user = Dovecot::shared().user("inside");
    user.append("INBOX", &Mail::many(5));
    let rssd = Rssd::of(&user);
    rssd.ask("CREATE TABLE log (summary TEXT CHECK (summary ->> 'inserted' > 0))");
    let insert = "INSERT INTO log SELECT imap_ingest(NULL, NULL, NULL, '{\"batch\": 2}');";
    let finished = rssd.shell.run(insert);
    assert_eq!(finished.success(), "");
    assert_eq!(rssd.ask("SELECT summary ->> 'inserted' FROM log"), "5");
    assert_eq!(rssd.ask("SELECT count(*) FROM uniform_resource_imap"), "5");
    rssd.check();
    // The second finds nothing new, so the table refuses the row, and with it
    // all that the statement wrote.
    let error = rssd.shell.error(insert);
    assert!(error.starts_with("CHECK constraint failed"), "{error}");
    assert_eq!(rssd.ask("SELECT count(*) FROM ur_ingest_session"), "1");
}

#[test]
fn create_table_as_select_keeps_the_summary() {
    let user = Dovecot::shared().user("create");
    user.append("INBOX", &Mail::many(2));
    let rssd = Rssd::of(&user);
    let sql = "CREATE TABLE log AS SELECT imap_ingest() AS summary;";
    assert_eq!(rssd.shell.run(sql).success(), "");
    assert_eq!(rssd.ask("SELECT summary ->> 'inserted' FROM log"), "2");
    rssd.check();
}

#[test]
fn once_per_row_of_a_query_it_commits_each_time() {
    let user = Dovecot::shared().user("perrow");
    user.create("Copy");
    user.append("INBOX", &Mail::many(2));
    user.append("Copy", &[Mail::numbered(3)]);
    let rssd = Rssd::of(&user);
    rssd.ask("CREATE TABLE f (name); INSERT INTO f VALUES ('INBOX'), ('Copy')");
    let sql = "SELECT imap_ingest(NULL, NULL, name) ->> 'inserted' FROM f;";
    assert_eq!(rssd.shell.run(sql).success(), "2\n1\n");
    assert_eq!(rssd.ask("SELECT count(*) FROM ur_ingest_session"), "2");
    rssd.check();
}

#[test]
fn a_locked_database_is_an_error_and_not_a_loss() {
    let user = Dovecot::shared().user("locked");
    user.append("INBOX", &Mail::many(2));
    let rssd = Rssd::of(&user);
    rssd.counts("{}");
    user.append("INBOX", &[Mail::numbered(3)]);
    let sql = "BEGIN; DELETE FROM uniform_resource_graph WHERE name = 'snmp'";
    let holder = Holder::of(&rssd.path(), sql);
    let error = rssd.shell.error(".timeout 1\nSELECT imap_ingest();");
    assert_eq!(
        error,
        "imap: cannot run 'BEGIN IMMEDIATE': database is locked (5)"
    );
    drop(holder);
    assert_eq!(rssd.counts("{}"), [1, 1, 0, 0]);
    rssd.check();
}

#[test]
fn an_interrupt_keeps_whole_batches_and_leaves_no_transaction() {
    let user = Dovecot::shared().user("interrupt");
    user.append("INBOX", &Mail::many(1500));
    let rssd = Rssd::of(&user);
    let statement = r#"SELECT imap_ingest(NULL, NULL, NULL, '{"batch": 50}')"#;
    for place in [20, 130, 1001] {
        let told = rssd.interrupted(&user, statement, place, &[]);
        assert_eq!(told, "imap: interrupted\nFalse\n");
        assert_eq!(rssd.ask("SELECT count(*) % 50 FROM imap_sync_message"), "0");
        rssd.check();
    }
    rssd.counts("{}");
    assert_eq!(
        rssd.ask("SELECT count(*) FROM uniform_resource_imap"),
        "1500"
    );
    rssd.check();
}
