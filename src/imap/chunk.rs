//! What one UID FETCH asks for.
//!
//! A schedule makes chunks, the fetch stream sends them.

use std::sync::Arc;

use super::items::Items;
use super::uid_set::UidSet;

/// Room for the UIDs of one command line, of the 4,000 bytes every server takes;
/// Office 365 refuses longer ones.
pub const SET: usize = 3_000;

/// What one command asks for.
#[derive(Clone, Debug)]
pub struct Chunk {
    /// The messages.
    pub uids: UidSet,
    /// What of them; shared between the chunks of a query.
    pub items: Arc<Items>,
}
