//! The cursor of `imap_watch`: xNext waits for the next event.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;

use super::argument::Arguments;
use super::cell;
use super::running::pull;
use crate::account::vigil::{Keeper, News, TICK, Vigil};
use crate::account::{Account, Client, Options};
use crate::error::{Error, Result};
use crate::imap::idle::Notice;
use crate::imap::search::Criteria;
use crate::imap::{Mailbox, Settings};
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
    vigil: Vigil,
    /// The UIDs that are there, ascending: the n-th has sequence number n.
    known: Option<Vec<u32>>,
    events: VecDeque<Event>,
}

struct Event {
    name: &'static str,
    uid: u32,
    uidvalidity: Option<u32>,
    at: String,
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
        let mailbox = Mailbox::from_name(self.arguments.get("folder").unwrap_or("INBOX"))?;
        let account = self.client.account("imap_watch", server, user)?;
        let watch = since::duration_option(&options, "watch")?;
        Ok(Running {
            account,
            settings,
            until: watch.and_then(|watch| Instant::now().checked_add(watch)),
            vigil: Vigil::begin(mailbox, since::duration_option(&options, "period")?),
            known: None,
            events: VecDeque::new(),
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
            if let Some(event) = self.events.pop_front() {
                return Ok(Some(event));
            }
            if self.until.is_some_and(|until| Instant::now() >= until) {
                return Ok(None);
            }
            keeper.check()?;
            let seen = match self.vigil.tick(&keeper)? {
                Some(news) => look(news, self.known.take()),
                None => {
                    std::thread::sleep(TICK);
                    continue;
                }
            };
            match seen {
                Ok((known, events)) => {
                    self.known = Some(known);
                    self.events.extend(events);
                }
                Err((known, error)) => {
                    self.known = known;
                    self.vigil.fail(error)?;
                }
            }
        }
    }
}

type Seen = (Vec<u32>, Vec<Event>);

/// What has happened, and what is there now; at first nothing has.
fn look(
    news: News<'_>,
    known: Option<Vec<u32>>,
) -> std::result::Result<Seen, (Option<Vec<u32>>, Error)> {
    let examined = news.examined;
    let found = match examined.exists {
        0 => Ok(Vec::new()),
        _ => news
            .session
            .uid_search(Criteria::All)
            .map(|found| found.iter().collect::<Vec<u32>>()),
    };
    let now = match found {
        Ok(now) => now,
        Err(error) => return Err((known, error)),
    };
    let Some(mut known) = known else {
        return Ok((now, Vec::new()));
    };
    let at = Timestamp::now()
        .strftime("%Y-%m-%dT%H:%M:%S%.3fZ")
        .to_string();
    let event = |name, uid| Event {
        name,
        uid,
        uidvalidity: examined.uidvalidity,
        at: at.clone(),
    };
    let mut events = Vec::new();
    for notice in news.notices {
        let place = |sequence: u32| usize::try_from(sequence).ok()?.checked_sub(1);
        match notice {
            Notice::Expunged(sequence) => {
                if let Some(place) = place(sequence).filter(|&place| place < known.len()) {
                    events.push(event("expunged", known.remove(place)));
                }
            }
            Notice::Changed(sequence) => {
                let uid = place(sequence).and_then(|place| known.get(place));
                events.extend(uid.map(|&uid| event("flags", uid)));
            }
            Notice::Exists(_) | Notice::Vanished(_) | Notice::Ended => {}
        }
    }
    let gone = known.iter().filter(|uid| now.binary_search(uid).is_err());
    events.extend(gone.map(|&uid| event("expunged", uid)));
    let new = now.iter().filter(|uid| known.binary_search(uid).is_err());
    events.extend(new.map(|&uid| event("new", uid)));
    Ok((now, events))
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
            "folder_name" => {
                let running = self.running.as_ref();
                cell::text(out, running.map(|running| running.vigil.mailbox().name()));
            }
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
