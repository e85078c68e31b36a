//! Incremental ingest: nothing is lost, nothing is doubled, nothing is fetched
//! twice, whatever happens to the mailbox or to the process.

mod rssd;
mod support;

use rssd::Rssd;
use support::dovecot::Dovecot;
use support::line::{Fault, Line};
use support::mail::Mail;
use support::until::PATIENCE;

/// `[fetched, inserted, already_there, failed]` of a run without news.
const NOTHING: [u64; 4] = [0, 0, 0, 0];

#[test]
fn a_second_run_fetches_nothing_and_writes_its_session_only() {
    let user = Dovecot::shared().user("second");
    user.append("INBOX", &Mail::many(30));
    let rssd = Rssd::of(&user);
    assert_eq!(rssd.counts("{}"), [30, 30, 0, 0]);
    let state = "SELECT * FROM imap_sync_folder, imap_sync_account";
    let before = rssd.ask(state);
    let (changes, traffic) = user.observe(|| {
        let sql = "SELECT imap_ingest() IS NULL; SELECT total_changes();";
        let finished = rssd.shell.run(sql);
        finished.success().to_owned()
    });
    // The session's row, written and finished.
    assert_eq!(changes, "0\n2\n");
    assert_eq!(
        (traffic.sessions, traffic.headers, traffic.bodies),
        (1, 0, 0)
    );
    assert_eq!(rssd.ask(state), before);
    let sessions = "SELECT count(*), count(ingest_finished_at) FROM ur_ingest_session";
    assert_eq!(rssd.ask(sessions), "2|2");
}

#[test]
fn new_mail_is_fetched_alone() {
    let user = Dovecot::shared().user("news");
    user.append("INBOX", &Mail::many(20));
    let rssd = Rssd::of(&user);
    rssd.counts("{}");
    user.expunge("INBOX", "3:5,20");
    user.append("INBOX", &[Mail::numbered(21), Mail::numbered(22)]);
    let (counts, traffic) = user.observe(|| rssd.counts("{}"));
    assert_eq!(counts, [2, 2, 0, 0]);
    assert_eq!(traffic.bodies, 2);
    assert_eq!(rssd.ask("SELECT count(*) FROM uniform_resource_imap"), "22");
    assert_eq!(rssd.counts("{}"), NOTHING);
    rssd.check();
}

#[test]
fn an_empty_folder_is_read_and_then_known() {
    let user = Dovecot::shared().user("empty");
    let rssd = Rssd::of(&user);
    assert_eq!(rssd.counts("{}"), NOTHING);
    assert_eq!(rssd.ask("SELECT next_uid FROM imap_sync_folder"), "");
    user.append("INBOX", &Mail::many(1));
    assert_eq!(rssd.counts("{}"), [1, 1, 0, 0]);
}

#[test]
fn another_uidvalidity_is_read_again_without_doubling() {
    let user = Dovecot::shared().user("validity");
    user.append("INBOX", &Mail::many(10));
    let rssd = Rssd::of(&user);
    rssd.counts("{}");
    user.set_uidvalidity("INBOX", 4242);
    user.append("INBOX", &[Mail::numbered(11)]);
    assert_eq!(rssd.counts("{}"), [11, 1, 10, 0]);
    assert_eq!(rssd.counts("{}"), NOTHING);
    assert_eq!(
        rssd.ask("SELECT uidvalidity, next_uid FROM imap_sync_folder"),
        "4242|12"
    );
    assert_eq!(rssd.ask("SELECT count(*) FROM uniform_resource_imap"), "11");
    rssd.check();
}

#[test]
fn reading_leaves_the_mailbox_as_it_was() {
    let user = Dovecot::shared().user("readonly");
    user.append("INBOX", &Mail::many(10));
    let items = "messages unseen uidnext uidvalidity highestmodseq";
    let before = user.status("INBOX", items);
    user.record();
    Rssd::of(&user).counts("{}");
    assert_eq!(user.status("INBOX", items), before);
    for command in user.commands() {
        let command = command.to_uppercase();
        for writing in [
            "SELECT", "STORE", "APPEND", "EXPUNGE", "BODY[", "RFC822 ", "COPY", "MOVE",
        ] {
            assert!(!command.contains(writing), "{command}");
        }
    }
}

#[test]
fn the_database_holds_no_password() {
    let user = Dovecot::shared().user("secret");
    user.append("INBOX", &Mail::many(3));
    let rssd = Rssd::of(&user);
    rssd.counts("{}");
    let file = std::fs::read(rssd.path()).unwrap();
    assert!(!file.windows(9).any(|bytes| bytes == b"pw-secret"));
}

