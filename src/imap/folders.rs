//! The mailboxes of an account: LIST, STATUS, and both in one command where the
//! server can (LIST-STATUS, RFC 5819).

use super::listed::Listed;
use super::mailbox::Mailbox;
use super::mailbox_status::{MailboxStatus, StatusItems};
use super::quoted::Argument;
use super::response::Response;
use super::session::Session;
use super::status_line::Status;
use crate::error::{Error, Kind, Result, quote};

/// The most folders of one LIST.
const FOLDERS: usize = 100_000;

/// A mailbox as LIST names it.
#[derive(Clone, Debug)]
pub struct Folder {
    /// The answer to LIST.
    pub listed: Listed,
    /// What STATUS told with it; `None` where it has to be asked for.
    pub status: Option<MailboxStatus>,
}

impl Session {
    /// The mailboxes whose names match a pattern of LIST (`*` any text, `%`
    /// any text within one level), in the server's order.
    ///
    /// # Errors
    /// A pattern that cannot be sent, the server's refusal, or the wire's.
    pub fn list(&mut self, pattern: &str) -> Result<Vec<Listed>> {
        let spelled = Mailbox::from_name(pattern)?;
        let command = [&b"LIST \"\" "[..], &quoted(&spelled)?].concat();
        let mut found = Vec::new();
        let mut is_complete = true;
        let ended = self.command("LIST", &command, &mut |response| {
            if let Response::List(listed) = response {
                is_complete = found.len() < FOLDERS;
                found.extend(is_complete.then(|| listed.clone()));
            }
        })?;
        ended.accepted(|| format!("cannot list '{}'", quote(pattern)))?;
        if !is_complete {
            let name = quote(pattern);
            let text = format!("cannot list '{name}': there are more than {FOLDERS} folders");
            return Err(Kind::TooBig(text).into());
        }
        Ok(found)
    }

    /// The mailboxes a name or a pattern of LIST means, each once, by name: of
    /// a pattern those that can be opened, which may be none; a name as it is,
    /// whether it exists or not.
    ///
    /// # Errors
    /// As [`Session::list`].
    pub fn mailboxes(&mut self, pattern: &str) -> Result<Vec<Mailbox>> {
        if !Mailbox::is_pattern(pattern) {
            return Ok(vec![Mailbox::from_name(pattern)?]);
        }
        let listed = self.list(pattern)?.into_iter();
        let selectable = listed.filter(Listed::is_selectable);
        let mut mailboxes: Vec<Mailbox> = selectable.map(|listed| listed.mailbox).collect();
        mailboxes.sort_unstable();
        mailboxes.dedup();
        Ok(mailboxes)
    }

    /// What STATUS tells of a mailbox, which need not be open. At least one of
    /// the `items` is one that every server has.
    ///
    /// # Errors
    /// The server's refusal, no answer in its answer, or the wire's.
    pub fn status(&mut self, mailbox: &Mailbox, items: StatusItems) -> Result<MailboxStatus> {
        let items = items.list(self.capabilities()).unwrap_or_default();
        let command = [&b"STATUS "[..], &quoted(mailbox)?, b" ", items.as_bytes()].concat();
        let mut found = None;
        let ended = self.command("STATUS", &command, &mut |response| {
            if let Response::MailboxStatus(status) = response {
                found = Some(status.clone());
            }
        })?;
        let name = || quote(mailbox.name());
        ended.accepted(|| format!("cannot get the status of '{}'", name()))?;
        found.ok_or_else(|| {
            Error::misbehaved(format!(
                "cannot get the status of '{}': no answer in the answer",
                name()
            ))
        })
    }

    /// The mailboxes whose names match `pattern`, each once, by name, with
    /// their special uses (RFC 6154) where the server tells them, and with
    /// these items of STATUS where it gives them along.
    ///
    /// # Errors
    /// As [`Session::list`].
    pub fn folders(&mut self, pattern: &str, items: StatusItems) -> Result<Vec<Folder>> {
        let mut folders = match self.list_extended(pattern, items)? {
            Some(folders) => folders,
            None => {
                let plain = self.list(pattern)?.into_iter();
                plain
                    .map(|listed| Folder {
                        listed,
                        status: None,
                    })
                    .collect()
            }
        };
        folders.sort_by(|a, b| a.listed.mailbox.cmp(&b.listed.mailbox));
        folders.dedup_by(|a, b| a.listed.mailbox == b.listed.mailbox);
        Ok(folders)
    }

    /// LIST with return options; `None` where the server has no use for them
    /// or does not take them after all.
    fn list_extended(&mut self, pattern: &str, items: StatusItems) -> Result<Option<Vec<Folder>>> {
        let has = |name| self.capabilities().has(name);
        let mut options = Vec::new();
        if has("SPECIAL-USE") && (has("LIST-EXTENDED") || has("LIST-STATUS")) {
            options.push("SPECIAL-USE".to_owned());
        }
        if has("LIST-STATUS") {
            let items = items.list(self.capabilities());
            options.extend(items.map(|items| format!("STATUS {items}")));
        }
        if options.is_empty() {
            return Ok(None);
        }
        // Attributes that LIST alone would give are left out once a server is
        // asked for others (RFC 5258 section 3).
        if self.capabilities().has("LIST-EXTENDED") {
            options.insert(0, "CHILDREN".to_owned());
        }
        let name = quoted(&Mailbox::from_name(pattern)?)?;
        let options = format!(" RETURN ({})", options.join(" "));
        let command = [&b"LIST \"\" "[..], &name, options.as_bytes()].concat();
        let mut folders: Vec<Folder> = Vec::new();
        let mut statuses = Vec::new();
        let ended = self.command("LIST", &command, &mut |response| match response {
            Response::List(listed) if folders.len() < FOLDERS => folders.push(Folder {
                listed: listed.clone(),
                status: None,
            }),
            Response::MailboxStatus(status) if statuses.len() < FOLDERS => {
                statuses.push(status.clone());
            }
            _ => {}
        })?;
        if ended.status != Status::Ok {
            return Ok(None);
        }
        statuses.sort_by(|a, b| a.mailbox.cmp(&b.mailbox));
        for folder in &mut folders {
            let mailbox = &folder.listed.mailbox;
            let found = statuses.binary_search_by(|status| status.mailbox.cmp(mailbox));
            folder.status = found.ok().map(|index| statuses[index].clone());
        }
        Ok(Some(folders))
    }
}

/// A mailbox as an argument. Where it does not fit into quotes by the letter
/// (raw 8-bit), it goes there all the same: the server spelled it so.
pub(super) fn quoted(mailbox: &Mailbox) -> Result<Vec<u8>> {
    match mailbox.argument() {
        Argument::Quoted(quoted) => Ok(quoted),
        Argument::Literal(raw) if raw.iter().any(u8::is_ascii_control) => {
            let name = quote(mailbox.name());
            Err(Error::usage(format!(
                "cannot name '{name}': the server spells it in no known way"
            )))
        }
        Argument::Literal(raw) => {
            let mut quoted = vec![b'"'];
            for &byte in raw {
                quoted.extend(matches!(byte, b'"' | b'\\').then_some(b'\\'));
                quoted.push(byte);
            }
            quoted.push(b'"');
            Ok(quoted)
        }
    }
}
