//! NOTIFY (RFC 5465): the server tells what happens in many mailboxes, none of
//! which is open.
//!
//! One connection hears of all of them and does nothing else, so that nothing
//! it is told is lost amid the answers to other commands.

use std::borrow::Cow;

use super::exchange::Ended;
use super::idle::BURST;
use super::mailbox::Mailbox;
use super::mailbox_status::MailboxStatus;
use super::response::Response;
use super::session::Session;
use crate::error::{Error, Kind, Result};

/// What the server tells.
#[derive(Clone, Copy, Debug)]
pub enum Told<'a> {
    /// How a mailbox stands.
    Status(&'a MailboxStatus),
    /// A mailbox has been made, or has this name from now on.
    Made(&'a Mailbox),
    /// One is there no longer, or cannot be opened.
    Gone,
}

/// What is to be told of messages.
const MESSAGES: &str = "MessageNew MessageExpunge FlagChange";
/// What is to be told of the mailboxes themselves.
const NAMES: &str = "MailboxName";

impl Session {
    /// Has the server tell of new, changed and gone messages in the user's own
    /// mailboxes from now on, and of those mailboxes themselves, and shows to
    /// `on` how each of them stands, by which it says which it tells of. False
    /// where it tells of messages alone. From then on the session is for
    /// [`Session::notices`] alone.
    ///
    /// # Errors
    /// A refusal, also where the server does not offer it, or the wire's.
    pub fn notify(&mut self, on: &mut dyn FnMut(Told<'_>)) -> Result<bool> {
        if !self.capabilities().has("NOTIFY") {
            return Err(refused("the server does not offer it"));
        }
        // Of the open one it would tell in other words.
        self.unselect()?;
        if self.is_notified {
            // Asked twice, Dovecot 2.3 would fall silent (measured).
            self.command("NOTIFY", b"NOTIFY NONE", &mut |_| {})?;
        }
        let mut ended = self.have_told(&format!("{MESSAGES} {NAMES}"), on)?;
        let tells_names = !lacks_names(&ended.answer);
        if !tells_names {
            ended = self.have_told(MESSAGES, on)?;
        }
        ended.accepted(|| WHAT.to_owned())?;
        self.is_notified = true;
        Ok(tells_names)
    }

    fn have_told(&mut self, events: &str, on: &mut dyn FnMut(Told<'_>)) -> Result<Ended> {
        let command = format!("NOTIFY SET STATUS (personal ({events}))");
        self.command("NOTIFY", command.as_bytes(), &mut |response| {
            tell(response, on)
        })
    }

    /// Shows to `on` what the server has told since the last time, without
    /// waiting: how mailboxes stand in which something has happened, and that
    /// there are others.
    ///
    /// # Errors
    /// The server has closed the connection, or tells no more.
    pub fn notices(&mut self, on: &mut dyn FnMut(Told<'_>)) -> Result<()> {
        let mut is_over = false;
        let mut exchange = self.exchange();
        exchange.overhear(BURST, &mut |response| match response {
            Response::Status(status) => {
                let code = status.code;
                is_over |= code.is_some_and(|code| code.is("NOTIFICATIONOVERFLOW"));
            }
            response => tell(response, on),
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

fn tell(response: &Response<'_>, on: &mut dyn FnMut(Told<'_>)) {
    match response {
        Response::MailboxStatus(status) => match meant(&status.mailbox) {
            Cow::Borrowed(_) => on(Told::Status(status)),
            Cow::Owned(mailbox) => on(Told::Status(&MailboxStatus {
                mailbox,
                ..status.clone()
            })),
        },
        Response::List(listed) if listed.is_selectable() => {
            on(Told::Made(&meant(&listed.mailbox)));
        }
        Response::List(_) => on(Told::Gone),
        _ => {}
    }
}

/// True where a server refuses to tell of the mailboxes themselves, and names
/// what it does tell of (RFC 5465 section 5).
fn lacks_names(answer: &str) -> bool {
    let told = answer
        .split_once("[BADEVENT (")
        .map_or("", |(_, told)| told);
    let told = told.split(')').next().unwrap_or_default();
    let has = |event: &str| told.split(' ').any(|told| told.eq_ignore_ascii_case(event));
    MESSAGES.split(' ').all(has) && !has(NAMES)
}

/// The mailbox that is meant: Dovecot 2.3 names it in UTF-8 here (measured),
/// which is none of its spellings elsewhere.
fn meant(named: &Mailbox) -> Cow<'_, Mailbox> {
    let is_spelled = !named.name().starts_with(char::REPLACEMENT_CHARACTER);
    let in_utf8 = str::from_utf8(named.spelling()).ok();
    match in_utf8.and_then(|name| Mailbox::from_name(name).ok()) {
        Some(mailbox) if !is_spelled => Cow::Owned(mailbox),
        _ => Cow::Borrowed(named),
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
            let named = Mailbox::from_spelling(spelling.as_bytes());
            meant(&named).spelling().to_vec()
        };
        assert_eq!(meant("Entw\u{fc}rfe"), b"Entw&APw-rfe");
        assert_eq!(meant("a & b"), b"a &- b");
        assert_eq!(meant("Entw&APw-rfe"), b"Entw&APw-rfe");
        assert_eq!(meant("Sent"), b"Sent");
    }

    #[test]
    fn only_a_server_that_tells_of_messages_is_asked_for_them_alone() {
        let all = "MessageNew MessageExpunge flagchange AnnotationChange";
        assert!(lacks_names(&format!(
            "NO [BADEVENT ({all})] not MailboxName"
        )));
        assert!(!lacks_names(&format!(
            "NO [BADEVENT ({all} MailboxName)] x"
        )));
        assert!(!lacks_names("NO [BADEVENT (MessageNew MessageExpunge)] x"));
        assert!(!lacks_names("NO not now"));
        assert!(!lacks_names("OK done"));
    }
}
