//! `deadline` is for the whole statement, however often it reads a table.

use std::time::Duration;

use crate::support::dovecot::Dovecot;
use crate::support::scripted::{Script, Scripted};
use crate::support::shell::Shell;

/// A table of ten rows, to be joined from the outside.
const TEN: &str =
    "WITH RECURSIVE ten(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM ten WHERE i < 10)";

/// Thinks for a while before it answers anything.
fn slowly(command: &str) -> String {
    std::thread::sleep(Duration::from_millis(300));
    let told = match command.split(' ').next() {
        Some("LIST") => "* LIST () \"/\" INBOX\n",
        Some("EXAMINE") => "* 0 EXISTS\n* OK [UIDVALIDITY 1] valid\n",
        _ => "",
    };
    format!("{told}$ OK done")
}

#[test]
fn all_scans_of_a_join_share_one_deadline() {
    for table in ["imap_folders", "imap_messages", "imap_attachments"] {
        let server = Scripted::play([Script::new(
            "S: * OK [CAPABILITY IMAP4rev1] ready\n\
             C: LOGIN \"ada\" \"x\"\nS: $ OK [CAPABILITY IMAP4rev1] done",
        )
        .answer(slowly)]);
        let error = Shell::new().error(&format!(
            "SELECT imap_login('imap+insecure://127.0.0.1:{0}', 'ada', 'x') IS NULL;\n\
             {TEN} SELECT count(*) FROM ten CROSS JOIN \
             {table}('imap+insecure://127.0.0.1:{0}', 'ada', '*', '{{\"deadline\": 1}}');",
            server.port
        ));
        assert!(
            error.contains("did not answer within 1 s (")
                && error.ends_with("; deadline of the statement) (14)"),
            "{table}: {error}"
        );
        server.finish();
    }
}

#[test]
fn waits_for_news_share_one_deadline_too() {
    let user = Dovecot::shared().user("deadline-watch");
    let error = user.shell().error(&format!(
        "{TEN} SELECT count(*) FROM ten CROSS JOIN \
         imap_watch(NULL, NULL, 'INBOX', '{{\"watch\": \"PT1S\", \"deadline\": 2.5}}');"
    ));
    assert!(
        error.contains("did not answer within 2.5 s (")
            && error.ends_with("; deadline of the statement) (14)"),
        "{error}"
    );
}
