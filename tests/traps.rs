//! What other tools get wrong in queries over mail, each by name: defects of
//! the one other SQLite extension over IMAP, and the habits of servers that
//! tripped whoever came before.

mod support;

use serde_json::{Value, json};
use support::dovecot::Dovecot;
use support::mail::Mail;
use support::scripted::{Answer, Script, Scripted, THREE_MESSAGES};
use support::shell::Shell;
use support::user::User;

/// A user with these messages in INBOX.
fn user(name: &str, mails: &[Mail]) -> User<'static> {
    let user = Dovecot::shared().user(name);
    user.append("INBOX", mails);
    user
}

/// The UIDs that meet a condition.
#[track_caller]
fn uids(user: &User<'_>, condition: &str) -> String {
    let sql = format!(
        "SELECT group_concat(uid) AS uids FROM \
         (SELECT uid FROM imap_messages() WHERE {condition});"
    );
    match &user.shell().rows(&sql)[0]["uids"] {
        Value::String(uids) => uids.clone(),
        _ => String::new(),
    }
}

fn mail(head: &str) -> Mail {
    Mail::raw(format!("{head}\r\n\r\nbody\r\n"))
}

#[test]
fn limit_counts_rows_that_meet_the_condition() {
    let user = user("trap-limit", &Mail::many(300));
    let last = "subject LIKE '%age 3%' AND subject LIKE '%0' LIMIT 2";
    assert_eq!(uids(&user, last), "30,300");
    assert_eq!(
        uids(&user, "\"from\" = 'ada300@example.org' LIMIT 1"),
        "300"
    );
    assert_eq!(uids(&user, "date >= '2026-01-01T04:59:00Z' LIMIT 1"), "299");
    assert_eq!(
        uids(&user, "subject LIKE '%age 3%' LIMIT 2 OFFSET 1"),
        "30,31"
    );
}

#[test]
fn an_address_is_not_a_part_of_another() {
    let mails = [
        "bob@example.org",
        "notbob@example.org",
        "bob@example.org.test",
    ]
    .map(|from| mail(&format!("From: {from}")));
    let user = user("trap-from", &mails);
    assert_eq!(uids(&user, "\"from\" = 'bob@example.org'"), "1");
    assert_eq!(uids(&user, "\"from\" LIKE '%bob@example.org%'"), "1,2,3");
    assert_eq!(
        uids(&user, "\"from\" = 'BOB@example.org' COLLATE NOCASE"),
        "1"
    );
}

#[test]
fn sizes_at_zero_and_beyond_32_bits_do_not_wrap() {
    let user = user("trap-size", &Mail::many(3));
    for all in [
        "size >= 0",
        "size > -1",
        "size < 4294967296",
        "size <= 9e18",
        "size <> 0",
    ] {
        assert_eq!(uids(&user, all), "1,2,3", "{all}");
    }
    for none in [
        "size = 0",
        "size < 0",
        "size <= -1",
        "size > 4294967295",
        "size > 9e18",
    ] {
        assert_eq!(uids(&user, none), "", "{none}");
    }
}

#[test]
fn both_ends_of_a_range_count() {
    let mails = [1, 5, 9, 20]
        .map(|day| Mail::numbered(day).received(&format!("{day:02}-Jan-2026 12:00:00 +0000")));
    let user = user("trap-between", &mails);
    let between = "internal_date BETWEEN '2026-01-03' AND '2026-01-10'";
    assert_eq!(uids(&user, between), "2,3");
    let size = Mail::numbered(1).raw.len();
    assert_eq!(
        uids(&user, &format!("size >= {size} AND size <= {size}")),
        "1,2,3"
    );
}

#[test]
fn days_are_not_shifted_by_anybodys_zone() {
    let zones = ["+0000", "-1200", "+1400"];
    let mails = zones.map(|zone| {
        mail(&format!("Date: Sat, 31 Jan 2026 23:30:00 {zone}"))
            .received(&format!("31-Jan-2026 23:30:00 {zone}"))
    });
    let user = user("trap-zone", &mails);
    for column in ["date", "internal_date"] {
        let first = format!("{column} >= '2026-02-01'");
        assert_eq!(uids(&user, &first), "2", "{column}");
        let before = format!("{column} < '2026-01-31T12:00:00Z'");
        assert_eq!(uids(&user, &before), "3", "{column}");
        let day = format!("date({column}) = '2026-01-31'");
        assert_eq!(uids(&user, &day), "1,3", "{column}");
    }
}

