//! SQL in, IMAP commands out: the exact commands for each row of the table of
//! what is pushed down (docs/queries.md).

mod support;

use serde_json::json;
use support::dovecot::Dovecot;
use support::mail::Mail;
use support::user::User;

/// Messages whose number says what they are: every third is seen, every fifth
/// flagged.
fn mails(count: u32) -> Vec<Mail> {
    let flags = |n: u32| match (n % 3, n % 5) {
        (0, 0) => "\\Seen \\Flagged",
        (0, _) => "\\Seen",
        (_, 0) => "\\Flagged",
        _ => "",
    };
    let received = |n: u32| format!("{:02}-Jan-2026 12:00:00 +0000", n % 28 + 1);
    let numbers = 1..=count;
    numbers
        .map(|n| Mail::numbered(n).flags(flags(n)).received(&received(n)))
        .collect()
}

/// The commands behind EXAMINE that a statement causes, without their tags.
fn commands(user: &User<'_>, sql: &str) -> Vec<String> {
    user.record();
    let before = user.commands().len();
    user.shell().run(&format!("{sql};")).success();
    let mut commands: Vec<String> = Vec::new();
    for line in user.commands().split_off(before) {
        let is_tag = |tag: &str| {
            let number = tag.strip_prefix(['x', 'a']).unwrap_or_default();
            number.parse::<u32>().is_ok()
        };
        let tagged = line.split_once(' ').filter(|(tag, _)| is_tag(tag));
        match (tagged, commands.last_mut()) {
            (Some((_, command)), _) => commands.push(command.to_owned()),
            // What follows a literal is a line of its own.
            (None, Some(command)) => *command = format!("{command}\n{line}"),
            (None, None) => commands.push(line),
        }
    }
    commands
        .into_iter()
        .filter(|line| {
            !["CAPABILITY", "EXAMINE", "LOGOUT"]
                .iter()
                .any(|verb| line.starts_with(verb))
        })
        .collect()
}

#[track_caller]
fn asks(user: &User<'_>, sql: &str, expected: &[&str]) {
    let expected: Vec<String> = expected
        .iter()
        .map(|command| match command.strip_prefix("SEARCH ") {
            Some(keys) => format!("UID SEARCH RETURN (ALL) {keys}"),
            None => format!("UID {command}"),
        })
        .collect();
    assert_eq!(commands(user, sql), expected, "{sql}");
}

const SUBJECT: &str = "BODY.PEEK[HEADER.FIELDS (SUBJECT)]";

#[test]
fn nothing_is_fetched_to_count() {
    let user = Dovecot::shared().user("golden-count");
    user.append("INBOX", &mails(30));
    let from = "FROM imap_messages()";
    asks(&user, &format!("SELECT count(*) {from}"), &["SEARCH ALL"]);
    asks(
        &user,
        &format!("SELECT max(uid), min(uid) {from}"),
        &["SEARCH ALL"],
    );
    asks(
        &user,
        &format!("SELECT EXISTS (SELECT 1 {from})"),
        &["SEARCH ALL"],
    );
    asks(&user, &format!("SELECT rowid {from}"), &["SEARCH ALL"]);
    asks(
        &user,
        &format!("SELECT count(*) {from} WHERE seen = 0 AND size > 100 AND flagged = 1"),
        &["SEARCH UNSEEN LARGER 100 FLAGGED"],
    );
    asks(
        &user,
        &format!("SELECT EXISTS (SELECT 1 {from} WHERE draft = 1)"),
        &["SEARCH DRAFT"],
    );
    asks(
        &user,
        &format!("SELECT count(*) {from} WHERE seen = 2"),
        &[],
    );
}

#[test]
fn uids_become_ranges() {
    let user = Dovecot::shared().user("golden-uid");
    user.append("INBOX", &mails(30));
    let asks = |condition: &str, expected: &[&str]| {
        let sql = format!("SELECT count(subject) FROM imap_messages() WHERE {condition}");
        asks(&user, &sql, expected);
    };
    let fetch = |uids: &str| format!("FETCH {uids} (UID {SUBJECT})");
    asks("uid = 3", &[&fetch("3")]);
    asks("uid IN (3, 9, 4)", &[&fetch("3:4,9")]);
    asks("uid BETWEEN 3 AND 9", &[&fetch("3:9")]);
    asks("uid = '3'", &[&fetch("3")]);
    asks("uid > 28", &["SEARCH UID 29:4294967295", &fetch("29:30")]);
    asks("uid < 3 AND uid > 3", &[]);
    asks("uid = 0", &[]);
}

