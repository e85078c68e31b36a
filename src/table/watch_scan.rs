//! The cursor of `imap_watch`: xNext waits for the next event.

use std::sync::Arc;
use std::time::Instant;

use super::argument::Arguments;
use super::cell;
use super::running::pull;
use super::watch_events::{Event, Events};
use crate::account::keeper::{Keeper, TICK};
use crate::account::patrol::Patrol;
use crate::account::scope::Scope;
use crate::account::{Account, Client, Options};
use crate::error::Result;
use crate::imap::{Mailbox, Session, Settings};
use crate::ingest::since;
use crate::sqlite::{Cell, Cursor, Definition, Value};

/// The table's name and columns.
pub static DEFINITION: Definition = Definition::new(
    "imap_watch",
    include_str!("../../sql/tables/imap_watch.sql"),
);

/// The options that concern waiting.
const OPTIONS: [&str; 6] = [
    "ca_file", "deadline", "period", "timeout", "tls_pin", "watch",
];

/// One open cursor.
pub struct Scan {
    client: Arc<Client>,
    arguments: Arguments,
    /// When the statement began with it; its deadline counts from here.
    opened: Instant,
    running: Option<Running>,
    row: Option<Event>,
    rowid: i64,
}

struct Running {
    account: Account,
    settings: Settings,
    until: Option<Instant>,
    patrol: Patrol,
    events: Events,
}

impl Scan {
    pub fn new(client: &Arc<Client>) -> Self {
        Self {
            client: Arc::clone(client),
            arguments: Arguments::default(),
            opened: Instant::now(),
            running: None,
            row: None,
            rowid: 0,
        }
    }

    fn start(&mut self) -> Result<Running> {
        let options = Options::parse(self.arguments.get("options"), &OPTIONS)?;
        let settings = self.client.settings(&options, self.opened)?;
        let (server, user) = (self.arguments.get("server"), self.arguments.get("user"));
        let folder = self.arguments.get("folder").unwrap_or("INBOX");
        let scope = Scope::new(vec![folder.to_owned()], Vec::new());
        let account = self.client.account("imap_watch", server, user)?;
        let watch = since::duration_option(&options, "watch")?;
        let period = since::duration_option(&options, "period")?;
        let until = watch.and_then(|watch| Instant::now().checked_add(watch));
        let is_named = scope.is_fixed();
        let mailboxes = match is_named {
            // The patrol opens it, and puts up with what the network does.
            true => vec![Mailbox::from_name(folder)?],
            false => {
                let find = |session: &mut Session| scope.find(session);
                self.client.lease(&account, &settings, find)?.1
            }
        };
        let events = Events::of(&mailboxes, is_named);
        Ok(Running {
            account,
            settings,
            until,
            patrol: Patrol::begin(scope, mailboxes, period, None),
            events,
        })
    }
}

impl Running {
    /// Waits for the next event; `None` when the time is over.
    fn next(&mut self, client: &Client) -> Result<Option<Event>> {
        let keeper = Keeper {
            client,
            account: &self.account,
            settings: &self.settings,
        };
        loop {
            if let Some(event) = self.events.pop() {
                return Ok(Some(event));
            }
            if self.until.is_some_and(|until| Instant::now() >= until) {
                return Ok(None);
            }
            keeper.check()?;
            self.patrol.tick(&keeper, &mut self.events)?;
            if self.events.is_empty() {
                std::thread::sleep(TICK);
            }
        }
    }
}

impl Cursor for Scan {
    fn scan(&mut self, _number: i32, names: Option<&str>, values: &[Value<'_>]) -> Result<()> {
        self.running = None;
        self.row = None;
        self.arguments = Arguments::bind(names, values)?;
        self.running = Some(self.start()?);
        self.advance()
    }

    fn advance(&mut self) -> Result<()> {
        self.row = None;
        self.row = pull(&mut self.running, |running| running.next(&self.client))?;
        self.rowid += i64::from(self.row.is_some());
        Ok(())
    }

    fn is_at_end(&self) -> bool {
        self.row.is_none()
    }

    fn cell(&mut self, position: usize, out: Cell<'_>) -> Result<()> {
        let Some((row, column)) = self.row.as_ref().zip(DEFINITION.columns().get(position)) else {
            out.null();
            return Ok(());
        };
        match column.name.as_str() {
            name if column.hidden => self.arguments.cell(name, out),
            "event" => out.text(row.name),
            "folder_name" => out.text(&row.folder),
            "uid" => out.integer(row.uid.into()),
            "uidvalidity" => cell::number(out, row.uidvalidity),
            _ => out.text(&row.at),
        }
        Ok(())
    }

    fn rowid(&self) -> Result<i64> {
        Ok(self.rowid)
    }
}
