//! `kill -9` in the midst of an ingest, again and again: nothing is lost,
//! nothing is doubled, the database stays whole. `make soak` does it a hundred
//! times.

mod rssd;
mod support;

use rssd::Rssd;
use std::time::{Duration, Instant};
use support::dovecot::Dovecot;
use support::line::{Fault, Line};
use support::mail::Mail;

/// How many times the host is killed.
fn kills() -> u32 {
    let asked = std::env::var("SOAK").ok();
    asked.and_then(|kills| kills.parse().ok()).unwrap_or(15)
}

/// A shell whose line to the server is slow, so that a kill comes amid it.
fn slowly(user: &support::user::User<'_>, rssd: &Rssd, line: &Line) -> support::shell::Shell {
    support::shell::Shell::new().database(&rssd.path()).account(
        line.port,
        &user.name,
        &user.password,
    )
}

#[test]
fn a_run_killed_at_any_moment_is_continued_by_the_next() {
    let kills = kills();
    let user = Dovecot::shared().user("crash");
    // Enough that every kill finds work under way.
    let messages = 60 * kills;
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
    let line = Line::start(Dovecot::shared().port, Fault::Drip(1500));
    let shell = slowly(&user, &rssd, &line);
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
    let mut random = 0x2545_f491_u32;
    let mut amid = 0;
    // On a busy machine a run may write nothing for long; such a kill does not
    // count, and another is made in its place.
    for _ in 0..kills + 5 {
        if amid == kills {
            break;
        }
        let before = count();
        let running = shell.start("SELECT imap_ingest(NULL, NULL, NULL, '{\"batch\": 4}');");
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        // Some moment after it has written something, under load of both kinds.
        let begun = Instant::now();
        while count() == before && begun.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(Duration::from_millis(u64::from(random >> 16) % 60));
        running.signal("KILL");
        let finished = running.finish(Duration::from_secs(60));
        assert!(
            !finished.status.success(),
            "it was through before it was killed"
        );
        let after = count();
        amid += u32::from(after > before && after < messages);
        assert_eq!(rssd.look("PRAGMA integrity_check"), "ok");
        assert_eq!(rssd.look("PRAGMA foreign_key_check"), "");
    }
    assert_eq!(amid, kills, "every kill came amid an ingest");
    let summary = rssd.ingest("INBOX", "{}");
    assert_eq!(summary["failed"], 0);
    let subjects = "SELECT count(*), count(DISTINCT subject) FROM uniform_resource_imap";
    assert_eq!(rssd.look(subjects), format!("{messages}|{messages}"));
    let places = "SELECT count(DISTINCT uid), max(uid) FROM imap_sync_message";
    assert_eq!(rssd.look(places), format!("{messages}|{messages}"));
    assert_eq!(rssd.counts("{}"), [0, 0, 0, 0]);
    rssd.check();
}
