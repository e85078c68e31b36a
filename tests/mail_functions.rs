//! The `mail_*` functions and tables in the stock shell, on messages in files.

mod support;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use support::corpus::{self, CORPUS};
use support::dovecot::Dovecot;
use support::library::library_for_sql;
use support::mail::Mail;
use support::python::{Outcome, Python};
use support::scratch::Scratch;
use support::shell::Shell;
use support::skipped::skipped;
use support::until::PATIENCE;
use support::user::User;

/// A message of tests/fixtures/eml, as an SQL expression.
fn file(name: &str) -> String {
    read(
        &Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/fixtures/eml")
            .join(name),
    )
}

fn read(path: &Path) -> String {
    format!(
        "readfile('{}')",
        path.display().to_string().replace('\'', "''")
    )
}

#[track_caller]
fn ask(sql: &str) -> Vec<Value> {
    Shell::new().rows(sql)
}

#[track_caller]
fn fails(sql: &str, message: &str) {
    let outcome = Python::new().one(sql);
    assert_eq!(outcome, Outcome::Error(message.to_owned(), 1), "{sql}");
}

#[test]
fn null_gives_null_or_no_row() {
    assert_eq!(
        ask(
            "SELECT mail_parse(NULL) IS NULL AS a, mail_auth(NULL) IS NULL AS b, \
             mail_auth(NULL, NULL) IS NULL AS c;"
        ),
        [json!({"a": 1, "b": 1, "c": 1})]
    );
    for table in [
        "mail_attachments(NULL)",
        "mail_headers(NULL)",
        "mail_indicators(NULL)",
        "mail_matches(NULL, 'x')",
        "mail_matches('x', NULL)",
        "mail_parts(NULL)",
        "mail_received(NULL)",
        "mail_texts(NULL)",
    ] {
        assert!(
            ask(&format!("SELECT * FROM {table};")).is_empty(),
            "{table}"
        );
    }
}

#[test]
fn text_and_blob_are_the_same_message() {
    let raw = file("parcel.eml");
    assert_eq!(
        ask(&format!(
            "SELECT mail_parse({raw}) = mail_parse(CAST({raw} AS TEXT)) AS parsed, \
             (SELECT group_concat(value) FROM mail_headers({raw})) = \
             (SELECT group_concat(value) FROM mail_headers(CAST({raw} AS TEXT))) AS headers;"
        )),
        [json!({"parsed": 1, "headers": 1})]
    );
}

#[test]
fn the_offline_entry_point_has_them_all_and_nothing_of_the_network() {
    let sql = format!(
        ".load '{}' sqlite3_imapoffline_init\n\
         SELECT count(*) > 0 FROM mail_indicators({});\n\
         SELECT DISTINCT name FROM pragma_module_list WHERE name GLOB 'imap_*' UNION \
         SELECT DISTINCT name FROM pragma_function_list WHERE name GLOB 'imap_*' ORDER BY 1;",
        library_for_sql(),
        file("parcel.eml")
    );
    let mut command = std::process::Command::new("sqlite3");
    command.args(["-batch", "-bail", ":memory:"]);
    let running = support::process::Running::start(&mut command, sql.as_bytes());
    let finished = running.finish(PATIENCE);
    assert_eq!(finished.success(), "1\nimap_debug\nimap_version\n");
}

#[test]
fn they_may_be_used_in_views_and_joined_to_tables() {
    let sql = format!(
        "PRAGMA trusted_schema = OFF;\n\
         CREATE TABLE mail(id INTEGER PRIMARY KEY, raw BLOB);\n\
         INSERT INTO mail(raw) VALUES ({0}), (NULL), ({1}), ({0});\n\
         CREATE VIEW subject AS SELECT m.id, h.value FROM mail AS m, mail_headers(m.raw) AS h \
         WHERE h.name = 'Subject';\n\
         SELECT * FROM subject ORDER BY id;",
        file("parcel.eml"),
        file("signed.eml")
    );
    let parcel = "Your parcel – last notice";
    assert_eq!(
        ask(&sql),
        [
            json!({"id": 1, "value": parcel}),
            json!({"id": 3, "value": "Is dinner ready?"}),
            json!({"id": 4, "value": parcel}),
        ]
    );
}

