//! The forms in which a message is taken, all made into one: MIME.

use std::borrow::Cow;

/// `raw` as MIME.
pub fn mime(raw: &[u8]) -> Cow<'_, [u8]> {
    Cow::Borrowed(raw)
}

/// `raw` made MIME, `None` where it is not in another form; the error follows
/// the part's number in `problems`.
pub fn converted(_raw: &[u8]) -> Option<Result<Vec<u8>, &'static str>> {
    None
}
