//! Deletes from the server what this run has committed: option `delete`.
//!
//! The only way to the one module that writes to a mailbox.

use crate::error::Result;
use crate::imap::mailbox::Mailbox;
use crate::imap::session::Session;
use crate::imap::store::Deletion;
use crate::imap::uid_set::UidSet;

/// Deletes messages and says how many are gone. Where the server lacks UIDPLUS
/// they are marked `\Deleted` and none is gone.
///
/// # Errors
/// The session's; see [`Session::delete`].
pub fn remove(
    session: &mut Session,
    mailbox: &Mailbox,
    uidvalidity: u32,
    committed: &UidSet,
) -> Result<u64> {
    Ok(match session.delete(mailbox, uidvalidity, committed)? {
        Deletion::Expunged => committed.len(),
        Deletion::Marked => 0,
    })
}
