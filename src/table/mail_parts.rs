//! `mail_parts(raw)`: MIME parts, those of attached messages too.
//!
//! ```sql
//! SELECT part, content_type, filename, size FROM mail_parts(readfile('message.eml'));
//! ```

use super::cell::{number, text};
use super::rowset::Rowset;
use crate::error::Result;
use crate::mail::part_row::{PartRow, parts};
use crate::sqlite::{Cell, Definition};

static DEFINITION: Definition = Definition::new(
    "mail_parts",
    include_str!("../../sql/tables/mail_parts.sql"),
);

/// The table.
pub struct Parts;

impl Rowset for Parts {
    type Row = PartRow;
    const DEFINITION: &'static Definition = &DEFINITION;

    fn rows(raw: &[u8], _: Option<&str>, _: &dyn Fn() -> bool) -> Result<Vec<PartRow>> {
        Ok(parts(raw))
    }

    fn cell(row: &PartRow, column: &str, out: Cell<'_>) {
        match column {
            "charset" => text(out, row.charset.as_deref()),
            "encoding" => text(out, row.encoding.as_deref()),
            "text" => text(out, row.text.as_deref()),
            _ => shared_cell(row, column, out),
        }
    }
}

/// The columns that `mail_attachments` has too.
pub(super) fn shared_cell(row: &PartRow, column: &str, out: Cell<'_>) {
    match column {
        "part" => text(out, row.part.as_deref()),
        "message" => text(out, row.message.as_deref()),
        "content_type" => out.text(&row.content_type),
        "disposition" => text(out, row.disposition.as_deref()),
        "filename" => text(out, row.filename.as_deref()),
        "content_id" => text(out, row.content_id.as_deref()),
        "size" => number(out, row.size()),
        "content" => match &row.content {
            Some(content) => out.blob(content),
            None => out.null(),
        },
        _ => out.null(),
    }
}
