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
        let at = Instant::now() + self.0;
        self.0 = (self.0 * 2).min(LAST);
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_doubles_up_to_a_minute() {
        let mut backoff = Backoff::default();
        let waits: Vec<u64> = (0..9)
            .map(|_| {
                let wait = backoff.next() - Instant::now();
                wait.as_millis().div_ceil(500) as u64
            })
            .collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 120, 120]);
    }
}
