//! The cursor of `imap_folders`: one LIST in xFilter, and a STATUS for each row
//! where the counts did not come with it.

use std::sync::Arc;
use std::time::Instant;
use std::vec;

use serde_json::Value as Json;

use super::argument::Arguments;
use super::cell;
use super::folder_numbers::FolderNumbers;
use super::running::pull;
use crate::account::{Client, Options};
use crate::error::{Kind, Result};
use crate::imap::folders::Folder;
use crate::imap::mailbox_status::{MailboxStatus, StatusItems};
use crate::imap::{Lease, Session};
use crate::sqlite::{Cell, Cursor, Definition, Value};

/// The table's name and columns.
pub static DEFINITION: Definition = Definition::new(
    "imap_folders",
    include_str!("../../sql/tables/imap_folders.sql"),
);

/// The columns that STATUS gives, in the order of the bits of its items.
pub const COUNTS: [&str; 6] = [
    "messages",
    "unseen",
    "uidnext",
    "uidvalidity",
    "highestmodseq",
    "size",
];

/// The options that concern a listing.
const OPTIONS: [&str; 4] = ["ca_file", "deadline", "timeout", "tls_pin"];

/// The special uses (RFC 6154 section 2, RFC 8457 section 3).
const SPECIAL_USES: [&str; 8] = [
    "\\All",
    "\\Archive",
    "\\Drafts",
    "\\Flagged",
    "\\Important",
    "\\Junk",
    "\\Sent",
    "\\Trash",
];

/// One open cursor.
pub struct Scan {
    client: Arc<Client>,
    numbers: Arc<FolderNumbers>,
    arguments: Arguments,
    /// When the statement began with it; its deadline counts from here.
    opened: Instant,
    running: Option<Running>,
    row: Option<Row>,
}

struct Running {
    lease: Lease,
    user: String,
    items: StatusItems,
    folders: vec::IntoIter<Folder>,
}

struct Row {
    folder: Folder,
    rowid: i64,
}

impl Scan {
    pub fn new(client: &Arc<Client>, numbers: &Arc<FolderNumbers>) -> Self {
        Self {
            client: Arc::clone(client),
            numbers: Arc::clone(numbers),
            arguments: Arguments::default(),
            opened: Instant::now(),
            running: None,
            row: None,
        }
    }

    fn start(&mut self, items: StatusItems) -> Result<()> {
        let options = Options::parse(self.arguments.get("options"), &OPTIONS)?;
        let settings = self.client.settings(&options, self.opened)?;
        let (server, user) = (self.arguments.get("server"), self.arguments.get("user"));
        let account = self.client.account("imap_folders", server, user)?;
        let pattern = self.arguments.get("pattern").unwrap_or("*");
        let list = |session: &mut Session| session.folders(pattern, items);
        let (lease, folders) = self.client.lease(&account, &settings, list)?;
        self.running = Some(Running {
            lease,
            user: account.login.user,
            items,
            folders: folders.into_iter(),
        });
        Ok(())
    }
}

impl Running {
    fn next(&mut self, numbers: &FolderNumbers) -> Result<Option<Row>> {
        let Some(mut folder) = self.folders.next() else {
            return Ok(None);
        };
        let is_asked = self.items.list(self.lease.capabilities()).is_some();
        if is_asked && folder.status.is_none() && folder.listed.is_selectable() {
            folder.status = self.status(&folder)?;
        }
        let name = folder.listed.mailbox.name();
        let rowid = numbers.number(self.lease.endpoint(), &self.user, name);
        Ok(Some(Row { folder, rowid }))
    }

    /// What STATUS tells; a folder of which the server will not tell has none,
    /// as one has that was deleted since it was listed.
    fn status(&mut self, folder: &Folder) -> Result<Option<MailboxStatus>> {
        match self.lease.status(&folder.listed.mailbox, self.items) {
            Ok(status) => Ok(Some(status)),
            Err(error) => match error.kind() {
                Kind::Refused { .. } => Ok(None),
                _ => Err(error),
            },
        }
    }
}

impl Row {
    fn cell(&self, column: &str, cell: Cell<'_>) {
        let listed = &self.folder.listed;
        let status = self.folder.status.as_ref();
        match column {
            "name" => cell.text(listed.mailbox.name()),
            "delimiter" => match listed.delimiter {
                Some(delimiter) => cell.text_owned(delimiter.to_string()),
                None => cell.null(),
            },
            "attributes" => {
                let attributes = listed.attributes.iter().map(String::as_str);
                cell.json(&Json::from_iter(attributes).to_string());
            }
            "special_use" => {
                let special = SPECIAL_USES.into_iter().find(|special| listed.has(special));
                cell::text(cell, special);
            }
            "messages" => cell::number(cell, status.and_then(|status| status.messages)),
            "unseen" => cell::number(cell, status.and_then(|status| status.unseen)),
            "uidnext" => cell::number(cell, status.and_then(|status| status.uidnext)),
            "uidvalidity" => cell::number(cell, status.and_then(|status| status.uidvalidity)),
            "highestmodseq" => cell::number(cell, status.and_then(|status| status.highestmodseq)),
            "size" => cell::number(cell, status.and_then(|status| status.size)),
            _ => cell.null(),
        }
    }
}

impl Cursor for Scan {
    fn scan(&mut self, number: i32, names: Option<&str>, values: &[Value<'_>]) -> Result<()> {
        self.running = None;
        self.row = None;
        self.arguments = Arguments::bind(names, values)?;
        // The plan has one bit for each of the counts.
        let bits = u8::try_from(number & ((1 << COUNTS.len()) - 1)).unwrap_or_default();
        self.start(StatusItems(bits))?;
        self.advance()
    }

    fn advance(&mut self) -> Result<()> {
        self.row = None;
        self.row = pull(&mut self.running, |running| running.next(&self.numbers))?;
        Ok(())
    }

    fn is_at_end(&self) -> bool {
        self.row.is_none()
    }

    fn cell(&mut self, position: usize, cell: Cell<'_>) -> Result<()> {
        let Some((row, column)) = self.row.as_ref().zip(DEFINITION.columns().get(position)) else {
            cell.null();
            return Ok(());
        };
        if column.hidden {
            self.arguments.cell(&column.name, cell);
        } else {
            row.cell(&column.name, cell);
        }
        Ok(())
    }

    fn rowid(&self) -> Result<i64> {
        Ok(self.row.as_ref().map_or(0, |row| row.rowid))
    }
}
