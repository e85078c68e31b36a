//! `imap_attachments(server, user, folder, options)`: one row for each
//! attachment, without a download.
//!
//! ```sql
//! SELECT uid, filename, sha256 FROM imap_attachments('imap.example.org', 'ada', '*')
//!  WHERE content_type = 'application/pdf' AND size < 1000000;
//! ```
//!
//! Pushed down: comparisons of `uid`, as in `imap_messages`. BODYSTRUCTURE gives
//! the rows; `content` and the digests fetch one part, when SQLite reads them
//! for a row, so that a row left out by WHERE costs nothing. SQLite does not
//! tell how much of a value it needs: `substr(content, 1, 512)` fetches all of
//! it. DIRECTONLY, as `imap_messages` is.

use std::sync::Arc;

use super::argument;
use super::attachments_scan::{DEFINITION, Scan};
use super::folder_numbers::FolderNumbers;
use super::uid_bound;
use crate::account::Client;
use crate::error::Result;
use crate::sqlite::{Connection, Index, Planned, Table, Trust, register_table};

pub fn register(connection: &Connection, client: &Arc<Client>) -> Result<()> {
    let client = Arc::clone(client);
    let numbers = Arc::new(FolderNumbers::default());
    register_table(
        connection,
        &DEFINITION,
        Trust::DirectOnly,
        move |connection| Attachments {
            client: Arc::clone(&client),
            numbers: Arc::clone(&numbers),
            connection: connection.clone(),
        },
    )
}

struct Attachments {
    client: Arc<Client>,
    numbers: Arc<FolderNumbers>,
    connection: Connection,
}

impl Table for Attachments {
    type Cursor = Scan;

    fn plan(&self, index: &mut Index<'_>) -> Result<Planned> {
        let Some(arguments) = argument::take(index, &DEFINITION) else {
            return Ok(Planned::NotThisWay);
        };
        let blind = argument::all_blindness(index, &DEFINITION, &arguments);
        let uid = DEFINITION.position("uid").unwrap_or_default();
        let compared = uid_bound::take(index, uid, arguments.len());
        let rows: i64 = if compared.is_empty() { 5_000 } else { 25 };
        let arguments: Vec<String> = arguments
            .into_iter()
            .map(str::to_owned)
            .chain(compared)
            .collect();
        index.set_rows(rows);
        #[expect(clippy::cast_precision_loss, reason = "at most five thousand")]
        index.set_cost(5_000.0 + 20.0 * rows as f64 + blind);
        index.set_plan(0, arguments.join(","));
        Ok(Planned::Yes)
    }

    fn open(&self) -> Result<Scan> {
        Ok(Scan::new(&self.client, &self.numbers, &self.connection))
    }
}
