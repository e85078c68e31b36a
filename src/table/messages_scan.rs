//! The cursor of `imap_messages`: xFilter binds the plan to its arguments and
//! examines the first folder; xNext pulls one message at a time off the wire.
//!
//! A cursor holds one session from xFilter to its last row. What is left on
//! the wire when SQLite stops early (LIMIT, an interrupt) goes down with that
//! session; it never reaches another query.

use std::collections::VecDeque;
use std::sync::Arc;

use super::folder_numbers::{FolderNumbers, rowid};
use super::messages_column::Column;
use super::messages_plan::{Argument, Plan};
use super::messages_row::Row;
use super::uid_bound::UidBound;
use crate::account::{Account, CONNECTION_KEYS, Client, Options};
use crate::error::{Error, Kind, Result};
use crate::imap::download::Download;
use crate::imap::{Examined, Lease, Mailbox, Session, UidSet};
use crate::sqlite::{Cell, Cursor, Value};

/// One open cursor.
pub struct Scan {
    client: Arc<Client>,
    numbers: Arc<FolderNumbers>,
    arguments: Hidden,
    running: Option<Running>,
    row: Option<Row>,
}

/// The hidden columns' values, as the query gave them.
#[derive(Default)]
struct Hidden {
    server: Option<String>,
    user: Option<String>,
    folder: Option<String>,
    options: Option<String>,
}

struct Running {
    account: Account,
    lease: Lease,
    plan: Plan,
    bound: UidBound,
    max_size: Option<u64>,
    folders: VecDeque<Mailbox>,
    /// What EXAMINE said of the first folder, until it is read.
    examined: Option<Examined>,
    open: Option<OpenFolder>,
}

/// The folder being read.
struct OpenFolder {
    name: Arc<str>,
    number: i64,
    uidvalidity: Option<u32>,
    download: Download,
}

impl Scan {
    pub fn new(client: Arc<Client>, numbers: Arc<FolderNumbers>) -> Self {
        Self {
            client,
            numbers,
            arguments: Hidden::default(),
            running: None,
            row: None,
        }
    }

    fn start(&mut self, plan: Plan, values: &[Value<'_>]) -> Result<()> {
        let mut bound = UidBound::default();
        let mut arguments = Hidden::default();
        for (argument, value) in plan.arguments.iter().zip(values) {
            match argument {
                Argument::Uid(comparison) => bound.narrow(*comparison, value),
                Argument::Hidden(column) => {
                    *arguments.slot(*column) = value.given_text()?.map(str::to_owned);
                }
            }
        }
        let options = Options::parse(arguments.options.as_deref(), &CONNECTION_KEYS)?;
        let settings = self.client.settings(&options)?;
        let max_size = options.count("max_size")?;
        let pattern = arguments.folder.as_deref().unwrap_or("INBOX");
        // A name that cannot be sent is told before anybody connects.
        Mailbox::from_name(pattern)?;
        let (server, user) = (arguments.server.as_deref(), arguments.user.as_deref());
        let account = self.client.account("imap_messages", server, user)?;
        let first = |session: &mut Session| {
            let folders = VecDeque::from(session.mailboxes(pattern)?);
            let examined = folders.front().map(|mailbox| session.examine(mailbox));
            Ok((examined.transpose()?, folders))
        };
        let (lease, (examined, folders)) = self.client.lease(&account, &settings, first)?;
        self.arguments = arguments;
        self.running = Some(Running {
            account,
            lease,
            plan,
            bound,
            max_size,
            folders,
            examined,
            open: None,
        });
        Ok(())
    }
}

impl Running {
    /// The next message, or `None` after the last folder's last one.
    fn next(&mut self, numbers: &FolderNumbers) -> Result<Option<Row>> {
        loop {
            if let Some(open) = &mut self.open {
                if let Some(message) = open.download.next(&mut self.lease)? {
                    return Ok(Some(Row {
                        folder: Arc::clone(&open.name),
                        uidvalidity: open.uidvalidity,
                        rowid: rowid(open.number, message.uid),
                        message,
                    }));
                }
                self.open = None;
            }
            let Some(mailbox) = self.folders.pop_front() else {
                return Ok(None);
            };
            let examined = match self.examined.take() {
                Some(examined) => examined,
                None => self.lease.examine(&mailbox)?,
            };
            self.begin(&mailbox, examined, numbers)?;
        }
    }

    /// Asks which messages of the examined folder there are.
    fn begin(
        &mut self,
        mailbox: &Mailbox,
        examined: Examined,
        numbers: &FolderNumbers,
    ) -> Result<()> {
        let uids = if examined.exists == 0 {
            UidSet::new()
        } else {
            self.bound.uids(&mut self.lease, self.plan.wanted)?
        };
        let name = mailbox.name();
        self.open = Some(OpenFolder {
            number: numbers.number(&self.account.endpoint, &self.account.login.user, name),
            name: name.into(),
            uidvalidity: examined.uidvalidity,
            download: Download::new(uids, self.plan.wanted, self.max_size),
        });
        Ok(())
    }
}

impl Cursor for Scan {
    fn scan(&mut self, number: i32, text: Option<&str>, values: &[Value<'_>]) -> Result<()> {
        self.running = None;
        self.row = None;
        let plan = text
            .and_then(|text| Plan::decode(number, text))
            .ok_or_else(|| {
                let place = "xFilter of imap_messages".to_owned();
                Error::from(Kind::Internal {
                    place,
                    text: "a plan that is not ours".to_owned(),
                })
            })?;
        self.start(plan, values)?;
        self.advance()
    }

    fn advance(&mut self) -> Result<()> {
        self.row = None;
        let Some(running) = &mut self.running else {
            return Ok(());
        };
        match running.next(&self.numbers) {
            Ok(Some(row)) => self.row = Some(row),
            // The session goes back to the pool, or down, as soon as it is not needed.
            Ok(None) => self.running = None,
            Err(e) => {
                self.running = None;
                return Err(e);
            }
        }
        Ok(())
    }

    fn is_at_end(&self) -> bool {
        self.row.is_none()
    }

    fn cell(&mut self, position: usize, cell: Cell<'_>) -> Result<()> {
        let (Some(row), Some(column)) = (&self.row, Column::at(position)) else {
            cell.null();
            return Ok(());
        };
        match column {
            Column::Server | Column::User | Column::Folder | Column::Options => {
                match self.arguments.slot(column) {
                    Some(text) => cell.text(text),
                    None => cell.null(),
                }
            }
            _ => row.cell(column, cell),
        }
        Ok(())
    }

    fn rowid(&self) -> Result<i64> {
        Ok(self.row.as_ref().map_or(0, |row| row.rowid))
    }
}

impl Hidden {
    fn slot(&mut self, column: Column) -> &mut Option<String> {
        match column {
            Column::Server => &mut self.server,
            Column::User => &mut self.user,
            Column::Folder => &mut self.folder,
            _ => &mut self.options,
        }
    }
}
