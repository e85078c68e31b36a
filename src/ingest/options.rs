//! What one run is asked to do; parsed elsewhere, from SQL.

/// The most bytes of mail a batch collects before it is written, whatever
/// [`Options::batch`] says: it is held in memory meanwhile.
pub const BATCH_BYTES: u64 = 16 << 20;

/// The most bytes a message can have: SQLite takes no larger value by default.
pub const LARGEST_MESSAGE: u64 = 1_000_000_000;

/// How to ingest; the connection's own settings (`timeout`, `ca_file`,
/// `deadline`) have reached the session already.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Messages written in one transaction, at least 1.
    pub batch: usize,
    /// Larger messages (in bytes) are not downloaded, but noted in
    /// `imap_sync_problem` and downloaded by a later run that allows them.
    pub max_size: u64,
    /// Whether a bar is drawn on stderr.
    pub progress: Progress,
    /// How the messages that are new are stored.
    pub layout: Layout,
}

/// How often RSSD holds the content of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// As surveilr has it: in the message row and its unique index, in the
    /// `text` resource, and once more in the `json`, `txt` and `html` ones.
    Surveilr,
    /// Once, in the `text` resource, to which the message row refers.
    Compact,
}

impl Layout {
    /// Every layout.
    pub const ALL: [Self; 2] = [Self::Surveilr, Self::Compact];

    /// As the option `layout` has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Surveilr => "surveilr",
            Self::Compact => "compact",
        }
    }
}

/// Whether a run shows how far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Draws a bar on stderr where that is a terminal.
    Bar,
    /// Draws nothing.
    Silent,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            batch: 1000,
            max_size: LARGEST_MESSAGE,
            progress: Progress::Silent,
            layout: Layout::Surveilr,
        }
    }
}