#[test]
fn what_is_missing_is_null_and_not_1970() {
    let user = user("trap-null", &[mail("X-Nothing: here")]);
    let rows = user.shell().rows(
        "SELECT date, subject, \"from\", \"to\", message_id, body_html FROM imap_messages();",
    );
    let nothing = json!({"date": null, "subject": null, "from": null, "to": null,
        "message_id": null, "body_html": null});
    assert_eq!(rows, [nothing]);
    for condition in [
        "date IS NULL",
        "subject IS NULL",
        "message_id IS NULL",
        "\"from\" IS NULL",
    ] {
        assert_eq!(uids(&user, condition), "1", "{condition}");
    }
    for condition in [
        "date < '9999'",
        "date > '0'",
        "subject = ''",
        "subject LIKE '%'",
    ] {
        assert_eq!(uids(&user, condition), "", "{condition}");
    }
}

#[test]
fn broken_text_is_neither_empty_nor_lost_to_conditions() {
    let mut raw = mail("Subject: caf\u{1}").raw;
    let place = raw.iter().position(|byte| *byte == 1).unwrap();
    raw[place] = 0xe9;
    let user = user(
        "trap-broken",
        &[Mail::raw(raw), mail("Subject: =?utf-8?B?Y2Fmw6k=?=")],
    );
    assert_eq!(uids(&user, "subject = 'café'"), "1,2");
    assert_eq!(uids(&user, "subject LIKE 'caf_'"), "1,2");
}

#[test]
fn groups_come_in_the_order_that_order_by_says() {
    let user = user("trap-groups", &Mail::many(3));
    user.create("Sent");
    user.append("Sent", &Mail::many(1));
    let text = |sql: &str| user.shell().run(sql).success().to_owned();
    assert_eq!(
        text("SELECT uid FROM imap_messages() GROUP BY uid ORDER BY uid DESC;"),
        "3\n2\n1\n"
    );
    assert_eq!(
        text(
            "SELECT folder_name, count(*) FROM imap_messages(NULL, NULL, '*') \
             GROUP BY 1 ORDER BY 1 DESC;"
        ),
        "Sent|1\nINBOX|3\n"
    );
}

#[test]
fn messages_that_are_named_and_gone_are_no_rows_whatever_is_asked_of_them() {
    let user = user("trap-named", &Mail::many(3));
    user.expunge("INBOX", "2");
    // No column of these does Dovecot have.
    for condition in ["gm_msgid IS NULL", "gm_labels IS NULL AND email_id IS NULL"] {
        assert_eq!(uids(&user, &format!("uid < 9 AND {condition}")), "1,3");
    }
}

#[test]
fn text_that_is_no_utf8_compares_like_any_other() {
    let user = user("trap-no-utf8", &Mail::many(2));
    for (condition, expected) in [
        ("subject < CAST(x'ff41' AS TEXT)", "1,2"),
        ("subject IN ('x', CAST(x'ff41' AS TEXT))", ""),
        ("subject LIKE CAST(x'25ff' AS TEXT)", ""),
        ("size < CAST(x'ff' AS TEXT)", "1,2"),
        ("seen = CAST(x'30ff' AS TEXT)", ""),
        ("uid < CAST(x'31ff' AS TEXT)", "1,2"),
    ] {
        assert_eq!(uids(&user, condition), expected, "{condition}");
    }
}

#[test]
fn one_message_id_may_name_several_messages() {
    let mails = ["1@x", "1@x", "2@x"].map(|id| mail(&format!("Message-ID: <{id}>")));
    let user = user("trap-duplicates", &mails);
    assert_eq!(uids(&user, "message_id = '1@x'"), "1,2");
    assert_eq!(uids(&user, "message_id IN ('2@x', '1@x')"), "1,2,3");
}

#[test]
fn every_query_sees_the_mailbox_as_it_is_now() {
    let user = user("trap-cache", &Mail::many(2));
    let count = "SELECT count(*) FROM imap_messages();";
    let shell = user.shell();
    let running = shell.run(&format!(
        "{count}\n.shell true\n{count}\nSELECT count(*) FROM imap_messages() WHERE seen = 0;"
    ));
    assert_eq!(running.success(), "2\n2\n2\n");
    user.append("INBOX", &Mail::many(1));
    user.add_flags("INBOX", "1", "\\Seen");
    assert_eq!(uids(&user, "seen = 0"), "2,3");
}

