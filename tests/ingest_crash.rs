//! `kill -9` in the midst of an ingest, again and again: nothing is lost,
//! nothing is doubled, the database stays whole. `make soak` does it a hundred
//! times.

mod rssd;
mod support;

use rssd::Rssd;
use std::time::Duration;
use support::dovecot::Dovecot;
use support::line::{Fault, Line};
use support::mail::Mail;
use support::until::{PATIENCE, until};

/// How many times the host is killed.
fn kills() -> u32 {
    let asked = std::env::var("SOAK").ok();
    asked.and_then(|kills| kills.parse().ok()).unwrap_or(15)
}

#[test]
fn a_run_killed_at_any_moment_is_continued_by_the_next() {
    let kills = kills();
    let user = Dovecot::shared().user("crash");
    // Enough that every kill finds work under way.
    let messages = 220 * kills;
    let mails: Vec<Mail> = (1..=messages)
        .map(|n| {
            let body = "words and more words\r\n".repeat(20 + (n as usize * 37) % 200);
            Mail::raw(format!(
                "Subject: m{n}\r\nMessage-ID: <{n}@crash>\r\n\r\n{body}"
            ))
        })
        .collect();
    user.append("INBOX", &mails);
    let rssd = Rssd::of(&user);
    // Enough for the sizes of all, behind which the first fifty messages may have
    // to wait, and for those; but for not many more, however late it is killed.
    let enough = 46 * u64::from(messages) + 170_000;
    let line = Line::start(Dovecot::shared().port, Fault::Hold(enough));
    let shell = line.shell(&user, &rssd.path());
    rssd.look("PRAGMA journal_mode = WAL");
    let count = || -> u32 {
        let is_there =
            rssd.look("SELECT count(*) FROM sqlite_schema WHERE name = 'imap_sync_message'");
        match is_there.as_str() {
            "1" => rssd
                .look("SELECT count(*) FROM imap_sync_message")
                .parse()
                .unwrap(),
            _ => 0,
        }
    };
    // What looks into the database after a kill mends it, and meanwhile holds
    // it alone: without a timeout the next run would end before it has begun.
    let run = ".timeout 300000\nSELECT imap_ingest(NULL, NULL, NULL, '{\"batch\": 4}');";
    let mut random = 0x2545_f491_u32;
    for kill in 1..=kills {
        let before = count();
        let mut running = shell.start(run);
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        // Some moment after it has written something, under load of both kinds.
        until(|| (count() > before || running.is_over()).then_some(()));
        std::thread::sleep(Duration::from_millis(u64::from(random >> 16) % 60));
        let is_over = running.is_over();
        if !is_over {
            running.signal("KILL");
        }
        let finished = running.finish(PATIENCE);
        assert!(!is_over, "it ended by itself: {}", finished.stderr);
        let after = count();
        let is_amid = before < after && after < messages;
        assert!(is_amid, "kill {kill}: {before}, then {after} messages");
        assert_eq!(rssd.look("PRAGMA integrity_check"), "ok");
        assert_eq!(rssd.look("PRAGMA foreign_key_check"), "");
    }
    let summary = rssd.ingest("INBOX", "{}");
    assert_eq!(summary["failed"], 0);
    let subjects = "SELECT count(*), count(DISTINCT subject) FROM uniform_resource_imap";
    assert_eq!(rssd.look(subjects), format!("{messages}|{messages}"));
    let places = "SELECT count(DISTINCT uid), max(uid) FROM imap_sync_message";
    assert_eq!(rssd.look(places), format!("{messages}|{messages}"));
    assert_eq!(rssd.counts("{}"), [0, 0, 0, 0]);
    rssd.check();
}
