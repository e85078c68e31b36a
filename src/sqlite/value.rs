//! (unsafe) A value SQLite passes in: an argument of a function or of a scan.

use std::ffi::c_int;
use std::marker::PhantomData;
use std::{ptr, slice};

use sqlite_loadable::ext::sqlite3_value;

use super::{api, code};
use crate::error::{Error, Kind, Result};

/// SQLite's five storage classes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ValueKind {
    /// SQL's NULL, or an IN list.
    Null,
    /// A 64-bit integer.
    Integer,
    /// A floating point number.
    Real,
    /// A text.
    Text,
    /// Bytes.
    Blob,
}

/// A value that has been copied out of SQLite.
#[derive(Clone, Debug, PartialEq)]
pub enum Owned {
    /// SQL's NULL.
    Null,
    /// A 64-bit integer.
    Integer(i64),
    /// A floating point number.
    Real(f64),
    /// A text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

/// A value of the host's, valid during the call that passes it.
///
/// Its bytes are read in one way for each kind, always the same: reading a blob
/// as text, or text as a blob, would let SQLite move the bytes that an earlier
/// read returned.
pub struct Value<'a> {
    value: *mut sqlite3_value,
    kind: ValueKind,
    life: PhantomData<&'a sqlite3_value>,
}

impl<'a> Value<'a> {
    /// # Safety
    /// `value` is valid, protected, and left alone by others for `'a`.
    unsafe fn new(value: *mut sqlite3_value) -> Self {
        // SAFETY: `value` is valid.
        let kind = match unsafe { api::value_type(value) } {
            1 => ValueKind::Integer,
            2 => ValueKind::Real,
            3 => ValueKind::Text,
            4 => ValueKind::Blob,
            _ => ValueKind::Null,
        };
        Self {
            value,
            kind,
            life: PhantomData,
        }
    }

    /// The arguments of a callback.
    ///
    /// # Safety
    /// `values` holds `count` values that are valid for `'a`; it may be null
    /// where `count` is 0.
    pub(super) unsafe fn all(count: c_int, values: *mut *mut sqlite3_value) -> Vec<Self> {
        let count = usize::try_from(count).unwrap_or(0);
        // SAFETY: by the contract above; no index reaches `count`.
        (0..count)
            .map(|index| unsafe { Self::new(*values.add(index)) })
            .collect()
    }

    /// The storage class; that of an IN list is `Null`.
    pub fn kind(&self) -> ValueKind {
        self.kind
    }

    /// True for SQL's NULL, and for an IN list.
    pub fn is_null(&self) -> bool {
        self.kind == ValueKind::Null
    }

    /// The integer, by SQLite's conversions: 0 for what is no number.
    pub fn as_i64(&self) -> i64 {
        // SAFETY: the value is valid; reading a number moves no bytes.
        unsafe { api::value_int64(self.value) }
    }

    /// The number, by SQLite's conversions: 0 for what is no number.
    pub fn as_f64(&self) -> f64 {
        // SAFETY: as in `as_i64`.
        unsafe { api::value_double(self.value) }
    }

    /// The text; a number as SQLite writes it, a blob's bytes as they are, NULL
    /// as the empty text.
    ///
    /// # Errors
    /// `Usage` where it is no UTF-8.
    pub fn text(&self) -> Result<&'a str> {
        std::str::from_utf8(self.bytes())
            .map_err(|_| Error::usage("cannot read an argument: it is not UTF-8 text"))
    }

    /// The text of the argument `name`, which may be omitted, by leaving it out or
    /// by NULL.
    ///
    /// # Errors
    /// `Usage`, with the name, where it is no UTF-8.
    pub fn given_text(&self, name: &str) -> Result<Option<&'a str>> {
        if self.is_null() {
            return Ok(None);
        }
        let text = std::str::from_utf8(self.bytes());
        text.map(Some).map_err(|_| {
            Error::usage(format!(
                "cannot read the argument {name}: it is not UTF-8 text"
            ))
        })
    }

    /// The bytes: of a blob as they are, of text in UTF-8, of a number as
    /// SQLite writes it, none of NULL.
    pub fn bytes(&self) -> &'a [u8] {
        // SAFETY: the value is valid. SQLite keeps the bytes as long as the
        // value, since each kind is read by one function only.
        unsafe {
            let data = match self.kind {
                ValueKind::Null => return &[],
                ValueKind::Blob => api::value_blob(self.value).cast::<u8>(),
                ValueKind::Integer | ValueKind::Real | ValueKind::Text => {
                    api::value_text(self.value)
                }
            };
            match usize::try_from(api::value_bytes(self.value)) {
                Ok(size) if size > 0 && !data.is_null() => slice::from_raw_parts(data, size),
                _ => &[],
            }
        }
    }

    /// A copy that outlives the call.
    ///
    /// # Errors
    /// `Usage` for text that is no UTF-8.
    pub fn to_owned(&self) -> Result<Owned> {
        Ok(match self.kind {
            ValueKind::Null => Owned::Null,
            ValueKind::Integer => Owned::Integer(self.as_i64()),
            ValueKind::Real => Owned::Real(self.as_f64()),
            ValueKind::Text => Owned::Text(self.text()?.to_owned()),
            ValueKind::Blob => Owned::Blob(self.bytes().to_owned()),
        })
    }

    /// A copy to compare something with: text that is no UTF-8 as the blob of
    /// its bytes, which like it is above every number.
    pub fn operand(&self) -> Owned {
        self.to_owned()
            .unwrap_or_else(|_| Owned::Blob(self.bytes().to_owned()))
    }

    /// The elements, each as its [`Value::operand`], where this argument is an IN
    /// list that xBestIndex took whole ([`Index::take_in_list`]); nothing for any other value.
    ///
    /// # Errors
    /// `Host` as SQLite says.
    ///
    /// [`Index::take_in_list`]: super::Index::take_in_list
    pub fn in_list(&self) -> Result<Option<Vec<Owned>>> {
        let mut elements = Vec::new();
        loop {
            let mut element = ptr::null_mut();
            let at_start = elements.is_empty();
            // SAFETY: the value is an argument of the scan in progress; SQLite
            // refuses one that is no list.
            let code = unsafe { api::vtab_in_element(self.value, at_start, &raw mut element) };
            match code {
                code::DONE => return Ok(Some(elements)),
                code::OK if element.is_null() => return Ok(Some(elements)),
                // SAFETY: the element is valid until the next one is asked for,
                // and is copied before that.
                code::OK => elements.push(unsafe { Value::new(element) }.operand()),
                _ if at_start && code != code::NOMEM => return Ok(None),
                _ => {
                    let text = "cannot read the list of IN".to_owned();
                    return Err(Kind::Host { code, text }.into());
                }
            }
        }
    }
}
