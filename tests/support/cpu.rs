//! How long this thread has kept a processor busy.

use std::fs;

/// The nanoseconds that this thread has run, which other programs on a busy
/// machine do not add to; `None` where the system does not tell.
pub fn cpu() -> Option<u64> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok()
}
