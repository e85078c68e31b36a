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
        let Some(question) = Question::txt(name) else {
            return Ok(Answer::Failed("the DNS can have no such name".to_owned()));
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
    let end = Deadline::after(settings.timeout).at;
    let mut patience = PATIENCE;
    loop {
        let mut trouble = Vec::new();
        let mut is_silent = false;
        for &server in servers {
            let until = end.min(Instant::now() + patience);
            match ask(question, server, until, settings)? {
                Outcome::Silence => is_silent = true,
                Outcome::Unreachable(error) => trouble.push(Trouble::Unreachable(server, error)),
                Outcome::Reply(Reply::Refused(why)) => trouble.push(Trouble::Refused(server, why)),
                Outcome::Reply(Reply::Answer(answer, time)) => return Ok((answer, time)),
                Outcome::Reply(Reply::Truncated) => {
                    match ask_at_length(question, server, settings) {
                        Ok(Reply::Answer(answer, time)) => return Ok((answer, time)),
                        Ok(Reply::Refused(why)) => trouble.push(Trouble::Refused(server, why)),
                        Ok(Reply::Truncated) => {}
                        Err(error) if concerns_all(&error, settings) => return Err(error),
                        Err(error) => trouble.push(Trouble::Broken(error)),
                    }
                }
            }
        }
        if !is_silent {
            return ended(trouble);
        }
        if Instant::now() >= end {
            let seconds = settings.timeout.as_secs_f64();
            let why = format!("no DNS server answered within {seconds} s");
            return Ok((Answer::Failed(why), FAILED));
        }
        patience *= 2;
    }
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

/// True for errors that say nothing of the name: the user's, the deadline's.
fn concerns_all(error: &Error, settings: &Settings) -> bool {
    let is_over = |deadline: Deadline| Instant::now() >= deadline.at;
    error.is_cancelled() || settings.deadline.is_some_and(is_over)
}