#[test]
fn a_message_above_max_size_waits_for_a_run_that_takes_it() {
    let user = Dovecot::shared().user("large");
    let large = [b"Subject: large\r\n\r\n", "x".repeat(20_000).as_bytes()].concat();
    user.append(
        "INBOX",
        &[Mail::numbered(1), Mail::raw(large), Mail::numbered(3)],
    );
    let rssd = Rssd::of(&user);
    assert_eq!(rssd.counts(r#"{"max_size": 10000}"#), [2, 2, 0, 1]);
    assert_eq!(
        rssd.ask("SELECT uid, problem, detail, size FROM imap_sync_problem"),
        "2|too_large|larger than max_size=10000|20018"
    );
    assert_eq!(rssd.counts(r#"{"max_size": 15000}"#), NOTHING);
    assert_eq!(rssd.counts("{}"), [1, 1, 0, 0]);
    assert_eq!(rssd.ask("SELECT count(*) FROM imap_sync_problem"), "0");
    rssd.check();
}

#[test]
fn a_problem_ends_with_its_uidvalidity() {
    let user = Dovecot::shared().user("problem");
    user.append("INBOX", &Mail::many(2));
    let rssd = Rssd::of(&user);
    assert_eq!(rssd.counts(r#"{"max_size": 10}"#), [0, 0, 0, 2]);
    user.set_uidvalidity("INBOX", 4242);
    assert_eq!(rssd.counts("{}"), [2, 2, 0, 0]);
    assert_eq!(rssd.ask("SELECT count(*) FROM imap_sync_problem"), "0");
}

#[test]
fn a_message_the_database_refuses_stops_none_behind_it() {
    let user = Dovecot::shared().user("refused");
    let rssd = Rssd::of(&user);
    rssd.counts("{}");
    rssd.refuse("message 2");
    user.append("INBOX", &Mail::many(4));
    assert_eq!(rssd.counts("{}"), [4, 3, 0, 1]);
    let problem = rssd.ask("SELECT uid, problem, detail FROM imap_sync_problem");
    assert!(
        problem.starts_with("2|not_written|") && problem.ends_with(": not this one"),
        "{problem}"
    );
    assert_eq!(rssd.counts("{}"), [1, 0, 0, 1]);
    rssd.check();
    rssd.refuse_nothing();
    assert_eq!(rssd.counts("{}"), [1, 1, 0, 0]);
    assert_eq!(rssd.counts("{}"), NOTHING);
    rssd.check();
}

#[test]
fn the_problem_of_a_message_that_is_gone_is_forgotten() {
    let user = Dovecot::shared().user("gone");
    let rssd = Rssd::of(&user);
    rssd.counts("{}");
    rssd.ask(
        "CREATE TRIGGER t BEFORE INSERT ON uniform_resource
           WHEN new.uri LIKE '%/2@%' BEGIN SELECT raise(ABORT, 'no'); END",
    );
    user.append("INBOX", &Mail::many(3));
    assert_eq!(rssd.counts("{}"), [3, 2, 0, 1]);
    rssd.check();
    user.expunge("INBOX", "2");
    assert_eq!(rssd.counts("{}"), NOTHING);
    assert_eq!(rssd.ask("SELECT count(*) FROM imap_sync_problem"), "0");
}

#[test]
fn a_killed_run_is_continued() {
    let user = Dovecot::shared().user("killed");
    user.append("INBOX", &Mail::many(400));
    let rssd = Rssd::of(&user);
    let line = Line::start(Dovecot::shared().port, Fault::Nothing);
    let shell = line.shell(&user, &rssd.path());
    // Before the login, amid the greeting of the folder, and amid messages.
    for bytes in [10, 900, 3_000, 10_000, 20_000, 30_000] {
        line.set(Fault::Hold(bytes));
        let running = shell.start("SELECT imap_ingest(NULL, NULL, NULL, '{\"batch\": 7}');");
        line.holds(1);
        running.signal("KILL");
        assert!(!running.finish(PATIENCE).status.success());
        if rssd.path().exists() {
            rssd.ask("SELECT 1");
        }
    }
    rssd.counts("{}");
    assert_eq!(
        rssd.ask("SELECT count(*) FROM uniform_resource_imap"),
        "400"
    );
    assert_eq!(
        rssd.ask("SELECT count(DISTINCT uid), max(uid) FROM imap_sync_message"),
        "400|400"
    );
    assert_eq!(rssd.counts("{}"), NOTHING);
    rssd.check();
}

#[test]
fn a_wrong_folder_leaves_no_trace() {
    let user = Dovecot::shared().user("wrong");
    let rssd = Rssd::of(&user);
    let missing = rssd
        .shell
        .error("SELECT imap_ingest(NULL, NULL, 'Nowhere');");
    assert!(
        missing.starts_with("imap: cannot examine 'Nowhere': NO "),
        "{missing}"
    );
    let pattern = rssd
        .shell
        .error("SELECT imap_ingest(NULL, NULL, 'No*where');");
    assert_eq!(
        pattern,
        "imap: cannot ingest 'No*where': no folder matches; imap_folders lists those there are"
    );
    let excluded = rssd
        .shell
        .error("SELECT imap_ingest(NULL, NULL, 'INBOX', '{\"exclude\": \"*\"}');");
    assert_eq!(
        excluded,
        "imap: cannot ingest 'INBOX': no folder matches that is not excluded; imap_folders lists \
         those there are"
    );
    // To a query a pattern is a condition, and none meets it.
    for table in ["imap_messages", "imap_attachments", "imap_folders"] {
        let count = format!("SELECT count(*) FROM {table}(NULL, NULL, 'No*where');");
        assert_eq!(rssd.shell.run(&count).success(), "0\n");
    }
    assert_eq!(rssd.ask("SELECT count(*) FROM sqlite_schema"), "0");
}
