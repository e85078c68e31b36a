//! What the fuzz targets share. `make fuzz` runs them; docs/fuzzing.md says how,
//! and what they found.

use std::panic;

use serde_json::Value;

/// Lets the panics of mail-parser pass that `mail` catches and reads as "cannot
/// be read"; libFuzzer's own hook would end the process at each. All others
/// still end it, once they have left the target.
#[expect(clippy::disallowed_methods, reason = "the host is libFuzzer")]
pub fn shield() {
    panic::set_hook(Box::new(|panic| {
        let is_shielded = |place: &panic::Location<'_>| place.file().contains("mail-parser");
        if !panic.location().is_some_and(is_shielded) {
            eprintln!("{panic}");
        }
    }));
}

/// Asserts that an error is one line in this library's words.
pub fn assert_sentence(error: &str) {
    assert!(error.starts_with("imap: "), "{error:?}");
    assert!(!error.chars().any(char::is_control), "{error:?}");
}

/// Asserts that a text may go to SQLite: something, and no NUL in it.
pub fn assert_text(text: &str) {
    assert!(!text.is_empty() && !text.contains('\0'), "{text:.200?}");
}

/// Asserts that no text in a value, key or element, has a NUL.
pub fn assert_no_nul(value: &Value) {
    match value {
        Value::String(text) => assert!(!text.contains('\0'), "{text:.200?}"),
        Value::Array(list) => list.iter().for_each(assert_no_nul),
        Value::Object(object) => {
            for (key, value) in object {
                assert!(!key.contains('\0'), "{key:.200?}");
                assert_no_nul(value);
            }
        }
        _ => {}
    }
}

/// The bytes before the first line feed, and those after it.
pub fn line_and_rest(data: &[u8]) -> (&[u8], &[u8]) {
    match data.iter().position(|&byte| byte == b'\n') {
        Some(at) => (&data[..at], &data[at + 1..]),
        None => (b"", data),
    }
}
