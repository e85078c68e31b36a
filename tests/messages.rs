//! `imap_messages` in the stock sqlite3 shell against a real Dovecot: rows,
//! what is fetched for them, and what never changes.

mod support;

use serde_json::{Value, json};
use support::dovecot::Dovecot;
use support::mail::Mail;

/// A message with something of everything.
const RICH: &[u8] = b"Return-Path: <bounce@example.org>\r\n\
From: =?utf-8?q?J=C3=BCrgen?= Doe <Juergen@example.org>, second@example.org\r\n\
Sender: Office <office@example.org>\r\n\
Reply-To: replies@example.org\r\n\
To: Alice <alice@example.org>,\r\n bob@example.org\r\n\
Cc: carol@example.org\r\n\
Subject: =?iso-8859-1?q?caf=E9?=\r\n\
Date: Sat, 31 Jan 2026 13:00:00 +0100\r\n\
Message-ID: <rich@example.org>\r\n\
In-Reply-To: <parent@example.org>\r\n\
References: <root@example.org>\r\n <parent@example.org>\r\n\
MIME-Version: 1.0\r\n\
Content-Type: multipart/mixed; boundary=b\r\n\
\r\n\
--b\r\n\
Content-Type: multipart/alternative; boundary=a\r\n\
\r\n\
--a\r\n\
Content-Type: text/plain; charset=utf-8\r\n\
Content-Transfer-Encoding: quoted-printable\r\n\
\r\n\
gr=C3=BC=C3=9Fe\r\n\
--a\r\n\
Content-Type: text/html; charset=utf-8\r\n\
\r\n\
<p>hello</p>\r\n\
--a--\r\n\
--b\r\n\
Content-Type: application/pdf; name=\"a.pdf\"\r\n\
Content-Disposition: attachment; filename*=utf-8''r%C3%A9sum%C3%A9.pdf\r\n\
Content-Transfer-Encoding: base64\r\n\
\r\n\
AAEC\r\n\
--b--\r\n";

#[test]
fn a_whole_message_is_a_whole_row() {
    let user = Dovecot::shared().user("rich");
    let mail = Mail::raw(RICH)
        .flags("\\Seen \\Flagged $Junk")
        .received("01-Feb-2026 00:30:00 +0100");
    user.append("INBOX", &[mail]);
    let rows = user
        .shell()
        .rows("SELECT *, hex(raw) AS hex FROM imap_messages();");
    let mut row = rows[0].as_object().unwrap().clone();
    let upper_hex: String = RICH.iter().map(|byte| format!("{byte:02X}")).collect();
    assert_eq!(row.remove("hex"), Some(Value::from(upper_hex)));
    assert_eq!(
        row.remove("raw").unwrap().as_str().unwrap().len(),
        RICH.len()
    );
    assert_eq!(
        row.remove("message"),
        Some(json!(str::from_utf8(RICH).unwrap()))
    );
    let mut take_json = |name: &str| -> Value {
        serde_json::from_str(row.remove(name).unwrap().as_str().unwrap()).unwrap()
    };
    assert_eq!(
        take_json("to"),
        json!(["alice@example.org", "bob@example.org"])
    );
    assert_eq!(take_json("cc"), json!(["carol@example.org"]));
    assert_eq!(take_json("reply_to"), json!(["replies@example.org"]));
    assert_eq!(
        take_json("email_references"),
        json!(["root@example.org", "parent@example.org"])
    );
    assert_eq!(take_json("status"), json!(["read", "starred"]));
    assert_eq!(take_json("keywords"), json!(["$Junk"]));
    let mut flags = take_json("flags");
    flags
        .as_array_mut()
        .unwrap()
        .sort_by_key(ToString::to_string);
    assert_eq!(flags, json!(["$Junk", "\\Flagged", "\\Seen"]));
    assert_eq!(
        take_json("addresses")["from"],
        json!([
            {"name": "Jürgen Doe", "address": "Juergen@example.org"},
            {"name": null, "address": "second@example.org"}
        ])
    );
    let headers = take_json("headers");
    assert_eq!(headers["return-path"], json!(["<bounce@example.org>"]));
    assert_eq!(
        headers["references"],
        json!(["<root@example.org> <parent@example.org>"])
    );
    let parts = take_json("parts");
    let sections: Vec<_> = parts
        .as_array()
        .unwrap()
        .iter()
        .map(|part| &part["part"])
        .collect();
    assert_eq!(sections, ["1.1", "1.2", "2"]);
    assert_eq!(
        take_json("attachments"),
        json!([{
            "part": "2", "filename": "résumé.pdf", "content_type": "application/pdf",
            "size": 4, "encoding": "base64", "disposition": "attachment", "content_id": null
        }])
    );
    assert!(row.remove("uidvalidity").unwrap().is_u64());
    assert!(row.remove("modseq").unwrap().is_u64());
    assert!(row.remove("sha256").unwrap().as_str().unwrap().len() == 64);
    assert_eq!(
        Value::Object(row),
        json!({
            "folder_name": "INBOX", "uid": 1, "message_id": "rich@example.org",
            "in_reply_to": "parent@example.org", "subject": "café",
            "from": "Juergen@example.org", "from_name": "Jürgen Doe",
            "sender": "office@example.org", "bcc": null,
            "date": "2026-01-31T12:00:00Z", "preview": "grüße", "gm_msgid": null, "gm_thrid": null,
            "gm_labels": null, "email_id": null, "thread_id": null,
            "date_header": "Sat, 31 Jan 2026 13:00:00 +0100",
            "internal_date": "2026-01-31T23:30:00Z", "size": RICH.len(),
            "seen": 1, "flagged": 1, "answered": 0, "deleted": 0, "draft": 0,
            "body_text": "grüße", "body_html": "<p>hello</p>", "problems": null
        })
    );
}

