//! The built library, as a file to load, and the hosts that load it.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::path::PathBuf;

/// The library Cargo built together with the running test, beside it. The one
/// a folder up is `cargo build`'s and may be of another day.
pub fn library() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let library = test.with_file_name(format!("{DLL_PREFIX}imap0{DLL_SUFFIX}"));
    assert!(library.exists(), "{} was not built", library.display());
    library
}

/// A file of the hosts that tests/hosts/setup.sh installs.
pub fn host(file: &str) -> PathBuf {
    let file = target().join("hosts").join(file);
    assert!(
        file.exists(),
        "{} is missing; run `make setup` first",
        file.display()
    );
    file
}

/// Cargo's target folder: the test is in target/PROFILE/deps.
pub fn target() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(3).unwrap().to_owned()
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
