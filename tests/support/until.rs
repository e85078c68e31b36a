//! Waiting for what another process does.

use std::thread;
use std::time::{Duration, Instant};

/// Longer than anything that is waited for takes, also on a machine that is slow
/// or has much else to do. It ends what hangs, and says nothing of speed.
pub const PATIENCE: Duration = Duration::from_secs(300);

/// What `look` comes to find.
#[track_caller]
pub fn until<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "nothing comes of it");
        thread::sleep(Duration::from_millis(5));
    }
}