#[test]
fn rows_of_one_message_are_told_from_those_of_another_under_or() {
    let sql = format!(
        "SELECT count(*) AS n FROM mail_headers \
         WHERE (raw = {0} AND name = 'From') OR (raw = {1} AND name = 'From') \
         OR (raw = {0} AND position = 5);",
        file("parcel.eml"),
        file("signed.eml")
    );
    assert_eq!(ask(&sql), [json!({"n": 2})]);
}

#[test]
fn what_is_written_comes_back_byte_for_byte() {
    let folder = Scratch::new("bytes");
    let path = folder.join("latin.eml");
    fs::write(&path, b"Subject: caf\xe9\r\n  au lait\r\nX-A: b\r\n\r\nx").unwrap();
    assert_eq!(
        ask(&format!(
            "SELECT name, value, typeof(raw_value) AS type, hex(raw_value) AS hex FROM mail_headers({});",
            read(&path)
        )),
        [
            json!({"name": "Subject", "value": "café au lait", "type": "blob",
                "hex": "20636166E90D0A20206175206C616974"}),
            json!({"name": "X-A", "value": "b", "type": "text", "hex": "2062"}),
        ]
    );
}

#[test]
fn an_arc_chain_that_another_library_made_is_verified() {
    // arc.eml was sealed twice by dkimpy 1.1.8, with a key of its own.
    let (raw, keys) = (file("arc.eml"), file("arc.json"));
    let result = |raw: &str| {
        let sql = format!(
            "SELECT mail_auth({raw}, {keys}) -> 'arc' ->> 'result' AS r, \
            mail_auth({raw}, {keys}) -> 'arc' ->> 'reason' AS why;"
        );
        ask(&sql).remove(0)
    };
    assert_eq!(result(&raw), json!({"r": "pass", "why": null}));
    for (change, why) in [
        ("'Hello', 'Hallo'", "the body was changed"),
        (
            "'spf=pass', 'spf=fail'",
            "the signature is not over this header",
        ),
        (
            "'cv=none', 'cv=pass'",
            "the signature is not over this header",
        ),
    ] {
        let changed = format!("CAST(replace(CAST({raw} AS TEXT), {change}) AS BLOB)");
        assert_eq!(
            result(&changed),
            json!({"r": "fail", "why": why}),
            "{change}"
        );
    }
}

#[test]
fn an_interrupt_is_heard_within_a_call_that_may_take_long() {
    for call in [
        "SELECT count(*) FROM mail_indicators(interrupt('Subject: x.example'))",
        "SELECT mail_report(interrupt('Subject: x.example'))",
    ] {
        let interrupted = Outcome::Error("imap: interrupted".to_owned(), 9);
        assert_eq!(Python::new().one(call), interrupted, "{call}");
    }
}

#[test]
fn wrong_arguments_are_told_in_a_sentence() {
    fails(
        "SELECT * FROM mail_headers",
        "mail: mail_headers needs the argument raw; call mail_headers(raw)",
    );
    fails(
        "SELECT * FROM mail_matches()",
        "mail: mail_matches needs the argument text; call mail_matches(text, pattern)",
    );
    fails(
        "SELECT * FROM mail_matches('x')",
        "mail: mail_matches needs the argument pattern; call mail_matches(text, pattern)",
    );
    fails(
        "SELECT * FROM mail_indicators('x', '{\"pattern\": []}')",
        "mail: unknown option 'pattern' (known: patterns)",
    );
    fails(
        "SELECT * FROM mail_indicators('x', 'IP')",
        "mail: options must be a JSON object, such as '{\"patterns\": [\"IP\"]}': \
         expected value at line 1 column 1",
    );
    fails(
        "SELECT * FROM mail_indicators('x', '{\"patterns\": 1}')",
        "mail: option patterns must be 'all' or an array of names, not 1",
    );
    fails(
        "SELECT * FROM mail_matches('x', 'cloudsoar:Visa')",
        "mail: no pattern 'Visa' (known: IP, Email, URL, Domain, MD5, SHA1, SHA256, DateTime, \
         Email Attachments Filename, MasterCard, Visa Mastercard, Amex Card, BCGlobal, \
         Carte Blanche Card, Diners Club Card, Discover Card, Insta Payment Card, JCB Card, \
         KoreanLocalCard, Laser Card, Maestro Card, Solo Card, Switch Card, Union Pay Card, \
         Visa Card)",
    );
    fails(
        "SELECT * FROM mail_matches('x', '(')",
        "mail: cannot read the pattern '(': unclosed group",
    );
    fails(
        "SELECT * FROM mail_matches('x', '(?:a{1000}){1000}')",
        "mail: cannot read the pattern '(?:a{1000}){1000}': Compiled regex exceeds size limit of \
         4194304 bytes",
    );
    fails(
        "SELECT mail_auth('x', 'sel')",
        "mail: keys must be a JSON object, such as \
         '{\"selector._domainkey.example.org\": \"v=DKIM1; p=...\"}': \
         expected value at line 1 column 1",
    );
    fails(
        "SELECT mail_auth('x', '{\"a\": 1}')",
        "mail: key 'a' must be a string, an array of strings, null, or an object such as \
         {\"error\": \"SERVFAIL\"}",
    );
    fails(
        "SELECT * FROM mail_matches('x', X'ff')",
        "mail: mail_matches cannot read its second argument: it is not UTF-8 text",
    );
}

