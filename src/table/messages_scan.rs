//! The cursor of `imap_messages`: xFilter binds the plan to its arguments and
//! examines the first folder; xNext pulls one message at a time off the wire.
//!
//! A cursor holds one session from xFilter to its last row. What is left on
//! the wire when SQLite stops early (LIMIT, an interrupt) goes down with that
//! session; it never reaches another query.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use super::conditions::{Conditions, TRUST_SEARCH, TrustSearch};
use super::folder_numbers::FolderNumbers;
use super::messages_column::Column;
use super::messages_folder::{Folder, Opened, Query};
use super::messages_plan::{Argument, Plan};
use super::messages_row::Row;
use super::running::pull;
use crate::account::{Account, CONNECTION_KEYS, Client, Options};
use crate::error::{Error, Kind, Result};
use crate::imap::{Examined, Lease, Mailbox, Session, UidSet};
use crate::sqlite::{Cell, Connection, Cursor, Value};

/// One open cursor.
pub struct Scan {
    client: Arc<Client>,
    numbers: Arc<FolderNumbers>,
    connection: Connection,
    arguments: Hidden,
    /// When the statement began with it; its deadline counts from here.
    opened: Instant,
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
    matched: Option<String>,
}

struct Running {
    account: Account,
    lease: Lease,
    query: Query,
    folders: VecDeque<Mailbox>,
    /// What was said of the first folder when it was opened, until it is read.
    first: Option<(Examined, Option<UidSet>)>,
    open: Option<Folder>,
}

impl Scan {
    pub fn new(client: Arc<Client>, numbers: Arc<FolderNumbers>, connection: Connection) -> Self {
        Self {
            client,
            numbers,
            connection,
            arguments: Hidden::default(),
            opened: Instant::now(),
            running: None,
            row: None,
        }
    }

    fn start(&mut self, plan: Plan, values: &[Value<'_>]) -> Result<()> {
        let mut arguments = Hidden::default();
        for (argument, value) in plan.arguments.iter().zip(values) {
            let column = match argument {
                Argument::Hidden(column) => *column,
                Argument::Match => Column::Match,
                _ => continue,
            };
            *arguments.slot(column) = value.given_text(column.name())?.map(str::to_owned);
        }
        let keys = [&CONNECTION_KEYS[..], &["search", "trust_search"]].concat();
        let options = Options::parse(arguments.options.as_deref(), &keys)?;
        let settings = self.client.settings(&options, self.opened)?;
        let mut conditions = Conditions::bind(&plan, values, &self.connection)?;
        conditions.own.extend(options.search()?);
        let query = Query {
            plan,
            conditions,
            trust: TrustSearch::at(options.choice("trust_search", &TRUST_SEARCH)?),
            max_size: options.count("max_size")?,
            connection: self.connection.clone(),
            is_refused: false,
        };
        let pattern = arguments.folder.as_deref().unwrap_or("INBOX");
        // A name that cannot be sent is told before anybody connects.
        Mailbox::from_name(pattern)?;
        let (server, user) = (arguments.server.as_deref(), arguments.user.as_deref());
        let account = self.client.account("imap_messages", server, user)?;
        let first = |session: &mut Session| {
            let mut folders = VecDeque::new();
            for mailbox in session.mailboxes(pattern)? {
                if query
                    .conditions
                    .admit_folder(&query.connection, mailbox.name())?
                {
                    folders.push_back(mailbox);
                }
            }
            let first = folders.front();
            let first = first.map(|mailbox| query.examine(session, mailbox));
            Ok((first.transpose()?, folders))
        };
        let (lease, (first, folders)) = self.client.lease(&account, &settings, first)?;
        self.arguments = arguments;
        self.running = Some(Running {
            account,
            lease,
            query,
            folders,
            first,
            open: None,
        });
        Ok(())
    }

    /// Fetches what the current row still lacks of `column`.
    fn complete(&mut self, column: Column) -> Result<()> {
        if let (Some(row), Some(running)) = (&mut self.row, &mut self.running)
            && let Some(folder) = &mut running.open
            && !column.wanted().is_empty()
        {
            folder.complete(&mut running.lease, row)?;
        }
        Ok(())
    }
}

impl Running {
    /// The next message, or `None` after the last folder's last one.
    fn next(&mut self, numbers: &FolderNumbers) -> Result<Option<Row>> {
        loop {
            if let Some(open) = &mut self.open {
                if let Some(row) = open.next(&mut self.lease)? {
                    return Ok(Some(row));
                }
                self.open = None;
            }
            let Some(mailbox) = self.folders.pop_front() else {
                return Ok(None);
            };
            let (examined, found) = match self.first.take() {
                Some(first) => first,
                None => self.query.examine(&mut self.lease, &mailbox)?,
            };
            let name = mailbox.name();
            numbers.note_messages(examined.exists);
            let opened = Opened {
                number: numbers.number(&self.account.endpoint, &self.account.login.user, name),
                name: name.into(),
                examined,
                found,
            };
            self.open = Some(Folder::open(&mut self.query, &mut self.lease, opened)?);
        }
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
        self.row = pull(&mut self.running, |running| running.next(&self.numbers))?;
        Ok(())
    }

    fn is_at_end(&self) -> bool {
        self.row.is_none()
    }

    fn cell(&mut self, position: usize, cell: Cell<'_>) -> Result<()> {
        let Some(column) = Column::at(position) else {
            cell.null();
            return Ok(());
        };
        if matches!(
            column,
            Column::Server | Column::User | Column::Folder | Column::Options | Column::Match
        ) {
            match self.arguments.slot(column) {
                Some(text) => cell.text(text),
                None => cell.null(),
            }
            return Ok(());
        }
        let running = self.running.as_ref();
        if let Some(value) = running.and_then(|running| running.query.conditions.pinned(column)) {
            cell.integer(value);
            return Ok(());
        }
        self.complete(column)?;
        match &self.row {
            Some(row) => row.cell(column, cell),
            None => cell.null(),
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
            Column::Match => &mut self.matched,
            _ => &mut self.options,
        }
    }
}
