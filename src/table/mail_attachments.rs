//! `mail_attachments(raw)`: attachments with content and digests, those in
//! attached messages too.
//!
//! ```sql
//! SELECT filename, content_type, sniffed_type, sha256
//!   FROM mail_attachments(readfile('message.eml'));
//! ```

use super::cell::text;
use super::mail_parts::shared_cell;
use super::rowset::Rowset;
use crate::error::Result;
use crate::mail::part_row::{PartRow, attachments};
use crate::sqlite::{Cell, Definition};

static DEFINITION: Definition = Definition::new(
    "mail_attachments",
    include_str!("../../sql/tables/mail_attachments.sql"),
);

/// The table.
pub struct Attachments;

impl Rowset for Attachments {
    type Row = PartRow;
    const DEFINITION: &'static Definition = &DEFINITION;

    fn rows(raw: &[u8], _: Option<&str>, _: &dyn Fn() -> bool) -> Result<Vec<PartRow>> {
        Ok(attachments(raw))
    }

    fn cell(row: &PartRow, column: &str, out: Cell<'_>) {
        match column {
            "sniffed_type" => text(out, row.sniffed_type()),
            "md5" => text(out, row.md5().as_deref()),
            "sha1" => text(out, row.sha1().as_deref()),
            "sha256" => text(out, row.sha256().as_deref()),
            _ => shared_cell(row, column, out),
        }
    }
}