/// How many messages of a user there are, and the UIDs of those in which
/// `mail_parts` finds other leaves than the server's BODYSTRUCTURE.
fn other_than_the_server(user: &User<'_>) -> (usize, Vec<Value>) {
    let rows = user.shell().rows(
        "SELECT uid, ours, theirs FROM (SELECT uid, \
         (SELECT group_concat(part || ' ' || content_type) FROM mail_parts(m.raw) \
           WHERE message IS NULL AND content IS NOT NULL) AS ours, \
         (SELECT group_concat((value ->> 'part') || ' ' || (value ->> 'content_type')) \
           FROM json_each(m.parts)) AS theirs \
         FROM imap_messages(NULL, NULL, '*') AS m);",
    );
    let count = rows.len();
    let other = rows.into_iter().filter(|row| row["ours"] != row["theirs"]);
    (count, other.collect())
}

#[test]
fn parts_are_numbered_as_the_server_numbers_them() {
    let user = Dovecot::shared().user("sections");
    user.fill_with_demo_mail();
    let (count, other) = other_than_the_server(&user);
    assert!(count > 200);
    // One has forty multiparts inside one another; the limits differ.
    assert!(other.len() == 1, "{other:?}");
    let depth = |text: &Value| text.as_str().unwrap().matches('.').count();
    assert!(depth(&other[0]["ours"]) > 20 && depth(&other[0]["theirs"]) > 20);
}

#[test]
fn broken_mail_has_mostly_the_parts_that_the_server_sees() {
    let user = Dovecot::shared().user("broken");
    let folders = ["enmime/mail", "mail-parser", "zbateson", "rubymail"];
    let raw = folders.into_iter().flat_map(corpus::messages);
    let mails: Vec<Mail> = raw.map(Mail::raw).collect();
    if mails.is_empty() {
        skipped("broken: THE CORPUS IS ABSENT, nothing was compared");
        return;
    }
    user.append("INBOX", &mails);
    let (count, other) = other_than_the_server(&user);
    // Where boundaries are wrong or missing, each guesses in its own way.
    assert!(
        count > 250 && other.len() * 12 < count,
        "{} of {count}",
        other.len()
    );
}

/// A file of the corpus, written where the shell can read it.
fn from_corpus(folder: &Scratch, name: &str) -> Option<String> {
    let (_, raw) = CORPUS.iter().find(|(path, _)| path == name)?;
    let path = folder.join("message");
    fs::write(&path, raw).unwrap();
    Some(read(&path))
}

#[test]
fn outlook_files_are_messages() {
    let folder = Scratch::new("outlook");
    let Some(raw) = from_corpus(&folder, "outlook/testMSG_att_msg.msg") else {
        skipped("outlook: THE CORPUS IS ABSENT, nothing was read");
        return;
    };
    let parsed = "SELECT m ->> 'form' AS form, m ->> 'subject' AS subject, m ->> 'from' AS sender, \
                  m ->> 'date' AS date, m ->> 'problems' AS problems";
    assert_eq!(
        ask(&format!("{parsed} FROM (SELECT mail_parse({raw}) AS m);")),
        [
            json!({"form": "msg", "subject": "test email", "sender": "nick.booth@pof.com.au",
            "date": "2010-06-17T23:54:19Z", "problems": "[]"})
        ]
    );
    let parts = ask(&format!(
        "SELECT part, message, content_type AS type, size FROM mail_parts({raw}) \
         WHERE part IS NOT NULL;"
    ));
    let of = |part: &str, message: Option<&str>, kind: &str, size: Option<u32>| json!({"part": part, "message": message, "type": kind, "size": size});
    assert_eq!(
        parts,
        [
            of("1", None, "multipart/alternative", None),
            of("1.1", None, "text/plain", Some(43)),
            of("1.2", None, "text/html", Some(1569)),
            of("2", None, "message/rfc822", Some(3093)),
            of("2.1", Some("2"), "text/plain", Some(18)),
            of("2.2", Some("2"), "text/html", Some(1544)),
            of("3", None, "application/octet-stream", Some(13539)),
        ]
    );
    let attached = ask(&format!(
        "SELECT sniffed_type AS type, sha256 FROM mail_attachments({raw}) WHERE part = '3';"
    ));
    assert_eq!(attached[0]["type"], "application/pdf");
}

