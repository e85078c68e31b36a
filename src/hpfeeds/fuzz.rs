//! What `fuzz/` reaches of the parsers that are private here; built by
//! cargo-fuzz alone.

pub use super::frame::{Said, parse};
