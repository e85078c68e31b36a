//! The virtual tables, one file each, with their plan, cursor and row beside
//! them. Each declares its columns in `sql/tables`.

mod argument;
pub mod attachments;
mod attachments_row;
mod attachments_scan;
mod cell;
pub mod check;
mod comparison;
mod condition;
mod conditions;
mod days;
mod folder_numbers;
pub mod folders;
mod folders_scan;
mod judge;
pub mod log;
mod mail_attachments;
mod mail_headers;
mod mail_indicators;
mod mail_matches;
mod mail_parts;
mod mail_received;
mod mail_texts;
pub mod messages;
mod messages_column;
mod messages_folder;
mod messages_plan;
mod messages_row;
mod messages_scan;
mod messages_term;
mod oversize;
mod rowset;
mod running;
mod sink;
mod span;
mod structure_json;
mod text_runs;
mod uid_bound;
pub mod watch;
mod watch_scan;

use crate::error::Result;
use crate::sqlite::Connection;

/// Registers the tables that touch no network.
pub(crate) fn register_pure(connection: &Connection) -> Result<()> {
    rowset::register::<mail_attachments::Attachments>(connection)?;
    rowset::register::<mail_headers::Fields>(connection)?;
    rowset::register::<mail_indicators::Indicators>(connection)?;
    rowset::register::<mail_matches::Matches>(connection)?;
    rowset::register::<mail_parts::Parts>(connection)?;
    rowset::register::<mail_received::Hops>(connection)?;
    rowset::register::<mail_texts::Pieces>(connection)
}
