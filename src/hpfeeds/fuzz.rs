//! What `fuzz/` reaches of the parsers that are private here; built by
//! cargo-fuzz, and by tests so that it keeps up with them.

pub use super::frame::{Said, parse};