#[test]
fn an_empty_folder_has_no_rows() {
    let user = Dovecot::shared().user("empty");
    let rows = user
        .shell()
        .rows("SELECT count(*) AS n, max(uid) AS last FROM imap_messages();");
    assert_eq!(rows, [json!({"n": 0, "last": null})]);
}

#[test]
fn only_what_the_columns_need_is_fetched() {
    let user = Dovecot::shared().user("ladder");
    user.append("INBOX", &Mail::many(20));
    let fetches = |columns: &str| -> Vec<String> {
        user.record();
        let before = user.commands().len();
        let sql = format!("SELECT {columns} FROM imap_messages() WHERE uid > 0;");
        let ((), traffic) = user.observe(|| {
            user.shell().run(&sql).success();
        });
        let commands = user.commands().split_off(before);
        let wants_bodies = columns.contains("raw") || columns.contains("body_text");
        assert_eq!(traffic.bodies > 0, wants_bodies, "{columns}: {traffic:?}");
        commands
            .into_iter()
            .filter_map(|command| {
                let at = command.find(" UID FETCH ")?;
                Some(command[at..].split_once('(').unwrap().1.to_owned())
            })
            .collect()
    };
    assert_eq!(fetches("count(*)"), Vec::<String>::new());
    assert_eq!(
        fetches("uid, folder_name, uidvalidity"),
        Vec::<String>::new()
    );
    assert_eq!(fetches("seen, size"), ["UID FLAGS RFC822.SIZE)"]);
    assert_eq!(
        fetches("uid, subject"),
        ["UID BODY.PEEK[HEADER.FIELDS (SUBJECT)])"]
    );
    assert_eq!(fetches("headers, subject"), ["UID BODY.PEEK[HEADER])"]);
    assert_eq!(fetches("attachments"), ["UID BODYSTRUCTURE)"]);
    assert_eq!(
        fetches("raw, subject, seen"),
        ["UID RFC822.SIZE)", "UID FLAGS BODY.PEEK[])"]
    );
}

