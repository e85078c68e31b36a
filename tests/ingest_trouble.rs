//! What networks, servers, other programs and disks do to an ingest: nothing is
//! lost by it, and the next run goes on.

mod rssd;
mod support;

use rssd::Rssd;
use support::dovecot::Dovecot;
use support::line::{Fault, Line};
use support::mail::Mail;
use support::skipped::skipped;
use support::until::PATIENCE;
use support::user::User;

const RUN: &str =
    "SELECT imap_ingest(NULL, NULL, NULL, '{\"batch\": 5, \"timeout\": 300}') ->> 'failed';";

/// Runs once more, without a fault, after which all is there.
#[track_caller]
fn completes(line: &Line, user: &User<'_>, rssd: &Rssd, messages: u32) {
    line.set(Fault::Nothing);
    let shell = line.shell(user, &rssd.path());
    assert_eq!(shell.run(RUN).success(), "0\n");
    let count = "SELECT count(*), count(DISTINCT subject) FROM uniform_resource_imap";
    assert_eq!(rssd.ask(count), format!("{messages}|{messages}"));
    let again = "SELECT imap_ingest() ->> 'fetched';";
    assert_eq!(shell.run(again).success(), "0\n");
    rssd.check();
}

/// Places in what a server says, at random, but the same each time.
fn places(count: usize, most: u64) -> Vec<u64> {
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut place = || {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % most
    };
    (0..count).map(|_| place()).collect()
}

#[test]
fn a_line_cut_at_any_byte_costs_nothing_that_came() {
    let user = Dovecot::shared().user("cut");
    user.append("INBOX", &Mail::many(60));
    let rssd = Rssd::of(&user);
    let line = Line::start(Dovecot::shared().port, Fault::Nothing);
    let mut cuts = 0;
    // The first is amid the greeting, whatever the others are.
    for place in std::iter::once(10).chain(places(25, 15_000)) {
        line.set(Fault::Cut(place));
        let finished = line.shell(&user, &rssd.path()).run(RUN);
        if finished.status.success() {
            // Where the same byte of a later connection meets a suspected message
            // again, it is left to later runs; each is here, or is noted.
            let known = "SELECT (SELECT count(*) FROM imap_sync_message)
                              + (SELECT count(*) FROM imap_sync_problem)";
            assert_eq!(rssd.ask(known), "60", "cut after {place} bytes");
        } else {
            let is_told = finished.stderr.contains(&line.port.to_string());
            assert!(is_told, "cut after {place} bytes: {}", finished.stderr);
            cuts += 1;
        }
    }
    assert!(cuts > 0);
    // None has been tried too often.
    rssd.ask("UPDATE imap_sync_problem SET attempts = 0");
    completes(&line, &user, &rssd, 60);
}

#[test]
fn a_line_that_stalls_or_drips_loses_nothing() {
    let user = Dovecot::shared().user("stall");
    user.append("INBOX", &Mail::many(40));
    let rssd = Rssd::of(&user);
    let line = Line::start(Dovecot::shared().port, Fault::Nothing);
    // Even a run that finds nothing new is told more than this.
    for place in places(5, 1_000) {
        line.set(Fault::Stall(place));
        let impatient = RUN.replace("300", "1");
        let error = line.shell(&user, &rssd.path()).error(&impatient);
        assert!(
            error.contains("did not answer within 1 s"),
            "{place}: {error}"
        );
    }
    for size in [1, 50] {
        line.set(Fault::Drip(size));
        line.shell(&user, &rssd.path()).run(RUN).success();
    }
    completes(&line, &user, &rssd, 40);
}

/// More than is asked for at once, so that a server has not sent all of them
/// long before they are read.
const MANY: u32 = 1_500;

/// Does something in the midst of a run over many messages.
#[track_caller]
fn amid(user: &User<'_>, rssd: &Rssd, line: &Line, event: impl FnOnce()) {
    rssd.look("PRAGMA journal_mode = WAL");
    let running = line
        .shell(user, &rssd.path())
        .start(&format!(".timeout 300000\n{RUN}"));
    rssd.wait("SELECT count(*) > 20 FROM imap_sync_message");
    line.holds(1);
    event();
    line.set(Fault::Nothing);
    running.finish(PATIENCE);
}

/// A line that lets the first of many messages through.
fn held_line(user: &User<'_>) -> Line {
    user.append("INBOX", &Mail::many(MANY));
    let amid = Fault::HoldAt("Subject: message 1000\r\n");
    Line::start(Dovecot::shared().port, amid)
}

