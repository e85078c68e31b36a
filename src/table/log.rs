//! `imap_log`: the commands that this SQLite connection has sent.
//!
//! ```sql
//! SELECT at, command, bytes_in, milliseconds, result FROM imap_log;
//! ```
//!
//! A scan sees the log as it was when it began, without its own. DIRECTONLY:
//! it names servers, users and folders.

use std::sync::Arc;
use std::vec;

use jiff::Timestamp;

use crate::account::Client;
use crate::error::Result;
use crate::imap::log::Entry;
use crate::sqlite::{
    Cell, Connection, Cursor, Definition, Index, Planned, Table, Trust, Value, register_table,
};

static DEFINITION: Definition =
    Definition::new("imap_log", include_str!("../../sql/tables/imap_log.sql"));

pub fn register(connection: &Connection, client: &Arc<Client>) -> Result<()> {
    let client = Arc::clone(client);
    register_table(connection, &DEFINITION, Trust::DirectOnly, move |_| Log {
        client: Arc::clone(&client),
    })
}

struct Log {
    client: Arc<Client>,
}

impl Table for Log {
    type Cursor = Scan;

    fn plan(&self, index: &mut Index<'_>) -> Result<Planned> {
        index.set_rows(1_000);
        index.set_cost(1_000.0);
        Ok(Planned::Yes)
    }

    fn open(&self) -> Result<Scan> {
        Ok(Scan {
            client: Arc::clone(&self.client),
            entries: Vec::new().into_iter(),
            entry: None,
        })
    }
}

struct Scan {
    client: Arc<Client>,
    entries: vec::IntoIter<Entry>,
    entry: Option<Entry>,
}

impl Cursor for Scan {
    fn scan(&mut self, _: i32, _: Option<&str>, _: &[Value<'_>]) -> Result<()> {
        self.entries = self.client.log().entries().into_iter();
        self.advance()
    }

    fn advance(&mut self) -> Result<()> {
        self.entry = self.entries.next();
        Ok(())
    }

    fn is_at_end(&self) -> bool {
        self.entry.is_none()
    }

    fn cell(&mut self, position: usize, cell: Cell<'_>) -> Result<()> {
        let Some(entry) = &self.entry else {
            cell.null();
            return Ok(());
        };
        let column = DEFINITION.columns().get(position);
        match column.map_or("", |column| &column.name[..]) {
            "at" => match Timestamp::try_from(entry.at) {
                Ok(at) => cell.text_owned(at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()),
                Err(_) => cell.null(),
            },
            "server" => cell.text(&entry.server),
            "user" => cell.text(&entry.user),
            "command" => cell.text(&entry.command),
            "bytes_out" => super::cell::number(cell, entry.bytes_out),
            "bytes_in" => super::cell::number(cell, Some(entry.bytes_in)),
            "milliseconds" => match entry.took {
                Some(took) => cell.real(took.as_secs_f64() * 1e3),
                None => cell.null(),
            },
            "result" => super::cell::text(cell, entry.result.as_deref()),
            _ => cell.null(),
        }
        Ok(())
    }

    fn rowid(&self) -> Result<i64> {
        let number = self.entry.as_ref().map_or(0, |entry| entry.number);
        Ok(i64::try_from(number).unwrap_or(i64::MAX))
    }
}