#[test]
fn indicators_are_found_inside_an_attached_outlook_file() {
    let Some((_, file)) = CORPUS
        .iter()
        .find(|(name, _)| name == "outlook/testMSG.msg")
    else {
        skipped("attached: THE CORPUS IS ABSENT, nothing was read");
        return;
    };
    let folder = Scratch::new("attached");
    let path = folder.join("mail.eml");
    let mail = format!(
        "Subject: fwd\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nsee\r\n--b\r\n\
         Content-Type: application/octet-stream; name=seen.msg\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{}\r\n--b--\r\n",
        STANDARD.encode(file)
    );
    fs::write(&path, mail).unwrap();
    let raw = read(&path);
    assert_eq!(
        ask(&format!(
            "SELECT part, source, value FROM mail_indicators({raw}) \
             WHERE kind = 'ipv4' AND value = '209.85.128.190' LIMIT 1;"
        )),
        [json!({"part": "2.HEADER", "source": "header", "value": "209.85.128.190"})]
    );
    assert_eq!(
        ask(&format!(
            "SELECT part, sniffed_type AS type, size FROM mail_attachments({raw}) WHERE message IS NULL;"
        )),
        [json!({"part": "2", "type": "application/vnd.ms-outlook", "size": file.len()})]
    );
}

#[test]
fn winmail_dat_is_entered_like_an_attached_message() {
    let folder = Scratch::new("winmail");
    let Some(raw) = from_corpus(&folder, "mimekit/tnef/rich-text.eml") else {
        skipped("winmail: THE CORPUS IS ABSENT, nothing was read");
        return;
    };
    let rows = ask(&format!(
        "SELECT part, filename FROM mail_attachments({raw}) WHERE message = '2';"
    ));
    assert_eq!(
        rows[..2],
        [
            json!({"part": "2.2", "filename": "kitten-playing-with-a-christmas-tree.jpg"}),
            json!({"part": "2.3", "filename": "Untitled Attachment"}),
        ]
    );
}

#[test]
fn every_file_that_tnef_lists_is_an_attachment() {
    let lists = CORPUS
        .iter()
        .filter(|(name, _)| name.starts_with("mimekit/tnef/") && name.ends_with(".list"));
    let folder = Scratch::new("tnef");
    let mut compared = 0;
    for (name, list) in lists {
        let Some(raw) = from_corpus(&folder, &name.replace(".list", ".tnef")) else {
            continue;
        };
        let rows = ask(&format!("SELECT filename FROM mail_attachments({raw});"));
        let found: Vec<&str> = rows
            .iter()
            .filter_map(|row| row["filename"].as_str())
            .collect();
        let bodies = ask(&format!(
            "SELECT mail_parse({raw}) ->> 'body_text' IS NOT NULL \
             OR mail_parse({raw}) ->> 'body_html' IS NOT NULL AS n;"
        ));
        for line in String::from_utf8_lossy(list).lines() {
            match line {
                // The body, which MimeKit lists as a file, and a name of its
                // own for files without one.
                "body.rtf" | "body.html" => assert_eq!(bodies[0]["n"], 1, "{name}"),
                "" | "Untitled Attachment" => {}
                file => assert!(found.contains(&file), "{name}: {file} is not in {found:?}"),
            }
        }
        compared += 1;
    }
    if CORPUS.is_empty() {
        skipped("tnef: THE CORPUS IS ABSENT, nothing was compared");
    } else {
        assert!(compared > 15, "only {compared} streams");
    }
}
