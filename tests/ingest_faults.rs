//! `imap_ingest` from servers that stall, hang up, refuse or send nothing: what
//! came is kept, and the rest is asked for again.

mod rssd;
mod support;

use rssd::Rssd;
use std::sync::mpsc::channel;
use support::scripted::{Script, Scripted, opened};
use support::until::PATIENCE;

/// The sizes of three messages, and the command for them.
const SIZES: &str = r"
    C: UID SEARCH ALL
    S: * SEARCH 1 2 3
    S: $ OK done
    C: UID FETCH 1:3 (UID RFC822.SIZE)
    S: * 1 FETCH (UID 1 RFC822.SIZE 24)
    S: * 2 FETCH (UID 2 RFC822.SIZE 24)
    S: * 3 FETCH (UID 3 RFC822.SIZE 24)
    S: $ OK done
    C: UID FETCH 1:3 (UID FLAGS RFC822.SIZE INTERNALDATE BODY.PEEK[])
";

/// The answer with a message of 24 bytes.
fn message(uid: u32) -> String {
    format!(
        "* {uid} FETCH (UID {uid} FLAGS () INTERNALDATE \"01-Jan-2026 00:00:00 +0000\" \
         RFC822.SIZE 24 BODY[] {{24}}\r\nSubject: m{uid}\r\n\r\nbody{uid}\r\n\r\n)\r\n"
    )
}

/// The flags of the messages that are known, which a server without CONDSTORE is
/// asked for each time; none has any.
fn no_flags(set: &str) -> String {
    let parse = |uid: &str| uid.parse::<u32>().unwrap();
    let uids = set.split(',').flat_map(|part| match part.split_once(':') {
        Some((first, last)) => parse(first)..=parse(last),
        None => parse(part)..=parse(part),
    });
    let told: String = uids
        .map(|uid| format!("S: * {uid} FETCH (UID {uid} FLAGS ())\n"))
        .collect();
    format!("C: UID FETCH {set} (UID FLAGS)\n{told}S: $ OK done\n")
}

/// Message 2, whose content is refused, item by item.
fn refused_2(body: &str) -> String {
    let no = "S: $ NO [SERVERBUG] cannot read it %s%n";
    format!(
        "C: UID FETCH 2 {body}\n{no}\n\
         C: UID FETCH 2 (UID FLAGS RFC822.SIZE INTERNALDATE)\n\
         S: * 2 FETCH (UID 2 FLAGS () RFC822.SIZE 24)\nS: $ OK done\n\
         C: UID FETCH 2 (UID BODY.PEEK[])\n{no}\n\
         C: UID FETCH 2 (UID BODY.PEEK[HEADER])\n{no}"
    )
}

fn server(scripts: impl IntoIterator<Item = Script>) -> (Scripted, Rssd) {
    let server = Scripted::play(scripts);
    let rssd = Rssd::at(&format!("imap+insecure://127.0.0.1:{}", server.port));
    (server, rssd)
}

#[test]
fn a_stall_holds_no_lock_and_loses_nothing_that_came() {
    let stalling = Script::open(3)
        .then(SIZES)
        .bytes(message(1))
        .bytes(message(2))
        .stall();
    let going_on = Script::open(3)
        .then(&no_flags("1:2"))
        .then("C: UID SEARCH ALL\nS: * SEARCH 1 2 3\nS: $ OK done")
        .then("C: UID FETCH 3 (UID RFC822.SIZE)\nS: * 3 FETCH (UID 3 RFC822.SIZE 24)\nS: $ OK done")
        .then("C: UID FETCH 3 (UID FLAGS RFC822.SIZE INTERNALDATE BODY.PEEK[])")
        .bytes(message(3))
        .then("S: $ OK done");
    let (server, rssd) = server([stalling, going_on]);
    let mut running = rssd.shell.start(
        ".timeout 300000
         SELECT imap_ingest(NULL, NULL, NULL, '{\"timeout\": 8, \"batch\": 1}') ->> 'inserted';",
    );
    rssd.wait("SELECT count(*) = 2 FROM imap_sync_message");
    rssd.look("CREATE TABLE t (x)");
    assert!(!running.is_over(), "it waits, and others may write");
    let finished = running.finish(PATIENCE);
    assert_eq!(finished.success(), "3\n");
    assert_eq!(rssd.ask("SELECT count(*) FROM imap_sync_problem"), "0");
    rssd.check();
    server.finish();
}

