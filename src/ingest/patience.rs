//! Waits for a database that another program has locked, where the host has
//! set no busy timeout: the stock shell for one gives up at once.

use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Error, Kind, Result};
use crate::sqlite::{Connection, Field, code};

/// How long a lock is waited for.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For each wait.
    pub timeout: Duration,
    /// The deadline of the statement.
    pub deadline: Option<Instant>,
}

/// The first pause between two tries; each is twice the one before.
const FIRST: Duration = Duration::from_millis(1);
/// The longest: an interrupt is heard after it.
const LONGEST: Duration = Duration::from_millis(100);

impl Patience {
    /// Tries `work`, which changes nothing where it fails, until no lock keeps
    /// it from its end. A host that waits for locks itself has done so already.
    ///
    /// # Errors
    /// Those of `work`, and an interrupt.
    pub fn wait<T>(
        &self,
        connection: &Connection,
        mut work: impl FnMut() -> Result<T>,
    ) -> Result<T> {
        let mut error = match work() {
            Err(error) if is_locked(&error) => error,
            done => return done,
        };
        if host_waits(connection) {
            return Err(error);
        }
        let begun = Instant::now();
        let mut pause = FIRST;
        while begun.elapsed() < self.timeout && !self.is_past_deadline() {
            if connection.is_interrupted() {
                return Err(Kind::Cancelled.into());
            }
            thread::sleep(pause);
            pause = (pause * 2).min(LONGEST);
            error = match work() {
                Err(error) if is_locked(&error) => error,
                done => return done,
            };
        }
        Err(explained(error, begun.elapsed()))
    }

    fn is_past_deadline(&self) -> bool {
        self.deadline
            .is_some_and(|deadline| Instant::now() >= deadline)
    }
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            deadline: None,
        }
    }
}

/// True where others hold a lock that they may let go.
pub fn is_locked(error: &Error) -> bool {
    match error.kind() {
        Kind::Host { code, .. } => {
            code::primary(*code) == code::BUSY && *code != code::BUSY_SNAPSHOT
        }
        _ => false,
    }
}

/// True where the host has set a busy timeout.
fn host_waits(connection: &Connection) -> bool {
    let timeout = || -> Result<bool> {
        let mut asked = connection.prepare("PRAGMA busy_timeout")?;
        Ok(asked.step()? && matches!(asked.column(0)?, Field::Integer(1..)))
    };
    // Where it may not be asked, it is waited for.
    timeout().unwrap_or(false)
}

/// Says how long it was waited for.
fn explained(error: Error, waited: Duration) -> Error {
    match error.kind() {
        Kind::Host { code, text } => Kind::Host {
            code: *code,
            text: format!(
                "{text}; others have held it for {:.0} s",
                waited.as_secs_f64()
            ),
        }
        .into(),
        _ => error,
    }
}
