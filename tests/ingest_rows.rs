//! What `imap_ingest` writes: RSSD's rows and views, for every kind of mail.

mod rssd;
mod support;

use rssd::Rssd;
use serde_json::Value;
use support::dovecot::Dovecot;
use support::mail::Mail;

const ALTERNATIVE: &str = "From: Ada <ada@example.org>\r\n\
To: bob@example.org\r\n\
Cc: Carol <carol@example.org>\r\n\
Subject: =?utf-8?q?caf=C3=A9?=\r\n\
Date: Sat, 31 Jan 2026 13:00:00 +0100\r\n\
Message-ID: <one@example.org>\r\n\
In-Reply-To: <root@example.org>\r\n\
References: <root@example.org>\r\n\
MIME-Version: 1.0\r\n\
Content-Type: multipart/alternative; boundary=b\r\n\
\r\n\
--b\r\n\
Content-Type: text/plain\r\n\
\r\n\
hello\r\n\
--b\r\n\
Content-Type: text/html\r\n\
\r\n\
<p>hello\r\n\
--b--\r\n";

/// Every table that a merge of two databases copies, parents first.
const TABLES: [&str; 18] = [
    "device",
    "behavior",
    "ur_ingest_session",
    "ur_ingest_session_fs_path",
    "ur_ingest_session_imap_account",
    "ur_ingest_session_imap_acct_folder",
    "ur_ingest_session_imap_acct_folder_message",
    "uniform_resource",
    "uniform_resource_transform",
    "uniform_resource_graph",
    "uniform_resource_edge",
    "ur_ingest_session_attachment",
    "imap_sync_format",
    "imap_sync_account",
    "imap_sync_folder",
    "imap_sync_message",
    "imap_sync_selection",
    "imap_sync_problem",
];

/// Messages that are hard to keep apart.
fn difficult() -> Vec<Mail> {
    let mail =
        |head: &str, body: &[u8]| Mail::raw([head.as_bytes(), b"\r\n\r\n", body, b"\r\n"].concat());
    vec![
        Mail::raw(ALTERNATIVE),
        mail("Subject: no id", b"1"),
        mail("Subject: no id either", b"2"),
        mail("Subject: draft\r\nMessage-ID: <dup@example.org>", b"3"),
        mail("Subject: sent\r\nMessage-ID: <dup@example.org>", b"4"),
        mail(
            "Subject: twins\r\nMessage-ID: <twin@example.org>",
            b"caf\xe9",
        ),
        mail(
            "Subject: twins\r\nMessage-ID: <twin@example.org>",
            b"caf\xe8",
        ),
        mail("Subject: again\r\nMessage-ID: <again@example.org>", b"5"),
        mail("Subject: again\r\nMessage-ID: <again@example.org>", b"5"),
    ]
}

