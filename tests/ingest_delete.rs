//! Option `delete`: what was committed goes from the server, nothing else does.

mod rssd;
mod support;

use rssd::Rssd;
use support::dovecot::Dovecot;
use support::mail::Mail;

#[test]
fn what_was_committed_is_deleted_and_what_others_marked_is_not() {
    let user = Dovecot::shared().user("deleting");
    user.append("INBOX", &Mail::many(5));
    user.add_flags("INBOX", "2", "\\Deleted");
    let rssd = Rssd::of(&user);
    user.record();
    let summary = rssd.ingest(
        "INBOX",
        r#"{"delete": true, "not_subject": ["message 2", "message 5"]}"#,
    );
    assert_eq!(
        (&summary["inserted"], &summary["deleted"]),
        (&3.into(), &3.into())
    );
    assert_eq!(user.status("INBOX", "messages"), "messages=2");
    let commands = user.commands().join("\n");
    assert!(
        !commands
            .lines()
            .any(|line| line.ends_with(" EXPUNGE") || line.contains(" CLOSE")),
        "{commands}"
    );
    assert_eq!(rssd.ask("SELECT count(*) FROM uniform_resource_imap"), "3");
    assert_eq!(rssd.ingest("INBOX", "{}")["inserted"], 2);
    assert_eq!(user.status("INBOX", "messages"), "messages=2");
    rssd.check();
}

#[test]
fn without_uidplus_messages_are_marked_and_nothing_is_expunged() {
    let server = Dovecot::start(&["imap_capability = IMAP4rev1 LITERAL+"]);
    let user = server.user("marking");
    user.append("INBOX", &Mail::many(2));
    let rssd = Rssd::of(&user);
    let summary = rssd.ingest("INBOX", r#"{"delete": true}"#);
    assert_eq!(
        (&summary["inserted"], &summary["deleted"]),
        (&2.into(), &0.into())
    );
    assert_eq!(user.status("INBOX", "messages"), "messages=2");
}

#[test]
fn what_is_not_committed_yet_cannot_be_deleted() {
    let user = Dovecot::shared().user("uncommitted");
    user.append("INBOX", &Mail::many(1));
    let rssd = Rssd::of(&user);
    let sql = "BEGIN; SELECT imap_ingest(NULL, NULL, NULL, '{\"delete\": true}');";
    assert_eq!(
        rssd.shell.error(sql),
        "imap: option delete needs what is written to be committed; call imap_ingest outside of a \
         transaction, in a statement that writes nothing itself"
    );
    let sql = "CREATE TABLE log (x); INSERT INTO log SELECT imap_ingest(NULL, NULL, NULL, '{\"delete\": true}');";
    assert_eq!(
        rssd.shell.error(sql),
        "imap: option delete needs what is written to be committed; call imap_ingest outside of a \
         transaction, in a statement that writes nothing itself"
    );
    assert_eq!(user.status("INBOX", "messages"), "messages=1");
}

#[test]
fn a_message_the_database_refuses_is_not_deleted() {
    let user = Dovecot::shared().user("kept");
    let rssd = Rssd::of(&user);
    rssd.counts("{}");
    rssd.refuse("message 2");
    user.append("INBOX", &Mail::many(3));
    assert_eq!(rssd.ingest("INBOX", r#"{"delete": true}"#)["deleted"], 2);
    assert_eq!(user.status("INBOX", "messages"), "messages=1");
}