#[test]
fn uid_constraints_reach_the_server_and_mean_what_sql_says() {
    let user = Dovecot::shared().user("uids");
    user.append("INBOX", &Mail::many(12));
    user.expunge("INBOX", "4:6");
    user.shell()
        .run(
            "CREATE TEMP TABLE copy AS SELECT uid, subject FROM imap_messages();\n\
             CREATE TEMP TABLE wanted(uid); INSERT INTO wanted VALUES (2), (5), ('9'), (NULL);\n",
        )
        .success();
    for condition in [
        "uid = 3",
        "uid = 5",
        "uid = 3.0",
        "uid = 3.5",
        "uid = '3'",
        "uid = 'x'",
        "uid IS 3",
        "uid > 9",
        "uid >= 9.5",
        "uid > 4294967294",
        "uid > -1",
        "uid < 3",
        "uid < 1",
        "uid <= 2.5",
        "uid < 'x'",
        "uid BETWEEN 3 AND 8",
        "uid IN (1, 5, 7, 99, 7.0, '8', NULL, -3)",
        "uid IN (SELECT uid FROM wanted)",
        "uid IN (1, 2) AND uid > 1",
        "uid = 1 OR uid = 12 OR uid > 10",
        "uid = NULL",
        "uid > 100",
        "NOT uid > 2",
        "uid + 0 = 3",
    ] {
        let sql = format!(
            "CREATE TEMP TABLE copy AS SELECT uid, subject FROM imap_messages();\n\
             CREATE TEMP TABLE wanted(uid); INSERT INTO wanted VALUES (2), (5), ('9'), (NULL);\n\
             SELECT (SELECT json_group_array(uid || subject) FROM \
                 (SELECT * FROM imap_messages() WHERE {condition} ORDER BY uid)) AS pushed, \
               (SELECT json_group_array(uid || subject) FROM \
                 (SELECT * FROM copy WHERE {condition} ORDER BY uid)) AS exact;"
        );
        let rows = user.shell().rows(&sql);
        assert_eq!(rows[0]["pushed"], rows[0]["exact"], "{condition}");
    }
    user.record();
    let before = user.commands().len();
    user.shell()
        .rows("SELECT subject FROM imap_messages() WHERE uid IN (3, 7);");
    let commands = user.commands().split_off(before);
    assert!(
        commands
            .iter()
            .any(|command| command.contains(" UID FETCH 3,7 (")),
        "{commands:?}"
    );
}

#[test]
fn several_folders_are_read_in_one_query() {
    let user = Dovecot::shared().user("folders");
    user.create("Entwürfe/a b");
    user.create("Archive/2025");
    user.append("INBOX", &Mail::many(2));
    user.append("Entw&APw-rfe/a b", &Mail::many(1));
    user.append("Archive/2025", &Mail::many(3));
    let shell = user.shell();
    let count = |sql: &str| shell.rows(sql);
    assert_eq!(
        count(
            "SELECT folder_name, count(*) AS n, max(folder) AS f \
             FROM imap_messages(NULL, NULL, '*') GROUP BY 1 ORDER BY 1;"
        ),
        [
            json!({"folder_name": "Archive/2025", "n": 3, "f": "*"}),
            json!({"folder_name": "Entwürfe/a b", "n": 1, "f": "*"}),
            json!({"folder_name": "INBOX", "n": 2, "f": "*"}),
        ]
    );
    assert_eq!(
        count("SELECT count(*) AS n FROM imap_messages WHERE folder = 'Entwürfe/a b';"),
        [json!({"n": 1})]
    );
    assert_eq!(
        count(
            "SELECT count(*) AS n, count(DISTINCT rowid) AS ids FROM imap_messages \
             WHERE folder IN ('INBOX', 'Archive/2025');"
        ),
        [json!({"n": 5, "ids": 5})]
    );
    assert_eq!(
        count(
            "SELECT count(*) AS n FROM imap_messages \
             WHERE folder = 'INBOX' OR folder = 'Archive/2025' OR folder = 'INBOX';"
        ),
        [json!({"n": 5})]
    );
    assert_eq!(
        count(
            "SELECT count(*) AS n FROM imap_messages(NULL, NULL, 'INBOX') WHERE folder = 'INBOX';"
        ),
        [json!({"n": 2})]
    );
    assert_eq!(
        count(
            "SELECT count(*) AS n FROM imap_messages(NULL, NULL, 'INBOX') WHERE folder = 'Sent';"
        ),
        [json!({"n": 0})]
    );
    assert_eq!(
        count("SELECT count(*) AS n FROM imap_messages(NULL, NULL, 'nothing like this*');"),
        [json!({"n": 0})]
    );
}