#[test]
fn what_came_before_the_server_hung_up_is_written() {
    let hanging_up = Script::open(3)
        .then(SIZES)
        .bytes(message(1))
        .bytes("* 2 FETCH (UID 2 BO");
    let (server, rssd) = server([hanging_up]);
    let error = rssd.shell.error("SELECT imap_ingest();");
    assert!(
        error.contains(&format!("127.0.0.1:{}", server.port)),
        "{error}"
    );
    assert_eq!(
        rssd.ask("SELECT group_concat(subject) FROM uniform_resource_imap"),
        "m1"
    );
    assert_eq!(rssd.ask("SELECT next_uid FROM imap_sync_folder"), "1");
    assert_eq!(
        rssd.ask("SELECT uid, problem, attempts FROM imap_sync_problem"),
        "2|connection_lost|1"
    );
    let told = "SELECT elaboration ->> 'error', elaboration ->> 'inserted',
                       ingest_finished_at IS NOT NULL FROM ur_ingest_session";
    let why = format!(
        "imap: 127.0.0.1:{} closed the connection amid a response (UID FETCH)|1|1",
        server.port
    );
    assert_eq!(rssd.ask(told), why);
    rssd.check();
    server.finish();
}

#[test]
fn a_message_without_content_is_asked_for_again() {
    let empty = Script::open(3)
        .then(SIZES)
        .bytes(message(1))
        .bytes("* 2 FETCH (UID 2 FLAGS () INTERNALDATE \"01-Jan-2026 00:00:00 +0000\" RFC822.SIZE 24 BODY[] NIL)\r\n")
        .bytes(message(3))
        .then("S: $ OK done")
        .then("C: UID SEARCH UID 2\nS: * SEARCH 2\nS: $ OK done");
    let complete = Script::open(3)
        .then(&no_flags("1,3"))
        .then("C: UID SEARCH UID 2,4:4294967295\nS: * SEARCH 2\nS: $ OK done")
        .then("C: UID FETCH 2 (UID RFC822.SIZE)\nS: * 2 FETCH (UID 2 RFC822.SIZE 24)\nS: $ OK done")
        .then("C: UID FETCH 2 (UID FLAGS RFC822.SIZE INTERNALDATE BODY.PEEK[])")
        .bytes(message(2))
        .then("S: $ OK done");
    let (server, rssd) = server([empty, complete, Script::open(3).then(&no_flags("1:3"))]);
    assert_eq!(rssd.counts("{}"), [2, 2, 0, 1]);
    assert_eq!(
        rssd.ask("SELECT uid, problem, detail FROM imap_sync_problem"),
        "2|not_sent|the server lists it and sends no content"
    );
    assert_eq!(rssd.counts("{}"), [1, 1, 0, 0]);
    assert_eq!(rssd.ask("SELECT count(*) FROM imap_sync_problem"), "0");
    assert_eq!(rssd.counts("{}"), [0, 0, 0, 0]);
    rssd.check();
    server.finish();
}

#[test]
fn a_message_the_server_cannot_read_costs_no_other() {
    let body = "(UID FLAGS RFC822.SIZE INTERNALDATE BODY.PEEK[])";
    let refusing = Script::open(3)
        .then(SIZES)
        .bytes(message(1))
        .then("S: $ NO [SERVERBUG] cannot read message 2 %s%n")
        .then(&refused_2(body))
        .then(&format!("C: UID FETCH 3 {body}"))
        .bytes(message(3))
        .then("S: $ OK done")
        .then("C: UID SEARCH UID 2\nS: * SEARCH 2\nS: $ OK done");
    let (server, rssd) = server([refusing]);
    assert_eq!(rssd.counts("{}"), [2, 2, 0, 1]);
    assert_eq!(
        rssd.ask("SELECT uid, problem, detail FROM imap_sync_problem"),
        "2|not_sent|imap: cannot fetch from 'INBOX': NO [SERVERBUG] cannot read it %s%n"
    );
    rssd.check();
    server.finish();
}

#[test]
fn a_message_expunged_meanwhile_is_no_problem() {
    let expunging = Script::open(3)
        .then(SIZES)
        .bytes(message(1))
        .bytes(message(3))
        .then("S: * 2 EXPUNGE\nS: $ OK done")
        .then("C: UID SEARCH UID 2\nS: * SEARCH\nS: $ OK done");
    let (server, rssd) = server([expunging]);
    assert_eq!(rssd.counts("{}"), [2, 2, 0, 0]);
    assert_eq!(rssd.ask("SELECT next_uid FROM imap_sync_folder"), "4");
    server.finish();
}

