//! What networks, servers, other programs and disks do to an ingest: nothing is
//! lost by it, and the next run goes on.

mod rssd;
mod support;

use rssd::Rssd;
use std::time::Duration;
use support::dovecot::Dovecot;
use support::line::{Fault, Line};
use support::mail::Mail;
use support::shell::Shell;
use support::user::User;

fn by(line: &Line, user: &User<'_>, rssd: &Rssd) -> Shell {
    Shell::new()
        .database(&rssd.path())
        .account(line.port, &user.name, &user.password)
}

const RUN: &str =
    "SELECT imap_ingest(NULL, NULL, NULL, '{\"batch\": 5, \"timeout\": 1}') ->> 'failed';";

/// Runs once more, without a fault, after which all is there.
#[track_caller]
fn completes(line: &Line, user: &User<'_>, rssd: &Rssd, messages: u32) {
    line.set(Fault::Nothing);
    let shell = by(line, user, rssd);
    assert_eq!(shell.run(RUN).success(), "0\n");
    let count = "SELECT count(*), count(DISTINCT subject) FROM uniform_resource_imap";
    assert_eq!(rssd.ask(count), format!("{messages}|{messages}"));
    let again = "SELECT imap_ingest() ->> 'fetched';";
    assert_eq!(shell.run(again).success(), "0\n");
    rssd.check();
}

#[test]
fn a_line_cut_at_any_byte_costs_nothing_that_came() {
    let user = Dovecot::shared().user("cut");
    user.append("INBOX", &Mail::many(60));
    let rssd = Rssd::of(&user);
    let line = Line::start(Dovecot::shared().port, Fault::Nothing);
    let mut offset = 700_u64;
    for _ in 0..12 {
        line.set(Fault::Cut(offset));
        let finished = by(&line, &user, &rssd).run(RUN);
        assert!(
            !finished.status.success() || finished.text() == "0\n",
            "{}",
            finished.stderr
        );
        offset = offset * 13 / 10 + 211;
    }
    completes(&line, &user, &rssd, 60);
}

#[test]
fn a_line_that_stalls_or_drips_loses_nothing() {
    let user = Dovecot::shared().user("stall");
    user.append("INBOX", &Mail::many(40));
    let rssd = Rssd::of(&user);
    let line = Line::start(Dovecot::shared().port, Fault::Nothing);
    for offset in [900, 2_100, 4_700] {
        line.set(Fault::Stall(offset));
        let error = by(&line, &user, &rssd).error(RUN);
        assert!(error.contains("did not answer within 1 s"), "{error}");
    }
    line.set(Fault::Drip(50));
    by(&line, &user, &rssd).run(RUN).success();
    completes(&line, &user, &rssd, 40);
}

#[test]
fn mail_delivered_and_expunged_while_it_runs_is_taken_or_gone() {
    let user = Dovecot::shared().user("moving");
    user.append("INBOX", &Mail::many(150));
    let rssd = Rssd::of(&user);
    let line = Line::start(Dovecot::shared().port, Fault::Drip(300));
    let running = by(&line, &user, &rssd).start(RUN);
    std::thread::sleep(Duration::from_millis(150));
    user.expunge("INBOX", "140:145");
    user.append("INBOX", &[Mail::numbered(151), Mail::numbered(152)]);
    running.finish(Duration::from_secs(60)).success();
    line.set(Fault::Nothing);
    by(&line, &user, &rssd).run(RUN).success();
    let alive = "SELECT count(*), max(uid) FROM imap_sync_message WHERE vanished_at IS NULL";
    assert_eq!(rssd.ask(alive), "146|152");
    rssd.check();
}

#[test]
fn a_uidvalidity_that_changes_amid_a_run_doubles_nothing() {
    let user = Dovecot::shared().user("amid");
    user.append("INBOX", &Mail::many(120));
    let rssd = Rssd::of(&user);
    let line = Line::start(Dovecot::shared().port, Fault::Drip(300));
    let running = by(&line, &user, &rssd).start(RUN);
    std::thread::sleep(Duration::from_millis(200));
    user.set_uidvalidity("INBOX", 4242);
    running.finish(Duration::from_secs(60));
    completes(&line, &user, &rssd, 120);
    let old =
        "SELECT count(*) FROM imap_sync_message WHERE uidvalidity <> 4242 AND vanished_at IS NULL";
    assert_eq!(rssd.ask(old), "0");
}

#[test]
fn a_server_that_ends_all_sessions_amid_a_run_costs_that_run_only() {
    let user = Dovecot::shared().user("restarted");
    user.append("INBOX", &Mail::many(150));
    let rssd = Rssd::of(&user);
    let line = Line::start(Dovecot::shared().port, Fault::Drip(300));
    let running = by(&line, &user, &rssd).start(RUN);
    std::thread::sleep(Duration::from_millis(200));
    user.kick();
    running.finish(Duration::from_secs(60));
    completes(&line, &user, &rssd, 150);
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
        eprintln!("only root may mount a disk that is full at will; max_page_count stands in");
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

#[test]
fn a_database_that_another_writer_holds_is_waited_for_as_the_host_says() {
    let user = Dovecot::shared().user("locked");
    user.append("INBOX", &Mail::many(20));
    let rssd = Rssd::of(&user);
    rssd.counts(r#"{"limit": 1}"#);
    let other = Shell::new().database(&rssd.path());
    let holder = other.start("BEGIN IMMEDIATE;\n.shell sleep 2\nCOMMIT;");
    std::thread::sleep(Duration::from_millis(700));
    let refused = rssd.shell.error("SELECT imap_ingest();");
    assert!(refused.ends_with("database is locked (5)"), "{refused}");
    let patient = rssd
        .shell
        .run(".timeout 20000\nSELECT imap_ingest() ->> 'inserted';");
    assert_eq!(patient.success(), "19\n");
    holder.finish(Duration::from_secs(60)).success();
    assert_eq!(rssd.ask("SELECT count(*) FROM uniform_resource_imap"), "20");
    rssd.check();
}
