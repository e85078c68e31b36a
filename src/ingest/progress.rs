//! A bar on stderr, for people who wait.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

use super::options::Progress;

/// Shows how far a run is, or nothing.
pub struct Meter(Option<ProgressBar>);

impl Meter {
    /// A meter that draws only where that is wanted and stderr is a terminal.
    pub fn new(progress: Progress) -> Self {
        let draws = progress == Progress::Bar && std::io::stderr().is_terminal();
        Self(draws.then(|| {
            let bar = ProgressBar::new(0);
            let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}");
            bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        }))
    }

    /// Goes on to a folder with so many messages to take.
    pub fn folder(&self, name: &str, messages: u64) {
        if let Some(bar) = &self.0 {
            bar.set_message(crate::error::quote(name));
            bar.set_length(messages);
            bar.set_position(0);
        }
    }

    /// Counts messages that are done with.
    pub fn advance(&self, messages: u64) {
        if let Some(bar) = &self.0 {
            bar.inc(messages);
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