#[test]
fn an_empty_mailbox_is_empty_whatever_is_asked() {
    let user = Dovecot::shared().user("trap-empty");
    for condition in ["1", "uid > 0", "seen = 0", "subject LIKE '%x%'"] {
        assert_eq!(uids(&user, condition), "");
    }
}

#[test]
fn an_empty_mailbox_may_refuse_to_be_searched() {
    let lines = "C: EXAMINE \"INBOX\"\nC: UID SEARCH ALL\nS: * 0 EXISTS\n\
         S: $$ OK [READ-ONLY] done\nS: $ BAD no messages";
    let sql = "SELECT count(*) FROM imap_messages()";
    assert_eq!(answered("IMAP4rev1", Script::new(lines), sql), "0");
}

#[test]
fn the_last_message_is_not_above_itself() {
    let user = user("trap-last", &Mail::many(3));
    assert_eq!(uids(&user, "uid > 3"), "");
    assert_eq!(uids(&user, "uid >= 3"), "3");
    assert_eq!(uids(&user, "uid > 3 AND seen = 0"), "");
}

#[test]
fn several_accounts_and_folders_are_one_query() {
    let server = Dovecot::shared();
    let (ada, bob) = (server.user("trap-ada"), server.user("trap-bob"));
    ada.append("INBOX", &Mail::many(3));
    ada.append("Sent", &Mail::many(2));
    bob.append("INBOX", &Mail::many(4));
    let url = server.tls();
    let logins: String = [&ada, &bob]
        .iter()
        .map(|user| {
            format!(
                "SELECT imap_login('{url}', '{}', '{}');\n",
                user.name, user.password
            )
        })
        .collect();
    let shell = Shell::new().env("SSL_CERT_FILE", server.ca_file().display().to_string());
    let query = format!(
        "SELECT user, folder, count(*), count(DISTINCT rowid) FROM imap_messages \
         WHERE server = '{url}' AND (user = 'trap-ada' AND folder = 'INBOX' AND uid > 1 \
           OR user = 'trap-bob' AND folder = 'INBOX' \
           OR user = 'trap-ada' AND folder = 'Sent' AND subject LIKE '%2') \
         GROUP BY 1, 2 ORDER BY 1, 2;"
    );
    let text = shell.run(&format!(".output /dev/null\n{logins}.output\n{query}"));
    assert_eq!(
        text.success(),
        "trap-ada|INBOX|2|2\ntrap-ada|Sent|1|1\ntrap-bob|INBOX|4|4\n"
    );
}

fn scripted(capabilities: &str, lines: &str, sql: &str) -> String {
    answered(capabilities, Script::new(THREE_MESSAGES).then(lines), sql)
}

/// What a query gives from a server that answers so once `ada` has signed in.
fn answered(capabilities: &str, script: Script, sql: &str) -> String {
    let hello = format!(
        "S: * OK [CAPABILITY IMAP4rev1] ready\nC: LOGIN \"ada\" \"secret\"\n\
         S: $ OK [CAPABILITY {capabilities}] welcome"
    );
    let server = Scripted::play([Script::new(&hello).join(script)]);
    let shell = Shell::new().account(server.port, "ada", "secret");
    let text = shell
        .run(&format!("{sql};"))
        .success()
        .trim_end()
        .to_owned();
    server.finish();
    text
}

#[test]
fn uids_above_2_to_the_31_are_numbers_like_others() {
    let lines = "C: UID SEARCH UID 2147483649:4294967295\n\
         S: * SEARCH 4294967295 2147483650 3000000000\nS: $ OK done";
    let sql = "SELECT group_concat(uid), count(DISTINCT rowid), min(rowid) > 0 \
         FROM imap_messages() WHERE uid > 2147483648";
    assert_eq!(
        scripted("IMAP4rev1", lines, sql),
        "2147483650,3000000000,4294967295|3|1"
    );
}

#[test]
fn a_new_revision_alone_changes_no_command() {
    let lines = "C: UID SEARCH ALL\nS: * SEARCH 1 2 3\nS: $ OK done";
    let sql = "SELECT count(*) FROM imap_messages()";
    assert_eq!(scripted("IMAP4rev2 IMAP4rev1 ENABLE", lines, sql), "3");
}

#[test]
fn an_extension_in_name_only_is_done_without() {
    let lines = "C: UID SEARCH RETURN (ALL) UNSEEN\nS: $ BAD Command Argument Error. 12\n\
         C: UID SEARCH UNSEEN\nS: * SEARCH 1 2\nS: $ OK done";
    let sql = "SELECT count(*) FROM imap_messages() WHERE seen = 0";
    assert_eq!(scripted("IMAP4rev1 ESEARCH", lines, sql), "2");
}

