//! surveilr's own `ingest imap`, as far as its sources were published.

use crate::rssd::Rssd;
use crate::support::dovecot::Dovecot;
use crate::support::mail::Mail;
use crate::support::scripted::{Script, Scripted};
use std::sync::mpsc::channel;

const MESSAGES: &str = "ur_ingest_session_imap_acct_folder_message";

#[test]
fn it_reads_everything_again_each_time_and_writes_empty_bodies() {
    let user = Dovecot::shared().user("sv-again");
    user.append("INBOX", &[Mail::raw("Subject: text\r\n\r\nonly text\r\n")]);
    let rssd = Rssd::of(&user);
    rssd.counts("{}");
    let (_, traffic) = user.observe(|| rssd.counts("{}"));
    assert_eq!(traffic.bodies, 0);
    let natures =
        "SELECT group_concat(nature) FROM (SELECT nature FROM uniform_resource ORDER BY nature)";
    assert_eq!(rssd.ask(natures), "json,text,txt");
}

#[test]
fn it_writes_down_the_password_twice() {
    let user = Dovecot::shared().user("sv-password");
    user.append("INBOX", &Mail::many(1));
    let rssd = Rssd::of(&user);
    rssd.counts("{}");
    let kept = "SELECT count(*) FROM ur_ingest_session_imap_account WHERE password IS NOT NULL";
    assert_eq!(rssd.ask(kept), "0");
    let file = std::fs::read(rssd.path()).unwrap();
    let secret = user.password.as_bytes();
    assert!(!file.windows(secret.len()).any(|bytes| bytes == secret));
}

#[test]
fn it_cuts_what_is_no_utf8() {
    let user = Dovecot::shared().user("sv-exact");
    user.append(
        "INBOX",
        &[Mail::raw(b"Subject: caf\xe9\r\n\r\n\xff\r\n".to_vec())],
    );
    let rssd = Rssd::of(&user);
    rssd.counts("{}");
    let raw = "SELECT hex(content) LIKE '%636166E9%FF0D0A' FROM uniform_resource
                WHERE nature = 'text'";
    assert_eq!(rssd.ask(raw), "1");
}

#[test]
fn it_forgets_references_recipients_flags_and_uids() {
    let user = Dovecot::shared().user("sv-forgets");
    user.append(
        "INBOX",
        &[Mail::raw(
            "Subject: a\r\nTo: t@x.y\r\nIn-Reply-To: <r2@x>\r\nReferences: <r1@x> <r2@x>\r\n\r\nx\r\n",
        )
        .flags("$Junk")],
    );
    let rssd = Rssd::of(&user);
    rssd.counts("{}");
    let known = format!(
        "SELECT email_references, r.elaboration ->> 'to', r.elaboration ->> 'in_reply_to'
           FROM {MESSAGES}, uniform_resource AS r WHERE r.nature = 'text'"
    );
    assert_eq!(rssd.ask(&known), "[\"r1@x\",\"r2@x\"]|[\"t@x.y\"]|r2@x");
    let place = "SELECT uid, flags FROM imap_sync_message";
    assert_eq!(rssd.ask(place), "1|[\"$Junk\"]");
}

