//! `imap_debug()`: what a bug report needs, one fact a line.
//!
//! ```sql
//! SELECT imap_debug();
//! -- version: v0.1.0
//! -- sqlite: 3.40.1
//! -- target: x86_64-linux
//! -- build: release
//! -- commit: 3f2c9a81d07b
//! ```

use std::env::consts::{ARCH, OS};

use crate::VERSION;
use crate::error::Result;
use crate::sqlite::{Connection, Trust, register_function};

pub(super) fn register(connection: &Connection) -> Result<()> {
    register_function(
        connection,
        "imap_debug",
        0..=0,
        Trust::Innocuous,
        |connection, _, cell| {
            cell.text_owned(facts(connection.host_version()));
            Ok(())
        },
    )
}

/// `host_version` is SQLite's, as 3040001 for 3.40.1.
fn facts(host_version: i32) -> String {
    let (major, minor) = (host_version / 1_000_000, host_version / 1000 % 1000);
    let patch = host_version % 1000;
    let build = if cfg!(debug_assertions) {
        "debug"
    } else {
        "release"
    };
    // `make` sets it; a build from a source archive has no repository.
    let commit = option_env!("IMAP_COMMIT").unwrap_or("unknown");
    format!(
        "version: v{VERSION}\nsqlite: {major}.{minor}.{patch}\ntarget: {ARCH}-{OS}\n\
         build: {build}\ncommit: {commit}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fact_has_its_line() {
        let facts = facts(3_040_001);
        let names: Vec<_> = facts
            .lines()
            .filter_map(|line| line.split_once(": "))
            .collect();
        let names: Vec<_> = names.into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["version", "sqlite", "target", "build", "commit"]);
        assert!(facts.contains("\nsqlite: 3.40.1\n"));
    }
}