#[test]
fn messages_that_go_during_a_scan_are_no_rows() {
    let lines = "C: UID SEARCH ALL\nS: * SEARCH 1 2 3\nS: $ OK done\n\
         C: UID FETCH 1:3 (UID FLAGS)\nS: * 1 FETCH (UID 1 FLAGS (\\Seen))\n\
         S: * 2 EXPUNGE\nS: * 4 EXISTS\nS: * 1 FETCH (FLAGS (\\Deleted))\n\
         S: * 2 FETCH (UID 3 FLAGS ())\nS: $ OK done";
    let sql = "SELECT uid, seen FROM imap_messages()";
    assert_eq!(scripted("IMAP4rev1", lines, sql), "1|1\n3|0");
}

/// Sizes of three messages, then a command for the whole of them of which the
/// second is refused, and what the server gives of it.
const SECOND_REFUSED: &str = r#"
    C: UID SEARCH ALL
    S: * SEARCH 1 2 3
    S: $ OK done
    C: UID FETCH 1:3 (UID RFC822.SIZE)
    S: * 1 FETCH (UID 1 RFC822.SIZE 1)
    S: * 2 FETCH (UID 2 RFC822.SIZE 1)
    S: * 3 FETCH (UID 3 RFC822.SIZE 1)
    S: $ OK done
    C: UID FETCH 1:3 (UID FLAGS RFC822.SIZE BODY.PEEK[])
    S: * 1 FETCH (UID 1 FLAGS () RFC822.SIZE 1 BODY[] "a")
    S: $ NO The requested message could not be converted to an RFC-822 compatible format.
    C: UID FETCH 2 (UID FLAGS RFC822.SIZE BODY.PEEK[])
    S: $ NO The requested message could not be converted to an RFC-822 compatible format.
    C: UID FETCH 2 (UID FLAGS RFC822.SIZE)
    S: * 2 FETCH (UID 2 FLAGS (\Seen) RFC822.SIZE 1)
    S: $ OK done
    C: UID FETCH 2 (UID BODY.PEEK[])
    S: $ NO broken
    C: UID FETCH 2 (UID BODY.PEEK[HEADER])
    S: * 2 FETCH (UID 2 BODY[HEADER] "Subject: two")
    S: $ OK done
    C: UID FETCH 3 (UID FLAGS RFC822.SIZE BODY.PEEK[])
    S: * 3 FETCH (UID 3 FLAGS () RFC822.SIZE 1 BODY[] "c")
    S: $ OK done
"#;

#[test]
fn a_message_the_server_refuses_is_a_row_and_hides_none_behind_it() {
    let sql = "SELECT uid, seen, size, subject, raw, sha256 IS NULL FROM imap_messages()";
    assert_eq!(
        scripted("IMAP4rev1", SECOND_REFUSED, sql),
        "1|0|1||a|0\n2|1|1|two||1\n3|0|1||c|0"
    );
}

#[test]
fn problems_tell_what_was_refused_and_why() {
    let answer: Answer = |command| {
        let of_one = |told: &str| format!("* 1 FETCH (UID 1 {told})\n$ OK done");
        match command.rsplit_once("(UID ").map_or("", |(_, items)| items) {
            "" => "* SEARCH 1\n$ OK done".to_owned(),
            "RFC822.SIZE)" => of_one("RFC822.SIZE 9"),
            "INTERNALDATE)" => of_one("INTERNALDATE \"01-Jan-2026 00:00:00 +0000\""),
            "BODY.PEEK[HEADER])" => of_one("BODY[HEADER] \"Subject: two\""),
            _ => "$ NO [SERVERBUG] broken".to_owned(),
        }
    };
    let sql = "SELECT uid, subject, internal_date, parts, problems FROM imap_messages()";
    assert_eq!(
        answered("IMAP4rev1", Script::new(THREE_MESSAGES).answer(answer), sql),
        "1|two|2026-01-01T00:00:00Z||[\
         {\"field\":\"fetch\",\"problem\":\"BODYSTRUCTURE refused: NO [SERVERBUG] broken\"},\
         {\"field\":\"fetch\",\"problem\":\"BODY.PEEK[] refused: NO [SERVERBUG] broken\"}]"
    );
}

