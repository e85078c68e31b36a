//! The cursor of `imap_attachments`: the structures of some messages at a time,
//! then their parts, one by one and only those that are read.
//!
//! No command is under way while SQLite has a row, so that its content can be
//! fetched in between, and a query that stops early leaves the session whole.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use super::argument::Arguments;
use super::attachments_row::Row;
use super::folder_numbers::FolderNumbers;
use super::running::pull;
use super::structure_json::attached;
use super::uid_bound::{admitted, are_few, find, from_word, operands};
use crate::account::{CONNECTION_KEYS, Client, Options};
use crate::error::Result;
use crate::imap::chunk::SET;
use crate::imap::download::Download;
use crate::imap::uid_order::Direction;
use crate::imap::wanted::Wanted;
use crate::imap::{Examined, Lease, Mailbox, Session, UidSet};
use crate::sqlite::{Cell, Connection, Cursor, Definition, Value};

/// The table's name and columns.
pub static DEFINITION: Definition = Definition::new(
    "imap_attachments",
    include_str!("../../sql/tables/imap_attachments.sql"),
);

/// Messages whose structures are asked for at once: few first, for LIMIT.
const FIRST: u64 = 50;

/// The same later on.
const LATER: u64 = 1_000;

/// One open cursor.
pub struct Scan {
    client: Arc<Client>,
    numbers: Arc<FolderNumbers>,
    connection: Connection,
    arguments: Arguments,
    /// When the statement began with it; its deadline counts from here.
    opened: Instant,
    running: Option<Running>,
    row: Option<Row>,
}

struct Running {
    lease: Lease,
    user: String,
    bound: UidSet,
    max_size: Option<u64>,
    folders: VecDeque<Mailbox>,
    /// What EXAMINE said of the first folder, until it is read.
    examined: Option<Examined>,
    open: Option<OpenFolder>,
    rows: VecDeque<Row>,
}

/// The folder being read.
struct OpenFolder {
    name: Arc<str>,
    number: i64,
    uidvalidity: Option<u32>,
    /// Messages whose structures have not been asked for.
    waiting: UidSet,
    batch: u64,
}

impl Scan {
    pub fn new(
        client: &Arc<Client>,
        numbers: &Arc<FolderNumbers>,
        connection: &Connection,
    ) -> Self {
        Self {
            client: Arc::clone(client),
            numbers: Arc::clone(numbers),
            connection: connection.clone(),
            arguments: Arguments::default(),
            opened: Instant::now(),
            running: None,
            row: None,
        }
    }

    fn start(&mut self, bound: UidSet) -> Result<()> {
        let options = Options::parse(self.arguments.get("options"), &CONNECTION_KEYS)?;
        let settings = self.client.settings(&options, self.opened)?;
        let max_size = options.count("max_size")?;
        let pattern = self.arguments.get("folder").unwrap_or("INBOX");
        // A name that cannot be sent is told before anybody connects.
        Mailbox::from_name(pattern)?;
        let (server, user) = (self.arguments.get("server"), self.arguments.get("user"));
        let account = self.client.account("imap_attachments", server, user)?;
        let first = |session: &mut Session| {
            let folders = VecDeque::from(session.mailboxes(pattern)?);
            let examined = folders.front().map(|mailbox| session.examine(mailbox));
            Ok((examined.transpose()?, folders))
        };
        let (lease, (examined, folders)) = self.client.lease(&account, &settings, first)?;
        self.running = Some(Running {
            lease,
            user: account.login.user,
            bound,
            max_size,
            folders,
            examined,
            open: None,
            rows: VecDeque::new(),
        });
        Ok(())
    }
}

impl Running {
    /// The next attachment, or `None` after the last folder's last one.
    fn next(&mut self, numbers: &FolderNumbers) -> Result<Option<Row>> {
        loop {
            if let Some(row) = self.rows.pop_front() {
                return Ok(Some(row));
            }
            if let Some(open) = &mut self.open {
                let batch = open.waiting.chunks(open.batch, SET).next();
                if let Some(batch) = batch {
                    open.waiting = open.waiting.difference(&batch);
                    open.batch = LATER;
                    self.read(batch)?;
                    continue;
                }
                self.open = None;
            }
            let Some(mailbox) = self.folders.pop_front() else {
                return Ok(None);
            };
            self.begin(&mailbox, numbers)?;
        }
    }

    fn begin(&mut self, mailbox: &Mailbox, numbers: &FolderNumbers) -> Result<()> {
        let examined = match self.examined.take() {
            Some(examined) => examined,
            None => self.lease.examine(mailbox)?,
        };
        let waiting = if examined.exists == 0 {
            UidSet::new()
        } else if are_few(&self.bound) {
            self.bound.clone()
        } else {
            find(&mut self.lease, &self.bound, &[])?
        };
        let name = mailbox.name();
        self.open = Some(OpenFolder {
            number: numbers.number(self.lease.endpoint(), &self.user, name),
            name: name.into(),
            uidvalidity: examined.uidvalidity,
            waiting,
            batch: FIRST,
        });
        Ok(())
    }

    /// Asks for the structures of these messages.
    fn read(&mut self, uids: UidSet) -> Result<()> {
        let Some(open) = &self.open else {
            return Ok(());
        };
        let mut download = Download::new(uids, Wanted::STRUCTURE, None, Direction::Ascending);
        while let Some(message) = download.next(&mut self.lease)? {
            let Some(structure) = &message.structure else {
                let why = message.refusals.first().map_or_else(
                    || "the server's BODYSTRUCTURE cannot be read".to_owned(),
                    ToString::to_string,
                );
                let place = (open.number, message.uid);
                let folder = Arc::clone(&open.name);
                let row = Row::unlisted(folder, open.uidvalidity, place, &why);
                self.rows.push_back(row);
                continue;
            };
            let parts = attached(structure).enumerate();
            self.rows.extend(parts.map(|(index, part)| {
                Row::new(
                    Arc::clone(&open.name),
                    open.uidvalidity,
                    (open.number, message.uid, index),
                    part,
                )
            }));
        }
        Ok(())
    }
}

impl Cursor for Scan {
    fn scan(&mut self, _: i32, names: Option<&str>, values: &[Value<'_>]) -> Result<()> {
        self.running = None;
        self.row = None;
        self.arguments = Arguments::bind(names, values)?;
        let mut bound = UidSet::all();
        let names = names.unwrap_or_default().split(',');
        for (name, value) in names.zip(values) {
            if let Some(comparison) = from_word(name) {
                let values = operands(comparison, value)?;
                let admitted = admitted(comparison, &values, &self.connection)?;
                bound = bound.intersection(&admitted);
            }
        }
        self.start(bound)?;
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
        let Some((row, column)) = self.row.as_mut().zip(DEFINITION.columns().get(position)) else {
            cell.null();
            return Ok(());
        };
        match (&column.name[..], &mut self.running) {
            (hidden, _) if column.hidden => self.arguments.cell(hidden, cell),
            (name @ ("content" | "md5" | "sha1" | "sha256" | "problems"), Some(running)) => {
                let content = row.content(&mut running.lease, running.max_size)?;
                content.cell(name, cell);
            }
            (name, _) => row.cell(name, cell),
        }
        Ok(())
    }

    fn rowid(&self) -> Result<i64> {
        Ok(self.row.as_ref().map_or(0, |row| row.rowid))
    }
}
