//! Values that may be missing, as cells: what is missing is NULL.

use crate::sqlite::Cell;

/// A text.
pub fn text(cell: Cell<'_>, text: Option<&str>) {
    match text {
        Some(text) => cell.text(text),
        None => cell.null(),
    }
}

/// A number; one beyond SQLite's integers is NULL.
pub fn number(cell: Cell<'_>, number: Option<impl TryInto<i64>>) {
    match number.and_then(|number| number.try_into().ok()) {
        Some(number) => cell.integer(number),
        None => cell.null(),
    }
}