#[test]
fn a_message_has_all_its_rows() {
    let user = Dovecot::shared().user("rows");
    let mail = Mail::raw(ALTERNATIVE)
        .flags("\\Seen \\Flagged $Junk")
        .received("01-Feb-2026 00:30:00 +0100");
    user.append("INBOX", &[mail]);
    let rssd = Rssd::of(&user);
    assert_eq!(rssd.counts("{}"), [1, 1, 0, 0]);
    let row = rssd.ask(
        "SELECT message_id, subject, \"from\", cc, bcc, status, date, email_references, host, email,
                password IS NULL, folder_name, uri, size_bytes, last_modified_at,
                json_remove(r.elaboration, '$.sha256', '$.flags')
           FROM ur_ingest_session_imap_acct_folder_message AS m
           JOIN uniform_resource AS r ON ingest_session_imap_acct_folder_message
                = ur_ingest_session_imap_acct_folder_message_id AND nature = 'text'
           JOIN ur_ingest_session_imap_acct_folder AS f
                ON ur_ingest_session_imap_acct_folder_id = ingest_imap_acct_folder_id
           JOIN ur_ingest_session_imap_account
                ON ur_ingest_session_imap_account_id = ingest_account_id",
    );
    let expected = [
        "one@example.org",
        "café",
        "ada@example.org",
        "[\"carol@example.org\"]",
        "[]",
        "[\"read\",\"starred\"]",
        "2026-01-31T12:00:00Z",
        "[\"root@example.org\"]",
        "localhost",
        "rows",
        "1",
        "INBOX",
        "smtp://rows/one@example.org",
        "407",
        "2026-01-31T12:00:00Z",
        "{\"to\":[\"bob@example.org\"],\"in_reply_to\":\"root@example.org\",\
         \"internal_date\":\"2026-01-31T23:30:00Z\"}",
    ];
    let expected = expected
        .join("|")
        .replace("407", &ALTERNATIVE.len().to_string());
    assert_eq!(row, expected);
    let flags = "SELECT group_concat(value, ' ') FROM (
                   SELECT value FROM uniform_resource AS r, json_each(r.elaboration, '$.flags')
                    ORDER BY value)";
    assert_eq!(rssd.ask(flags), "$Junk \\Flagged \\Seen");
    rssd.check();
}

#[test]
fn the_views_show_messages_contents_and_resources() {
    let user = Dovecot::shared().user("views");
    user.append("INBOX", &[Mail::raw(ALTERNATIVE)]);
    let rssd = Rssd::of(&user);
    rssd.counts("{}");
    assert_eq!(
        rssd.ask(
            "SELECT name, email, folder_name, subject, content = message FROM uniform_resource_imap"
        ),
        "imap|views|INBOX|café|1"
    );
    assert_eq!(
        rssd.ask("SELECT ext_uri, html_content FROM uniform_resource_imap_content"),
        "smtp://views/one@example.org/json|<p>hello"
    );
    assert_eq!(
        rssd.ask(
            "SELECT nature, content FROM imap_graph WHERE nature IN ('txt', 'html') ORDER BY 1"
        ),
        "html|<p>hello\ntxt|hello"
    );
    assert_eq!(rssd.ask("SELECT count(*) FROM imap_graph"), "4");
}

#[test]
fn text_resources_hold_the_exact_bytes() {
    let user = Dovecot::shared().user("bytes");
    user.append("INBOX", &difficult());
    let rssd = Rssd::of(&user);
    rssd.counts("{}");
    let held = user.client().raw_messages("INBOX");
    let stored = rssd.ask("SELECT hex(content) FROM uniform_resource WHERE nature = 'text'");
    for raw in held.values() {
        let hex: String = raw.iter().map(|byte| format!("{byte:02X}")).collect();
        assert!(
            stored.lines().any(|line| line == hex),
            "{}",
            String::from_utf8_lossy(raw)
        );
    }
    assert_eq!(stored.lines().count(), 8);
    let types = "SELECT DISTINCT typeof(content) FROM uniform_resource WHERE uri LIKE '%twin%'
                  AND nature = 'text'";
    assert_eq!(rssd.ask(types), "blob");
}

#[test]
fn messages_are_told_apart_whatever_their_message_ids() {
    let user = Dovecot::shared().user("apart");
    user.append("INBOX", &difficult());
    let rssd = Rssd::of(&user);
    assert_eq!(rssd.counts("{}"), [9, 8, 1, 0]);
    assert_eq!(rssd.ask("SELECT count(*) FROM uniform_resource_imap"), "8");
    assert_eq!(rssd.ask("SELECT count(*) FROM imap_sync_message"), "9");
    assert_eq!(
        rssd.ask("SELECT count(*) FROM uniform_resource WHERE uri LIKE 'smtp://apart/sha256-%' AND nature = 'text'"),
        "2"
    );
    rssd.check();
}

