//! The only writer to a mailbox: deletes messages, each by its UID.
//!
//! No table comes here, nor any other module than the ingest's `remove`, which
//! does so when the caller has asked for it by name. The mailbox is opened by
//! SELECT for that alone and left by EXAMINE, which, unlike CLOSE, expunges
//! nothing (RFC 9051 section 6.4.1).

use super::folders::quoted;
use super::mailbox::Mailbox;
use super::response::Response;
use super::search::SET;
use super::session::Session;
use super::uid_set::UidSet;
use crate::error::{Error, Result, quote};

/// What became of messages that were to be deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// They are gone.
    Expunged,
    /// They are marked `\Deleted` and still there: without UIDPLUS (RFC 4315)
    /// EXPUNGE would take what others have marked as well.
    Marked,
}

impl Session {
    /// Deletes messages of a mailbox, by the UIDs they have under `uidvalidity`.
    /// Afterwards the mailbox is open for reading.
    ///
    /// # Errors
    /// Another UIDVALIDITY (nothing is deleted then), the server's refusal, or
    /// the wire's.
    pub fn delete(
        &mut self,
        mailbox: &Mailbox,
        uidvalidity: u32,
        uids: &UidSet,
    ) -> Result<Deletion> {
        let deleted = self.select_and_delete(mailbox, uidvalidity, uids);
        if self.is_usable() {
            self.examine(mailbox)?;
        }
        deleted
    }

    fn select_and_delete(
        &mut self,
        mailbox: &Mailbox,
        uidvalidity: u32,
        uids: &UidSet,
    ) -> Result<Deletion> {
        self.forget_mailbox();
        let name = || quote(mailbox.name());
        let refused = || format!("cannot delete from '{}'", name());
        let mut found = None;
        let select = [&b"SELECT "[..], &quoted(mailbox)?].concat();
        let selected = self
            .exchange()
            .command("SELECT", &select, &mut |response| {
                if let Response::Status(status) = response {
                    found = found.or(status.code_number("UIDVALIDITY"));
                }
            })?;
        selected.accepted(refused)?;
        if found != Some(uidvalidity.into()) {
            return Err(Error::misbehaved(format!(
                "cannot delete from '{}': its UIDVALIDITY has changed; nothing was deleted",
                name()
            )));
        }
        let has_uidplus = self.capabilities().has("UIDPLUS");
        for chunk in uids.chunks(u64::MAX, SET) {
            let mark = format!("UID STORE {chunk} +FLAGS.SILENT (\\Deleted)");
            let marked = self
                .exchange()
                .command("UID STORE", mark.as_bytes(), &mut |_| {})?;
            marked.accepted(refused)?;
            if has_uidplus {
                let expunge = format!("UID EXPUNGE {chunk}");
                let expunged =
                    self.exchange()
                        .command("UID EXPUNGE", expunge.as_bytes(), &mut |_| {})?;
                expunged.accepted(refused)?;
            }
        }
        Ok(if has_uidplus {
            Deletion::Expunged
        } else {
            Deletion::Marked
        })
    }
}
