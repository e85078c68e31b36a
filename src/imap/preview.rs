//! Whether a server that names PREVIEW makes any (RFC 8970).
//!
//! NIL stands for a preview that is not there yet. Cyrus answers so for every
//! message unless another program writes previews for it; what is asked of
//! every message is then better computed from its first bytes.

use super::extra::Extra;
use super::items::Item;
use super::session::Session;
use super::uid_set::UidSet;
use super::wanted::Wanted;
use crate::error::Result;

const PREVIEW: Wanted = Wanted::extra(Extra::Preview);

impl Session {
    /// `wanted` of these messages of the open mailbox, with their first bytes
    /// in place of a preview that the server does not have. It is asked for
    /// one message, once in a session.
    ///
    /// # Errors
    /// The wire's.
    pub fn previewed(&mut self, wanted: Wanted, uids: &UidSet) -> Result<Wanted> {
        if !wanted.contains(PREVIEW) {
            return Ok(wanted);
        }
        if self.makes_previews.is_none()
            && let Some(uid) = uids.iter().next()
        {
            self.makes_previews = match self.fetch_one(uid, Item::Extra(Extra::Preview)) {
                Ok(Some(message)) if !message.refusals.is_empty() => Some(false),
                Ok(message) => message
                    .and_then(|mut message| message.extras.pop())
                    .map(|(_, preview)| preview.is_some()),
                Err(error) if error.is_refused() => Some(false),
                Err(error) => return Err(error),
            };
        }
        Ok(match self.makes_previews {
            Some(false) => wanted.without(PREVIEW).and(Wanted::HEAD),
            _ => wanted,
        })
    }
}
