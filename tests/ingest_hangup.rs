//! A server that hangs up, or falls silent, over one message each time it is
//! asked for: all others come, it is noted, and it comes once it can.

mod rssd;
mod support;

use rssd::Rssd;
use serde_json::Value;
use support::dovecot::Dovecot;
use support::line::{Fault, Line};
use support::mail::Mail;
use support::scripted::{Script, Scripted};
use support::user::User;

/// In front of the message with this number on the line.
const THIRD: &[&str] = &["Subject: message 3\r\n"];

/// A mailbox of six messages at the end of a line with a fault.
fn six(name: &str, fault: Fault) -> (User<'static>, Rssd, Line) {
    let user = Dovecot::shared().user(name);
    user.append("INBOX", &Mail::many(6));
    let rssd = Rssd::of(&user);
    let line = Line::start(Dovecot::shared().port, fault);
    (user, rssd, line)
}

/// What a run over the line fetched and failed to, and what it left.
#[track_caller]
fn run(line: &Line, user: &User<'_>, rssd: &Rssd, options: &str) -> [u64; 3] {
    let call = format!("SELECT imap_ingest(NULL, NULL, 'INBOX', '{options}');");
    let finished = line.shell(user, &rssd.path()).run(&call);
    let summary: Value = serde_json::from_str(finished.success()).unwrap();
    ["fetched", "failed", "problems"].map(|key| summary[key].as_u64().unwrap())
}

const INGESTED: &str =
    "SELECT group_concat(uid) FROM (SELECT uid FROM imap_sync_message ORDER BY uid)";
const PROBLEMS: &str = "SELECT uid, problem, attempts FROM imap_sync_problem";

#[test]
fn a_message_over_which_the_server_hangs_up_costs_no_other() {
    let (user, rssd, line) = six("hangs up", Fault::CutAt(THIRD));
    assert_eq!(run(&line, &user, &rssd, "{}"), [5, 1, 1]);
    assert_eq!(rssd.ask(INGESTED), "1,2,4,5,6");
    assert_eq!(rssd.ask(PROBLEMS), "3|connection_lost|2");
    let detail = format!(
        "imap: 127.0.0.1:{} closed the connection amid a response (UID FETCH)",
        line.port
    );
    assert_eq!(rssd.ask("SELECT detail FROM imap_sync_problem"), detail);
    user.append("INBOX", &[Mail::numbered(7)]);
    assert_eq!(run(&line, &user, &rssd, "{}"), [1, 1, 1]);
    assert_eq!(rssd.ask(PROBLEMS), "3|connection_lost|3");
    line.set(Fault::Nothing);
    assert_eq!(run(&line, &user, &rssd, "{}"), [1, 0, 0]);
    assert_eq!(rssd.ask(INGESTED), "1,2,3,4,5,6,7");
    assert_eq!(rssd.ask(PROBLEMS), "");
    rssd.check();
}

#[test]
fn it_is_left_after_five_tries_and_tried_again_on_demand() {
    let (user, rssd, line) = six("gives up", Fault::CutAt(THIRD));
    for attempts in 2..=5 {
        let [_, failed, problems] = run(&line, &user, &rssd, "{}");
        assert_eq!([failed, problems], [1, 1]);
        assert_eq!(rssd.ask(PROBLEMS), format!("3|connection_lost|{attempts}"));
    }
    assert_eq!(run(&line, &user, &rssd, "{}"), [0, 0, 1]);
    assert_eq!(rssd.ask(PROBLEMS), "3|connection_lost|5");
    line.set(Fault::Nothing);
    assert_eq!(run(&line, &user, &rssd, "{}"), [0, 0, 1]);
    rssd.ask("UPDATE imap_sync_problem SET attempts = 0");
    assert_eq!(run(&line, &user, &rssd, "{}"), [1, 0, 0]);
    assert_eq!(rssd.ask(INGESTED), "1,2,3,4,5,6");
    rssd.check();
}

