//! What is said of content that is left on the server because of its size.

use crate::imap::frame::LITERAL;

/// The most bytes of content that are fetched, as the option `max_size` says; no
/// value of SQLite's holds more than [`LITERAL`].
pub fn bound(max_size: Option<u64>) -> u64 {
    max_size.map_or(LITERAL, |max| max.min(LITERAL))
}

/// Why content of so many bytes, which are more than [`bound`], was not fetched.
pub fn not_fetched(size: u64) -> String {
    if size > LITERAL {
        format!("not fetched: {size} bytes are more than the {LITERAL} of a value")
    } else {
        format!("not fetched: {size} bytes are more than max_size")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_that_counts_is_told() {
        assert_eq!((bound(None), bound(Some(9))), (1_000_000_000, 9));
        assert_eq!(bound(Some(u64::MAX)), 1_000_000_000);
        assert_eq!(
            not_fetched(10),
            "not fetched: 10 bytes are more than max_size"
        );
        assert_eq!(
            not_fetched(1_000_000_001),
            "not fetched: 1000000001 bytes are more than the 1000000000 of a value"
        );
    }
}
