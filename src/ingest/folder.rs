//! A folder in the course of a run, as reader and writer hand it to each other.

use super::state::FolderState;
use crate::imap::uid_set::UidSet;

/// A folder in the course of a run.
#[derive(Clone, Debug, Default)]
pub struct Folder {
    /// Its name, decoded.
    pub name: String,
    /// How far it has been read.
    pub state: FolderState,
    /// The messages over which the connection was lost before.
    pub suspects: Suspects,
    /// The UIDs of what this run has committed.
    pub committed: UidSet,
    /// The id of the session's folder row, once there is one.
    pub(super) row: Option<String>,
}

/// Messages over which the connection was lost, so that each is asked for alone,
/// when everything else has come.
#[derive(Clone, Debug, Default)]
pub struct Suspects {
    /// Those that are to be asked for.
    pub due: UidSet,
    /// Those that this run has asked for alone already, in vain.
    pub tried: UidSet,
}

/// What a look at a folder found changed.
#[derive(Debug, Default)]
pub struct Differences {
    /// Messages with their flags as they are now.
    pub flags: Vec<(u32, Vec<String>)>,
    /// Messages that are there no longer.
    pub gone: UidSet,
}
