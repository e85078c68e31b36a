//! Where a column's value goes: to SQLite, or into our own hands, to be looked
//! at before the rest of its row is fetched.

use std::sync::Arc;

use crate::sqlite::{Cell, Owned};

/// Takes one value.
pub trait Sink: Sized {
    /// SQL's NULL.
    fn null(self);
    /// An integer.
    fn integer(self, value: i64);
    /// A text, copied.
    fn text(self, text: &str);
    /// A text, handed over.
    fn text_owned(self, text: String);
    /// A text that SQLite's JSON functions take for JSON.
    fn json(self, text: &str);
    /// Bytes that are shared with the row.
    fn blob_shared(self, bytes: &Arc<Vec<u8>>);
}

impl Sink for Cell<'_> {
    fn null(self) {
        Cell::null(self);
    }

    fn integer(self, value: i64) {
        Cell::integer(self, value);
    }

    fn text(self, text: &str) {
        Cell::text(self, text);
    }

    fn text_owned(self, text: String) {
        Cell::text_owned(self, text);
    }

    fn json(self, text: &str) {
        Cell::json(self, text);
    }

    fn blob_shared(self, bytes: &Arc<Vec<u8>>) {
        Cell::blob_shared(self, bytes);
    }
}

impl Sink for &mut Owned {
    fn null(self) {
        *self = Owned::Null;
    }

    fn integer(self, value: i64) {
        *self = Owned::Integer(value);
    }

    fn text(self, text: &str) {
        *self = Owned::Text(text.to_owned());
    }

    fn text_owned(self, text: String) {
        *self = Owned::Text(text);
    }

    fn json(self, text: &str) {
        self.text(text);
    }

    fn blob_shared(self, bytes: &Arc<Vec<u8>>) {
        *self = Owned::Blob(bytes.to_vec());
    }
}