#[test]
fn uids_that_do_not_last_are_not_relied_on() {
    let unnumbered = || {
        Script::new(&opened(3).replace("S: * OK [UIDVALIDITY 7] uids\n", ""))
            .then(SIZES)
            .bytes(message(1))
            .bytes(message(2))
            .bytes(message(3))
            .then("S: $ OK done")
    };
    let (server, rssd) = server([unnumbered(), unnumbered()]);
    assert_eq!(rssd.counts("{}"), [3, 3, 0, 0]);
    assert_eq!(rssd.counts("{}"), [3, 0, 3, 0]);
    rssd.check();
    server.finish();
}

#[test]
fn a_folder_that_is_refused_does_not_stop_those_behind_it() {
    let listing = r#"
        S: * OK [CAPABILITY IMAP4rev1] ready
        C: LOGIN "ada" "secret"
        S: $ OK [CAPABILITY IMAP4rev1] done
        C: LIST "" "*"
        S: * LIST () "/" A
        S: * LIST (\Noselect) "/" B
        S: * LIST () "/" C
        S: $ OK done
        C: EXAMINE "A"
        S: $ NO [NOPERM] not yours
        C: EXAMINE "C"
        S: * 1 EXISTS
        S: * OK [UIDVALIDITY 7] uids
        S: * OK [UIDNEXT 2] next
        S: $ OK [READ-ONLY] done
        C: UID SEARCH ALL
        S: * SEARCH 1
        S: $ OK done
        C: UID FETCH 1 (UID RFC822.SIZE)
        S: * 1 FETCH (UID 1 RFC822.SIZE 24)
        S: $ OK done
        C: UID FETCH 1 (UID FLAGS RFC822.SIZE INTERNALDATE BODY.PEEK[])
    "#;
    let script = Script::new(listing).bytes(message(1)).then("S: $ OK done");
    let (server, rssd) = server([script]);
    let error = rssd.shell.error("SELECT imap_ingest(NULL, NULL, '*');");
    assert_eq!(error, "imap: cannot examine 'A': NO [NOPERM] not yours");
    assert_eq!(
        rssd.ask("SELECT folder_name FROM uniform_resource_imap"),
        "C"
    );
    server.finish();
}

#[test]
fn a_snapshot_that_another_writer_left_behind_is_explained() {
    let opened = opened(3);
    let (before, after) = opened.split_once("S: * 3 EXISTS").unwrap();
    let (told, heard) = channel();
    let (go, gone) = channel();
    let slow = Script::new(before)
        .act(move || {
            told.send(()).unwrap();
            gone.recv().unwrap();
        })
        .then(&format!("S: * 3 EXISTS{after}"));
    let (server, rssd) = server([slow]);
    rssd.ask("PRAGMA journal_mode = WAL; CREATE TABLE f (name); INSERT INTO f VALUES ('INBOX')");
    let running = rssd
        .shell
        .start("SELECT imap_ingest(NULL, NULL, name) FROM f;");
    heard.recv().unwrap();
    rssd.ask("INSERT INTO f VALUES ('Sent')");
    go.send(()).unwrap();
    let finished = running.finish(PATIENCE);
    let error = "imap: cannot run 'BEGIN IMMEDIATE': database is locked; the statement around \
                 imap_ingest reads what another connection has changed since; call it without \
                 FROM, for many folders as imap_ingest(server, user, '*') (5)";
    assert!(finished.stderr.contains(error), "{}", finished.stderr);
    server.finish();
}

#[test]
fn a_message_that_stays_unreadable_is_no_error_of_later_runs() {
    let body = "(UID FLAGS RFC822.SIZE INTERNALDATE BODY.PEEK[])";
    let listed = "C: UID SEARCH UID 2\nS: * SEARCH 2\nS: $ OK done";
    let again = || {
        Script::open(3)
            .then(&no_flags("1,3"))
            .then("C: UID SEARCH UID 2,4:4294967295\nS: * SEARCH 2\nS: $ OK done")
            .then("C: UID FETCH 2 (UID RFC822.SIZE)\nS: $ NO [SERVERBUG] cannot read")
            .then("C: UID FETCH 2 (UID FLAGS)\nS: * 2 FETCH (UID 2 FLAGS ())\nS: $ OK done")
            .then(&refused_2(body))
            .then(listed)
    };
    let first = Script::open(3)
        .then(SIZES)
        .bytes(message(1))
        .bytes(message(3))
        .then("S: $ NO [SERVERBUG] cannot read 2")
        .then(&refused_2(body))
        .then(listed);
    let (server, rssd) = server([first, again(), again()]);
    assert_eq!(rssd.counts("{}"), [2, 2, 0, 1]);
    assert_eq!(rssd.counts("{}"), [0, 0, 0, 1]);
    assert_eq!(rssd.counts("{}"), [0, 0, 0, 1]);
    rssd.check();
    server.finish();
}

