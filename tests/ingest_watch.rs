//! The ingest that goes on: options `watch` and `period`, and `imap_watch`.

mod rssd;
mod support;

use rssd::Rssd;
use std::time::{Duration, Instant};
use support::dovecot::Dovecot;
use support::mail::Mail;
use support::process::Running;
use support::scripted::{Answer, Script, Scripted};
use support::user::User;

/// Waits until so many messages are ingested.
#[track_caller]
fn wait_for(rssd: &Rssd, messages: u32) -> Duration {
    rssd.wait(&format!(
        "SELECT count(*) = {messages} FROM imap_sync_message"
    ))
}

/// Hundredths of a second that a process has kept a processor busy.
fn busy(running: &Running) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", running.id())).unwrap();
    // The name before them may hold anything but a parenthesis.
    let fields: Vec<&str> = stat
        .rsplit_once(')')
        .unwrap()
        .1
        .split_whitespace()
        .collect();
    [11, 12]
        .map(|at| fields[at].parse::<u64>().unwrap())
        .iter()
        .sum()
}

/// How many connections a user has.
fn connections(server: &Dovecot, user: &User<'_>) -> usize {
    let told = server.doveadm(&["who", "-1", &user.name]);
    told.lines().filter(|line| line.contains(" imap ")).count()
}

const WATCH: &str =
    ".timeout 20000\nSELECT imap_ingest(NULL, NULL, '*', '{\"watch\": \"PT120S\"}');";

#[test]
fn a_message_delivered_to_any_of_ten_folders_is_there_in_under_a_second() {
    let server = Dovecot::shared();
    let user = server.user("watched");
    let folders: Vec<String> = (1..=8)
        .map(|n| format!("Folder {n}/Entw\u{fc}rfe"))
        .collect();
    folders.iter().for_each(|folder| user.create(folder));
    user.append("INBOX", &Mail::many(2));
    let rssd = Rssd::of(&user);
    rssd.look("PRAGMA journal_mode = WAL");
    user.record();
    let running = rssd.shell.start(WATCH);
    wait_for(&rssd, 2);
    // All folders are looked at once more before it rests.
    std::thread::sleep(Duration::from_millis(1_500));
    let mut took = Vec::new();
    let mut arrives = |folder: &str, mail: u32| {
        user.append(folder, &[Mail::numbered(mail)]);
        took.push(wait_for(&rssd, mail));
    };
    let spelled = (1..=8).map(|n| format!("Folder {n}/Entw&APw-rfe"));
    let spelled: Vec<String> = spelled.chain(["INBOX".into(), "Sent".into()]).collect();
    for (folder, mail) in spelled.iter().zip(3..) {
        arrives(folder, mail);
    }
    assert_eq!(connections(server, &user), 2);
    user.kick();
    user.append("Sent", &[Mail::numbered(13)]);
    // It connects again after half a second.
    let again = wait_for(&rssd, 13);
    assert!(again < Duration::from_secs(8), "{again:?}");
    arrives("Sent", 14);
    user.add_flags("INBOX", "1", "\\Seen");
    rssd.wait(
        "SELECT count(*) FROM ur_ingest_session_imap_acct_folder_message WHERE status = '[\"read\"]'",
    );
    // A machine that has much else to do is slow now and then.
    took.sort_unstable();
    assert!(took[took.len() / 2] < Duration::from_secs(1), "{took:?}");
    assert!(took[took.len() - 1] < Duration::from_secs(6), "{took:?}");

    std::thread::sleep(Duration::from_millis(500));
    let before = busy(&running);
    std::thread::sleep(Duration::from_secs(3));
    let spent = busy(&running) - before;
    assert!(spent <= 3, "{spent} hundredths of a second in 3 s");

    running.signal("INT");
    let stopped = Instant::now();
    running.finish(Duration::from_secs(150));
    assert!(stopped.elapsed() < Duration::from_secs(3));
    let commands = user.commands();
    assert!(!commands.iter().any(|said| said.contains("IDLE")));
    assert!(
        commands
            .iter()
            .any(|said| said.contains("NOTIFY SET STATUS"))
    );
    assert_eq!(rssd.ingest("*", "{}")["fetched"], 0);
    rssd.check();
}

