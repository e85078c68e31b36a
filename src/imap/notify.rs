//! NOTIFY (RFC 5465): the server tells what happens in many mailboxes, none of
//! which is open.
//!
//! One connection hears of all of them and does nothing else, so that nothing
//! it is told is lost amid the answers to other commands.

use std::borrow::Cow;

use super::idle::BURST;
use super::mailbox::Mailbox;
use super::mailbox_status::MailboxStatus;
use super::response::Response;
use super::session::Session;
use crate::error::{Error, Kind, Result};

impl Session {
    /// Has the server tell of new, changed and gone messages in the user's own
    /// mailboxes from now on, and shows to `on` how each of them stands, by
    /// which it says which it tells of. From then on the session is for
    /// [`Session::notices`] alone.
    ///
    /// # Errors
    /// A refusal, also where the server does not offer it, or the wire's.
    pub fn notify(&mut self, on: &mut dyn FnMut(&MailboxStatus)) -> Result<()> {
        const SET: &[u8] = b"NOTIFY SET STATUS (personal (MessageNew MessageExpunge FlagChange))";
        if !self.capabilities().has("NOTIFY") {
            return Err(refused("the server does not offer it"));
        }
        // Of the open one it would tell in other words.
        self.unselect()?;
        if self.is_notified {
            // Asked twice, Dovecot 2.3 would fall silent (measured).
            self.command("NOTIFY", b"NOTIFY NONE", &mut |_| {})?;
        }
        let ended = self.command("NOTIFY", SET, &mut |response| {
            if let Response::MailboxStatus(status) = response {
                on(&meant(status));
            }
        })?;
        ended.accepted(|| WHAT.to_owned())?;
        self.is_notified = true;
        Ok(())
    }

    /// Shows to `on` what the server has told since the last time, without
    /// waiting: how mailboxes stand in which something has happened.
    ///
    /// # Errors
    /// The server has closed the connection, or tells no more.
    pub fn notices(&mut self, on: &mut dyn FnMut(&MailboxStatus)) -> Result<()> {
        let mut is_over = false;
        let mut exchange = self.exchange();
        exchange.overhear(BURST, &mut |response| match response {
            Response::MailboxStatus(status) => on(&meant(status)),
            Response::Status(status) => {
                let code = status.code;
                is_over |= code.is_some_and(|code| code.is("NOTIFICATIONOVERFLOW"));
            }
            _ => {}
        });
        if !exchange.wire.is_whole() {
            let peer = exchange.wire.peer();
            let text = format!("{peer} closed the connection (NOTIFY)");
            return Err(Error::network(text));
        }
        if is_over {
            return Err(refused("the server has more news than it tells"));
        }
        Ok(())
    }
}

/// The status with the mailbox that is meant: Dovecot 2.3 names it in UTF-8
/// here (measured), which is none of its spellings elsewhere.
fn meant(status: &MailboxStatus) -> Cow<'_, MailboxStatus> {
    let named = &status.mailbox;
    let is_spelled = !named.name().starts_with(char::REPLACEMENT_CHARACTER);
    let in_utf8 = str::from_utf8(named.spelling()).ok();
    match in_utf8.and_then(|name| Mailbox::from_name(name).ok()) {
        Some(mailbox) if !is_spelled => Cow::Owned(MailboxStatus {
            mailbox,
            ..status.clone()
        }),
        _ => Cow::Borrowed(status),
    }
}

/// What is refused.
const WHAT: &str = "cannot have news of folders told";

fn refused(answer: &str) -> Error {
    Kind::Refused {
        what: WHAT.to_owned(),
        login: false,
        answer: answer.to_owned(),
        advice: None,
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailbox_named_in_utf8_is_the_one_spelled_by_the_rule() {
        let meant = |spelling: &str| {
            let mailbox = Mailbox::from_spelling(spelling.as_bytes());
            let status = MailboxStatus::unknown(mailbox);
            meant(&status).mailbox.spelling().to_vec()
        };
        assert_eq!(meant("Entw\u{fc}rfe"), b"Entw&APw-rfe");
        assert_eq!(meant("a & b"), b"a &- b");
        assert_eq!(meant("Entw&APw-rfe"), b"Entw&APw-rfe");
        assert_eq!(meant("Sent"), b"Sent");
    }
}
