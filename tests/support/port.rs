//! Ports on loopback for servers that cannot choose one themselves.

use std::net::TcpListener;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU16, Ordering};

/// Below those that the system gives to clients, so that nobody comes to have
/// one by chance, and apart from those of tests/server.
const FIRST: u16 = 10_000;
const COUNT: u16 = 9_000;

/// A port that nobody listens on, another one each time.
pub fn free_port() -> u16 {
    static NEXT: OnceLock<AtomicU16> = OnceLock::new();
    // Test binaries that run beside each other begin at different places.
    let begin = || AtomicU16::new((std::process::id() % u32::from(COUNT)) as u16);
    let next = NEXT.get_or_init(begin);
    let port = || FIRST + next.fetch_add(1, Ordering::Relaxed) % COUNT;
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    (0..COUNT)
        .map(|_| port())
        .find(is_free)
        .expect("a free port")
}
