//! The mailboxes of an account with what STATUS tells of them, in one command
//! where the server can (LIST-STATUS, RFC 5819).

use super::listed::Listed;
use super::mailbox::Mailbox;
use super::mailbox_status::{MailboxStatus, StatusItems};
use super::response::Response;
use super::session::{FOLDERS, Session, quoted};
use super::status_line::Status;
use crate::error::Result;

/// A mailbox as LIST names it.
#[derive(Clone, Debug)]
pub struct Folder {
    /// The answer to LIST.
    pub listed: Listed,
    /// What STATUS told with it; `None` where it has to be asked for.
    pub status: Option<MailboxStatus>,
}

impl Session {
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
