//! `mail_texts(raw)`: what there is to read in a message, piece by piece.
//!
//! ```sql
//! SELECT kind, text FROM mail_texts(readfile('message.eml'));
//! ```

use super::cell::text;
use super::rowset::Rowset;
use crate::error::Result;
use crate::mail::texts::{Piece, texts};
use crate::sqlite::{Cell, Definition};

static DEFINITION: Definition = Definition::new(
    "mail_texts",
    include_str!("../../sql/tables/mail_texts.sql"),
);

/// The table.
pub struct Pieces;

impl Rowset for Pieces {
    type Row = Piece;
    const DEFINITION: &'static Definition = &DEFINITION;

    fn rows(raw: &[u8], _: Option<&str>, _: &dyn Fn() -> bool) -> Result<Vec<Piece>> {
        Ok(texts(raw))
    }

    fn cell(row: &Piece, column: &str, out: Cell<'_>) {
        match column {
            "kind" => out.text(row.kind),
            "part" => text(out, row.part.as_deref()),
            "message" => text(out, row.message.as_deref()),
            "text" => out.text(&row.text),
            _ => out.null(),
        }
    }
}