#[test]
fn a_message_over_which_the_server_falls_silent_costs_no_other() {
    let (user, rssd, line) = six("falls silent", Fault::StallAt(THIRD[0]));
    assert_eq!(run(&line, &user, &rssd, r#"{"timeout": 5}"#), [5, 1, 1]);
    assert_eq!(rssd.ask(INGESTED), "1,2,4,5,6");
    let detail = format!(
        "imap: 127.0.0.1:{} did not answer within 5 s (UID FETCH)",
        line.port
    );
    assert_eq!(rssd.ask("SELECT detail FROM imap_sync_problem"), detail);
    line.set(Fault::Nothing);
    assert_eq!(run(&line, &user, &rssd, "{}"), [1, 0, 0]);
    rssd.check();
}

#[test]
fn a_deadline_is_nothing_against_a_message() {
    let (user, rssd, line) = six("deadline", Fault::StallAt(THIRD[0]));
    let call = "SELECT imap_ingest(NULL, NULL, 'INBOX', '{\"deadline\": 8}');";
    let error = line.shell(&user, &rssd.path()).error(call);
    let told = format!(
        "imap: 127.0.0.1:{} did not answer within 8 s (UID FETCH; deadline of the statement) (14)",
        line.port
    );
    assert_eq!(error, told);
    assert_eq!(rssd.ask(INGESTED), "1,2");
    assert_eq!(rssd.ask(PROBLEMS), "");
}

#[test]
fn several_such_messages_beside_each_other_cost_no_other() {
    let several = &[
        "Subject: message 2\r\n",
        "Subject: message 3\r\n",
        "Subject: message 4\r\n",
    ];
    let (user, rssd, line) = six("several", Fault::CutAt(several));
    assert_eq!(run(&line, &user, &rssd, "{}"), [3, 3, 3]);
    assert_eq!(rssd.ask(INGESTED), "1,5,6");
    line.set(Fault::Nothing);
    assert_eq!(run(&line, &user, &rssd, "{}"), [3, 0, 0]);
    rssd.check();
}

#[test]
fn filters_that_read_the_header_get_past_it_too() {
    let (user, rssd, line) = six("filtered", Fault::CutAt(THIRD));
    let options = r#"{"not_subject": "other"}"#;
    assert_eq!(run(&line, &user, &rssd, options), [5, 1, 1]);
    assert_eq!(rssd.ask(INGESTED), "1,2,4,5,6");
    line.set(Fault::Nothing);
    assert_eq!(run(&line, &user, &rssd, options), [1, 0, 0]);
    rssd.check();
}

#[test]
fn the_folders_behind_it_are_read_and_a_limit_holds() {
    let (user, rssd, line) = six("folders", Fault::CutAt(THIRD));
    user.create("Later");
    user.append("Later", &[Mail::numbered(8)]);
    let all = "SELECT imap_ingest(NULL, NULL, '*', '{\"limit\": 4}') ->> 'fetched';";
    assert_eq!(line.shell(&user, &rssd.path()).run(all).success(), "4\n");
    assert_eq!(rssd.ask(INGESTED), "1,2,4,5");
    let all = "SELECT imap_ingest(NULL, NULL, '*') ->> 'fetched';";
    assert_eq!(line.shell(&user, &rssd.path()).run(all).success(), "2\n");
    assert_eq!(rssd.ask("SELECT count(*) FROM imap_sync_message"), "6");
    rssd.check();
}

#[test]
fn all_of_a_folder_once_more_ends_in_spite_of_it() {
    let (user, rssd, line) = six("all", Fault::CutAt(THIRD));
    run(&line, &user, &rssd, "{}");
    let [_, failed, problems] = run(&line, &user, &rssd, r#"{"fetch": "all"}"#);
    assert_eq!([failed, problems], [1, 1]);
    rssd.check();
}

#[test]
fn what_came_before_it_is_deleted_where_that_is_asked_for() {
    let (user, rssd, line) = six("deleted", Fault::CutAt(THIRD));
    assert_eq!(run(&line, &user, &rssd, r#"{"delete": true}"#), [5, 1, 1]);
    assert_eq!(user.status("INBOX", "messages"), "messages=1");
    rssd.check();
}

#[test]
fn a_watch_takes_what_is_behind_it() {
    let (user, rssd, line) = six("watch", Fault::CutAt(THIRD));
    rssd.look("PRAGMA journal_mode = WAL");
    let watch = "SELECT imap_ingest(NULL, NULL, 'INBOX', '{\"watch\": \"PT1H\"}');";
    let running = line.shell(&user, &rssd.path()).start(watch);
    rssd.wait("SELECT count(*) = 5 FROM imap_sync_message");
    rssd.wait("SELECT count(*) = 1 FROM imap_sync_problem WHERE uid = 3");
    running.interrupt();
    assert_eq!(rssd.ask(INGESTED), "1,2,4,5,6");
}

#[test]
fn a_query_ends_with_the_error_after_the_rows_before_it() {
    let (user, rssd, line) = six("query", Fault::CutAt(THIRD));
    let finished = line
        .shell(&user, &rssd.path())
        .run("SELECT uid, length(raw) > 0 FROM imap_messages();");
    assert_eq!(finished.text(), "1|1\n2|1\n");
    let told = "closed the connection amid a response (UID FETCH)";
    assert!(finished.stderr.contains(told), "{}", finished.stderr);
}

/// A server that takes the login and hangs up over whatever comes next.
#[test]
fn a_connection_that_is_lost_before_a_fetch_is_nothing_against_a_message() {
    let early = || Script::open(3).then("C: UID SEARCH ALL\nS: * BYE going down");
    let server = Scripted::play([early(), early()]);
    let rssd = Rssd::at(&format!("imap+insecure://127.0.0.1:{}", server.port));
    for _ in 0..2 {
        let error = rssd.shell.error("SELECT imap_ingest();");
        assert!(error.contains("going down"), "{error}");
        assert_eq!(rssd.ask(PROBLEMS), "");
    }
    server.finish();
}

#[test]
fn a_server_that_sends_nothing_of_any_message_is_an_error() {
    let (user, rssd, line) = six("nothing", Fault::CutAt(&["From: Ada"]));
    let error = line
        .shell(&user, &rssd.path())
        .error("SELECT imap_ingest();");
    let told = "closed the connection amid a response (UID FETCH)";
    assert!(error.contains(told), "{error}");
    line.set(Fault::Nothing);
    assert_eq!(run(&line, &user, &rssd, "{}"), [6, 0, 0]);
    assert_eq!(rssd.ask(PROBLEMS), "");
    rssd.check();
}
