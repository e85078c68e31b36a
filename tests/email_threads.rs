//! Conversations (sql/views/email_thread.sql), whatever is missing, doubled or
//! forged in them; senders and days.

mod rssd;
mod support;

use rssd::Rssd;
use std::time::Instant;
use support::dovecot::Dovecot;
use support::mail::Mail;
use support::until::PATIENCE;

/// A message by its number: whom it is from, what it refers to, what it answers.
fn mail(number: u32, from: &str, references: &[u32], in_reply_to: Option<u32>) -> Mail {
    let id = |number: u32| format!("<{number}@x.example>");
    let mut text = format!(
        "From: {from}\nSubject: {}{number}\nDate: {number} Jan 2026 12:00:00 +0000\nMessage-ID: {}\n",
        if references.is_empty() { "" } else { "Re: " },
        id(number)
    );
    if !references.is_empty() {
        let list: Vec<String> = references.iter().copied().map(id).collect();
        text += &format!("References: {}\n", list.join("\n "));
    }
    if let Some(parent) = in_reply_to {
        text += &format!("In-Reply-To: {}\n", id(parent));
    }
    Mail::raw((text + "\nx\n").replace('\n', "\r\n"))
}

fn threads_of(name: &str, mails: &[Mail]) -> Rssd {
    let user = Dovecot::shared().user(name);
    user.append("INBOX", mails);
    let rssd = Rssd::of(&user);
    rssd.ingest("INBOX", "{}");
    rssd.read("sql/views/email_thread.sql");
    rssd
}

/// Each message, the number of its thread, and its depth.
fn places(rssd: &Rssd) -> String {
    rssd.ask(
        "SELECT group_concat(place, ' ') FROM (
           SELECT replace(printf('%s:%s/%d', message_id, thread_id, depth), '@x.example', '') AS place
             FROM email_thread_message ORDER BY CAST(message_id AS INTEGER), email_id)",
    )
}

#[test]
fn messages_follow_what_they_refer_to() {
    let rssd = threads_of(
        "thread",
        &[
            mail(1, "ada@a.example", &[], None),
            mail(2, "Bob@b.example", &[1], None),
            mail(3, "ada@a.example", &[1, 2], None),
            mail(4, "carol@c.example", &[], Some(2)),
            mail(5, "dan@d.example", &[], None),
        ],
    );
    assert_eq!(places(&rssd), "1:1/0 2:1/1 3:1/2 4:1/2 5:5/0");
    let threads = "SELECT thread_id, subject, messages, participants, first_date, last_date
                     FROM email_thread ORDER BY messages DESC";
    assert_eq!(
        rssd.ask(threads),
        "1@x.example|1|4|[\"ada@a.example\",\"Bob@b.example\",\"carol@c.example\"]|\
         2026-01-01T12:00:00Z|2026-01-04T12:00:00Z\n\
         5@x.example|5|1|[\"dan@d.example\"]|2026-01-05T12:00:00Z|2026-01-05T12:00:00Z"
    );
}

#[test]
fn messages_nobody_has_hold_their_answers_together() {
    let rssd = threads_of(
        "thread-broken",
        &[
            mail(3, "a@a.example", &[1, 2], None),
            mail(4, "a@a.example", &[2], None),
            mail(6, "a@a.example", &[5], None),
        ],
    );
    assert_eq!(places(&rssd), "3:1/2 4:1/2 6:5/1");
}

#[test]
fn copies_share_a_place_and_messages_without_an_id_stand_alone() {
    let copy = |list: &str| {
        let mut copy = mail(2, "a@a.example", &[1], None);
        copy.raw.extend(format!("-- {list}\r\n").into_bytes());
        copy
    };
    let nameless = Mail::raw("Subject: x\r\nReferences: <1@x.example>\r\n\r\nx\r\n");
    let alone = Mail::raw("Subject: y\r\n\r\ny\r\n");
    let rssd = threads_of(
        "thread-copies",
        &[copy("one"), copy("two"), nameless, alone],
    );
    assert_eq!(
        rssd.ask(
            "SELECT subject, depth, thread_id = '1@x.example', thread_id = email_id
               FROM email_thread_message ORDER BY 1"
        ),
        "Re: 2|1|1|0\nRe: 2|1|1|0\nx|1|1|0\ny|0|0|1"
    );
    assert_eq!(
        rssd.ask("SELECT messages FROM email_thread WHERE thread_id = '1@x.example'"),
        "3"
    );
}

