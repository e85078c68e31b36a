//! One wait: how long it may last and whether it still may.
//!
//! Whoever waits (resolving, connecting, reading, writing) does so in slices
//! of at most [`SLICE`] and calls [`Watch::check`] between them.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::settings::Settings;
use crate::error::{Error, Kind, Result};

/// The longest a wait goes on without looking up.
pub const SLICE: Duration = Duration::from_millis(100);

/// How often a wait whose data keeps coming asks whether it is cancelled.
const ASKING: Duration = Duration::from_millis(50);

/// A wait for one step, from its start on.
pub struct Watch<'a> {
    settings: &'a Settings,
    peer: &'a str,
    during: &'a str,
    progress: Instant,
    asked: Option<Instant>,
}

impl<'a> Watch<'a> {
    /// Starts waiting for `peer` (`host:port`) in the step `during`.
    pub fn start(settings: &'a Settings, peer: &'a str, during: &'a str) -> Self {
        Self {
            settings,
            peer,
            during,
            progress: Instant::now(),
            asked: None,
        }
    }

    /// Notes that something has arrived or gone out.
    pub fn progress(&mut self) {
        self.progress = Instant::now();
    }

    /// The longest the next slice may last.
    pub fn slice(&self) -> Duration {
        SLICE
            .min(self.settings.timeout)
            .max(Duration::from_millis(1))
    }

    /// What is left of the time without progress.
    pub fn remaining(&self) -> Duration {
        self.settings
            .timeout
            .saturating_sub(self.progress.elapsed())
    }

    /// # Errors
    /// [`Kind::Cancelled`] when the user has stopped the statement,
    /// [`Kind::TimedOut`] when the server made no progress for the timeout or
    /// the statement's deadline has passed.
    pub fn check(&mut self) -> Result<()> {
        let now = Instant::now();
        if self.asked.is_none_or(|asked| now - asked >= ASKING) {
            self.asked = Some(now);
            if self.settings.cancel.is_cancelled() {
                return Err(Kind::Cancelled.into());
            }
        }
        if let Some(deadline) = self.settings.deadline
            && now >= deadline.at
        {
            let during = format!("{}; deadline of the statement", self.during);
            return Err(self.timed_out(deadline.allowed, during));
        }
        if now - self.progress >= self.settings.timeout {
            return Err(self.timed_out(self.settings.timeout, self.during.to_owned()));
        }
        Ok(())
    }

    /// Waits for what a thread has to tell, which may be abandoned; `None` when
    /// `patience` ran out first or the thread has ended without a word.
    ///
    /// # Errors
    /// As [`Watch::check`].
    pub fn receive<T>(
        &mut self,
        answer: &Receiver<T>,
        patience: Option<Instant>,
    ) -> Result<Option<T>> {
        loop {
            match answer.recv_timeout(self.slice()) {
                Ok(found) => return Ok(Some(found)),
                Err(RecvTimeoutError::Disconnected) => return Ok(None),
                Err(RecvTimeoutError::Timeout) => self.check()?,
            }
            if patience.is_some_and(|until| Instant::now() >= until) {
                return Ok(None);
            }
        }
    }

    fn timed_out(&self, waited: Duration, during: String) -> Error {
        Kind::TimedOut {
            peer: self.peer.to_owned(),
            waited,
            during,
        }
        .into()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::super::settings::{Cancel, Deadline};
    use super::*;

    struct Flag(AtomicBool);

    impl Cancel for Flag {
        fn is_cancelled(&self) -> bool {
            self.0.load(Ordering::Relaxed)
        }
    }

    #[test]
    fn no_progress_for_the_timeout_ends_the_wait_and_progress_restarts_it() {
        let settings = Settings {
            timeout: Duration::from_secs(20),
            ..Settings::default()
        };
        let mut watch = Watch::start(&settings, "mail.example.org:993", "greeting");
        watch.check().expect("it has just begun");
        watch.progress -= Duration::from_secs(21);
        let error = watch.check().expect_err("21 s of 20");
        let sentence = "imap: mail.example.org:993 did not answer within 20 s (greeting)";
        assert_eq!(error.to_string(), sentence);
        watch.progress();
        watch.check().expect("something has come");
    }

    #[test]
    fn a_passed_deadline_ends_a_wait_that_makes_progress() {
        let deadline = Some(Deadline::after(Duration::ZERO));
        let settings = Settings {
            deadline,
            ..Settings::default()
        };
        let error = Watch::start(&settings, "h:1", "UID FETCH")
            .check()
            .expect_err("passed");
        assert_eq!(
            error.to_string(),
            "imap: h:1 did not answer within 0 s (UID FETCH; deadline of the statement)"
        );
    }

    #[test]
    fn a_cancelled_statement_ends_the_wait() {
        let flag = Arc::new(Flag(AtomicBool::new(false)));
        let settings = Settings {
            cancel: flag.clone(),
            ..Settings::default()
        };
        let mut watch = Watch::start(&settings, "h:1", "greeting");
        watch.check().expect("not yet");
        flag.0.store(true, Ordering::Relaxed);
        std::thread::sleep(ASKING);
        assert!(watch.check().expect_err("stopped").is_cancelled());
    }
}
