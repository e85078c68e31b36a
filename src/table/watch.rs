//! `imap_watch(server, user, folder, options)`: what happens in folders, as rows
//! that come while it happens.
//!
//! ```sql
//! SELECT event, folder_name, uid
//!   FROM imap_watch('imap.example.org', 'ada', '*', '{"watch": "PT8H"}');
//! ```
//!
//! Told by IDLE or NOTIFY, or found by looking where the server has neither. A
//! lost connection is made anew, and what happened meanwhile is told then.
//! DIRECTONLY, as `imap_messages` is.

use std::sync::Arc;

use super::argument;
use super::watch_scan::{DEFINITION, Scan};
use crate::account::Client;
use crate::error::Result;
use crate::sqlite::{Connection, Index, Planned, Table, Trust, register_table};

pub fn register(connection: &Connection, client: &Arc<Client>) -> Result<()> {
    let client = Arc::clone(client);
    register_table(connection, &DEFINITION, Trust::DirectOnly, move |_| {
        Watch(Arc::clone(&client))
    })
}

struct Watch(Arc<Client>);

impl Table for Watch {
    type Cursor = Scan;

    fn plan(&self, index: &mut Index<'_>) -> Result<Planned> {
        let Some(arguments) = argument::take(index, &DEFINITION) else {
            return Ok(Planned::NotThisWay);
        };
        // Waiting is to be done once, in the outermost loop.
        index.set_rows(1_000);
        index.set_cost(1e12);
        index.set_plan(0, arguments.join(","));
        Ok(Planned::Yes)
    }

    fn open(&self) -> Result<Scan> {
        Ok(Scan::new(&self.0))
    }
}
