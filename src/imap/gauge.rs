//! How fast messages come, whatever command they answer.
//!
//! One command's own answer does not tell: a server works on several at once,
//! and what waited in a buffer comes as fast as memory. So the bytes of all are
//! counted over a round trip at least. Pure but for the clock of its callers.

use std::time::{Duration, Instant};

/// Below this many bytes, how long they took says nothing of the line.
const TELLING: u64 = 1 << 20;

/// The bytes of a stretch in which the server always had something to answer.
#[derive(Debug, Default)]
pub(super) struct Gauge {
    since: Option<Instant>,
    bytes: u64,
}

impl Gauge {
    /// Counts a message.
    pub(super) fn count(&mut self, bytes: usize, now: impl FnOnce() -> Instant) {
        self.since.get_or_insert_with(now);
        self.bytes += bytes as u64;
    }

    /// Bytes in a second, once there were enough of them for so long; the next
    /// stretch begins then.
    pub(super) fn read(&mut self, least: Duration, now: Instant) -> Option<f64> {
        let took = now.saturating_duration_since(self.since?);
        if took < least || took.is_zero() || self.bytes < TELLING {
            return None;
        }
        let rate = self.bytes as f64 / took.as_secs_f64();
        *self = Self {
            since: Some(now),
            bytes: 0,
        };
        Some(rate)
    }

    /// The server has nothing to answer.
    pub(super) fn pause(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_stretch_of_all_that_comes_tells_the_rate() {
        let begin = Instant::now();
        let mut gauge = Gauge::default();
        assert_eq!(gauge.read(MS, begin), None, "nothing has come");
        gauge.count(4_000_000, || begin);
        assert_eq!(gauge.read(MS, begin), None, "no time has passed");
        assert_eq!(gauge.read(30 * MS, begin + 20 * MS), None, "too short");
        gauge.count(6_000_000, || begin + 20 * MS);
        assert_eq!(gauge.read(30 * MS, begin + 100 * MS), Some(1e8));
        gauge.count(1000, || begin + 150 * MS);
        assert_eq!(gauge.read(30 * MS, begin + 200 * MS), None, "too little");
        gauge.count(4_999_000, || begin + 200 * MS);
        assert_eq!(gauge.read(30 * MS, begin + 200 * MS), Some(5e7));
        gauge.pause();
        gauge.count(4_000_000, || begin + 900 * MS);
        let rate = gauge.read(30 * MS, begin + 1000 * MS);
        assert_eq!(rate, Some(4e7), "from its first message on");
    }
}