#[test]
fn mail_delivered_and_expunged_while_it_runs_is_taken_or_gone() {
    let user = Dovecot::shared().user("moving");
    let line = held_line(&user);
    let rssd = Rssd::of(&user);
    amid(&user, &rssd, &line, || {
        user.expunge("INBOX", "1,1400:1405");
        user.append(
            "INBOX",
            &[Mail::numbered(MANY + 1), Mail::numbered(MANY + 2)],
        );
    });
    let ended = "SELECT elaboration ->> 'error', elaboration ->> 'failed' FROM ur_ingest_session";
    assert_eq!(rssd.ask(ended), "|0");
    line.set(Fault::Nothing);
    line.shell(&user, &rssd.path()).run(RUN).success();
    let alive = "SELECT count(*), max(uid) FROM imap_sync_message WHERE vanished_at IS NULL";
    assert_eq!(rssd.ask(alive), "1495|1502");
    // The first one was taken before it went; the last ones too where as much was
    // asked for at once as of a distant server, for which a busy one is taken.
    let taken = rssd.ask("SELECT count(*) FROM uniform_resource_imap");
    let taken: u32 = taken.parse().unwrap();
    assert!((1496..=1502).contains(&taken), "{taken}");
    rssd.check();
}

#[test]
fn a_uidvalidity_that_changes_amid_a_run_doubles_nothing() {
    let user = Dovecot::shared().user("amid");
    let line = held_line(&user);
    let rssd = Rssd::of(&user);
    amid(&user, &rssd, &line, || user.set_uidvalidity("INBOX", 4242));
    completes(&line, &user, &rssd, MANY);
    let old =
        "SELECT count(*) FROM imap_sync_message WHERE uidvalidity <> 4242 AND vanished_at IS NULL";
    assert_eq!(rssd.ask(old), "0");
}

#[test]
fn a_server_that_ends_all_sessions_amid_a_run_costs_nothing() {
    let user = Dovecot::shared().user("kicked");
    let line = held_line(&user);
    let rssd = Rssd::of(&user);
    amid(&user, &rssd, &line, || user.kick());
    let told = "SELECT elaboration ->> 'error' IS NULL, elaboration ->> 'inserted',
                       elaboration ->> 'problems' FROM ur_ingest_session";
    assert_eq!(rssd.ask(told), format!("1|{MANY}|0"));
    completes(&line, &user, &rssd, MANY);
}

#[test]
fn a_full_database_keeps_what_it_holds_and_takes_the_rest_later() {
    let user = Dovecot::shared().user("full");
    user.append("INBOX", &Mail::many(200));
    let rssd = Rssd::of(&user);
    rssd.counts(r#"{"limit": 1}"#);
    let pages: u32 = rssd.ask("PRAGMA page_count").parse().unwrap();
    let full = rssd
        .shell
        .run(&format!("PRAGMA max_page_count = {};\n{RUN}", pages + 40));
    assert!(
        full.stderr.contains("database or disk is full (13)"),
        "{}",
        full.stderr
    );
    let some: u32 = rssd
        .ask("SELECT count(*) FROM imap_sync_message")
        .parse()
        .unwrap();
    assert!((2..200).contains(&some), "{some}");
    rssd.check();
    rssd.ingest("INBOX", "{}");
    assert_eq!(
        rssd.ask("SELECT count(*) FROM uniform_resource_imap"),
        "200"
    );
    rssd.check();
}

#[test]
fn a_full_disk_is_an_error_and_no_damage() {
    let folder = support::scratch::Scratch::new("tmpfs");
    let mount = |arguments: &[&str]| {
        let done = std::process::Command::new("mount").args(arguments).output();
        done.is_ok_and(|done| done.status.success())
    };
    let place = folder.join("disk");
    std::fs::create_dir(&place).unwrap();
    let path = place.to_str().unwrap();
    if !mount(&["-t", "tmpfs", "-o", "size=1m", "tmpfs", path]) {
        skipped("ingest_trouble: NO DISK WAS FILLED, since only root may mount a small one");
        return;
    }
    let user = Dovecot::shared().user("disk");
    user.append("INBOX", &Mail::many(400));
    let database = place.join("rssd.db");
    let full = user.shell().database(&database).run(RUN);
    let whole = user
        .shell()
        .database(&database)
        .run("PRAGMA integrity_check; PRAGMA foreign_key_check;");
    let unmounted = std::process::Command::new("umount").arg(path).status();
    assert!(unmounted.is_ok_and(|status| status.success()));
    assert!(
        full.stderr.contains("database or disk is full"),
        "{}",
        full.stderr
    );
    assert_eq!(whole.text(), "ok\n");
}