#[test]
fn flags_and_sizes_become_exact_keys() {
    let user = Dovecot::shared().user("golden-exact");
    user.append("INBOX", &mails(30));
    let fetch = |uids: &str, items: &str| format!("FETCH {uids} (UID {items})");
    let asks = |columns: &str, condition: &str, expected: &[&str]| {
        let sql = format!("SELECT {columns} FROM imap_messages() WHERE {condition}");
        asks(&user, &sql, expected);
    };
    // A pinned column is not fetched; another flag beside it is.
    asks(
        "uid, seen",
        "seen = 1 AND flagged = 1",
        &["SEARCH SEEN FLAGGED"],
    );
    asks(
        "seen, draft",
        "seen = 1 AND flagged = 1",
        &["SEARCH SEEN FLAGGED", &fetch("15,30", "FLAGS")],
    );
    asks(
        "uid",
        "answered < 1 AND uid < 3",
        &["SEARCH UID 1:2 UNANSWERED"],
    );
    asks("uid", "deleted IN (1, 2)", &["SEARCH DELETED"]);
    // A column of an exact term waits until it is read.
    asks("uid", "size <= 0", &["SEARCH SMALLER 1"]);
    asks("uid", "size >= 0", &["SEARCH ALL"]);
    asks(
        "uid",
        "size BETWEEN 100 AND 5000 AND uid = 7",
        &["SEARCH UID 7 LARGER 99 SMALLER 5001"],
    );
    asks(
        "uid, size",
        "size > 10 AND uid < 3",
        &["SEARCH UID 1:2 LARGER 10", &fetch("1:2", "RFC822.SIZE")],
    );
    asks("uid", "size > 4294967295", &[]);
    asks("uid", "size > 1e300", &[]);
}

#[test]
fn changes_become_a_modseq_key() {
    let user = Dovecot::shared().user("golden-modseq");
    user.append("INBOX", &mails(3));
    let rows = user
        .shell()
        .rows("SELECT max(modseq) AS last FROM imap_messages();");
    let last = rows[0]["last"].as_u64().unwrap();
    user.add_flags("INBOX", "2", "\\Flagged");
    let sql = format!("SELECT uid FROM imap_messages() WHERE modseq > {last}");
    let key = format!("SEARCH MODSEQ {}", last + 1);
    asks(&user, &sql, &[&key, "FETCH 2 (UID MODSEQ)"]);
    let changed = user.shell().rows(&format!("{sql};"));
    assert_eq!(changed, [serde_json::json!({"uid": 2})]);
}

#[test]
fn times_become_days_that_are_wide_enough() {
    let user = Dovecot::shared().user("golden-dates");
    user.append("INBOX", &mails(30));
    asks(
        &user,
        "SELECT uid FROM imap_messages() WHERE internal_date >= '2026-01-29' AND uid > 20",
        &[
            "SEARCH UID 21:4294967295 SINCE 28-Jan-2026",
            "FETCH 27 (UID INTERNALDATE)",
        ],
    );
    asks(
        &user,
        "SELECT uid FROM imap_messages() WHERE internal_date < '2026-01-02T00:00:00Z'",
        &[
            "SEARCH BEFORE 4-Jan-2026",
            "FETCH 1:2,28:30 (UID INTERNALDATE)",
        ],
    );
    asks(
        &user,
        "SELECT uid FROM imap_messages() WHERE date > '2026-02-01'",
        &["SEARCH OR SENTSINCE 27-Jan-2026 NOT SENTSINCE 3-Jan-1970"],
    );
    asks(
        &user,
        "SELECT uid FROM imap_messages() WHERE date BETWEEN '2027' AND '2027-06-30'",
        &["SEARCH OR SENTSINCE 27-Dec-2026 NOT SENTSINCE 3-Jan-1970 \
             OR SENTBEFORE 6-Jul-2027 NOT SENTSINCE 3-Jan-1970"],
    );
}

