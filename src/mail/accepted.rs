//! The forms in which a message is taken, all made into one: MIME.
//!
//! A message of RFC 5322 is itself. An Outlook file and a TNEF stream
//! (`winmail.dat`) are written anew as MIME, so that all that reads mail here
//! reads them too, with the same part numbers everywhere.

use super::outlook::{msg, tnef};
use serde_json::{Value, json};
use std::borrow::Cow;

/// The form that bytes are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// RFC 5322 and MIME; whatever is nothing else is taken for it.
    Mime,
    /// An Outlook item file, `.msg` (MS-OXMSG).
    OutlookMsg,
    /// Transport Neutral Encapsulation Format (MS-OXTNEF).
    Tnef,
}

impl Form {
    /// Tells by the first bytes.
    pub fn of(raw: &[u8]) -> Self {
        if msg::is_compound_file(raw) {
            Self::OutlookMsg
        } else if tnef::is_tnef(raw) {
            Self::Tnef
        } else {
            Self::Mime
        }
    }

    /// Its name in `mail_parse`: `mime`, `msg`, `tnef`.
    pub fn to_json(self) -> Value {
        json!(match self {
            Self::Mime => "mime",
            Self::OutlookMsg => "msg",
            Self::Tnef => "tnef",
        })
    }
}

/// `raw` as MIME; what is in another form and cannot be read is a message
/// without anything.
pub fn mime(raw: &[u8]) -> Cow<'_, [u8]> {
    match converted(raw) {
        None => Cow::Borrowed(raw),
        Some(Ok(mime)) => Cow::Owned(mime),
        Some(Err(_)) => Cow::Borrowed(b""),
    }
}

/// `raw` made MIME, `None` where it is not in another form; the error follows
/// the part's number in `problems`.
pub fn converted(raw: &[u8]) -> Option<Result<Vec<u8>, &'static str>> {
    match Form::of(raw) {
        Form::Mime => None,
        Form::OutlookMsg => Some(msg::to_mime(raw).ok_or("is no Outlook message that can be read")),
        Form::Tnef => Some(tnef::to_mime(raw).ok_or("is no TNEF stream that can be read")),
    }
}
