//! The flags of messages in the open mailbox: all, or what has changed since an
//! earlier visit (RFC 7162).
//!
//! The ingest asks for it instead of reading all flags again. Where the server
//! has QRESYNC it also tells which messages are gone.

use super::exchange::Arrival;
use super::flags::Flags;
use super::response::Response;
use super::session::Session;
use super::uid_set::UidSet;
use crate::error::Result;

/// What changed in a stretch of UIDs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// The flags of messages as they are now.
    pub flags: Vec<(u32, Flags)>,
    /// Messages that are gone, and UIDs that never were; `None` where the
    /// server does not tell.
    pub vanished: Option<UidSet>,
}

impl Session {
    /// Has the server tell which messages are gone, where it can and is still
    /// to be asked: ENABLE belongs before the first mailbox is opened (RFC 5161
    /// section 3.1).
    ///
    /// # Errors
    /// The wire's.
    pub fn enable_qresync(&mut self) -> Result<()> {
        let may_ask = self.may_enable();
        if may_ask && self.capabilities().has("QRESYNC") && self.capabilities().has("ENABLE") {
            let mut is_enabled = false;
            self.exchange()
                .command("ENABLE", b"ENABLE QRESYNC", &mut |response| {
                    // `* ENABLED QRESYNC` is no response that anything else needs.
                    if let Response::Other(line) = response {
                        let line = line.to_ascii_uppercase();
                        is_enabled |= line.starts_with(b"* ENABLED")
                            && line.windows(7).any(|word| word == b"QRESYNC");
                    }
                })?;
            self.set_qresync(is_enabled);
        }
        Ok(())
    }

    /// The flags of these messages, of all of them or of those that changed
    /// after `modseq`. The set is sent as one line.
    ///
    /// # Errors
    /// The server's refusal, or the wire's.
    pub fn changes(&mut self, uids: &UidSet, modseq: Option<u64>) -> Result<Changes> {
        let tells_gone = self.has_qresync() && modseq.is_some();
        let vanished = if tells_gone { " VANISHED" } else { "" };
        let since = modseq.map(|modseq| format!(" (CHANGEDSINCE {modseq}{vanished})"));
        let since = since.unwrap_or_default();
        let command = format!("UID FETCH {uids} (UID FLAGS){since}");
        let tag = self.exchange().launch("UID FETCH", command.as_bytes())?;
        let mut flags = Vec::new();
        let mut gone = Vec::new();
        loop {
            let arrival = self.exchange().arrive("UID FETCH", &mut |response| {
                if let Response::Vanished { uids, .. } = response {
                    gone.extend(uids.ranges());
                }
            })?;
            match arrival {
                Arrival::Message(message) => {
                    flags.extend(message.flags.map(|flags| (message.uid, flags)));
                }
                Arrival::Ended(ended) if ended.tag == tag => {
                    ended.accepted(|| format!("cannot get the flags in '{}'", self.open_name()))?;
                    break;
                }
                _ => {}
            }
        }
        Ok(Changes {
            flags,
            vanished: tells_gone.then(|| gone.into_iter().collect()),
        })
    }
}
