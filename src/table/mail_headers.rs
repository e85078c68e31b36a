//! `mail_headers(raw)`: header fields in order, repeated ones too.
//!
//! ```sql
//! SELECT name, value FROM mail_headers(readfile('message.eml'));
//! ```

use super::cell::{number, text};
use super::rowset::Rowset;
use crate::error::Result;
use crate::mail::{Headers, accepted, words};
use crate::sqlite::{Cell, Definition};

static DEFINITION: Definition = Definition::new(
    "mail_headers",
    include_str!("../../sql/tables/mail_headers.sql"),
);

/// The table.
pub struct Fields;

/// A field.
pub struct Row {
    position: usize,
    name: String,
    value: Option<String>,
    written: Vec<u8>,
}

impl Rowset for Fields {
    type Row = Row;
    const DEFINITION: &'static Definition = &DEFINITION;

    fn rows(raw: &[u8], _: Option<&str>, _: &dyn Fn() -> bool) -> Result<Vec<Row>> {
        let mime = accepted::mime(raw);
        let headers = Headers::parse(&mime);
        let fields = headers.fields().iter().zip(1..);
        Ok(fields
            .map(|(field, position)| Row {
                position,
                name: field.name.to_owned(),
                value: words::decode(field.value),
                written: field.value.to_vec(),
            })
            .collect())
    }

    fn cell(row: &Row, column: &str, out: Cell<'_>) {
        match column {
            "position" => number(out, Some(row.position)),
            "name" => out.text(&row.name),
            "value" => text(out, row.value.as_deref()),
            "raw_value" => match std::str::from_utf8(&row.written) {
                // SQLite's text functions stop at NUL.
                Ok(written) if !written.contains('\0') => out.text(written),
                _ => out.blob(&row.written),
            },
            _ => out.null(),
        }
    }
}
