//! A server that is stopped and started again amid an ingest: a run ends with
//! the reason and the next one goes on, a watch goes on by itself.

mod rssd;
mod support;

use rssd::Rssd;
use support::dovecot::Dovecot;
use support::line::{Fault, Line};
use support::mail::Mail;
use support::process::Running;
use support::until::PATIENCE;
use support::user::User;

const MESSAGES: u32 = 240;

/// A run that has taken some of many messages, over a line that lets no more of
/// them through, and whose server has been stopped.
fn amid<'a>(server: &'a Dovecot, options: &str) -> (User<'a>, Rssd, Line, Running) {
    let user = server.user("restart");
    // 42 MB: the sockets of a line hold up to 20, and not all may be on its way
    // when it is held up amid the first ten.
    let body = "words and more words\r\n".repeat(8_000);
    let mail = |n| Mail::raw(format!("Subject: message {n}\r\n\r\n{body}"));
    let mails: Vec<Mail> = (1..=MESSAGES).map(mail).collect();
    user.append("INBOX", &mails);
    let rssd = Rssd::of(&user);
    rssd.look("PRAGMA journal_mode = WAL");
    user.record();
    let line = Line::start(server.port, Fault::Hold(10_000_000));
    let running = line.shell(&user, &rssd.path()).start(&format!(
        ".timeout 60000\nSELECT imap_ingest(NULL, NULL, NULL, '{{\"batch\": 5, \"layout\": \"compact\"{options}}}');"
    ));
    rssd.wait("SELECT count(*) > 20 FROM imap_sync_message");
    line.holds(1);
    server.stop();
    line.set(Fault::Nothing);
    (user, rssd, line, running)
}

/// What another run over the same line fetches.
#[track_caller]
fn fetched(line: &Line, user: &User<'_>, rssd: &Rssd) -> u32 {
    let run = "SELECT imap_ingest() ->> 'fetched';";
    let finished = line.shell(user, &rssd.path()).run(run);
    finished.success().trim_end().parse().unwrap()
}

#[track_caller]
fn is_complete(rssd: &Rssd, messages: u32) {
    let once = "SELECT count(*), count(DISTINCT subject) FROM uniform_resource_imap";
    assert_eq!(rssd.ask(once), format!("{messages}|{messages}"));
    let places = "SELECT count(*), count(DISTINCT uid) FROM imap_sync_message";
    assert_eq!(rssd.ask(places), format!("{messages}|{messages}"));
    rssd.check();
}

#[test]
fn a_run_ends_with_the_reason_and_the_next_one_takes_the_rest() {
    let server = Dovecot::start(&[]);
    let (user, rssd, line, running) = amid(&server, "");
    let finished = running.finish(PATIENCE);
    // A command that the server did not read makes it a reset.
    let reasons = [
        format!("imap: 127.0.0.1:{} closed the connection", line.port),
        format!("imap: connection to 127.0.0.1:{} failed", line.port),
    ];
    let told = rssd.ask("SELECT elaboration ->> 'error' FROM ur_ingest_session");
    assert!(reasons.iter().any(|why| told.starts_with(why)), "{told}");
    assert!(finished.stderr.contains(&told), "{}", finished.stderr);
    let gone = rssd.shell.error("SELECT imap_ingest();");
    assert!(
        gone.starts_with("imap: cannot connect to localhost:"),
        "{gone}"
    );
    server.start_again();
    assert!((1..MESSAGES).contains(&fetched(&line, &user, &rssd)));
    assert_eq!(fetched(&line, &user, &rssd), 0);
    is_complete(&rssd, MESSAGES);
}

#[test]
fn a_watch_goes_on_amid_its_first_download_and_while_it_waits() {
    let server = Dovecot::start(&[]);
    let (user, rssd, line, running) = amid(&server, ", \"watch\": \"PT1H\"");
    line.is_missed();
    server.start_again();
    rssd.wait(&format!(
        "SELECT count(*) = {MESSAGES} FROM imap_sync_message"
    ));
    user.says(" IDLE", 1);
    server.stop();
    line.is_missed();
    server.start_again();
    user.append("INBOX", &[Mail::numbered(MESSAGES + 1)]);
    rssd.wait(&format!(
        "SELECT count(*) = {MESSAGES} + 1 FROM imap_sync_message"
    ));
    running.signal("INT");
    running.finish(PATIENCE);
    assert_eq!(fetched(&line, &user, &rssd), 0);
    is_complete(&rssd, MESSAGES + 1);
}
