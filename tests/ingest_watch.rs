//! The ingest that goes on: options `watch` and `period`, and `imap_watch`.

mod rssd;
mod support;

use rssd::Rssd;
use std::time::{Duration, Instant};
use support::dovecot::Dovecot;
use support::mail::Mail;
use support::process::Running;
use support::scripted::{Answer, Script, Scripted};
use support::until::{PATIENCE, until};
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

/// Waits until a process rests: in three seconds it takes a tenth of a
/// processor at most, and in truth a hundredth.
#[track_caller]
fn rests(running: &Running) {
    until(|| {
        let before = busy(running);
        std::thread::sleep(Duration::from_secs(3));
        (busy(running) - before <= 30).then_some(())
    });
}

/// Longer than it takes on any machine to be told of a message, and shorter than
/// the minute after which folders are looked at of which nobody tells.
const TOLD: Duration = Duration::from_secs(30);

/// How many connections a user has.
fn connections(server: &Dovecot, user: &User<'_>) -> usize {
    let told = server.doveadm(&["who", "-1", &user.name]);
    told.lines().filter(|line| line.contains(" imap ")).count()
}

const WATCH: &str =
    ".timeout 300000\nSELECT imap_ingest(NULL, NULL, '*', '{\"watch\": \"PT1H\"}');";

#[test]
fn a_message_delivered_to_any_of_ten_folders_is_told_of() {
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
    user.says("NOTIFY SET STATUS", 1);
    let arrives = |folder: &str, mail: u32| {
        user.append(folder, &[Mail::numbered(mail)]);
        let took = wait_for(&rssd, mail);
        assert!(took < TOLD, "{took:?}");
    };
    let spelled = (1..=8).map(|n| format!("Folder {n}/Entw&APw-rfe"));
    let spelled: Vec<String> = spelled.chain(["INBOX".into(), "Sent".into()]).collect();
    for (folder, mail) in spelled.iter().zip(3..) {
        arrives(folder, mail);
    }
    assert_eq!(connections(server, &user), 2);
    user.kick();
    // It connects again after half a second.
    arrives("Sent", 13);
    arrives("Sent", 14);
    user.add_flags("INBOX", "1", "\\Seen");
    rssd.wait(
        "SELECT count(*) FROM ur_ingest_session_imap_acct_folder_message WHERE status = '[\"read\"]'",
    );
    rests(&running);
    running.interrupt();
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
    user.says(" IDLE", 1);
    user.append("INBOX", &[Mail::numbered(3)]);
    let took = wait_for(&rssd, 3);
    assert!(took < TOLD, "{took:?}");
    user.kick();
    user.append("INBOX", &[Mail::numbered(4)]);
    wait_for(&rssd, 4);
    rests(&running);
    running.interrupt();
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
    user.says(" IDLE", 4);
    for (folder, mail) in ["F1", "F2", "F3", "F4"].iter().zip(1..) {
        user.append(folder, &[Mail::numbered(mail)]);
        wait_for(&rssd, mail);
    }
    running.interrupt();
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

/// What a server hears in a watch of two folders, on so many connections, until
/// it has heard this twice.
fn heard_on(connections: usize, twice: &str, answer: Answer) -> String {
    let greeting = "S: * OK [CAPABILITY IMAP4rev1 IDLE NOTIFY] ready";
    let script = |_| Script::new(greeting).answer(answer);
    let server = Scripted::play((0..connections).map(script));
    let rssd = Rssd::at(&format!("imap+insecure://127.0.0.1:{}", server.port));
    let running = rssd.shell.start(WATCH);
    server.hears(twice, 2);
    running.interrupt();
    server.finish().concat()
}

#[test]
fn a_notify_that_is_refused_is_replaced_by_idle() {
    let heard = heard_on(2, "IDLE\n", |said| {
        notifying(said, "$ NO [BADEVENT (MessageNew)] not this\n")
    });
    assert_eq!(heard.matches("NOTIFY SET").count(), 1, "{heard}");
    assert_eq!(heard.matches("IDLE\n").count(), 2, "{heard}");
}

#[test]
fn a_notify_that_the_server_gives_up_is_replaced_by_idle() {
    let heard = heard_on(3, "IDLE\n", |said| {
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
    let heard = heard_on(2, "EXAMINE \"A\"", |said| {
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
    assert!(took >= Duration::from_secs(2), "{took:?}");
}

#[test]
fn a_watch_ends_at_its_duration_where_news_comes_faster_than_it_is_read() {
    let greeting = "S: * OK [CAPABILITY IMAP4rev1 IDLE NOTIFY] ready";
    // Half an hour of it, since a byte takes a millisecond.
    let news: String = (0..60_000)
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
    rssd.ingest("*", r#"{"watch": "PT2S"}"#);
    server.finish();
}

#[test]
fn a_period_looks_again_and_again() {
    let user = Dovecot::shared().user("period");
    let rssd = Rssd::of(&user);
    rssd.look("PRAGMA journal_mode = WAL");
    user.record();
    let running = rssd.shell.start(
        "SELECT imap_ingest(NULL, NULL, NULL, '{\"period\": \"PT0.3S\", \"watch\": \"PT1H\"}');",
    );
    user.says(" EXAMINE", 2);
    user.append("INBOX", &Mail::many(3));
    wait_for(&rssd, 3);
    running.interrupt();
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
                 FROM imap_watch(NULL, NULL, 'INBOX', '{\"watch\": \"PT1H\"}') LIMIT 3;";
    user.record();
    let running = user.shell().start(sql);
    user.says(" IDLE", 1);
    user.append("INBOX", &[Mail::numbered(4)]);
    user.says(" IDLE", 2);
    user.expunge("INBOX", "2");
    user.says(" IDLE", 3);
    user.add_flags("INBOX", "3", "\\Flagged");
    let finished = running.finish(PATIENCE);
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
