//! The regular expressions of the finders, which are written in the code.

use regex::Regex;

/// A pattern of a finder, which its tests run.
pub(super) fn constant(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is a constant that tests run")
}
