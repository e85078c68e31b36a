//! `imap_folders(server, user, pattern, options)`: folders with their counts.
//!
//! ```sql
//! SELECT name, messages, unseen FROM imap_folders('imap.example.org', 'ada')
//!  WHERE unseen > 0;
//! ```
//!
//! Pushed down: the columns used. idxNum holds the bits of
//! [`StatusItems`](crate::imap::mailbox_status::StatusItems): without any, LIST
//! is all that is sent. With LIST-STATUS the counts come along with it, else
//! each folder costs one STATUS, when its row is reached. DIRECTONLY, as
//! `imap_messages` is.

use std::sync::Arc;

use super::argument;
use super::folder_numbers::FolderNumbers;
use super::folders_scan::{COUNTS, DEFINITION, Scan};
use crate::account::Client;
use crate::error::Result;
use crate::sqlite::{Connection, Index, Planned, Table, Trust, register_table};

pub fn register(connection: &Connection, client: &Arc<Client>) -> Result<()> {
    let client = Arc::clone(client);
    let numbers = Arc::new(FolderNumbers::default());
    register_table(connection, &DEFINITION, Trust::DirectOnly, move |_| {
        Folders {
            client: Arc::clone(&client),
            numbers: Arc::clone(&numbers),
        }
    })
}

struct Folders {
    client: Arc<Client>,
    numbers: Arc<FolderNumbers>,
}

impl Table for Folders {
    type Cursor = Scan;

    fn plan(&self, index: &mut Index<'_>) -> Result<Planned> {
        let Some(arguments) = argument::take(index, &DEFINITION) else {
            return Ok(Planned::NotThisWay);
        };
        let uses = |name| {
            DEFINITION
                .position(name)
                .is_some_and(|position| index.uses_column(position))
        };
        let bits = (0..).zip(COUNTS).filter(|(_, name)| uses(name));
        let number = bits.fold(0, |number, (bit, _)| number | 1 << bit);
        // A few dozen folders, and a round trip or two outweighs thousands of
        // rows of a table of the database.
        index.set_rows(50);
        index.set_cost(if number == 0 { 5_000.0 } else { 10_000.0 });
        index.set_plan(number, arguments.join(","));
        Ok(Planned::Yes)
    }

    fn open(&self) -> Result<Scan> {
        Ok(Scan::new(&self.client, &self.numbers))
    }
}
