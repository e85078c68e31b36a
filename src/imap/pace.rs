//! How much is asked for at once: learned from how a server answers, and kept
//! with the session.
//!
//! The fetch stream tells what it sees and asks how many commands may be in
//! flight; the schedule asks how large a chunk may be. Pure but for the clock
//! of its callers.

use std::time::Duration;

/// Commands in flight: while the server works on one, the next one waits there.
pub(super) const USUAL: usize = 2;

/// As many while little is known of a distant server: its first chunks are
/// small, and each would cost a round trip.
const AT_FIRST: usize = 4;

/// Commands at a distant server beside those on the line: Dovecot works on
/// several at once, so that they end together, and those behind them must be
/// there already.
const THERE: usize = 2;

/// Times what fills the line that is asked for: no more can come than is in
/// flight, so that a line that is not filled would never be found out.
const GAIN: usize = 2;

/// Commands in flight at most, over long fat lines. With [`FAR`] that is
/// 128 MiB: 1 GB/s over 130 ms.
const MOST: usize = 32;

/// A server this far away is distant.
const DISTANT: Duration = Duration::from_millis(5);

/// Bytes of content that one command asks for. Two of them fill a line of
/// 100 MB/s and 300 ms (measured on a prototype: below 16 MB in flight 25 ms
/// of delay showed, above it did not).
const CHUNK: u64 = 16 << 20;

/// The same of a distant server: more commands are in flight there, and what
/// comes of each waits for the end of those before it.
const FAR: u64 = 4 << 20;

/// What a struggling server is asked for at least.
const LEAST: u64 = 256 << 10;

/// A server that needs longer for the first word of an answer is asked for
/// less.
pub(super) const SLOW: Duration = Duration::from_secs(5);

/// How long a server that asks for patience is left alone, doubled each time.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// What has been learned of a server.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// The shortest time from a command to the first word of its answer.
    round_trip: Option<Duration>,
    /// Bytes in a second while there is something to answer.
    rate: Option<f64>,
    /// True where the server does one thing at a time.
    is_single: bool,
    chunk: u64,
}

impl Default for Pace {
    /// Of a server that nothing is known of.
    fn default() -> Self {
        Self {
            round_trip: None,
            rate: None,
            is_single: false,
            chunk: CHUNK,
        }
    }
}

impl Pace {
    /// How many commands may be in flight.
    pub fn depth(&self) -> usize {
        if self.is_single {
            return 1;
        }
        let Some(round_trip) = self.round_trip.filter(|_| self.is_distant()) else {
            return USUAL;
        };
        match self.rate {
            None => AT_FIRST,
            Some(rate) => {
                let on_the_line = rate * round_trip.as_secs_f64();
                let behind = (on_the_line / self.chunk() as f64).ceil() as usize;
                (THERE + GAIN * behind).min(MOST)
            }
        }
    }

    fn is_distant(&self) -> bool {
        self.round_trip >= Some(DISTANT)
    }

    /// How many bytes of content one command may ask for.
    pub fn chunk(&self) -> u64 {
        match self.is_distant() {
            true => self.chunk.min(FAR),
            false => self.chunk,
        }
    }

    /// True where one command at a time is sent.
    pub fn is_single(&self) -> bool {
        self.is_single
    }

    /// Learns how long the first word of an answer took that nothing was in
    /// front of.
    pub(super) fn heard_after(&mut self, waited: Duration) {
        self.round_trip = Some(self.round_trip.map_or(waited, |known| known.min(waited)));
    }

    /// The shortest wait seen; nothing before the first.
    pub(super) fn round_trip(&self) -> Duration {
        self.round_trip.unwrap_or_default()
    }

    /// Learns how many bytes come in a second.
    pub(super) fn received(&mut self, rate: f64) {
        self.rate = Some(rate);
    }

    /// The server cannot do two things at once.
    pub(super) fn one_at_a_time(&mut self) {
        self.is_single = true;
    }

    /// The server has too much to do: it is asked for less from now on.
    pub(super) fn ease(&mut self) {
        self.is_single = true;
        self.chunk = (self.chunk / 4).max(LEAST);
    }
}

/// How long to wait before a command is sent for the `attempt`th time again,
/// counted from 1.
pub(super) fn pause(attempt: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn bandwidth_and_round_trip_decide_how_much_is_in_flight() {
        let mut pace = Pace::default();
        assert_eq!(pace.depth(), 2);
        pace.heard_after(100 * MS);
        assert_eq!(pace.depth(), 4, "distant, and its speed unknown");
        pace.received(1e7);
        assert_eq!((pace.depth(), pace.chunk()), (4, FAR), "1 MB on the line");
        pace.received(5e8);
        assert_eq!(pace.depth(), 26, "50 MB on the line");
        pace.received(1e20);
        assert_eq!(pace.depth(), MOST);
        pace.heard_after(MS / 10);
        assert_eq!(
            (pace.depth(), pace.chunk()),
            (2, CHUNK),
            "the shortest wait counts"
        );
    }

    #[test]
    fn a_server_that_struggles_gets_less_to_do() {
        let mut pace = Pace::default();
        pace.heard_after(100 * MS);
        pace.ease();
        assert_eq!((pace.depth(), pace.chunk()), (1, FAR));
        for _ in 0..10 {
            pace.ease();
        }
        assert_eq!((pace.depth(), pace.chunk()), (1, LEAST));
    }

    #[test]
    fn pauses_double() {
        assert_eq!([1, 2, 4].map(pause), [500 * MS, 1000 * MS, 4000 * MS]);
    }
}
