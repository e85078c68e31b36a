//! What is known of messages is brought up to date: flags, and whether they are
//! still there. What cannot be ingested is tried a bounded number of times.

mod rssd;
mod support;

use rssd::Rssd;
use support::dovecot::Dovecot;
use support::mail::Mail;
use support::scripted::{Script, Scripted};

#[test]
fn changed_flags_are_followed_and_cost_no_download() {
    let user = Dovecot::shared().user("reflag");
    user.append("INBOX", &Mail::many(20));
    let rssd = Rssd::of(&user);
    rssd.counts("{}");
    user.add_flags("INBOX", "3", "\\Seen \\Flagged $Junk");
    let (summary, traffic) = user.observe(|| rssd.ingest("INBOX", "{}"));
    assert_eq!(
        (&summary["updated"], &summary["fetched"]),
        (&1.into(), &0.into())
    );
    assert_eq!(traffic.bodies, 0);
    let status = "SELECT status FROM ur_ingest_session_imap_acct_folder_message
                  WHERE status <> '[\"unread\"]'";
    assert_eq!(rssd.ask(status), "[\"read\",\"starred\"]");
    let flags = rssd.ask("SELECT flags FROM imap_sync_message WHERE uid = 3");
    assert!(flags.contains("$Junk"), "{flags}");
    assert_eq!(rssd.ingest("INBOX", "{}")["updated"], 0);
    rssd.check();
}

#[test]
fn messages_that_are_gone_keep_their_rows_and_are_marked() {
    let user = Dovecot::shared().user("vanish");
    user.append("INBOX", &Mail::many(10));
    let rssd = Rssd::of(&user);
    rssd.counts("{}");
    user.expunge("INBOX", "2,5:6");
    user.append("INBOX", &[Mail::numbered(11)]);
    user.record();
    let summary = rssd.ingest("INBOX", "{}");
    assert_eq!(
        (&summary["vanished"], &summary["inserted"]),
        (&3.into(), &1.into())
    );
    let marked = "SELECT group_concat(uid) FROM (SELECT uid FROM imap_sync_message
                   WHERE vanished_at IS NOT NULL ORDER BY uid)";
    assert_eq!(rssd.ask(marked), "2,5,6");
    assert_eq!(rssd.ask("SELECT count(*) FROM uniform_resource_imap"), "11");
    let commands = user.commands().join("\n");
    assert!(commands.contains("ENABLE QRESYNC"), "{commands}");
    assert!(commands.contains(" VANISHED)"), "{commands}");
    assert_eq!(rssd.ingest("INBOX", "{}")["vanished"], 0);
    rssd.check();
}

#[test]
fn what_another_uidvalidity_no_longer_holds_is_marked() {
    let user = Dovecot::shared().user("outdated");
    user.append("INBOX", &Mail::many(6));
    let rssd = Rssd::of(&user);
    rssd.counts("{}");
    user.expunge("INBOX", "4");
    user.set_uidvalidity("INBOX", 4242);
    assert_eq!(rssd.counts("{}"), [5, 0, 5, 0]);
    assert_eq!(rssd.ask("SELECT count(*) FROM uniform_resource_imap"), "6");
    let gone = "SELECT count(*) FROM ur_ingest_session_imap_acct_folder_message AS m
                 WHERE NOT EXISTS (SELECT 1 FROM imap_sync_message WHERE vanished_at IS NULL
                       AND message_row_id = ur_ingest_session_imap_acct_folder_message_id)";
    assert_eq!(rssd.ask(gone), "1");
    rssd.check();
}