#[test]
fn one_folder_is_waited_for_by_idle_and_a_killed_connection_is_made_again() {
    let user = Dovecot::shared().user("idle");
    user.append("INBOX", &Mail::many(2));
    let rssd = Rssd::of(&user);
    rssd.look("PRAGMA journal_mode = WAL");
    user.record();
    let running = rssd.shell.start(&WATCH.replace("'*'", "NULL"));
    wait_for(&rssd, 2);
    std::thread::sleep(Duration::from_millis(1_500));
    user.append("INBOX", &[Mail::numbered(3)]);
    let took = wait_for(&rssd, 3);
    // A second, and patience with a busy machine.
    assert!(took < Duration::from_secs(4), "{took:?}");
    user.kick();
    user.append("INBOX", &[Mail::numbered(4)]);
    wait_for(&rssd, 4);
    let before = busy(&running);
    std::thread::sleep(Duration::from_secs(3));
    let spent = busy(&running) - before;
    assert!(spent <= 3, "{spent} hundredths of a second in 3 s");
    running.signal("INT");
    running.finish(Duration::from_secs(150));
    assert!(user.commands().iter().any(|said| said.ends_with(" IDLE")));
    rssd.check();
}

#[test]
fn four_folders_are_waited_for_by_idle_where_the_server_tells_of_one_at_a_time() {
    let server = Dovecot::start(&["imap_capability = IMAP4rev1 LITERAL+ IDLE UIDPLUS"]);
    let user = server.user("four");
    (1..=4).for_each(|n| user.create(&format!("F{n}")));
    let rssd = Rssd::of(&user);
    rssd.look("PRAGMA journal_mode = WAL");
    user.record();
    let running = rssd.shell.start(WATCH);
    rssd.wait("SELECT count(*) = 1 FROM ur_ingest_session");
    std::thread::sleep(Duration::from_millis(1_500));
    for (folder, mail) in ["F1", "F2", "F3", "F4"].iter().zip(1..) {
        user.append(folder, &[Mail::numbered(mail)]);
        wait_for(&rssd, mail);
    }
    running.signal("INT");
    running.finish(Duration::from_secs(150));
    let commands = user.commands();
    assert!(!commands.iter().any(|said| said.contains("NOTIFY")));
    rssd.check();
}

/// A server that offers NOTIFY, and what it answers to it.
fn notifying(command: &str, answer: &str) -> String {
    let verb = command.split(' ').next().unwrap_or_default();
    let told = match verb {
        "CAPABILITY" => "* CAPABILITY IMAP4rev1 IDLE NOTIFY\n",
        "LIST" => "* LIST () \"/\" A\n* LIST () \"/\" B\n",
        "EXAMINE" => "* 0 EXISTS\n* OK [UIDVALIDITY 7] x\n* OK [UIDNEXT 1] x\n",
        "NOTIFY" => return answer.into(),
        "IDLE" => return "+ waiting\n".into(),
        _ => "",
    };
    format!("{told}$ OK done\n")
}

