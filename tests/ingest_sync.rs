//! What is known of messages is brought up to date: flags, and whether they are
//! still there. What cannot be ingested is tried a bounded number of times.

mod rssd;
mod support;

use rssd::Rssd;
use support::dovecot::Dovecot;
use support::mail::Mail;

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
fn without_condstore_flags_and_keywords_are_read_again() {
    let server = Dovecot::start(&["imap_capability = IMAP4rev1 LITERAL+ UIDPLUS"]);
    let user = server.user("windows");
    user.append("INBOX", &Mail::many(30));
    let rssd = Rssd::of(&user);
    rssd.counts("{}");
    user.add_flags("INBOX", "3", "\\Seen $Phishing");
    user.add_flags("INBOX", "4:5", "$Phishing");
    user.expunge("INBOX", "30");
    user.record();
    let summary = rssd.ingest("INBOX", "{}");
    assert_eq!(
        (&summary["updated"], &summary["vanished"]),
        (&3.into(), &1.into())
    );
    let keyword = "SELECT group_concat(uid) FROM imap_sync_message, json_each(flags)
                    WHERE value = '$Phishing' ORDER BY uid";
    assert_eq!(rssd.ask(keyword), "3,4,5");
    let read = "SELECT subject FROM ur_ingest_session_imap_acct_folder_message
                 WHERE status = '[\"read\"]'";
    assert_eq!(rssd.ask(read), "message 3");
    let commands = user.commands().join("\n");
    assert!(
        !commands.contains("CHANGEDSINCE") && !commands.contains("QRESYNC"),
        "{commands}"
    );
    assert_eq!(rssd.ingest("INBOX", "{}")["updated"], 0);
    rssd.check();
}

#[test]
fn a_watch_without_condstore_searches_for_statuses_and_reads_the_newest_flags() {
    let server = Dovecot::start(&["imap_capability = IMAP4rev1 LITERAL+ UIDPLUS"]);
    let user = server.user("newest");
    user.append("INBOX", &Mail::many(1_010));
    let rssd = Rssd::of(&user);
    user.record();
    rssd.look("PRAGMA journal_mode = WAL");
    let running = rssd.shell.start(
        ".timeout 300000\nSELECT imap_ingest(NULL, NULL, NULL, '{\"period\": \"PT0.3S\"}');",
    );
    rssd.wait("SELECT count(*) = 1010 FROM imap_sync_message");
    user.add_flags("INBOX", "2", "\\Flagged");
    user.add_flags("INBOX", "1009", "$Phishing");
    rssd.wait("SELECT count(*) = 2 FROM imap_sync_message WHERE flags <> '[]'");
    running.interrupt();
    let commands = user.commands();
    assert!(
        commands
            .iter()
            .any(|said| said.ends_with("UID 1:1010 FLAGGED"))
    );
    assert!(
        commands
            .iter()
            .any(|said| said.ends_with("UID FETCH 2,11:1010 (UID FLAGS)"))
    );
    rssd.check();
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
    let summary = rssd.ingest("INBOX", "{}");
    let told = ["fetched", "failed", "problems"].map(|key| summary[key].as_u64().unwrap());
    assert_eq!(told, [0, 0, 1]);
    let raw =
        rssd.ask("SELECT attempts, CAST(raw AS TEXT) LIKE '%message 2%' FROM imap_sync_problem");
    assert_eq!(raw, "5|1");
    rssd.refuse_nothing();
    rssd.ask("UPDATE imap_sync_problem SET attempts = 0");
    let summary = rssd.ingest("INBOX", "{}");
    assert_eq!(
        (&summary["inserted"], &summary["problems"]),
        (&1.into(), &0.into())
    );
    rssd.check();
}
