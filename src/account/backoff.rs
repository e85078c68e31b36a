//! How long to wait before something that failed is tried again: longer each
//! time. For the waits for news, which go on for hours.

use std::time::{Duration, Instant};

/// The first wait after a failure; each further one doubles it, up to the last.
const FIRST: Duration = Duration::from_millis(500);
const LAST: Duration = Duration::from_secs(60);

/// The next wait.
pub(super) struct Backoff(Duration);

impl Default for Backoff {
    /// Nothing has failed so far.
    fn default() -> Self {
        Self(FIRST)
    }
}

impl Backoff {
    /// When to try again what has just failed.
    pub(super) fn next(&mut self) -> Instant {
        Instant::now() + self.lengthen()
    }

    /// This wait; the next one is longer.
    fn lengthen(&mut self) -> Duration {
        let longer = (self.0 * 2).min(LAST);
        std::mem::replace(&mut self.0, longer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_doubles_up_to_a_minute() {
        let mut backoff = Backoff::default();
        let before = Instant::now();
        assert!(backoff.next() >= before + FIRST);
        let waits: Vec<u64> = (1..9)
            .map(|_| backoff.lengthen().as_millis() as u64 / 500)
            .collect();
        assert_eq!(waits, [2, 4, 8, 16, 32, 64, 120, 120]);
    }
}
