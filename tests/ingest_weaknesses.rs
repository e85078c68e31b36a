//! What the systems before this one got wrong, each by its name.

mod rssd;
mod support;

use rssd::Rssd;
use support::dovecot::Dovecot;
use support::mail::Mail;

fn raw(text: &str) -> Mail {
    Mail::raw(text)
}

/// The subjects ingested so far, in order.
fn subjects(rssd: &Rssd) -> String {
    rssd.ask("SELECT group_concat(subject, ',') FROM (SELECT subject FROM uniform_resource_imap ORDER BY subject)")
}

#[test]
fn limacharlie_a_charset_it_does_not_know_blocks_what_is_behind_it() {
    let user = Dovecot::shared().user("charset");
    user.append(
        "INBOX",
        &[
            Mail::raw(
                b"Subject: a\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\nb\xe9dy\r\n"
                    .to_vec(),
            ),
            raw("Subject: b\r\nContent-Type: text/plain; charset=x-mac-turkish-9\r\n\r\nx\r\n"),
            raw("Subject: c\r\nContent-Type: multipart/mixed; boundary=\"-\"\r\n\r\n--\r\nbroken"),
            raw("Subject: d\r\n\r\nx\r\n"),
        ],
    );
    let rssd = Rssd::of(&user);
    assert_eq!(rssd.counts("{}"), [4, 4, 0, 0]);
    assert_eq!(subjects(&rssd), "a,b,c,d");
}

#[test]
fn limacharlie_max_body_size_counts_sections_instead_of_bytes() {
    let user = Dovecot::shared().user("bytes");
    let large = format!("Subject: large\r\n\r\n{}", "x".repeat(5_000));
    user.append("INBOX", &[raw("Subject: small\r\n\r\nx\r\n"), raw(&large)]);
    let rssd = Rssd::of(&user);
    let (counts, traffic) = user.observe(|| rssd.counts(r#"{"max_size": 1000}"#));
    assert_eq!(counts, [1, 1, 0, 1]);
    assert_eq!(traffic.bodies, 1);
}

#[test]
fn limacharlie_and_opencti_and_surveilr_mark_what_they_read_as_seen() {
    let user = Dovecot::shared().user("unseen");
    user.append("INBOX", &Mail::many(3));
    Rssd::of(&user).ingest(
        "INBOX",
        r#"{"attachments": "yes", "from": "a", "text": "x"}"#,
    );
    assert_eq!(user.status("INBOX", "unseen"), "unseen=3");
}

#[test]
fn imap_collector_misses_unseen_mail_that_is_no_longer_recent() {
    let user = Dovecot::shared().user("recent");
    user.append("INBOX", &Mail::many(3));
    let mut other = user.client();
    other.command(b"SELECT INBOX");
    let rssd = Rssd::of(&user);
    assert_eq!(rssd.counts(r#"{"fetch": "unseen"}"#), [3, 3, 0, 0]);
}

#[test]
fn imap_collector_goes_on_after_a_refused_login() {
    let user = Dovecot::shared().user("refusing");
    let error = user
        .shell()
        .env("IMAP_PASSWORD", "wrong")
        .error("SELECT imap_ingest();");
    assert!(
        error.starts_with("imap: login refused for 'refusing'"),
        "{error}"
    );
}

#[test]
fn opencti_skips_mail_without_a_date_and_repeats_mail_from_the_future() {
    let user = Dovecot::shared().user("dates");
    user.append(
        "INBOX",
        &[
            raw("Subject: none\r\n\r\nx\r\n"),
            raw("Subject: odd\r\nDate: the other day\r\n\r\nx\r\n"),
            raw("Subject: future\r\nDate: Mon, 1 Jan 2090 00:00:00 +0000\r\n\r\nx\r\n"),
            raw("Subject: late\r\nDate: Mon, 1 Jan 1990 00:00:00 +0000\r\n\r\nx\r\n"),
        ],
    );
    let rssd = Rssd::of(&user);
    assert_eq!(rssd.counts(r#"{"since": "P30D"}"#), [4, 4, 0, 0]);
    assert_eq!(subjects(&rssd), "future,late,none,odd");
    assert_eq!(rssd.counts(r#"{"since": "P30D"}"#), [0, 0, 0, 0]);
}

#[test]
fn surveilr_reads_everything_again_each_time_and_writes_empty_bodies() {
    let user = Dovecot::shared().user("again");
    user.append("INBOX", &[raw("Subject: text\r\n\r\nonly text\r\n")]);
    let rssd = Rssd::of(&user);
    rssd.counts("{}");
    let (_, traffic) = user.observe(|| rssd.counts("{}"));
    assert_eq!(traffic.bodies, 0);
    let natures =
        "SELECT group_concat(nature) FROM (SELECT nature FROM uniform_resource ORDER BY nature)";
    assert_eq!(rssd.ask(natures), "json,text,txt");
    let kept = "SELECT count(*) FROM ur_ingest_session_imap_account WHERE password IS NOT NULL";
    assert_eq!(rssd.ask(kept), "0");
}

#[test]
fn surveilr_cuts_what_is_no_utf8_and_forgets_references_and_recipients() {
    let user = Dovecot::shared().user("exact");
    let bytes =
        b"Subject: caf\xe9\r\nTo: t@x.y\r\nReferences: <r1@x> <r2@x>\r\n\r\n\xff\r\n".to_vec();
    user.append("INBOX", &[Mail::raw(bytes)]);
    let rssd = Rssd::of(&user);
    rssd.counts("{}");
    let raw = rssd.ask(
        "SELECT hex(content) LIKE '%636166E9%FF0D0A' FROM uniform_resource WHERE nature = 'text'",
    );
    assert_eq!(raw, "1");
    let known = "SELECT email_references, r.elaboration -> 'to'
                   FROM ur_ingest_session_imap_acct_folder_message, uniform_resource AS r WHERE r.nature = 'text'";
    assert_eq!(rssd.ask(known), "[\"r1@x\",\"r2@x\"]|[\"t@x.y\"]");
}

#[test]
fn others_double_a_message_that_lies_in_two_folders() {
    let user = Dovecot::shared().user("twice");
    user.create("Copy");
    user.append("INBOX", &[Mail::numbered(1)]);
    user.append("Copy", &[Mail::numbered(1)]);
    let rssd = Rssd::of(&user);
    rssd.ingest("*", "{}");
    assert_eq!(rssd.ask("SELECT count(*) FROM uniform_resource_imap"), "1");
    assert_eq!(rssd.ask("SELECT count(*) FROM imap_sync_message"), "2");
}