#[test]
fn a_message_in_two_folders_is_one_row_with_two_places() {
    let user = Dovecot::shared().user("places");
    user.create("Copy");
    user.append("INBOX", &Mail::many(2));
    user.append("Copy", &Mail::many(3));
    let rssd = Rssd::of(&user);
    let summary = rssd.ingest("*", "{}");
    assert_eq!(summary["inserted"], 3);
    assert_eq!(summary["already_there"], 2);
    let names: Vec<&Value> = summary["folders"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| &f["folder_name"])
        .collect();
    assert_eq!(names, ["Copy", "INBOX", "Sent"]);
    assert_eq!(rssd.ask("SELECT count(*) FROM uniform_resource_imap"), "3");
    assert_eq!(
        rssd.ask("SELECT max(n) FROM (SELECT count(*) AS n FROM imap_sync_message GROUP BY message_row_id)"),
        "2"
    );
    rssd.check();
}

/// Copies into one database what another holds, as surveilr does.
#[track_caller]
fn merge(one: &Rssd, other: &Rssd) {
    let copies: String = TABLES
        .map(|table| format!("INSERT OR IGNORE INTO main.{table} SELECT * FROM other.{table};"))
        .concat();
    let attach = format!("ATTACH '{}' AS other;", other.path().display());
    one.ask(&format!("PRAGMA foreign_keys = ON; {attach}{copies}"));
}