#[test]
fn an_omitted_argument_may_be_null_under_or() {
    let user = Dovecot::shared().user("null-or");
    user.append("INBOX", &Mail::many(10));
    for arguments in [
        "",
        "NULL, NULL, 'INBOX'",
        "NULL, NULL, NULL",
        "NULL, NULL, 'INBOX', NULL",
    ] {
        for columns in ["uid", "uid, raw"] {
            let sql = format!(
                "SELECT group_concat(uid) AS uids FROM (SELECT {columns} FROM \
                 imap_messages({arguments}) WHERE uid = 1 OR uid > 8 ORDER BY uid);"
            );
            assert_eq!(
                user.shell().rows(&sql),
                [json!({"uids": "1,9,10"})],
                "{sql}"
            );
        }
    }
}

#[test]
fn a_self_join_gets_two_sessions() {
    let user = Dovecot::shared().user("join");
    user.append("INBOX", &Mail::many(3));
    let (rows, traffic) = user.observe(|| {
        user.shell().rows(
            "SELECT count(*) AS n FROM imap_messages() a JOIN imap_messages() b \
             ON a.subject = b.subject;",
        )
    });
    assert_eq!(rows, [json!({"n": 3})]);
    assert_eq!(traffic.sessions, 2);
}

#[test]
fn a_session_is_used_again_by_the_next_query() {
    let user = Dovecot::shared().user("pool");
    user.append("INBOX", &Mail::many(3));
    let (_, traffic) = user.observe(|| {
        user.shell()
            .run(
                "SELECT count(*) FROM imap_messages();\n\
                 SELECT subject FROM imap_messages();\n\
                 SELECT count(*) FROM imap_messages(NULL, NULL, '*');",
            )
            .success()
            .to_owned()
    });
    assert_eq!(traffic.sessions, 1);
}

#[test]
fn limit_stops_the_stream_and_the_next_query_is_in_step() {
    let user = Dovecot::shared().user("limit");
    user.append("INBOX", &Mail::many(3000));
    let (rows, traffic) = user.observe(|| {
        user.shell().rows(
            "CREATE TEMP TABLE first AS SELECT uid, raw FROM imap_messages() LIMIT 2;\n\
             SELECT (SELECT group_concat(uid) FROM first) AS first, count(*) AS n, \
             group_concat(subject) LIKE 'message 1,message 2,%' AS in_step FROM imap_messages();",
        )
    });
    assert_eq!(rows, [json!({"first": "1,2", "n": 3000, "in_step": 1})]);
    assert!(traffic.bodies < 3000, "{traffic:?}");
}

#[test]
fn large_messages_leave_their_content_on_the_server() {
    let user = Dovecot::shared().user("max-size");
    let mut mails = Mail::many(2);
    mails[1].raw.extend_from_slice(&b"x".repeat(5000));
    let size = mails[1].raw.len();
    user.append("INBOX", &mails);
    let rows = user.shell().rows(
        "SELECT uid, subject, size, raw IS NULL AS gone, body_text IS NULL AS textless, problems \
         FROM imap_messages WHERE options = '{\"max_size\": 1000}';",
    );
    assert_eq!(rows[0]["gone"], 0);
    assert_eq!(rows[0]["problems"], Value::Null);
    let problems = format!(
        "[{{\"field\":\"raw\",\"problem\":\"not fetched: {size} bytes are more than max_size\"}}]"
    );
    assert_eq!(
        rows[1],
        json!({
            "uid": 2, "subject": "message 2", "size": size, "gone": 1, "textless": 1,
            "problems": problems
        })
    );
}

#[test]
fn broken_mail_is_a_row() {
    let user = Dovecot::shared().user("broken");
    let mails = [
        &b"\r\n"[..],
        b"no header at all\r\n",
        b"Subject: caf\xe9 undeclared\r\nFrom: \xfc <a@example.org>\r\n\r\nna\xefve\r\n",
        b"Date: yesterday\r\nSubject:\r\n\r\n",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nunfinished",
        b"Content-Type: text/plain; charset=x-none\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!\r\n",
    ];
    user.append("INBOX", &mails.map(Mail::raw));
    let rows = user.shell().rows(
        "SELECT uid, subject, \"from\", from_name, date, body_text, problems, length(raw) AS n \
         FROM imap_messages();",
    );
    assert_eq!(rows.len(), mails.len());
    for (row, mail) in rows.iter().zip(mails) {
        assert_eq!(row["n"], mail.len());
    }
    assert_eq!(rows[2]["subject"], "café undeclared");
    assert_eq!(rows[2]["from_name"], "ü");
    assert_eq!(rows[2]["body_text"], "naïve\r\n");
    assert_eq!(rows[3]["date"], Value::Null);
    assert!(rows[3]["problems"].as_str().unwrap().contains("yesterday"));
    assert_eq!(rows[4]["body_text"], "unfinished");
}

