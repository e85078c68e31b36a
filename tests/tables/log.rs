//! `imap_log`: what was sent, and what never is in it.

use serde_json::json;

use crate::support::dovecot::Dovecot;
use crate::support::mail::Mail;

#[test]
fn every_command_is_there_with_its_bytes_and_its_end() {
    let user = Dovecot::shared().user("log");
    user.append("INBOX", &Mail::many(2));
    let rows = user.shell().rows(
        "CREATE TABLE t AS SELECT uid, subject FROM imap_messages();
         SELECT command, bytes_out, bytes_in > 0 AS heard, milliseconds >= 0 AS timed,
                substr(result, 1, 2) AS result, server, user,
                at GLOB '20[0-9][0-9]-[0-9][0-9]-*T*:*:*.[0-9][0-9][0-9]Z' AND
                julianday(at) BETWEEN julianday('now') - 1 AND julianday('now') AS dated
           FROM imap_log;",
    );
    let commands: Vec<&str> = rows
        .iter()
        .map(|row| row["command"].as_str().unwrap())
        .collect();
    let fetch = "UID FETCH 1:2 (UID BODY.PEEK[HEADER.FIELDS (SUBJECT)])";
    assert_eq!(
        commands,
        [
            "AUTHENTICATE",
            "EXAMINE \"INBOX\"",
            "UID SEARCH RETURN (ALL) ALL",
            fetch
        ]
    );
    let tls = Dovecot::shared().tls();
    for row in &rows {
        assert_eq!(row["server"], tls);
        assert_eq!(
            (&row["user"], &row["result"]),
            (&json!("log"), &json!("OK"))
        );
        assert_eq!(
            (&row["heard"], &row["timed"], &row["dated"]),
            (&json!(1), &json!(1), &json!(1))
        );
    }
    assert_eq!(rows[0]["bytes_out"], json!(null));
    // The tag, the blank and the line end are sent as well.
    let sent = rows[3]["bytes_out"].as_u64().unwrap() as usize;
    assert!((fetch.len() + 4..fetch.len() + 8).contains(&sent), "{sent}");
}

#[test]
fn a_secret_is_in_no_row_whatever_the_server_makes_of_it() {
    let server = Dovecot::shared();
    let name = "log-secret";
    let rows = server
        .user(name)
        .shell()
        .env("IMAP_SERVER", "")
        .rows(&format!(
            "CREATE TABLE t1 AS SELECT imap_login('{0}', '{name}', 'pw-{name}');
         CREATE TABLE t2 AS SELECT count(*) FROM imap_messages('{0}', '{name}');
         CREATE TABLE t3 AS SELECT imap_login('{0}', 'hans', 'pw-häns');
         CREATE TABLE t4 AS SELECT * FROM imap_check('{0}', 'hans');
         SELECT command, bytes_out, result FROM imap_log;",
            server.plain(),
        ));
    let text = json!(rows).to_string();
    assert!(
        text.contains("AUTHENTICATE") && text.contains("LOGIN"),
        "{text}"
    );
    // As it is, and as AUTHENTICATE spells it.
    for secret in [&format!("pw-{name}")[..], "pw-häns", "AGhhbnMAcHctaMOkbnM"] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[test]
fn what_was_refused_is_there_in_the_servers_words() {
    let user = Dovecot::shared().user("log-refused");
    let finished = user.python().run(&[
        ("SELECT * FROM imap_messages(NULL, NULL, 'gone')", &[]),
        (
            "SELECT result FROM imap_log WHERE command = 'EXAMINE \"gone\"'",
            &[],
        ),
    ]);
    let text = format!("{:?}", finished[1]);
    // Dovecot 2.4 puts a code between the two.
    assert!(text.contains("NO "), "{text}");
    assert!(text.contains("Mailbox doesn't exist: gone"), "{text}");
}

#[test]
fn a_database_cannot_read_it_behind_the_users_back() {
    let user = Dovecot::shared().user("log-view");
    for table in ["imap_log", "imap_folders", "imap_attachments", "imap_check"] {
        let error = user.shell().error(&format!(
            "PRAGMA trusted_schema = OFF; CREATE VIEW v AS SELECT * FROM {table}; SELECT * FROM v;"
        ));
        assert!(
            error.starts_with(&format!("unsafe use of virtual table \"{table}\"")),
            "{error}"
        );
    }
}
