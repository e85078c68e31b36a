//! What one run is asked to do; parsed elsewhere, from SQL.

use std::time::Duration;

use super::patience::Patience;
use super::selection::Selection;

/// The most bytes a batch of several messages takes in memory, with what becomes
/// of the largest of them while it is written.
pub const BATCH_MEMORY: u64 = 32 << 20;

/// The most bytes of mail a batch collects before it is written, whatever
/// [`Options::batch`] says: it is held in memory meanwhile, and so are one that is
/// being written and one that waits for it.
pub const BATCH: u64 = 4 << 20;

/// The most bytes a batch takes that is written while the next one comes.
pub const ALONGSIDE: u64 = 24 << 20;

/// The most bytes of mail that one command asks for.
pub const CHUNK: u64 = 4 << 20;

/// The most bytes a message can have: SQLite takes no larger value by default.
pub const LARGEST_MESSAGE: u64 = 1_000_000_000;

/// How to ingest; the connection's own settings (`timeout`, `ca_file`,
/// `deadline`) have reached the session already.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which messages are taken.
    pub selection: Selection,
    /// The most messages that are taken; later runs take the rest.
    pub limit: Option<u64>,
    /// Messages written in one transaction, at least 1.
    pub batch: usize,
    /// Larger messages (in bytes) are not downloaded, but noted in
    /// `imap_sync_problem` and downloaded by a later run that allows them.
    pub max_size: u64,
    /// Patterns of LIST for folders to take besides the one that is named.
    pub include: Vec<String>,
    /// Patterns for folders to leave out.
    pub exclude: Vec<String>,
    /// What is done with attachments.
    pub attachments: Attachments,
    /// The media types of attachments that are written (`image/*` for all of a
    /// kind), lower-case; all where there are none.
    pub attachment_types: Vec<String>,
    /// What becomes of messages on the server once they are committed.
    pub afterwards: Afterwards,
    /// How long the run goes on and waits for more; until it is stopped where
    /// this is the longest duration there is.
    pub watch: Option<Duration>,
    /// How often to look for more, instead of being told by the server.
    pub period: Option<Duration>,
    /// The name of the device, if not the host's.
    pub device_name: Option<String>,
    /// Whether a bar is drawn on stderr.
    pub progress: Progress,
    /// How long a locked database is waited for.
    pub patience: Patience,
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

    /// How many bytes one byte of a message takes while it is written, beside
    /// itself: the row that SQLite makes of it, or that of its JSON, which has
    /// up to 2.7 bytes for one of base64, and the JSON.
    pub fn expansion(self) -> u64 {
        match self {
            Self::Surveilr => 6,
            Self::Compact => 1,
        }
    }

    /// As the option `layout` has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Surveilr => "surveilr",
            Self::Compact => "compact",
        }
    }
}

/// `attachments`, with surveilr's words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Attachments {
    /// They stay in their message.
    #[default]
    No,
    /// Each has a row in `ur_ingest_session_attachment`.
    Yes,
    /// Each is a `uniform_resource` too.
    UniformResource,
}

impl Attachments {
    /// surveilr's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Yes => "yes",
            Self::UniformResource => "uniform_resource",
        }
    }
}

/// What becomes of messages on the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Afterwards {
    /// They stay.
    #[default]
    Keep,
    /// They are deleted.
    Delete,
}

/// Whether a run shows how far it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Progress {
    /// Draws a bar on stderr where that is a terminal.
    Bar,
    /// Draws nothing.
    #[default]
    Silent,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            selection: Selection::default(),
            limit: None,
            batch: 1000,
            max_size: LARGEST_MESSAGE,
            include: Vec::new(),
            exclude: Vec::new(),
            attachments: Attachments::No,
            attachment_types: Vec::new(),
            afterwards: Afterwards::Keep,
            watch: None,
            period: None,
            device_name: None,
            progress: Progress::Silent,
            patience: Patience::default(),
            layout: Layout::Surveilr,
        }
    }
}
