//! NOTIFY (RFC 5465): the server tells what happens in many mailboxes, none of
//! which is open.
//!
//! One connection hears of all of them and does nothing else, so that nothing
//! it is told is lost amid the answers to other commands.

use super::folders::quoted;
use super::idle::BURST;
use super::mailbox::Mailbox;
use super::mailbox_status::MailboxStatus;
use super::response::Response;
use super::session::Session;
use crate::error::{Error, Kind, Result};

/// The most bytes of names in one command, which no server finds too long.
const LINE: usize = 7_500;

/// How many of the mailboxes, from the first on, one command has room for.
pub fn fitting(mailboxes: &[Mailbox]) -> usize {
    let mut bytes = 0;
    let fits = |mailbox: &&Mailbox| {
        // Every byte may need a backslash, and there are quotes and a blank.
        bytes += 2 * mailbox.spelling().len() + 3;
        bytes <= LINE
    };
    mailboxes.iter().take_while(fits).count()
}

impl Session {
    /// Has the server tell of new, changed and gone messages in the mailboxes
    /// from now on, and shows to `on` how each of them stands. One that does
    /// not exist, or that the user may not read, is passed over. From then on
    /// the session is for [`Session::notices`] alone.
    ///
    /// # Errors
    /// A refusal, also where the server does not offer it, or the wire's.
    pub fn notify(
        &mut self,
        mailboxes: &[Mailbox],
        on: &mut dyn FnMut(&MailboxStatus),
    ) -> Result<()> {
        if !self.capabilities().has("NOTIFY") {
            return Err(refused("the server does not offer NOTIFY"));
        }
        if self.is_notified {
            // Asked twice, Dovecot 2.3 would fall silent (measured).
            self.command("NOTIFY", b"NOTIFY NONE", &mut |_| {})?;
        }
        let names: Vec<Vec<u8>> = mailboxes.iter().map(quoted).collect::<Result<_>>()?;
        let command = [
            &b"NOTIFY SET STATUS (mailboxes ("[..],
            &names.join(&b' '),
            b") (MessageNew MessageExpunge FlagChange))",
        ];
        let ended = self.command("NOTIFY", &command.concat(), &mut |response| {
            if let Response::MailboxStatus(status) = response {
                on(status);
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
            Response::MailboxStatus(status) => on(status),
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
    fn as_many_names_are_sent_as_a_line_holds() {
        let mailboxes = |count: usize, length: usize| -> Vec<Mailbox> {
            let name = |n| Mailbox::from_name(&format!("{n:0length$}"));
            (0..count).map(|n| name(n).expect("a name")).collect()
        };
        assert_eq!(fitting(&mailboxes(10, 6)), 10);
        assert_eq!(fitting(&mailboxes(1_000, 6)), LINE / 15);
        assert_eq!(fitting(&[]), 0);
    }
}