/// What a server hears in a watch of two folders, on so many connections.
fn heard_on(connections: usize, answer: Answer) -> String {
    let greeting = "S: * OK [CAPABILITY IMAP4rev1 IDLE NOTIFY] ready";
    let script = |_| Script::new(greeting).answer(answer);
    let server = Scripted::play((0..connections).map(script));
    let rssd = Rssd::at(&format!("imap+insecure://127.0.0.1:{}", server.port));
    rssd.ingest("*", r#"{"watch": "PT2S"}"#);
    server.finish().concat()
}

#[test]
fn a_notify_that_is_refused_is_replaced_by_idle() {
    let heard = heard_on(2, |said| {
        notifying(said, "$ NO [BADEVENT (MessageNew)] not this\n")
    });
    assert_eq!(heard.matches("NOTIFY SET").count(), 1, "{heard}");
    assert_eq!(heard.matches("IDLE\n").count(), 2, "{heard}");
}

#[test]
fn a_notify_that_the_server_gives_up_is_replaced_by_idle() {
    let heard = heard_on(3, |said| {
        let told = "* STATUS A (MESSAGES 0)\n* STATUS B (MESSAGES 0)\n$ OK done\n";
        notifying(
            said,
            &format!("{told}* OK [NOTIFICATIONOVERFLOW] too much\n"),
        )
    });
    assert_eq!(heard.matches("NOTIFY SET").count(), 1, "{heard}");
    assert_eq!(heard.matches("IDLE\n").count(), 2, "{heard}");
}

#[test]
fn a_folder_of_which_the_server_does_not_tell_is_left_to_the_round() {
    let heard = heard_on(2, |said| {
        let told = "* STATUS A (MESSAGES 0)\n* STATUS Else (MESSAGES 0)\n$ OK done\n";
        notifying(said, told)
    });
    // Each once at first, and once more in case something came meanwhile.
    assert_eq!(heard.matches("EXAMINE \"A\"").count(), 2, "{heard}");
    assert_eq!(heard.matches("EXAMINE \"B\"").count(), 2, "{heard}");
    assert!(!heard.contains("IDLE"), "{heard}");
}

#[test]
fn a_watch_ends_at_its_duration() {
    let user = Dovecot::shared().user("duration");
    user.append("INBOX", &Mail::many(2));
    let rssd = Rssd::of(&user);
    let begun = Instant::now();
    assert_eq!(rssd.counts(r#"{"watch": "PT2S"}"#), [2, 2, 0, 0]);
    let took = begun.elapsed();
    assert!((2.0..10.0).contains(&took.as_secs_f64()), "{took:?}");
}

#[test]
fn a_watch_ends_at_its_duration_where_news_comes_faster_than_it_is_read() {
    let greeting = "S: * OK [CAPABILITY IMAP4rev1 IDLE NOTIFY] ready";
    let news: String = (0..600)
        .map(|count| format!("* STATUS A (MESSAGES {count})\r\n"))
        .collect();
    let teller = Script::new(greeting)
        .hear(1)
        .then("S: $ OK done\nC: CAPABILITY\nS: * CAPABILITY IMAP4rev1 IDLE NOTIFY\nS: $ OK done")
        .then("C: LIST \"\" \"*\"\nS: * LIST () \"/\" A\nS: * LIST () \"/\" B\nS: $ OK done")
        .then("C: EXAMINE \"A\"\nS: * 0 EXISTS\nS: * OK [UIDVALIDITY 7] x\nS: $ OK done")
        .then("C: EXAMINE \"B\"\nS: * 0 EXISTS\nS: * OK [UIDVALIDITY 7] x\nS: $ OK done")
        .then("C: NOOP\nS: $ OK done")
        .hear(1)
        .then("S: * STATUS A (MESSAGES 0)\nS: * STATUS B (MESSAGES 0)\nS: $ OK done")
        .drip(news, Duration::from_millis(1));
    let slow = Script::new(greeting).answer(|said| {
        if said.starts_with("EXAMINE") {
            std::thread::sleep(Duration::from_millis(60));
        }
        notifying(said, "$ OK done\n")
    });
    let server = Scripted::play([teller, slow]);
    let rssd = Rssd::at(&format!("imap+insecure://127.0.0.1:{}", server.port));
    let begun = Instant::now();
    rssd.ingest("*", r#"{"watch": "PT2S"}"#);
    let took = begun.elapsed();
    assert!((2.0..8.0).contains(&took.as_secs_f64()), "{took:?}");
    server.finish();
}

#[test]
fn a_period_looks_again_and_again() {
    let user = Dovecot::shared().user("period");
    let rssd = Rssd::of(&user);
    rssd.look("PRAGMA journal_mode = WAL");
    let running = rssd.shell.start(
        "SELECT imap_ingest(NULL, NULL, NULL, '{\"period\": \"PT0.3S\", \"watch\": \"PT60S\"}');",
    );
    std::thread::sleep(Duration::from_millis(800));
    user.append("INBOX", &Mail::many(3));
    wait_for(&rssd, 3);
    running.signal("INT");
    running.finish(Duration::from_secs(90));
}

#[test]
fn a_server_without_idle_is_looked_at() {
    let server = Dovecot::start(&["imap_capability = IMAP4rev1 LITERAL+ UIDPLUS"]);
    let user = server.user("noidle");
    let rssd = Rssd::of(&user);
    user.record();
    let options = r#"{"watch": "PT2S"}"#;
    rssd.counts(options);
    assert!(!user.commands().join("\n").contains("IDLE"));
}

#[test]
fn events_stream_as_rows() {
    let user = Dovecot::shared().user("events");
    user.append("INBOX", &Mail::many(3));
    let sql = "SELECT event, uid, folder_name, at LIKE '20__-__-__T__:__:__.___Z'
                 FROM imap_watch(NULL, NULL, 'INBOX', '{\"watch\": \"PT50S\"}') LIMIT 3;";
    let running = user.shell().start(sql);
    std::thread::sleep(Duration::from_millis(2500));
    user.append("INBOX", &[Mail::numbered(4)]);
    std::thread::sleep(Duration::from_millis(1500));
    user.expunge("INBOX", "2");
    std::thread::sleep(Duration::from_millis(1500));
    user.add_flags("INBOX", "3", "\\Flagged");
    let finished = running.finish(Duration::from_secs(60));
    assert_eq!(
        finished.success(),
        "new|4|INBOX|1\nexpunged|2|INBOX|1\nflags|3|INBOX|1\n"
    );
}

#[test]
fn a_quiet_folder_gives_no_row_and_wrong_options_one_sentence() {
    let user = Dovecot::shared().user("quiet");
    let rows = user
        .shell()
        .rows("SELECT * FROM imap_watch(NULL, NULL, NULL, '{\"watch\": \"PT1S\"}')");
    assert!(rows.is_empty());
    let error = user
        .shell()
        .error("SELECT * FROM imap_watch(NULL, NULL, NULL, '{\"period\": \"1h\"}');");
    assert_eq!(
        error,
        "imap: option period must be a duration such as \"PT1H\", not \"1h\""
    );
}