#[test]
fn it_moves_a_message_to_whoever_saw_it_last() {
    let user = Dovecot::shared().user("sv-moves");
    user.append("INBOX", &Mail::many(2));
    let rssd = Rssd::of(&user);
    rssd.counts("{}");
    let rows = format!("SELECT {MESSAGES}_id, ingest_session_id FROM {MESSAGES} ORDER BY 1");
    let before = rssd.ask(&rows);
    assert_eq!(rssd.counts(r#"{"fetch": "all"}"#), [2, 0, 2, 0]);
    assert_eq!(rssd.ask(&rows), before);
    rssd.check();
}

#[test]
fn it_holds_the_write_lock_while_it_waits_for_the_network() {
    let (told, heard) = channel();
    let stalling = Script::open(1).then("C: UID SEARCH ALL");
    let stalling = stalling.act(move || told.send(()).unwrap()).stall();
    let server = Scripted::play([stalling]);
    let rssd = Rssd::at(&format!("imap+insecure://127.0.0.1:{}", server.port));
    let running = rssd
        .shell
        .start("SELECT imap_ingest(NULL, NULL, NULL, '{\"timeout\": 300}');");
    heard.recv().unwrap();
    assert_eq!(rssd.ask("SELECT count(*) FROM ur_ingest_session"), "1");
    // Without a timeout of its own, so that a lock is told.
    assert_eq!(rssd.ask("CREATE TABLE mine (x); SELECT 1"), "1");
    running.interrupt();
    server.finish();
}

#[test]
fn its_batches_overlap() {
    let user = Dovecot::shared().user("sv-batches");
    user.append("INBOX", &Mail::many(50));
    let rssd = Rssd::of(&user);
    let (counts, traffic) = user.observe(|| rssd.counts(r#"{"batch": 7}"#));
    assert_eq!(counts, [50, 50, 0, 0]);
    assert_eq!(traffic.bodies, 50);
}

#[test]
fn its_rows_take_seven_times_the_size_of_the_mail() {
    let user = Dovecot::shared().user("sv-size");
    let mut random = 1_u32;
    let mut line = || -> String {
        let word = |_| {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from(b'A' + (random >> 24) as u8 % 26)
        };
        (0..76).map(word).collect::<String>() + "\r\n"
    };
    let mut mail = |n: u32| {
        let content: String = (0..1_300).map(|_| line()).collect();
        Mail::raw(format!(
            "Subject: m{n}\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n\
             --b\r\nContent-Type: application/pdf; name=a.pdf\r\n\
             Content-Transfer-Encoding: base64\r\n\r\n{content}\r\n--b--\r\n"
        ))
    };
    let mails: Vec<Mail> = (1..=10).map(&mut mail).collect();
    let sizes: usize = mails.iter().map(|mail| mail.raw.len()).sum();
    user.append("INBOX", &mails);
    let rssd = Rssd::of(&user);
    rssd.ingest("INBOX", r#"{"layout": "compact"}"#);
    let file = std::fs::metadata(rssd.path()).unwrap().len();
    // The tables themselves take some 300 KB.
    assert!(file < sizes as u64 * 5 / 4 + 400_000, "{file} for {sizes}");
}

#[test]
fn it_multiplies_messages_without_a_message_id() {
    let user = Dovecot::shared().user("sv-nameless");
    let html = |n: u32| {
        Mail::raw(format!(
            "Subject: m{n}\r\nContent-Type: text/html\r\n\r\n<p>{n}\r\n"
        ))
    };
    user.append("INBOX", &[html(1), html(2)]);
    let rssd = Rssd::of(&user);
    assert_eq!(rssd.counts("{}"), [2, 2, 0, 0]);
    let rows = "SELECT count(*) FROM uniform_resource_imap_content";
    assert_eq!(rssd.ask(rows), "2");
}

#[test]
fn it_cannot_begin_two_sessions_in_one_second() {
    let user = Dovecot::shared().user("sv-second");
    let rssd = Rssd::of(&user);
    let twice = "SELECT imap_ingest() IS NULL;".repeat(3);
    assert_eq!(rssd.shell.run(&twice).success(), "0\n0\n0\n");
    assert_eq!(rssd.ask("SELECT count(*) FROM ur_ingest_session"), "3");
}

#[test]
fn it_and_imap_collector_know_tls_from_the_start_only() {
    let user = Dovecot::shared().user("sv-starttls");
    user.append("INBOX", &Mail::many(1));
    let shell = user
        .shell()
        .env("IMAP_SERVER", Dovecot::shared().starttls());
    let finished = shell.run("SELECT imap_ingest() ->> 'inserted';");
    assert_eq!(finished.success(), "1\n");
}

#[test]
fn it_and_others_double_a_message_that_lies_in_two_folders() {
    let user = Dovecot::shared().user("sv-twice");
    user.create("Copy");
    user.append("INBOX", &[Mail::numbered(1)]);
    user.append("Copy", &[Mail::numbered(1)]);
    let rssd = Rssd::of(&user);
    rssd.ingest("*", "{}");
    assert_eq!(rssd.ask("SELECT count(*) FROM uniform_resource_imap"), "1");
    assert_eq!(rssd.ask("SELECT count(*) FROM imap_sync_message"), "2");
}
