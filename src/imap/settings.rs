//! What a statement brings along to every wait: how long, until when, whom to
//! trust, and whether the user has had enough.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::log::Log;
use super::trust::Trust;

/// The host's answer to "has the user stopped this statement?".
///
/// Asked from the statement's own thread, about ten times a second while a
/// wait lasts, so it may cost something.
pub trait Cancel: Send + Sync {
    /// True from the moment the statement is to end.
    fn is_cancelled(&self) -> bool;
}

/// A [`Cancel`] that never does.
pub struct Never;

impl Cancel for Never {
    fn is_cancelled(&self) -> bool {
        false
    }
}

/// The point in time at which a whole statement has to be through.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    /// When it passes.
    pub at: Instant,
    /// How long the statement was given, for the message.
    pub allowed: Duration,
}

impl Deadline {
    /// The deadline `allowed` from now.
    pub fn after(allowed: Duration) -> Self {
        Self::since(Instant::now(), allowed)
    }

    /// The deadline `allowed` from `start`; a year from then where that is
    /// later than the clock can tell.
    pub fn since(start: Instant, allowed: Duration) -> Self {
        const YEAR: Duration = Duration::from_secs(31_536_000);
        Self {
            at: start.checked_add(allowed).unwrap_or(start + YEAR),
            allowed,
        }
    }
}

/// When what is said is packed by COMPRESS=DEFLATE.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Packing {
    /// Where a server offers it that is not on this machine.
    #[default]
    Auto,
    /// Wherever a server offers it: for tests, which have no other machine.
    Always,
    /// Nowhere.
    Never,
}

/// The limits and trust of one statement; see [`Settings::default`].
#[derive(Clone)]
pub struct Settings {
    /// The longest the server may go without sending a byte we wait for.
    pub timeout: Duration,
    /// When the whole statement has to be through.
    pub deadline: Option<Deadline>,
    /// Whom TLS trusts.
    pub trust: Trust,
    /// Whether connections opened for it are packed.
    pub packing: Packing,
    /// Whether the user has stopped the statement.
    pub cancel: Arc<dyn Cancel>,
    /// Where a session that is opened writes down what it says.
    pub log: Arc<Log>,
}

impl Default for Settings {
    /// 30 s without progress, no deadline, the system's roots, never cancelled,
    /// packed where that helps, a log of its own.
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            deadline: None,
            trust: Trust::default(),
            packing: Packing::Auto,
            cancel: Arc::new(Never),
            log: Arc::default(),
        }
    }
}
