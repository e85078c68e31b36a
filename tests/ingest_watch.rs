//! The ingest that goes on: options `watch` and `period`, and `imap_watch`.

mod rssd;
mod support;

use rssd::Rssd;
use std::time::{Duration, Instant};
use support::dovecot::Dovecot;
use support::mail::Mail;

/// Waits until so many messages are ingested.
#[track_caller]
fn wait_for(rssd: &Rssd, messages: u32) -> Duration {
    let begun = Instant::now();
    loop {
        let is_there =
            rssd.look("SELECT count(*) FROM sqlite_schema WHERE name = 'imap_sync_message'");
        if is_there == "1"
            && rssd.look("SELECT count(*) FROM imap_sync_message") == messages.to_string()
        {
            return begun.elapsed();
        }
        assert!(begun.elapsed() < Duration::from_secs(25), "nothing came");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_delivered_message_is_there_at_once_and_after_a_killed_connection() {
    let user = Dovecot::shared().user("watched");
    user.create("Other");
    user.append("INBOX", &Mail::many(2));
    let rssd = Rssd::of(&user);
    rssd.look("PRAGMA journal_mode = WAL");
    let running = rssd
        .shell
        .start("SELECT imap_ingest(NULL, NULL, '*', '{\"watch\": \"PT60S\"}');");
    wait_for(&rssd, 2);
    std::thread::sleep(Duration::from_millis(1500));
    user.append("INBOX", &[Mail::numbered(3)]);
    let took = wait_for(&rssd, 3);
    // A second, and patience with a busy machine.
    assert!(took < Duration::from_secs(4), "{took:?}");
    user.append("Other", &[Mail::numbered(4)]);
    wait_for(&rssd, 4);
    user.kick();
    std::thread::sleep(Duration::from_millis(500));
    user.append("INBOX", &[Mail::numbered(5)]);
    wait_for(&rssd, 5);
    user.add_flags("INBOX", "1", "\\Seen");
    let begun = Instant::now();
    let read = "SELECT count(*) FROM ur_ingest_session_imap_acct_folder_message WHERE status LIKE '%\"read\"%'";
    while rssd.look(read) != "1" {
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "the flag is not seen"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    running.signal("INT");
    let stopped = Instant::now();
    running.finish(Duration::from_secs(90));
    assert!(stopped.elapsed() < Duration::from_secs(3));
    assert_eq!(rssd.counts("{}"), [0, 0, 0, 0]);
    rssd.check();
}

#[test]
fn a_watch_ends_at_its_duration_and_uses_no_time_of_the_processor() {
    let user = Dovecot::shared().user("idle");
    user.append("INBOX", &Mail::many(2));
    let rssd = Rssd::of(&user);
    let sql =
        ".timer on\nSELECT imap_ingest(NULL, NULL, NULL, '{\"watch\": \"PT4S\"}') ->> 'inserted';";
    let finished = rssd.shell.run(sql);
    let text = finished.text();
    assert!(text.starts_with("2\n"), "{text}");
    let seconds: Vec<f64> = text
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .skip(1)
        .collect();
    let [real, user_time, system] = seconds[..] else {
        panic!("{text}")
    };
    assert!((4.0..12.0).contains(&real), "{text}");
    // The first download included, in a debug build.
    assert!(user_time + system < 1.0, "{text}");
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
        "imap: option period must be a duration, such as PT1H, not '1h'"
    );
}
