//! What Dovecot's log says a user's sessions did: an oracle for what a query
//! read, which no client can fool.

use super::dovecot::Dovecot;
use super::until::until;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

/// The sums over some sessions, from the lines Dovecot writes as they end.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Sessions that signed in.
    pub sessions: usize,
    /// Bytes they sent.
    pub bytes_in: u64,
    /// Bytes they received.
    pub bytes_out: u64,
    /// Messages whose header was opened.
    pub headers: u64,
    /// Messages whose body was opened.
    pub bodies: u64,
}

/// What `user`'s sessions do while `action` runs. Waits until all of them have
/// ended, so `action` must end them: a host that exits does.
#[track_caller]
pub fn observe<R>(server: &Dovecot, user: &str, action: impl FnOnce() -> R) -> (R, Traffic) {
    settle(server);
    let before = read(&server.log()).len();
    let result = action();
    settle(server);
    let traffic = wait(server, |log| sum(&log[before..], user));
    (result, traffic)
}

/// Waits until everything that has happened is in the log. Dovecot's logging
/// process takes in the lines of all others in rounds, and within a round in
/// any order: a session of our own, opened now, is logged in this round or
/// later, and a second one after it in a later round.
fn settle(server: &Dovecot) {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    for _ in 0..2 {
        let name = format!("fence-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        server.user(&name).client().command(b"LOGOUT");
        wait(server, |log| {
            sum(log, &name).filter(|traffic| traffic.sessions == 1)
        });
    }
}

/// Reads the log until `look` finds something in it.
#[track_caller]
fn wait<T>(server: &Dovecot, look: impl Fn(&str) -> Option<T>) -> T {
    until(|| look(&read(&server.log())))
}

/// The whole log.
pub fn read(log: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(log).unwrap()).into_owned()
}

/// The sums, once every session that began has ended. Sessions go by their id:
/// the end of an earlier one may still come in.
fn sum(log: &str, user: &str) -> Option<Traffic> {
    // As Dovecot 2.3 and 2.4 put it.
    let logins = ["Login", "Logged in"].map(|said| format!(": {said}: user=<{user}>,"));
    let is_login = |line: &&str| logins.iter().any(|login| line.contains(login));
    let mut traffic = Traffic::default();
    for line in log.lines().filter(is_login) {
        let id = line.split_once(" session=").unwrap().1;
        let ended = |line: &&str| line.contains(id) && line.contains(" body_count=");
        let end = log.lines().find(ended)?;
        traffic.sessions += 1;
        traffic.bytes_in += number(end, " in=");
        traffic.bytes_out += number(end, " out=");
        traffic.headers += number(end, " hdr_count=");
        traffic.bodies += number(end, " body_count=");
    }
    Some(traffic)
}

fn number(line: &str, name: &str) -> u64 {
    let rest = line.split_once(name).unwrap().1;
    let end = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    rest[..end].parse().unwrap()
}
