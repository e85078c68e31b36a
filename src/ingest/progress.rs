//! A bar on stderr, for people who wait.

use std::io::IsTerminal;
use std::time::Instant;

use indicatif::{HumanBytes, ProgressBar, ProgressStyle};

use super::options::Progress;

/// Shows how far a run is, or nothing.
pub struct Meter(Option<Drawn>);

struct Drawn {
    bar: ProgressBar,
    begun: Instant,
    bytes: std::cell::Cell<u64>,
}

impl Meter {
    /// A meter that draws only where that is wanted and stderr is a terminal.
    pub fn new(progress: Progress) -> Self {
        let draws = progress == Progress::Bar && std::io::stderr().is_terminal();
        Self(draws.then(|| {
            let bar = ProgressBar::new(0);
            let style = ProgressStyle::with_template(
                "{prefix} {wide_bar} {pos}/{len} messages, {msg}, {eta} left",
            );
            let bar = bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.set_message(amount(0, 0.0));
            Drawn {
                bar,
                begun: Instant::now(),
                bytes: std::cell::Cell::new(0),
            }
        }))
    }

    /// Goes on to a folder with so many messages to take.
    pub fn folder(&self, name: &str, messages: u64) {
        if let Some(Drawn { bar, .. }) = &self.0 {
            bar.set_prefix(crate::error::quote(name));
            bar.set_length(messages);
            bar.set_position(0);
            bar.reset_eta();
        }
    }

    /// Counts messages that are done with, and the bytes that were downloaded.
    pub fn advance(&self, messages: u64, bytes: u64) {
        if let Some(drawn) = &self.0 {
            let bytes = drawn.bytes.get() + bytes;
            drawn.bytes.set(bytes);
            let seconds = drawn.begun.elapsed().as_secs_f64();
            drawn.bar.set_message(amount(bytes, seconds));
            drawn.bar.inc(messages);
        }
    }
}

/// So many bytes, and how many that are a second.
fn amount(bytes: u64, seconds: f64) -> String {
    // Up to 2^53 bytes a second are told exactly.
    let rate = (bytes as f64 / seconds.max(0.001)) as u64;
    format!("{} at {}/s", HumanBytes(bytes), HumanBytes(rate))
}

impl Drop for Meter {
    fn drop(&mut self) {
        if let Some(Drawn { bar, .. }) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_their_rate_are_told_in_words() {
        assert_eq!(amount(3 << 20, 2.0), "3.00 MiB at 1.50 MiB/s");
        assert_eq!(amount(0, 0.0), "0 B at 0 B/s");
    }
}
