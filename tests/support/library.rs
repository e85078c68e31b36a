//! The built library, as a file to load.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::path::PathBuf;

/// The library Cargo built together with the running test: the same profile,
/// the same target folder.
pub fn library() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    // target/PROFILE/deps/TEST-HASH: Cargo puts the library two levels up.
    let profile = test.parent().and_then(|deps| deps.parent()).unwrap();
    let library = profile.join(format!("{DLL_PREFIX}imap0{DLL_SUFFIX}"));
    assert!(library.exists(), "{} was not built", library.display());
    library
}

/// The library's path as SQL text: without the suffix, as users write it, and
/// with quotes doubled.
pub fn library_for_sql() -> String {
    library()
        .with_extension("")
        .display()
        .to_string()
        .replace('\'', "''")
}
