//! `imap_ingest` takes what its options mean, all of it, and nothing twice,
//! whatever filters the runs before it had.

mod rssd;
mod support;

use rssd::Rssd;
use support::dovecot::Dovecot;
use support::mail::Mail;

fn mail(from: &str, to: &str, subject: &str, body: &str) -> Mail {
    Mail::raw(format!(
        "From: {from}\r\nTo: {to}\r\nSubject: {subject}\r\nDate: Mon, 2 Sep 2024 11:34:26 -0700\r\n\
         Message-ID: <{subject}@test>\r\n\r\n{body}\r\n"
    ))
}

/// The subjects ingested so far, in order.
fn subjects(rssd: &Rssd) -> String {
    rssd.ask("SELECT group_concat(subject, ',') FROM (SELECT subject FROM uniform_resource_imap ORDER BY subject)")
}

#[test]
fn a_domain_means_that_domain_and_a_display_name_is_no_sender() {
    let user = Dovecot::shared().user("domain");
    user.append(
        "INBOX",
        &[
            mail("a@sumologic.com", "x@y.z", "a", "x"),
            mail("b@notsumologic.com", "x@y.z", "b", "x"),
            mail("\"c@sumologic.com\" <c@evil.example>", "x@y.z", "c", "x"),
            mail("d@sumologic.com", "other@y.z", "d", "x"),
        ],
    );
    let rssd = Rssd::of(&user);
    let summary = rssd.ingest(
        "INBOX",
        r#"{"from": ["sumologic.com", "nobody@else.example"]}"#,
    );
    assert_eq!(subjects(&rssd), "a,d");
    assert_eq!(summary["filtered"], 2);
    rssd.check();
}

#[test]
fn values_are_ored_fields_are_anded_and_not_excludes() {
    let user = Dovecot::shared().user("fields");
    let mails: Vec<Mail> = [
        ("a@one.org", "x@y.z", "a1"),
        ("a@two.org", "x@y.z", "a2"),
        ("a@one.org", "q@y.z", "b1"),
        ("a@three.org", "x@y.z", "b2"),
    ]
    .iter()
    .map(|(from, to, subject)| mail(from, to, subject, "text"))
    .collect();
    user.append("INBOX", &mails);
    let rssd = Rssd::of(&user);
    rssd.ingest(
        "INBOX",
        r#"{"from": ["one.org", "two.org"], "to": "x@y.z"}"#,
    );
    assert_eq!(subjects(&rssd), "a1,a2");
    let rssd = Rssd::of(&user);
    rssd.ingest(
        "INBOX",
        r#"{"not_from": ["one.org", "notthree.org"], "not_subject": "B"}"#,
    );
    assert_eq!(subjects(&rssd), "a2");
}