#[test]
fn databases_of_two_machines_with_other_filters_merge_with_their_attachments() {
    let user = Dovecot::shared().user("machines");
    user.create("Archive");
    let mail = |n: u32| {
        Mail::raw(format!(
            "From: a@{}.org\r\nSubject: m{n}\r\nMessage-ID: <{n}@machines>\r\n\
             Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext {n}\r\n\
             --b\r\nContent-Type: application/pdf; name={n}.pdf\r\n\r\n%PDF-{n}\r\n\
             --b\r\nContent-Type: message/rfc822\r\n\r\nSubject: in{n}\r\n\r\nx\r\n--b--\r\n",
            ["one", "two", "three"][n as usize % 3]
        ))
    };
    let mails: Vec<Mail> = (1..=12).map(mail).collect();
    user.append("INBOX", &mails);
    user.append("Archive", &mails[..4]);
    let (one, other) = (Rssd::of(&user), Rssd::of(&user));
    let first =
        r#"{"device_name": "laptop", "from": ["one.org", "two.org"], "attachments": "yes"}"#;
    assert_eq!(one.ingest("*", first)["inserted"], 8);
    let second = r#"{"device_name": "server", "not_from": "one.org", "attachments": "uniform-resource",
                     "attachment_types": ["application/pdf", "message/rfc822"]}"#;
    assert_eq!(other.ingest("*", second)["inserted"], 8);
    merge(&one, &other);
    let messages = "SELECT count(*), count(DISTINCT subject) FROM uniform_resource_imap
                     WHERE subject LIKE 'm%'";
    assert_eq!(one.ask(messages), "12|12");
    let inner = "SELECT count(*) FROM uniform_resource_imap WHERE subject LIKE 'in%'";
    assert_eq!(one.ask(inner), "12");
    let attachments = "SELECT count(*), count(DISTINCT checksum) FROM ur_ingest_session_attachment";
    assert_eq!(one.ask(attachments), "24|24");
    let places = "SELECT folder_name, count(*) FROM imap_sync_message
                    JOIN imap_sync_folder USING (imap_sync_folder_id) GROUP BY 1";
    assert_eq!(one.ask(places), "Archive|4\nINBOX|12");
    assert_eq!(
        one.ask("SELECT group_concat(name) FROM (SELECT name FROM device ORDER BY name)"),
        "laptop,server"
    );
    one.check();
    // The merged database knows it all: nothing is left for a run without filters.
    assert_eq!(one.ingest("*", r#"{"attachments": "yes"}"#)["fetched"], 0);
    // Once more the same is nothing new.
    let before = one.ask("SELECT count(*) FROM uniform_resource");
    merge(&one, &other);
    assert_eq!(one.ask("SELECT count(*) FROM uniform_resource"), before);
}

#[test]
fn two_databases_with_the_same_mail_merge() {
    let user = Dovecot::shared().user("merge");
    let mails = difficult();
    user.append("INBOX", &mails[..6]);
    let one = Rssd::of(&user);
    one.counts("{}");
    user.append("INBOX", &mails[6..]);
    let other = Rssd::of(&user);
    other.counts("{}");
    other.ask(
        "UPDATE device SET device_id = 'other', name = 'other host';
         UPDATE ur_ingest_session SET device_id = 'other';
         UPDATE uniform_resource SET device_id = 'other';",
    );
    merge(&one, &other);
    assert_eq!(one.ask("SELECT count(*) FROM uniform_resource_imap"), "8");
    one.check();
    assert_eq!(one.counts("{}"), [0, 0, 0, 0]);
}

#[test]
fn a_database_of_a_later_version_is_left_alone() {
    let user = Dovecot::shared().user("later");
    user.append("INBOX", &Mail::many(1));
    let rssd = Rssd::of(&user);
    rssd.counts("{}");
    rssd.ask("INSERT INTO imap_sync_format VALUES (2)");
    let sessions = "SELECT count(*) FROM ur_ingest_session";
    let before = rssd.ask(sessions);
    user.append("INBOX", &Mail::many(2));
    assert_eq!(
        rssd.shell.error("SELECT imap_ingest();"),
        "imap: cannot ingest into 'main': its imap_sync tables have format 2, and this library \
         knows format 1; use the later sqlite-imap that wrote them"
    );
    assert_eq!(rssd.ask(sessions), before);
    // One that was written before there was a version is of the first.
    rssd.ask("DROP TABLE imap_sync_format");
    assert_eq!(rssd.counts("{}"), [2, 1, 1, 0]);
    assert_eq!(rssd.ask("SELECT version FROM imap_sync_format"), "1");
}

#[test]
fn the_compact_layout_holds_content_once_and_the_view_still_gives_it() {
    let user = Dovecot::shared().user("compact");
    let mails = difficult();
    user.append("INBOX", &mails);
    let (compact, full) = (Rssd::of(&user), Rssd::of(&user));
    compact.ingest("INBOX", r#"{"layout": "compact"}"#);
    full.ingest("INBOX", "{}");
    let counts = "SELECT (SELECT count(*) FROM ur_ingest_session_imap_acct_folder_message),
                         (SELECT group_concat(DISTINCT nature) FROM uniform_resource)";
    assert_eq!(
        compact.ask(counts),
        full.ask(counts).split('|').next().unwrap().to_owned() + "|text"
    );
    let content = "SELECT hex(content) FROM uniform_resource_imap ORDER BY 1";
    assert_eq!(compact.ask(content), full.ask(content));
    let readable = "SELECT hex(message) FROM uniform_resource_imap
                     WHERE typeof(content) = 'text' ORDER BY 1";
    assert_eq!(compact.ask(readable), full.ask(readable));
    let reference = "SELECT count(*) FROM ur_ingest_session_imap_acct_folder_message AS mail
                      WHERE NOT EXISTS (SELECT 1 FROM uniform_resource
                              WHERE uri = mail.message ->> 'uri'
                                AND elaboration ->> 'sha256' = mail.message ->> 'sha256')";
    assert_eq!(compact.ask(reference), "0");
    compact.check();
    // Either layout knows what the other has written.
    assert_eq!(compact.counts("{}"), [0, 0, 0, 0]);
    user.set_uidvalidity("INBOX", 4242);
    let all = mails.len() as u64;
    assert_eq!(compact.counts("{}"), [all, 0, all, 0]);
    assert_eq!(full.counts(r#"{"layout": "compact"}"#), [all, 0, all, 0]);
}