#[test]
fn header_columns_become_text_keys() {
    let user = Dovecot::shared().user("golden-text");
    user.append("INBOX", &mails(30));
    let asks = |condition: &str, keys: &str| {
        let sql = format!("SELECT count(*) FROM imap_messages() WHERE {condition}");
        asks(&user, &sql, &[&format!("SEARCH {keys}")]);
    };
    asks(
        "subject LIKE '%nothing here%'",
        r#"OR (SUBJECT "nothing" SUBJECT "here") SUBJECT "=?""#,
    );
    asks(
        "subject = 'a\"b\\c'",
        r#"OR SUBJECT "a\"b\\c" SUBJECT "=?""#,
    );
    asks("subject GLOB '*[xX]yz*'", r#"OR SUBJECT "yz" SUBJECT "=?""#);
    asks(
        "subject IN ('xxx', 'yyy')",
        r#"OR OR SUBJECT "xxx" SUBJECT "yyy" SUBJECT "=?""#,
    );
    let signs = |key: &str| format!("{key} \"MISSING_\" {key} \"SYNTAX_ERROR\"");
    asks(
        "\"from\" = 'bob@example.net'",
        &format!(
            "OR OR (FROM \"example.net\" FROM \"bob\") {}",
            signs("FROM")
        ),
    );
    asks(
        "\"to\" LIKE '%\"bob@%'",
        &format!("OR OR TO \"bob\" {}", signs("TO")),
    );
    asks(
        "cc GLOB '*bob*'",
        &format!("OR OR CC \"bob\" {}", signs("CC")),
    );
    asks(
        "message_id = 'x@example.org'",
        r#"OR HEADER MESSAGE-ID "x@example.org" HEADER MESSAGE-ID " ""#,
    );
}

#[test]
fn what_no_server_can_tell_is_not_asked() {
    let user = Dovecot::shared().user("golden-local");
    user.append("INBOX", &mails(3));
    let fetch = format!("FETCH 1:3 (UID {SUBJECT})");
    for condition in [
        "subject IS NULL",
        "subject > 'x'",
        "subject LIKE '%ä_%'",
        "subject <> 'x'",
        "NOT subject LIKE '%x%'",
        "subject LIKE '%x%' ESCAPE '!'",
        "subject = 7",
        "subject || '' = 'x'",
    ] {
        let sql = format!("SELECT count(*) FROM imap_messages() WHERE {condition}");
        asks(&user, &sql, &["SEARCH ALL", &fetch]);
    }
}

#[test]
fn bodies_of_survivors_only_are_downloaded() {
    let user = Dovecot::shared().user("golden-phases");
    user.append("INBOX", &mails(30));
    let (one, sizes) = ("FETCH 7 (UID BODY.PEEK[])", "FETCH 7 (UID RFC822.SIZE)");
    let first = format!("FETCH 7 (UID {SUBJECT})");
    asks(
        &user,
        "SELECT body_text FROM imap_messages() WHERE subject LIKE '%message 7%'",
        &[
            r#"SEARCH OR (SUBJECT "message" SUBJECT "7") SUBJECT "=?""#,
            "FETCH 7,17,27 (UID BODY.PEEK[HEADER.FIELDS (SUBJECT)])",
            sizes,
            one,
        ],
    );
    // Whatever the server's SEARCH can do.
    asks(
        &user,
        "SELECT raw FROM imap_messages WHERE subject = 'message 7' \
         AND options = '{\"trust_search\": \"never\"}'",
        &[
            "SEARCH ALL",
            &format!("FETCH 1:30 (UID {SUBJECT})"),
            sizes,
            one,
        ],
    );
    // On what no SEARCH knows, too, and as SQLite compares.
    asks(
        &user,
        "SELECT raw FROM imap_messages() WHERE from_name = 'ADA 7' COLLATE NOCASE",
        &[
            "SEARCH ALL",
            "FETCH 1:30 (UID BODY.PEEK[HEADER.FIELDS (FROM)])",
            sizes,
            one,
        ],
    );
    asks(
        &user,
        "PRAGMA case_sensitive_like = 1; \
         SELECT raw FROM imap_messages() WHERE subject LIKE 'MESSAGE 7' AND uid = 7",
        &[&first],
    );
}

#[test]
fn match_and_search_are_the_servers_own() {
    let user = Dovecot::shared().user("golden-match");
    user.append("INBOX", &mails(12));
    asks(
        &user,
        "SELECT count(*) FROM imap_messages() WHERE imap_messages MATCH 'body 7'",
        &["SEARCH TEXT \"body 7\""],
    );
    asks(
        &user,
        "SELECT m.uid FROM imap_messages() m WHERE m.imap_messages MATCH 'größe' AND seen = 0",
        &["SEARCH CHARSET UTF-8 TEXT {7+}\ngröße UNSEEN"],
    );
    asks(
        &user,
        "SELECT uid FROM imap_messages WHERE options = \
         '{\"search\": \"or from ada7 not subject \\\"message\\\"\"}' AND uid > 3",
        &["SEARCH UID 4:4294967295 OR FROM \"ada7\" NOT SUBJECT \"message\""],
    );
    let rows = user.shell().rows(
        "SELECT group_concat(uid) AS uids, max(m.imap_messages) AS given \
         FROM imap_messages() m WHERE m.imap_messages MATCH 'body 7';",
    );
    assert_eq!(rows, [json!({"uids": "7", "given": "body 7"})]);
}

#[test]
fn limit_and_order_cost_no_more_than_they_show() {
    let user = Dovecot::shared().user("golden-limit");
    user.append("INBOX", &mails(600));
    asks(
        &user,
        "SELECT uid, subject FROM imap_messages() ORDER BY uid DESC LIMIT 1",
        &[
            "SEARCH ALL",
            &format!("FETCH 551:600 (UID {SUBJECT})"),
            &format!("FETCH 51:550 (UID {SUBJECT})"),
        ],
    );
    asks(
        &user,
        "SELECT uid FROM imap_messages() WHERE seen = 1 ORDER BY uid DESC LIMIT 1",
        &["SEARCH SEEN"],
    );
    let plan = |sql: &str| {
        let text = user.shell().run(&format!("EXPLAIN QUERY PLAN {sql};"));
        text.success().to_owned()
    };
    for (sql, is_sorted_by_sqlite) in [
        ("SELECT uid FROM imap_messages() ORDER BY uid", false),
        (
            "SELECT uid FROM imap_messages(NULL, NULL, 'Sent') ORDER BY uid DESC, size",
            false,
        ),
        (
            "SELECT uid FROM imap_messages(NULL, NULL, '*') ORDER BY folder_name, uid DESC",
            false,
        ),
        (
            "SELECT folder_name, count(*) FROM imap_messages(NULL, NULL, '*') GROUP BY 1",
            false,
        ),
        (
            "SELECT uid FROM imap_messages(NULL, NULL, '*') ORDER BY uid",
            true,
        ),
        (
            "SELECT uid FROM imap_messages WHERE folder IN ('INBOX', 'Sent') ORDER BY uid",
            true,
        ),
        (
            "SELECT uid FROM imap_messages(NULL, NULL, ?) ORDER BY uid",
            true,
        ),
        (
            "SELECT uid FROM imap_messages() ORDER BY uid, folder_name COLLATE NOCASE",
            true,
        ),
        (
            "SELECT uid FROM imap_messages(NULL, NULL, '*') ORDER BY folder_name DESC",
            true,
        ),
    ] {
        let text = plan(sql);
        assert_eq!(
            text.contains("TEMP B-TREE"),
            is_sorted_by_sqlite,
            "{sql}\n{text}"
        );
    }
    let text = plan(
        "SELECT raw FROM imap_messages('h', 'u', 'INBOX') WHERE seen = 0 AND subject LIKE '%x%' \
         AND from_name = 'b' COLLATE NOCASE AND uid > 5 ORDER BY uid DESC",
    );
    let expected = "server, user, folder, seen = exact, from_name = nocase local, \
         uid >, subject like superset; uid descending; two phases; FETCH (UID BODY.PEEK[])";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn joins_ask_for_the_uids_they_need() {
    let user = Dovecot::shared().user("golden-join");
    user.append("INBOX", &mails(600));
    let tables = "CREATE TABLE few(uid INTEGER); INSERT INTO few VALUES (3), (9); ANALYZE; ";
    asks(
        &user,
        &format!("{tables} SELECT subject FROM few JOIN imap_messages() USING (uid)"),
        &[
            &format!("FETCH 3 (UID {SUBJECT})"),
            &format!("FETCH 9 (UID {SUBJECT})"),
        ],
    );
    asks(
        &user,
        &format!("{tables} SELECT subject FROM imap_messages() WHERE uid IN (SELECT uid FROM few)"),
        &[&format!("FETCH 3,9 (UID {SUBJECT})")],
    );
    // A few hundred rows are better looked up in a table than on a server.
    let many = "CREATE TABLE many(uid INTEGER PRIMARY KEY, x); \
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) \
        INSERT INTO many SELECT i, i FROM n; ANALYZE; ";
    let sent = commands(
        &user,
        &format!("{many} SELECT x FROM many JOIN imap_messages() USING (uid)"),
    );
    assert_eq!(sent, ["UID SEARCH RETURN (ALL) ALL"]);
}

#[test]
fn long_sets_are_split() {
    let user = Dovecot::shared().user("golden-long");
    user.append("INBOX", &Mail::many(5_000));
    let sent = commands(
        &user,
        "SELECT count(*) FROM imap_messages() WHERE uid IN \
         (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 2 FROM n WHERE i < 4999) \
          SELECT i FROM n) AND seen = 0",
    );
    assert!(sent.len() > 2, "{sent:?}");
    for command in &sent {
        assert!(
            command.starts_with("UID SEARCH RETURN (ALL) UID "),
            "{command}"
        );
        assert!(
            command.ends_with(" UNSEEN") && command.len() < 4_000,
            "{command}"
        );
    }
}