#[test]
fn text_header_and_raw_search_keys_narrow_too() {
    let user = Dovecot::shared().user("texts");
    let attached = "From: a@b.c\r\nSubject: d\r\nContent-Type: multipart/mixed; boundary=q\r\n\r\n\
                    --q\r\n\r\nhello\r\n--q\r\nContent-Type: application/pdf; name=invoice.pdf\r\n\r\nx\r\n--q--\r\n";
    user.append(
        "INBOX",
        &[
            mail("a@b.c", "x@y.z", "a", "the invoice is here"),
            mail("a@b.c", "x@y.z", "b", "nothing"),
            Mail::raw("From: a@b.c\r\nSubject: c\r\nX-Spam-Flag: YES\r\n\r\nz\r\n"),
            Mail::raw(attached),
        ],
    );
    for (options, found) in [
        (r#"{"text": "INVOICE"}"#, "a,d"),
        (r#"{"not_text": "invoice"}"#, "b,c"),
        (r#"{"header": {"X-Spam-Flag": "yes"}}"#, "c"),
        (r#"{"header": {"X-Spam-Flag": ""}}"#, "c"),
        (r#"{"not_header": {"X-Spam-Flag": "yes"}}"#, "a,b,d"),
        (
            r#"{"search": "OR SUBJECT \"b\" HEADER X-Spam-Flag YES"}"#,
            "b,c",
        ),
        (r#"{"sent_on": "2-Sep-2024"}"#, "a,b"),
    ] {
        let rssd = Rssd::of(&user);
        rssd.ingest("INBOX", options);
        assert_eq!(subjects(&rssd), found, "{options}");
    }
}

#[test]
fn every_address_field_has_its_filter_and_the_opposite() {
    let user = Dovecot::shared().user("roles");
    let with = |field: &str| {
        let subject = field.to_lowercase();
        Mail::raw(format!(
            "Subject: {subject}\r\n{field}: \"Q\" <a@wanted.org>\r\nX-Other: a@wanted.org\r\n\r\nx\r\n"
        ))
    };
    let fields = ["From", "Sender", "Reply-To", "To", "Cc", "Bcc"];
    user.append("INBOX", &fields.map(with));
    for (option, found) in [
        ("from", "from"),
        ("sender", "sender"),
        ("reply_to", "reply-to"),
        ("to", "to"),
        ("cc", "cc"),
        ("bcc", "bcc"),
    ] {
        let rssd = Rssd::of(&user);
        rssd.ingest("INBOX", &format!(r#"{{"{option}": "wanted.org"}}"#));
        assert_eq!(subjects(&rssd), found, "{option}");
        let rssd = Rssd::of(&user);
        rssd.ingest(
            "INBOX",
            &format!(r#"{{"not_{option}": ["wanted.org", "x@y.z"]}}"#),
        );
        let others = "SELECT count(*), sum(subject = 'FIELD') FROM uniform_resource_imap";
        assert_eq!(
            rssd.ask(&others.replace("FIELD", found)),
            "5|0",
            "not_{option}"
        );
    }
}

#[test]
fn every_status_of_surveilr_takes_its_messages() {
    let user = Dovecot::shared().user("statuses");
    let flags = [
        "",
        "\\Seen",
        "\\Flagged",
        "\\Answered",
        "\\Deleted",
        "\\Draft",
    ];
    let mails: Vec<Mail> = flags
        .iter()
        .zip(1..)
        .map(|(flags, n)| Mail::numbered(n).flags(flags))
        .collect();
    user.append("INBOX", &mails);
    for (status, uids) in [
        (r#""all""#, "1,2,3,4,5,6"),
        (r#""unread""#, "1,3,4,5,6"),
        (r#""read""#, "2"),
        (r#""starred""#, "3"),
        (r#""answered""#, "4"),
        (r#""deleted""#, "5"),
        (r#"["draft", "READ"]"#, "2,6"),
    ] {
        let rssd = Rssd::of(&user);
        rssd.ingest("INBOX", &format!(r#"{{"status": {status}}}"#));
        let taken =
            "SELECT group_concat(uid) FROM (SELECT uid FROM imap_sync_message ORDER BY uid)";
        assert_eq!(rssd.ask(taken), uids, "{status}");
    }
}

#[test]
fn the_device_is_named_by_the_option_or_as_surveilr_is_told() {
    let user = Dovecot::shared().user("device");
    let rssd = Rssd::of(&user);
    let shell = user
        .shell()
        .database(&rssd.path())
        .env("SURVEILR_DEVICE_NAME", "kiosk");
    shell.run("SELECT imap_ingest();").success();
    let option = r#"SELECT imap_ingest(NULL, NULL, NULL, '{"device_name": "laptop"}');"#;
    shell.run(option).success();
    let sessions = "SELECT name, count(*) FROM ur_ingest_session JOIN device USING (device_id)
                     GROUP BY name ORDER BY name";
    assert_eq!(rssd.ask(sessions), "kiosk|1\nlaptop|1");
}

#[test]
fn sent_on_means_the_day_that_the_date_header_names() {
    let user = Dovecot::shared().user("senton");
    let dated = |subject: &str, date: &str| {
        Mail::raw(format!("Subject: {subject}\r\nDate: {date}\r\n\r\nx\r\n"))
    };
    user.append(
        "INBOX",
        &[
            // The same day as it is written, the day after and before in UTC.
            dated("late", "Mon, 2 Sep 2024 23:30:00 -0700"),
            dated("early", "Mon, 2 Sep 2024 00:30:00 +0900"),
            dated("before", "Sun, 1 Sep 2024 23:30:00 -0700"),
            dated("after", "Tue, 3 Sep 2024 00:30:00 +0900"),
            dated("odd", "2 Sep"),
            Mail::raw("Subject: undated\r\n\r\nx\r\n"),
        ],
    );
    let rssd = Rssd::of(&user);
    let summary = rssd.ingest("INBOX", r#"{"sent_on": "2024-09-02"}"#);
    assert_eq!(subjects(&rssd), "early,late");
    assert_eq!(summary["filtered"], 2);
    assert_eq!(rssd.counts(r#"{"sent_on": "2-Sep-2024"}"#), [0, 0, 0, 0]);
}

#[test]
fn another_filter_in_a_later_run_takes_what_the_first_passed_over() {
    let user = Dovecot::shared().user("changing");
    let named = |n: u32| {
        mail(
            &format!("a@{}.org", if n.is_multiple_of(2) { "even" } else { "odd" }),
            "x@y.z",
            &format!("m{n}"),
            "x",
        )
    };
    let mails: Vec<Mail> = (1..=6).map(named).collect();
    user.append("INBOX", &mails);
    let rssd = Rssd::of(&user);
    assert_eq!(rssd.counts(r#"{"from": "even.org"}"#), [3, 3, 0, 0]);
    assert_eq!(rssd.counts(r#"{"from": "even.org"}"#), [0, 0, 0, 0]);
    assert_eq!(rssd.counts("{}"), [3, 3, 0, 0]);
    user.append("INBOX", &[named(7), named(8)]);
    assert_eq!(rssd.counts(r#"{"from": "even.org"}"#), [1, 1, 0, 0]);
    assert_eq!(rssd.counts("{}"), [1, 1, 0, 0]);
    assert_eq!(rssd.counts("{}"), [0, 0, 0, 0]);
    rssd.check();
}

#[test]
fn since_bounds_the_backlog_and_never_what_comes_later() {
    let user = Dovecot::shared().user("since");
    let old = |subject: &str| Mail {
        internal_date: "01-Jan-2020 00:00:00 +0000".to_owned(),
        ..mail("a@b.c", "x@y.z", subject, "x")
    };
    user.append(
        "INBOX",
        &[old("old"), mail("a@b.c", "x@y.z", "recent", "x")],
    );
    let rssd = Rssd::of(&user);
    rssd.ingest("INBOX", r#"{"since": "P30D"}"#);
    assert_eq!(subjects(&rssd), "recent");
    // Delivered late: its date lies before the moment, it came after it.
    user.append("INBOX", &[old("late")]);
    rssd.ingest("INBOX", r#"{"since": "P30D"}"#);
    assert_eq!(subjects(&rssd), "late,recent");
    rssd.ingest("INBOX", r#"{"since": "2019-12-31"}"#);
    assert_eq!(subjects(&rssd), "late,old,recent");
}

#[test]
fn from_now_on_takes_nothing_of_the_backlog_whatever_its_uids() {
    // LimaCharlie takes sequence numbers for UIDs here, and then everything.
    let user = Dovecot::shared().user("nowon");
    let old = |mail: &Mail| mail.clone().received("01-Jan-2026 00:00:00 +0000");
    let mails: Vec<Mail> = Mail::many(20).iter().map(old).collect();
    user.append("INBOX", &mails);
    user.expunge("INBOX", "1:15");
    let rssd = Rssd::of(&user);
    assert_eq!(rssd.counts(r#"{"since": "PT0S"}"#), [0, 0, 0, 0]);
    user.append("INBOX", &[Mail::numbered(21)]);
    assert_eq!(rssd.counts(r#"{"since": "PT0S"}"#), [1, 1, 0, 0]);
    assert_eq!(rssd.counts(r#"{"since": "PT0S"}"#), [0, 0, 0, 0]);
}

#[test]
fn an_empty_mailbox_is_no_error_of_from_now_on() {
    let user = Dovecot::shared().user("nowempty");
    let rssd = Rssd::of(&user);
    assert_eq!(rssd.counts(r#"{"since": "PT0S"}"#), [0, 0, 0, 0]);
    user.append("INBOX", &Mail::many(1));
    assert_eq!(rssd.counts(r#"{"since": "PT0S"}"#), [1, 1, 0, 0]);
}

#[test]
fn unseen_first_takes_unread_mail_once_and_everything_later() {
    let user = Dovecot::shared().user("unseenfirst");
    user.append("INBOX", &Mail::many(4));
    user.add_flags("INBOX", "1:2", "\\Seen");
    let rssd = Rssd::of(&user);
    assert_eq!(rssd.counts(r#"{"fetch": "unseen-first"}"#), [2, 2, 0, 0]);
    user.append("INBOX", &[Mail::numbered(5)]);
    user.add_flags("INBOX", "5", "\\Seen");
    assert_eq!(rssd.counts(r#"{"fetch": "unseen-first"}"#), [1, 1, 0, 0]);
    assert_eq!(rssd.counts(r#"{"fetch": "unseen-first"}"#), [0, 0, 0, 0]);
    assert_eq!(
        rssd.ask("SELECT count(*), min(uid), max(uid) FROM imap_sync_message"),
        "3|3|5"
    );
}

#[test]
fn what_turns_unread_or_starred_later_is_taken_then() {
    let user = Dovecot::shared().user("status");
    user.append("INBOX", &Mail::many(3));
    user.add_flags("INBOX", "1", "\\Flagged");
    let rssd = Rssd::of(&user);
    assert_eq!(rssd.counts(r#"{"status": "starred"}"#), [1, 1, 0, 0]);
    user.add_flags("INBOX", "2", "\\Flagged");
    assert_eq!(rssd.counts(r#"{"status": "starred"}"#), [1, 1, 0, 0]);
    assert_eq!(rssd.counts(r#"{"fetch": "unseen"}"#), [1, 1, 0, 0]);
    assert_eq!(rssd.counts(r#"{"fetch": "all"}"#), [3, 0, 3, 0]);
    rssd.check();
}

#[test]
fn a_limit_takes_the_oldest_and_leaves_the_rest_to_later_runs() {
    let user = Dovecot::shared().user("limit");
    user.append("INBOX", &Mail::many(10));
    let rssd = Rssd::of(&user);
    for expected in [4, 4, 2, 0] {
        assert_eq!(rssd.counts(r#"{"limit": 4}"#)[1], expected);
    }
    rssd.check();
}

#[test]
fn folders_are_included_and_excluded_by_pattern() {
    let user = Dovecot::shared().user("folders");
    for folder in ["Work", "Work/Old", "Spam"] {
        user.create(folder);
        user.append(
            folder,
            &[mail("a@b.c", "x@y.z", &folder.replace('/', "-"), "x")],
        );
    }
    let rssd = Rssd::of(&user);
    let sql = r#"SELECT imap_ingest(NULL, NULL, NULL, '{"include": ["Work*", "Spam"], "exclude": "*/Old"}');"#;
    rssd.shell.run(sql).success();
    assert_eq!(subjects(&rssd), "Spam,Work");
}

#[test]
fn an_attached_database_takes_the_mail_and_main_stays_as_it_was() {
    let user = Dovecot::shared().user("schema");
    user.append("INBOX", &Mail::many(3));
    let rssd = Rssd::of(&user);
    let other = rssd.path().with_file_name("other.db");
    let sql = format!(
        "ATTACH '{}' AS \"the other\";
         SELECT imap_ingest(NULL, NULL, NULL, '{{\"schema\": \"the other\", \"device_name\": \"laptop\"}}') ->> 'inserted';
         SELECT imap_ingest(NULL, NULL, NULL, '{{\"schema\": \"the other\"}}') ->> 'inserted';
         SELECT count(*) FROM sqlite_schema;
         SELECT count(*) FROM \"the other\".uniform_resource_imap;
         SELECT name FROM \"the other\".device ORDER BY created_at LIMIT 1;",
        other.display()
    );
    let finished = rssd.shell.run(&sql);
    assert_eq!(finished.success(), "3\n0\n0\n3\nlaptop\n");
    let error = rssd
        .shell
        .error(r#"SELECT imap_ingest(NULL, NULL, NULL, '{"schema": "nowhere"}');"#);
    assert_eq!(
        error,
        "imap: option schema names no attached database: 'nowhere'; ATTACH 'file.db' AS name first"
    );
}
