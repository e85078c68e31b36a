//! What a test leaves out where a machine lacks something, told past the
//! harness, which keeps what passing tests print to itself.

use std::io::Write;

/// Tells it, in capitals what is lacking: `dns: NO IPv6 HERE, nothing was asked`.
pub fn skipped(told: &str) {
    let line = format!("{told}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}
