//! IDLE (RFC 2177): the server tells what happens in the open mailbox.
//!
//! On our own exchange, not the `imap` crate's: its `Handle` waits without a
//! look at the statement's interrupt, keeps on by recursion, does network I/O
//! when it is dropped, and panics where a server answers OK instead of `+`
//! (measured with 3.0.0-alpha.15). Here nothing waits but the two commands'
//! ends: what has come is asked for, and an [`Idling`] that is dropped leaves a
//! command on the wire, by which the session knows that it is no longer usable.

use std::time::Instant;

use super::exchange::Arrival;
use super::response::Response;
use super::session::Session;
use super::status_line::Status;
use super::uid_set::UidSet;
use crate::error::{Error, Result};

/// The most bytes a server may say in one burst that nobody asked for.
pub(super) const BURST: usize = 1 << 20;

/// A session that idles.
pub struct Idling {
    tag: Vec<u8>,
    /// When it began.
    pub since: Instant,
    /// What came before anybody asked.
    early: Vec<Notice>,
}

/// What the server tells unasked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// So many messages are there now.
    Exists(u32),
    /// The message of this sequence number is gone.
    Expunged(u32),
    /// These messages are gone.
    Vanished(UidSet),
    /// The flags of the message of this sequence number have changed; of some
    /// message where it is 0.
    Changed(u32),
    /// The server has ended the IDLE.
    Ended,
}

impl Session {
    /// Begins to idle in the open mailbox.
    ///
    /// # Errors
    /// The server's refusal, or the wire's.
    pub fn idle(&mut self) -> Result<Idling> {
        self.exchange().check_free("IDLE")?;
        let tag = self.exchange().launch("IDLE", b"IDLE")?;
        let mut early = Vec::new();
        loop {
            let arrival = self.exchange().arrive("IDLE", &mut |response| {
                early.extend(notice(response));
            })?;
            match arrival {
                Arrival::Continuation(_) => break,
                Arrival::Ended(ended) if ended.tag == tag => {
                    let is_ok = ended.status == Status::Ok;
                    ended.accepted(|| format!("cannot wait in '{}'", self.open_name()))?;
                    // An OK without `+` is no IDLE either.
                    early.extend(is_ok.then_some(Notice::Ended));
                    break;
                }
                // Flags that are told between two commands.
                Arrival::Message(_) => early.push(Notice::Changed(0)),
                _ => {}
            }
        }
        Ok(Idling {
            tag,
            since: Instant::now(),
            early,
        })
    }

    /// What the server has told since the last time, without waiting.
    ///
    /// # Errors
    /// The server has closed the connection.
    pub fn idle_news(&mut self, idling: &mut Idling) -> Result<Vec<Notice>> {
        let mut news = std::mem::take(&mut idling.early);
        let mut exchange = self.exchange();
        exchange.overhear(BURST, &mut |response| {
            news.extend(notice(response));
            if matches!(response, Response::Tagged { tag, .. } if *tag == idling.tag) {
                news.push(Notice::Ended);
            }
        });
        if exchange.wire.is_whole() {
            return Ok(news);
        }
        let peer = exchange.wire.peer();
        Err(Error::network(format!(
            "{peer} closed the connection (IDLE)"
        )))
    }

    /// Ends the IDLE, and gives what the server has told since the last time;
    /// the session is usable again.
    ///
    /// # Errors
    /// The wire's.
    pub fn idle_done(&mut self, idling: Idling) -> Result<Vec<Notice>> {
        let mut news = idling.early;
        if self.is_usable() {
            // The server has ended it.
            return Ok(news);
        }
        self.exchange().wire.send(b"DONE\r\n", "IDLE")?;
        loop {
            let arrival = self.exchange().arrive("IDLE", &mut |response| {
                news.extend(notice(response));
            })?;
            match arrival {
                Arrival::Message(_) => news.push(Notice::Changed(0)),
                Arrival::Ended(ended) if ended.tag == idling.tag => {
                    ended.accepted(|| format!("cannot wait in '{}'", self.open_name()))?;
                    return Ok(news);
                }
                _ => {}
            }
        }
    }
}

fn notice(response: &Response<'_>) -> Option<Notice> {
    match response {
        Response::Exists(count) => Some(Notice::Exists(*count)),
        Response::Expunge(sequence) => Some(Notice::Expunged(*sequence)),
        Response::Fetch(fetched) => Some(Notice::Changed(fetched.sequence)),
        Response::Vanished { uids, .. } => Some(Notice::Vanished(uids.clone())),
        _ => None,
    }
}