#[test]
fn forged_circles_are_opened_at_one_place() {
    let rssd = threads_of(
        "thread-circle",
        &[
            mail(1, "a@a.example", &[3], None),
            mail(2, "a@a.example", &[1], None),
            mail(3, "a@a.example", &[2], None),
            mail(4, "a@a.example", &[3], None),
            mail(5, "a@a.example", &[5], None),
        ],
    );
    assert_eq!(places(&rssd), "1:1/0 2:1/1 3:1/2 4:1/3 5:5/0");
}

/// The first message, `count` times over, with another number each.
const MULTIPLY: &str = "
    PRAGMA foreign_keys = OFF;
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
    INSERT INTO ur_ingest_session_imap_acct_folder_message
           (ur_ingest_session_imap_acct_folder_message_id, ingest_session_id,
            ingest_imap_acct_folder_id, message, message_id, subject, \"from\", cc, bcc, status,
            date, email_references)
    SELECT 'row ' || i, ingest_session_id, ingest_imap_acct_folder_id, message, i || '@many', subject,
           \"from\", cc, bcc, status, date, json_array(({next}) || '@many')
      FROM n, ur_ingest_session_imap_acct_folder_message WHERE message_id = '1@x.example';";

#[test]
fn ten_thousand_messages_take_seconds_even_where_each_follows_the_next() {
    // In a ring of all of them, and in a line.
    for (name, next, threads) in [("ring", "i % 10000 + 1", "10001"), ("line", "i + 1", "2")] {
        let name = format!("thread-{name}");
        let rssd = threads_of(&name, &[mail(1, "a@a.example", &[], None)]);
        rssd.ask(&MULTIPLY.replace("{next}", next));
        let start = Instant::now();
        assert_eq!(rssd.ask("SELECT count(*) FROM email_thread"), threads);
        // Seconds, and patience with a machine that is slow: it would be hours
        // if it took the square of them.
        assert!(start.elapsed() < PATIENCE);
    }
}

#[test]
fn senders_are_told_with_their_names_and_days_counted() {
    let user = Dovecot::shared().user("senders");
    user.create("Archive");
    user.append(
        "INBOX",
        &[
            mail(1, "Ada <ada@a.example>", &[], None),
            mail(2, "Ada L. <ADA@a.example>", &[], None),
            mail(2, "bob@b.example", &[], None),
            Mail::raw("Subject: from nobody\r\n\r\nx\r\n"),
        ],
    );
    user.append("Archive", &[mail(3, "ada@a.example", &[], None)]);
    let rssd = Rssd::of(&user);
    rssd.ingest("*", "{}");
    rssd.read("sql/views/email_sender.sql");
    rssd.read("sql/views/email_daily.sql");
    let senders = rssd.shell.run(
        "SELECT address, domain, names, messages, accounts, first_date, last_date
           FROM email_sender ORDER BY address;",
    );
    assert_eq!(
        senders.success(),
        "ada@a.example|a.example|[\"Ada\",\"Ada L.\"]|3|1|2026-01-01T12:00:00Z|2026-01-03T12:00:00Z\n\
         bob@b.example|b.example|[]|1|1|2026-01-02T12:00:00Z|2026-01-02T12:00:00Z\n"
    );
    assert_eq!(
        rssd.ask("SELECT * FROM email_daily ORDER BY folder_name, day"),
        "senders|Archive|2026-01-03|1|1\nsenders|INBOX||1|0\n\
         senders|INBOX|2026-01-01|1|1\nsenders|INBOX|2026-01-02|2|2"
    );
}