#[test]
fn a_uid_that_only_search_knows_does_not_move_the_state() {
    let lying = Script::open(3)
        .then("C: UID SEARCH ALL\nS: * SEARCH 1 4294967295\nS: $ OK done")
        .then("C: UID FETCH 1,4294967295 (UID RFC822.SIZE)")
        .then("S: * 1 FETCH (UID 1 RFC822.SIZE 24)\nS: $ OK done")
        .then("C: UID FETCH 1 (UID FLAGS RFC822.SIZE INTERNALDATE BODY.PEEK[])")
        .bytes(message(1))
        .then("S: $ OK done")
        .then("C: UID SEARCH UID 4294967295\nS: * SEARCH\nS: $ OK done");
    let (server, rssd) = server([lying]);
    assert_eq!(rssd.counts("{}"), [1, 1, 0, 0]);
    assert_eq!(rssd.ask("SELECT next_uid FROM imap_sync_folder"), "4");
    rssd.check();
    server.finish();
}

#[test]
fn a_mailbox_restored_from_a_backup_is_read_on_from_there() {
    let earlier = r#"
        S: * OK [CAPABILITY IMAP4rev1] ready
        C: LOGIN "ada" "secret"
        S: $ OK [CAPABILITY IMAP4rev1] done
        C: EXAMINE "INBOX"
        S: * 2 EXISTS
        S: * OK [UIDVALIDITY 7] uids
        S: * OK [UIDNEXT 3] next
        S: $ OK [READ-ONLY] done
    "#;
    let all = "C: UID SEARCH ALL\nS: * SEARCH 1 2\nS: $ OK done\n";
    let earlier = Script::new(earlier)
        .then(&no_flags("1:3"))
        .then(&all.repeat(2));
    let whole = Script::open(3)
        .then(SIZES)
        .bytes(message(1))
        .bytes(message(2))
        .bytes(message(3))
        .then("S: $ OK done");
    // What has that UID now may be another message.
    let later = "C: UID SEARCH UID 3:4294967295\nS: * SEARCH 3\nS: $ OK done\n";
    let grown = Script::open(3)
        .then(&no_flags("1:2"))
        .then(&later.repeat(2))
        .then("C: UID FETCH 3 (UID RFC822.SIZE)\nS: * 3 FETCH (UID 3 RFC822.SIZE 24)\nS: $ OK done")
        .then("C: UID FETCH 3 (UID FLAGS RFC822.SIZE INTERNALDATE BODY.PEEK[])")
        .bytes(message(3))
        .then("S: $ OK done");
    let (server, rssd) = server([whole, earlier, grown]);
    assert_eq!(rssd.counts("{}"), [3, 3, 0, 0]);
    assert_eq!(rssd.counts("{}"), [0, 0, 0, 0]);
    assert_eq!(rssd.ask("SELECT next_uid FROM imap_sync_folder"), "3");
    assert_eq!(
        rssd.ask("SELECT uid FROM imap_sync_message WHERE vanished_at IS NOT NULL"),
        "3"
    );
    assert_eq!(rssd.counts("{}"), [1, 0, 1, 0]);
    assert_eq!(
        rssd.ask("SELECT count(*) FROM imap_sync_message WHERE vanished_at IS NULL"),
        "3"
    );
    rssd.check();
    server.finish();
}

/// A server that sends two of three messages, and refuses to say what became of
/// the third: what was committed by then is deleted all the same.
#[test]
fn what_is_committed_when_a_question_is_refused_is_deleted() {
    let script = Script::open(3)
        .then(SIZES)
        .bytes(message(1) + &message(2))
        .then(
            "S: $ OK done
             C: UID SEARCH UID 3
             S: $ NO not now
             C: SELECT \"INBOX\"
             S: * 3 EXISTS
             S: * OK [UIDVALIDITY 7] uids
             S: * OK [UIDNEXT 4] next
             S: $ OK [READ-WRITE] done
             C: UID STORE 1:2 +FLAGS.SILENT (\\Deleted)
             S: $ OK done
             C: EXAMINE \"INBOX\"
             S: * 3 EXISTS
             S: $ OK done",
        );
    let (server, rssd) = server([script]);
    let call = "SELECT imap_ingest(NULL, NULL, 'INBOX', '{\"delete\": true}');";
    let error = rssd.shell.error(call);
    assert!(error.contains("NO not now"), "{error}");
    let ingested = "SELECT group_concat(uid) FROM (SELECT uid FROM imap_sync_message ORDER BY uid)";
    assert_eq!(rssd.ask(ingested), "1,2");
    server.finish();
}