#[test]
fn a_message_moved_to_another_folder_is_one_message_with_two_places() {
    let user = Dovecot::shared().user("moved");
    user.create("Archive");
    user.append("INBOX", &Mail::many(3));
    let rssd = Rssd::of(&user);
    rssd.ingest("*", "{}");
    let mut client = user.client();
    client.command(b"SELECT INBOX");
    client.command(b"UID MOVE 2 Archive");
    let summary = rssd.ingest("*", "{}");
    assert_eq!(
        (&summary["vanished"], &summary["already_there"]),
        (&1.into(), &1.into())
    );
    assert_eq!(rssd.ask("SELECT count(*) FROM uniform_resource_imap"), "3");
    assert_eq!(rssd.ask("SELECT count(*) FROM imap_sync_message"), "4");
    rssd.check();
}

#[test]
fn without_condstore_flags_are_found_by_search() {
    let open = r#"
        S: * OK [CAPABILITY IMAP4rev1] ready
        C: LOGIN "ada" "secret"
        S: $ OK [CAPABILITY IMAP4rev1] done
        C: EXAMINE "INBOX"
        S: * 1 EXISTS
        S: * OK [UIDVALIDITY 7] uids
        S: * OK [UIDNEXT 2] next
        S: $ OK [READ-ONLY] done
    "#;
    let first = Script::new(open)
        .then("C: UID SEARCH ALL\nS: * SEARCH 1\nS: $ OK done")
        .then("C: UID FETCH 1 (UID RFC822.SIZE)\nS: * 1 FETCH (UID 1 RFC822.SIZE 12)\nS: $ OK done")
        .then("C: UID FETCH 1 (UID FLAGS RFC822.SIZE INTERNALDATE BODY.PEEK[])")
        .bytes(
            "* 1 FETCH (UID 1 FLAGS () INTERNALDATE \"01-Jan-2026 00:00:00 +0000\" \
             RFC822.SIZE 12 BODY[] {12}\r\nSubject: m\r\n)\r\n",
        )
        .then("S: $ OK done");
    let again = Script::new(open)
        .then("C: UID SEARCH UID 1 SEEN\nS: * SEARCH 1\nS: $ OK done")
        .then("C: UID SEARCH UID 1 FLAGGED\nS: * SEARCH\nS: $ OK done")
        .then("C: UID SEARCH UID 1 ANSWERED\nS: * SEARCH\nS: $ OK done")
        .then("C: UID SEARCH UID 1 DELETED\nS: * SEARCH\nS: $ OK done")
        .then("C: UID SEARCH UID 1 DRAFT\nS: * SEARCH\nS: $ OK done")
        .then("C: UID FETCH 1 (UID FLAGS)\nS: * 1 FETCH (UID 1 FLAGS (\\Seen))\nS: $ OK done");
    let server = Scripted::play([first, again]);
    let rssd = Rssd::at(&format!("imap+insecure://127.0.0.1:{}", server.port));
    assert_eq!(rssd.counts("{}"), [1, 1, 0, 0]);
    assert_eq!(rssd.ingest("INBOX", "{}")["updated"], 1);
    assert_eq!(
        rssd.ask("SELECT status FROM ur_ingest_session_imap_acct_folder_message"),
        "[\"read\"]"
    );
    server.finish();
}

#[test]
fn a_message_that_cannot_be_written_is_tried_five_times_and_kept() {
    let user = Dovecot::shared().user("poison");
    let rssd = Rssd::of(&user);
    rssd.counts("{}");
    rssd.refuse("message 2");
    user.append("INBOX", &Mail::many(3));
    assert_eq!(rssd.counts("{}"), [3, 2, 0, 1]);
    for _ in 0..4 {
        assert_eq!(rssd.counts("{}"), [1, 0, 0, 1]);
    }
    assert_eq!(rssd.counts("{}"), [0, 0, 0, 0]);
    let raw =
        rssd.ask("SELECT attempts, CAST(raw AS TEXT) LIKE '%message 2%' FROM imap_sync_problem");
    assert_eq!(raw, "5|1");
    rssd.ask("DROP TRIGGER t; UPDATE imap_sync_problem SET attempts = 0");
    assert_eq!(rssd.counts("{}"), [1, 1, 0, 0]);
    rssd.check();
}
