//! When to ask for the names of the mailboxes that are meant, which may come to
//! be others.

use std::time::{Duration, Instant};

use super::scope::Scope;

/// The least time between two questions.
const PAUSE: Duration = Duration::from_secs(5);

/// The questions for the mailboxes that a scope means.
pub(super) struct Survey {
    /// Which are meant.
    pub(super) scope: Scope,
    /// When they were asked for; `None` before the first time.
    asked: Option<Instant>,
    next: Instant,
}

impl Survey {
    /// Begins with a question at once: much may have been made since the
    /// mailboxes were found.
    pub(super) fn of(scope: Scope) -> Self {
        Self {
            scope,
            asked: None,
            next: Instant::now(),
        }
    }

    /// True where it is time to ask; never where the same are meant always.
    pub(super) fn is_due(&self) -> bool {
        !self.scope.is_fixed() && Instant::now() >= self.next
    }

    /// Notes that they were asked for, and are to be again after `period`.
    pub(super) fn rest(&mut self, period: Duration) {
        let now = Instant::now();
        self.asked = Some(now);
        self.next = now + period;
    }

    /// Has them asked for as soon as may be.
    pub(super) fn hasten(&mut self) {
        let earliest = self.asked.map_or_else(Instant::now, |asked| asked + PAUSE);
        self.next = self.next.min(earliest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn survey(pattern: &str) -> Survey {
        Survey::of(Scope::new(vec![pattern.to_owned()], Vec::new()))
    }

    #[test]
    fn patterns_are_asked_for_at_once_and_names_never() {
        assert!(survey("Box/%").is_due());
        assert!(!survey("Box").is_due());
    }

    #[test]
    fn whatever_happens_there_is_a_pause_between_two_questions() {
        let mut survey = survey("*");
        survey.rest(Duration::from_secs(600));
        survey.hasten();
        assert_eq!(survey.asked.map(|asked| asked + PAUSE), Some(survey.next));
        survey.rest(Duration::from_secs(1));
        let next = survey.next;
        survey.hasten();
        assert_eq!(survey.next, next);
    }
}
