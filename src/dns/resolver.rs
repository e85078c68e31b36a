//! A name's records: every server in turn, again and again until the time is
//! over, and what was found out kept for the next time.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Answer;
use super::cache::Cache;
use super::exchange::{Outcome, ask, ask_at_length};
use super::message::{Question, Reply};
use crate::error::{Error, Result};
use crate::imap::{Deadline, Settings, reason};

/// How long the first server may take in the first round; twice as long in
/// each that follows.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long it is not tried again to find out what nobody could tell (RFC 2308
/// section 7 allows five minutes).
const FAILED: Duration = Duration::from_secs(30);

/// Looks names up, for one SQLite connection.
#[derive(Default)]
pub struct Resolver(Mutex<Cache>);

impl Resolver {
    /// The TXT records of `name` as one of `servers` has them;
    /// `settings.timeout` bounds the whole lookup.
    ///
    /// # Errors
    /// Cancelled, the deadline's, and servers none of which is there.
    pub fn txt(&self, name: &str, servers: &[SocketAddr], settings: &Settings) -> Result<Answer> {
        if let Some(answer) = self.cache().find(servers, name) {
            return Ok(answer);
        }
        // What the DNS could not have is not there.
        let Some(question) = Question::txt(name)? else {
            return Ok(Answer::Absent);
        };
        let (answer, time) = look_up(&question, servers, settings)?;
        self.cache().keep(servers, name, &answer, time);
        Ok(answer)
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, Cache> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn look_up(
    question: &Question,
    servers: &[SocketAddr],
    settings: &Settings,
) -> Result<(Answer, Duration)> {
    let end = Deadline::after(settings.timeout);
    let mut patience = PATIENCE;
    loop {
        let mut trouble = Vec::new();
        let mut is_silent = false;
        for &server in servers {
            let until = end.at.min(Instant::now() + patience);
            match consult(question, server, until, end, settings)? {
                Outcome::Reply(Reply::Answer(answer, time)) => return Ok((answer, time)),
                Outcome::Reply(Reply::Refused(why)) => trouble.push(Trouble::Refused(server, why)),
                Outcome::Unreachable(error) => trouble.push(Trouble::Unreachable(server, error)),
                Outcome::Broken(error) => trouble.push(Trouble::Broken(error)),
                Outcome::Silence | Outcome::Reply(Reply::Truncated) => is_silent = true,
            }
        }
        let is_over = is_over(end);
        if !is_silent || is_over && !trouble.is_empty() {
            return ended(trouble);
        }
        if is_over {
            let seconds = settings.timeout.as_secs_f64();
            let why = format!("no DNS server answered within {seconds} s");
            return Ok((Answer::Failed(why), FAILED));
        }
        patience *= 2;
    }
}

/// What one server says: over TCP, to the end of the whole lookup, where that
/// takes more than a datagram.
fn consult(
    question: &Question,
    server: SocketAddr,
    until: Instant,
    end: Deadline,
    settings: &Settings,
) -> Result<Outcome> {
    let outcome = ask(question, server, until, settings)?;
    if !matches!(outcome, Outcome::Reply(Reply::Truncated)) {
        return Ok(outcome);
    }
    let sooner = settings.deadline.filter(|deadline| deadline.at < end.at);
    let bounded = Settings {
        deadline: sooner.or(Some(end)),
        ..settings.clone()
    };
    match ask_at_length(question, server, &bounded) {
        Ok(reply) => Ok(Outcome::Reply(reply)),
        Err(error) if error.is_cancelled() || sooner.is_some_and(is_over) => Err(error),
        Err(_) if is_over(end) => Ok(Outcome::Silence),
        Err(error) => Ok(Outcome::Broken(error)),
    }
}

fn is_over(deadline: Deadline) -> bool {
    Instant::now() >= deadline.at
}

/// Why a server gave no answer.
enum Trouble {
    Refused(SocketAddr, String),
    Unreachable(SocketAddr, std::io::Error),
    Broken(Error),
}

/// What it comes to where every server has said or shown that it gives no
/// answer: the word of one that is there tells of the name, else there is no
/// DNS at all.
fn ended(trouble: Vec<Trouble>) -> Result<(Answer, Duration)> {
    let mut absent = None;
    for one in trouble {
        let why = match one {
            Trouble::Refused(server, code) => format!("{server} answered {code}"),
            Trouble::Broken(error) => {
                let text = error.to_string();
                text.strip_prefix("imap: ").unwrap_or(&text).to_owned()
            }
            Trouble::Unreachable(server, error) => {
                absent.get_or_insert((server, error));
                continue;
            }
        };
        return Ok((Answer::Failed(why), FAILED));
    }
    let why = absent.map_or_else(
        || "no server is named".to_owned(),
        |(server, error)| format!("{server}: {}", reason(&error)),
    );
    Err(Error::network(format!("cannot reach a DNS server: {why}")))
}
