//! The wall around mail-parser: a panic inside it becomes "cannot be read".

use std::panic::{AssertUnwindSafe, catch_unwind};

/// What `parse` gives, or `None` where it panics.
///
/// The closures given here only read borrowed bytes and build new values, so
/// a half-done one leaves nothing behind that could be seen later.
pub(super) fn shielded<T>(parse: impl FnOnce() -> Option<T>) -> Option<T> {
    catch_unwind(AssertUnwindSafe(parse)).ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_reads_as_nothing() {
        assert_eq!(shielded(|| Some(1)), Some(1));
        assert_eq!(
            shielded(|| -> Option<i32> { panic!("as a parser might") }),
            None
        );
    }
}