#[test]
fn a_message_larger_than_any_value_is_a_row_without_its_content() {
    let answer: Answer = |command| {
        let done = "$ OK done";
        match command.strip_prefix("UID FETCH ").unwrap_or_default() {
            "" => format!("* SEARCH 1 2\n{done}"),
            "1:2 (UID RFC822.SIZE)" => format!(
                "* 1 FETCH (UID 1 RFC822.SIZE 3221225472)\n* 2 FETCH (UID 2 RFC822.SIZE 1)\n{done}"
            ),
            "1 (UID RFC822.SIZE BODY.PEEK[HEADER])" => format!(
                "* 1 FETCH (UID 1 RFC822.SIZE 3221225472 BODY[HEADER] \"Subject: huge\")\n{done}"
            ),
            "2 (UID BODY.PEEK[])" => format!("* 2 FETCH (UID 2 BODY[] \"b\")\n{done}"),
            _ => "$ BAD what?".to_owned(),
        }
    };
    let sql = "SELECT uid, subject, raw FROM imap_messages()";
    assert_eq!(
        answered("IMAP4rev1", Script::new(THREE_MESSAGES).answer(answer), sql),
        "1|huge|\n2||b"
    );
}

#[test]
fn attachments_that_are_refused_are_rows_that_say_so() {
    let answer: Answer = |command| {
        let listed = |uid: u32| {
            format!(
                "* {uid} FETCH (UID {uid} BODYSTRUCTURE (\"application\" \"pdf\" \
                 (\"name\" \"a.pdf\") NIL NIL \"base64\" 4))\n"
            )
        };
        let done = "$ OK done";
        match command.strip_prefix("UID FETCH ").unwrap_or_default() {
            "" => format!("* SEARCH 1 2 3\n{done}"),
            "1 (UID BODYSTRUCTURE)" => listed(1) + done,
            "3 (UID BODYSTRUCTURE)" => listed(3) + done,
            "2 (UID FLAGS)" => format!("* 2 FETCH (UID 2 FLAGS ())\n{done}"),
            "1 (UID FLAGS)" => format!("* 1 FETCH (UID 1 FLAGS ())\n{done}"),
            "3 (UID BODY.PEEK[1])" => {
                format!("* 3 FETCH (UID 3 BODY[1] \"YWJj\")\n{done}")
            }
            _ => "$ NO broken".to_owned(),
        }
    };
    let sql = "SELECT uid, filename, CAST(content AS TEXT), md5 IS NULL, problems \
         FROM imap_attachments()";
    assert_eq!(
        answered("IMAP4rev1", Script::new(THREE_MESSAGES).answer(answer), sql),
        "1|a.pdf||1|[{\"field\":\"content\",\"problem\":\"refused: NO broken\"}]\n\
         2|||1|[{\"field\":\"parts\",\"problem\":\"BODYSTRUCTURE refused: NO broken\"}]\n\
         3|a.pdf|abc|0|"
    );
}

#[test]
fn a_message_without_content_is_null_and_not_an_empty_one() {
    let lines = "C: UID SEARCH ALL\nS: * SEARCH 1 2 3\nS: $ OK done\n\
         C: UID FETCH 1:3 (UID RFC822.SIZE)\nS: * 1 FETCH (UID 1 RFC822.SIZE 9)\n\
         S: * 2 FETCH (UID 2 RFC822.SIZE 9)\nS: * 3 FETCH (UID 3 RFC822.SIZE 0)\nS: $ OK done\n\
         C: UID FETCH 1:3 (UID BODY.PEEK[])\nS: * 1 FETCH (UID 1 BODY[] NIL)\n\
         S: * 2 FETCH (UID 2 BODY[] \"\")\nS: * 3 FETCH (UID 3 BODY[] \"\")\nS: $ OK done";
    let sql = "SELECT uid, quote(raw), sha256 IS NULL FROM imap_messages()";
    assert_eq!(
        scripted("IMAP4rev1", lines, sql),
        "1|NULL|1\n2|NULL|1\n3|X''|0"
    );
}

#[test]
fn two_cursors_on_one_mailbox_do_not_meet() {
    let user = user("trap-join", &Mail::many(60));
    let rows = user.shell().rows(
        "SELECT count(*) AS n, sum(a.uid = b.uid) AS same FROM imap_messages() a \
         JOIN imap_messages() b ON b.subject = a.subject AND b.size = a.size \
         WHERE a.seen = 0 AND b.uid < 30;",
    );
    assert_eq!(rows, [json!({"n": 29, "same": 29})]);
}
