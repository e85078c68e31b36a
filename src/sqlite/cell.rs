//! (unsafe) Where a result goes: a column of a table's row, or a function's value.

use std::marker::PhantomData;
use std::sync::Arc;

use sqlite_loadable::ext::sqlite3_context;

use super::{api, loan};

/// Takes one value; one that takes none is NULL. What is longer than the host
/// allows becomes SQLite's own `string or blob too big` (`SQLITE_TOOBIG`).
pub struct Cell<'a> {
    context: *mut sqlite3_context,
    life: PhantomData<&'a mut sqlite3_context>,
}

/// How SQLite is to read bytes.
#[derive(Clone, Copy)]
enum Class {
    Text,
    Blob,
}

impl Cell<'_> {
    /// # Safety
    /// `context` is what SQLite passed to the callback in progress.
    pub(super) unsafe fn new(context: *mut sqlite3_context) -> Self {
        Self {
            context,
            life: PhantomData,
        }
    }

    /// SQL's NULL.
    pub fn null(self) {
        // SAFETY: the context is valid during the callback, as in all below.
        unsafe { api::result_null(self.context) };
    }

    /// An integer.
    pub fn integer(self, value: i64) {
        // SAFETY: as in `null`.
        unsafe { api::result_int64(self.context, value) };
    }

    /// A floating point number; SQLite makes NULL of a NaN.
    pub fn real(self, value: f64) {
        // SAFETY: as in `null`.
        unsafe { api::result_double(self.context, value) };
    }

    /// A text, copied.
    pub fn text(self, text: &str) {
        // SAFETY: SQLite copies the bytes before it returns.
        unsafe { self.give(text.as_bytes(), Class::Text, api::transient()) };
    }

    /// A text which SQLite's JSON functions take for JSON when they get it
    /// directly: `json_array(flags)` nests it instead of quoting it.
    pub fn json(self, text: &str) {
        /// The subtype SQLite's JSON functions use, the letter J.
        const JSON: u32 = 74;
        // SAFETY: as in `text`; the subtype follows the value it belongs to.
        unsafe {
            self.give(text.as_bytes(), Class::Text, api::transient());
            api::result_subtype(self.context, JSON);
        }
    }

    /// Bytes, copied.
    pub fn blob(self, bytes: &[u8]) {
        // SAFETY: SQLite copies the bytes before it returns.
        unsafe { self.give(bytes, Class::Blob, api::transient()) };
    }

    /// A text, handed over.
    pub fn text_owned(self, text: String) {
        if text.len() < loan::WORTHWHILE {
            return self.text(&text);
        }
        // A `String`'s bytes stay UTF-8.
        self.lend(&Arc::new(text.into_bytes()), Class::Text);
    }

    /// Bytes that SQLite reads where they are, as long as it needs them; the
    /// caller can keep them for the next time the column is read.
    pub fn blob_shared(self, bytes: &Arc<Vec<u8>>) {
        self.lend(bytes, Class::Blob);
    }

    fn lend(self, buffer: &Arc<Vec<u8>>, class: Class) {
        let destructor = if buffer.len() < loan::WORTHWHILE {
            api::transient()
        } else {
            loan::lend(buffer);
            Some(loan::give_back as unsafe extern "C" fn(_))
        };
        // SAFETY: SQLite copies the bytes, or gives back what was lent just now
        // when it no longer needs it, which is at once where it is too big.
        unsafe { self.give(buffer, class, destructor) };
    }

    /// # Safety
    /// `bytes` live until SQLite calls the destructor; text is UTF-8.
    unsafe fn give(&self, bytes: &[u8], class: Class, destructor: api::Destructor) {
        // An empty slice's pointer is not null, so it gives an empty value and
        // not NULL.
        let (data, size) = (bytes.as_ptr(), bytes.len() as u64);
        // SAFETY: by this function's contract; the context is valid.
        unsafe {
            match class {
                Class::Text => {
                    let encoding = api::UTF8 as u8;
                    api::result_text64(self.context, data.cast(), size, destructor, encoding);
                }
                Class::Blob => api::result_blob64(self.context, data.cast(), size, destructor),
            }
        }
    }
}
