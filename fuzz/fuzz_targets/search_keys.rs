//! The option `search`, written by users: no text ends the command it goes
//! into or begins another, and what is sent means what was written.

#![no_main]

use imap0::imap::search_key::{Key, Piece};
use imap0::imap::search_text::parse;
use libfuzzer_sys::fuzz_target;
use sqlite_imap_fuzz::assert_sentence;

/// How deep the tree of a key is.
fn depth(key: &Key) -> usize {
    1 + match key {
        Key::Plain(_) | Key::Text(..) => 0,
        Key::Not(key) => depth(key),
        Key::Or(left, right) => depth(left).max(depth(right)),
        Key::All(keys) => keys.iter().map(depth).max().unwrap_or_default(),
    }
}

/// The command as a user would write it: each literal a quoted text.
fn written(pieces: &[Piece]) -> String {
    let mut text = String::new();
    for piece in pieces {
        match piece {
            Piece::Line(line) => {
                assert!(line.iter().all(|byte| (32..127).contains(byte)), "{line:?}");
                text.push_str(str::from_utf8(line).expect("ASCII"));
            }
            Piece::Literal(bytes) => {
                let inside = str::from_utf8(bytes).expect("it was text");
                let escaped = inside.replace('\\', "\\\\").replace('"', "\\\"");
                text.push_str(&format!("\"{escaped}\""));
            }
        }
    }
    text
}

fuzz_target!(|text: &str| {
    let keys = match parse(text) {
        Ok(keys) => keys,
        Err(error) => return assert_sentence(&error.to_string()),
    };
    assert!(!keys.is_empty() && keys.iter().all(|key| depth(key) <= 51));
    let spelled = Key::spell(&keys);
    let text = written(&spelled);
    // A text of nothing but escapes doubles in length; longer ones are refused.
    if text.len() <= 3_000 {
        let again = parse(&text).expect("what was read once");
        assert_eq!(Key::spell(&again), spelled);
    }
});