#[test]
fn reading_changes_nothing() {
    let user = Dovecot::shared().user("readonly");
    user.append("INBOX", &Mail::many(30));
    let state = || user.status("INBOX", "messages recent unseen highestmodseq uidnext");
    let before = state();
    user.record();
    let skip = user.commands().len();
    user.shell()
        .run(
            "SELECT * FROM imap_messages();\n\
             SELECT body_text FROM imap_messages(NULL, NULL, '*');\n\
             SELECT count(*) FROM imap_messages() WHERE seen = 0;",
        )
        .success();
    assert_eq!(state(), before);
    let commands = user.commands().split_off(skip);
    assert!(!commands.is_empty());
    for command in commands {
        let verb = command.split_once(' ').unwrap().1;
        assert!(
            [
                "CAPABILITY",
                "EXAMINE ",
                "UID SEARCH ",
                "UID FETCH ",
                "LIST ",
                "LOGOUT",
                "NOOP"
            ]
            .iter()
            .any(|known| verb.starts_with(known)),
            "{command}"
        );
        assert!(!verb.contains("BODY["), "{command}");
    }
}

#[test]
fn starttls_and_plain_connections_read_the_same() {
    let server = Dovecot::shared();
    let user = server.user("transport");
    user.append("INBOX", &Mail::many(3));
    let ca = server.ca_file();
    let sql = "SELECT group_concat(subject) AS s FROM imap_messages();";
    let expected = [json!({"s": "message 1,message 2,message 3"})];
    for url in [server.tls(), server.starttls(), server.plain()] {
        let shell = user.shell().env("IMAP_SERVER", &url);
        assert_eq!(shell.rows(sql), expected, "{url}");
    }
    let shell = user.shell().env("SSL_CERT_FILE", "");
    let with_option = format!(
        "SELECT group_concat(subject) AS s FROM imap_messages WHERE options = '{{\"ca_file\": \"{}\"}}';",
        ca.display()
    );
    assert_eq!(shell.rows(&with_option), expected);
}

#[test]
fn a_login_of_this_connection_serves_its_endpoint_and_user_only() {
    let server = Dovecot::shared();
    let user = server.user("login");
    user.append("INBOX", &Mail::many(1));
    let url = server.tls();
    let shell = user
        .shell()
        .env("IMAP_SERVER", "")
        .env("IMAP_USER", "")
        .env("IMAP_PASSWORD", "");
    let login = format!(
        "CREATE TEMP TABLE login AS SELECT imap_login('{url}', '{}', '{}');",
        user.name, user.password
    );
    let rows = shell.rows(&format!(
        "{login}\nSELECT count(*) AS n FROM imap_messages('{url}', '{}');",
        user.name
    ));
    assert_eq!(rows, [json!({"n": 1})]);
    let other = shell.error(&format!(
        "{login}\nSELECT count(*) FROM imap_messages('{url}', 'somebody else');"
    ));
    assert!(
        other.contains(&format!("imap: no secret for 'somebody else' at {url};")),
        "{other}"
    );
    let plain = server.plain();
    let other = shell.error(&format!(
        "{login}\nSELECT count(*) FROM imap_messages('{plain}', '{}');",
        user.name
    ));
    assert!(
        other.contains(&format!("imap: no secret for '{}' at {plain};", user.name)),
        "{other}"
    );
}

#[test]
fn views_and_triggers_cannot_reach_the_network() {
    let user = Dovecot::shared().user("schema");
    for sql in [
        "CREATE VIEW v AS SELECT uid FROM imap_messages(); SELECT * FROM v;",
        "CREATE VIEW v AS SELECT imap_login('a.example', 'b', 'c'); SELECT * FROM v;",
    ] {
        let error = user.shell().error(sql);
        assert!(error.contains("unsafe use of"), "{error}");
    }
}
