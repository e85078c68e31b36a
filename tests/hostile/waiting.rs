//! A table that waits, as for a server, until the host interrupts it.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use imap0::error::{Error, Kind, Result};
use imap0::sqlite::{
    Cell, Connection, Cursor, Index, Planned, Table, Trust, Value, register_table,
};

use crate::definition;

struct Waiting(Connection);
struct WaitingCursor(Connection);

impl Table for Waiting {
    type Cursor = WaitingCursor;

    fn plan(&self, _: &mut Index<'_>) -> Result<Planned> {
        Ok(Planned::Yes)
    }

    fn open(&self) -> Result<WaitingCursor> {
        Ok(WaitingCursor(self.0.clone()))
    }
}

impl Cursor for WaitingCursor {
    fn scan(&mut self, _: i32, _: Option<&str>, _: &[Value<'_>]) -> Result<()> {
        // Where it is waited for, the host is told so.
        if let Some(sign) = std::env::var_os("HOSTILE_WAITS") {
            fs::write(sign, "").expect("the host has said where");
        }
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(300) {
            if self.0.is_interrupted() {
                return Err(Kind::Cancelled.into());
            }
            thread::sleep(Duration::from_millis(10));
        }
        Err(Error::usage("nobody interrupted"))
    }

    fn advance(&mut self) -> Result<()> {
        Ok(())
    }

    fn is_at_end(&self) -> bool {
        true
    }

    fn cell(&mut self, _: usize, _: Cell<'_>) -> Result<()> {
        Ok(())
    }

    fn rowid(&self) -> Result<i64> {
        Ok(0)
    }
}

/// The table `waiting`, which has no row.
pub fn register(connection: &Connection) -> Result<()> {
    let definition = definition("waiting", "  a INTEGER -- nothing");
    register_table(connection, definition, Trust::DirectOnly, |connection| {
        Waiting(connection.clone())
    })
}
