//! What holds on every server.

use serde_json::{Value, json};

use crate::differential::compare::compare;
use crate::differential::mailbox;
use crate::server::Account;
use crate::support::mail::Mail;

const PDF: &str = "Subject: files\r\nMIME-Version: 1.0\r\n\
    Content-Type: multipart/mixed; boundary=b\r\n\r\n\
    --b\r\nContent-Type: text/plain\r\n\r\nsee below\r\n\
    --b\r\nContent-Type: application/pdf; name=a.pdf\r\n\
    Content-Disposition: attachment; filename=a.pdf\r\n\
    Content-Transfer-Encoding: base64\r\n\r\nYWJj\r\n--b--\r\n";

/// One column of some rows.
fn column(rows: &[Value], name: &str) -> Vec<Value> {
    rows.iter().map(|row| row[name].clone()).collect()
}

/// The UIDs that meet a condition, in ascending order.
fn uids(account: &Account, condition: &str) -> Vec<i64> {
    let rows = account.rows(&format!(
        "SELECT uid FROM imap_messages() WHERE {condition};"
    ));
    let mut uids: Vec<i64> = rows
        .iter()
        .map(|row| row["uid"].as_i64().unwrap())
        .collect();
    uids.sort_unstable();
    uids
}

pub fn rows_hold_what_the_messages_say(account: &Account) {
    let raw = "From: =?utf-8?q?J=C3=BCrgen?= <j@example.org>\r\nTo: a@b.example, c@d.example\r\n\
               Subject: =?iso-8859-1?q?caf=E9?=\r\nMessage-ID: <1@example.org>\r\n\
               Date: Sat, 31 Jan 2026 13:00:00 +0100\r\n\
               Content-Type: text/plain; charset=utf-8\r\n\r\ngrüße\r\n";
    account.append("INBOX", &[Mail::raw(raw), Mail::raw("\r\nno header\r\n")]);
    let rows = account.rows(
        "SELECT uid, \"from\", from_name, \"to\", subject, message_id, date, size, body_text,
                length(raw) AS length, folder_name
           FROM imap_messages();",
    );
    assert_eq!(
        rows[0],
        json!({"uid": 1, "from": "j@example.org", "from_name": "Jürgen",
               "to": "[\"a@b.example\",\"c@d.example\"]", "subject": "café",
               "message_id": "1@example.org", "date": "2026-01-31T12:00:00Z", "size": raw.len(),
               "body_text": "grüße\r\n", "length": raw.len(), "folder_name": "INBOX"})
    );
    assert_eq!(
        (&rows[1]["subject"], &rows[1]["date"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(rows[1]["body_text"], "no header\r\n");
}

pub fn flags_and_dates_are_columns(account: &Account) {
    let mails = [
        Mail::numbered(1)
            .flags("\\Seen \\Flagged")
            .received("01-Feb-2026 00:30:00 +0100"),
        Mail::numbered(2).received("31-Dec-2025 23:30:00 -0500"),
    ];
    account.append("INBOX", &mails);
    let rows = account.rows(
        "SELECT seen, flagged, answered, status, internal_date, uidvalidity > 0 AS valid
           FROM imap_messages();",
    );
    let row = |flag: i64, status: &str, date: &str| {
        json!({"seen": flag, "flagged": flag, "answered": 0, "status": status,
               "internal_date": date, "valid": 1})
    };
    assert_eq!(
        rows,
        [
            row(1, "[\"read\",\"starred\"]", "2026-01-31T23:30:00Z"),
            row(0, "[\"unread\"]", "2026-01-01T04:30:00Z"),
        ]
    );
    assert_eq!(uids(account, "seen = 0"), [2]);
    assert_eq!(uids(account, "flagged = 1 AND seen = 1"), [1]);
    assert_eq!(uids(account, "internal_date < '2026-01-15'"), [2]);
    // Nothing that was read has become seen.
    account.rows("SELECT raw, body_text FROM imap_messages();");
    assert_eq!(uids(account, "seen = 0"), [2]);
}

pub fn uid_constraints_choose_the_rows(account: &Account) {
    account.append("INBOX", &Mail::many(12));
    assert_eq!(uids(account, "uid = 7"), [7]);
    assert_eq!(uids(account, "uid = 99"), [] as [i64; 0]);
    assert_eq!(uids(account, "uid > 10"), [11, 12]);
    assert_eq!(uids(account, "uid > 12"), [] as [i64; 0]);
    assert_eq!(uids(account, "uid IN (3, 5, 3, 100)"), [3, 5]);
    assert_eq!(
        uids(account, "uid BETWEEN 4 AND 6 OR uid = 2"),
        [2, 4, 5, 6]
    );
    let rows = account.rows(
        "SELECT count(*) AS n, max(uid) AS last, (SELECT group_concat(subject) FROM
                (SELECT subject FROM imap_messages() ORDER BY uid DESC LIMIT 2)) AS newest
           FROM imap_messages();",
    );
    assert_eq!(
        rows,
        [json!({"n": 12, "last": 12, "newest": "message 12,message 11"})]
    );
}

pub fn folders_are_listed_with_their_counts(account: &Account) {
    account.create(&["Work"]);
    account.create(&["Work", "Old"]);
    account.append(
        "INBOX",
        &[Mail::numbered(1).flags("\\Seen"), Mail::numbered(2)],
    );
    account.append(&account.folder(&["Work", "Old"]), &Mail::many(3));
    let rows = account.rows(
        "SELECT name, messages, unseen, uidnext, uidvalidity > 0 AS valid FROM imap_folders()
          WHERE name <> 'Sent';",
    );
    let row = |name: &str, messages: u64, unseen: u64| {
        json!({"name": name, "messages": messages, "unseen": unseen, "uidnext": messages + 1,
               "valid": 1})
    };
    assert_eq!(
        rows,
        [
            row("INBOX", 2, 1),
            row(&account.folder(&["Work"]), 0, 0),
            row(&account.folder(&["Work", "Old"]), 3, 3),
        ]
    );
    let rows = account.rows("SELECT size, highestmodseq FROM imap_folders(NULL, NULL, 'INBOX');");
    let size = Mail::numbered(1).raw.len() + Mail::numbered(2).raw.len();
    if account.kind == "courier" {
        assert_eq!(rows, [json!({"size": null, "highestmodseq": null})]);
    } else {
        assert_eq!(rows[0]["size"], size);
        assert!(rows[0]["highestmodseq"].as_i64().unwrap() > 0);
    }
}

pub fn patterns_read_many_folders(account: &Account) {
    account.create(&["a"]);
    account.create(&["a", "b"]);
    account.create(&["c"]);
    for (levels, count) in [(&["a"][..], 1), (&["a", "b"], 2), (&["c"], 1)] {
        account.append(&account.folder(levels), &Mail::many(count));
    }
    account.append("INBOX", &Mail::many(1));
    let count = |pattern: &str| {
        let rows = account.rows(&format!(
            "SELECT folder_name || ' ' || count(*) AS n FROM imap_messages(NULL, NULL, '{pattern}')
              GROUP BY folder_name ORDER BY folder_name;"
        ));
        column(&rows, "n")
    };
    let told = |levels: &[&str], count: u32| json!(format!("{} {count}", account.folder(levels)));
    assert_eq!(
        count("*"),
        [
            json!("INBOX 1"),
            told(&["a"], 1),
            told(&["a", "b"], 2),
            told(&["c"], 1)
        ]
    );
    assert_eq!(
        count(&account.folder(&["%"])),
        if account.kind == "dovecot" {
            vec![json!("INBOX 1"), told(&["a"], 1), told(&["c"], 1)]
        } else {
            vec![told(&["a"], 1), told(&["c"], 1)]
        }
    );
    assert_eq!(count(&account.folder(&["a", "%"])), [told(&["a", "b"], 2)]);
    assert_eq!(count("nothing*"), [] as [Value; 0]);
}

pub fn names_beyond_ascii_are_utf8(account: &Account) {
    account.create(&["Entw&APw-rfe & Co".replace(" & ", " &- ").as_str()]);
    let name = account.folder(&["Entwürfe & Co"]);
    account.append(&account.folder(&["Entw&APw-rfe &- Co"]), &Mail::many(1));
    let rows = account.rows(&format!(
        "SELECT folder_name, subject FROM imap_messages(NULL, NULL, '{name}');"
    ));
    assert_eq!(rows, [json!({"folder_name": name, "subject": "message 1"})]);
    let rows = account.rows("SELECT name, messages FROM imap_folders() WHERE name LIKE '%ü%';");
    assert_eq!(rows, [json!({"name": name, "messages": 1})]);
}

pub fn attachments_are_listed_and_fetched(account: &Account) {
    account.append("INBOX", &[Mail::numbered(1), Mail::raw(PDF)]);
    let rows = account.rows(
        "SELECT uid, part, filename, content_type, size, disposition, hex(content) AS content, md5
           FROM imap_attachments() WHERE filename LIKE '%.pdf';",
    );
    assert_eq!(
        rows,
        [
            json!({"uid": 2, "part": "2", "filename": "a.pdf", "content_type": "application/pdf",
                "size": 4, "disposition": "attachment", "content": "616263",
                "md5": "900150983cd24fb0d6963f7d28e17f72"})
        ]
    );
    let asked = account.rows(
        "CREATE TEMP TABLE t AS SELECT content FROM imap_attachments();
         SELECT command FROM imap_log WHERE command LIKE '%PEEK[2]%';",
    );
    let expected = match account.kind {
        "courier" => "UID FETCH 2 (UID BODY.PEEK[2])",
        _ => "UID FETCH 2 (UID BINARY.PEEK[2])",
    };
    assert_eq!(asked, [json!({"command": expected})]);
}

pub fn extension_columns_are_null_or_right(account: &Account) {
    account.append("INBOX", &[Mail::numbered(1)]);
    let rows = account.rows(
        "SELECT modseq, preview, gm_msgid, gm_labels, email_id, thread_id FROM imap_messages();",
    );
    let row = &rows[0];
    assert_eq!(
        (&row["gm_msgid"], &row["gm_labels"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(row["modseq"].is_null(), account.kind == "courier", "{row}");
    assert_eq!(
        row["email_id"].is_string(),
        account.kind == "cyrus",
        "{row}"
    );
    // Cyrus names PREVIEW and has none; it is computed there, as for Courier.
    assert_eq!(row["preview"], "body 1");
}

pub fn settings_pass_every_step(account: &Account) {
    let rows = account.rows("SELECT step, ok FROM imap_check();");
    let steps = ["resolve", "connect", "tls", "login", "capability", "folder"];
    assert_eq!(column(&rows, "step"), steps.map(|step| json!(step)));
    assert_eq!(column(&rows, "ok"), [1; 6].map(|ok| json!(ok)));
}

pub fn an_empty_folder_has_no_rows(account: &Account) {
    let rows = account.rows(
        "SELECT (SELECT count(*) FROM imap_messages()) AS n,
                (SELECT count(subject) FROM imap_messages()) AS s,
                (SELECT max(uid) FROM imap_messages()) AS last,
                (SELECT count(*) FROM imap_attachments()) AS a,
                EXISTS (SELECT 1 FROM imap_messages() WHERE uid > 5) AS e;",
    );
    assert_eq!(
        rows,
        [json!({"n": 0, "s": 0, "last": null, "a": 0, "e": 0})]
    );
}

pub fn text_conditions_mean_what_sql_says(account: &Account) {
    let subject = |text: &str| Mail::raw(format!("Subject: {text}\r\n\r\nx\r\n"));
    let mails = [
        subject("Invoice 7"),
        subject("=?utf-8?q?invoice_f=C3=BCr_Sie?="),
        subject("100% \"quoted\\\" {3+}"),
        Mail::raw("From: x@example.org\r\n\r\nno subject\r\n"),
        subject("Rein=?utf-8?q?voice?="),
    ];
    account.append("INBOX", &mails);
    assert_eq!(uids(account, "subject LIKE '%voice%'"), [1, 2, 5]);
    assert_eq!(uids(account, "subject GLOB 'Invoice*'"), [1]);
    assert_eq!(uids(account, "subject = 'invoice für Sie'"), [2]);
    assert_eq!(uids(account, "subject LIKE '%\"quoted\\\" {3+}'"), [3]);
    assert_eq!(uids(account, "subject IS NULL"), [4]);
    assert_eq!(
        uids(
            account,
            "subject LIKE '%voice%' AND size > 0 AND seen = 0 LIMIT 1"
        ),
        [1]
    );
    assert_eq!(
        uids(account, "size > 4294967295 OR size < 0"),
        [] as [i64; 0]
    );
}

pub fn expunged_messages_leave_gaps(account: &Account) {
    account.append("INBOX", &Mail::many(6));
    let mut client = account.client();
    client.command(b"SELECT INBOX");
    client.command(b"STORE 2:3,6 +FLAGS.SILENT (\\Deleted)");
    client.command(b"EXPUNGE");
    assert_eq!(uids(account, "1"), [1, 4, 5]);
    assert_eq!(uids(account, "subject LIKE 'message%'"), [1, 4, 5]);
    assert_eq!(uids(account, "uid >= 5"), [5]);
    assert_eq!(uids(account, "uid IN (2, 4, 6)"), [4]);
}

pub fn generated_queries_mean_what_sql_says(account: &Account) {
    mailbox::fill(account);
    compare(account, "{}", 200);
}

pub fn generated_queries_need_no_trust(account: &Account) {
    mailbox::fill_with_what_servers_misread(account);
    compare(account, r#"{"trust_search": "never"}"#, 100);
}
