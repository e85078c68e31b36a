//! The built library, as a file to load, and the hosts that load it.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::path::PathBuf;

/// The library Cargo built together with the running test: the same profile,
/// the same target folder.
pub fn library() -> PathBuf {
    let library = profile().join(format!("{DLL_PREFIX}imap0{DLL_SUFFIX}"));
    assert!(library.exists(), "{} was not built", library.display());
    library
}

/// A file of the hosts that tests/hosts/setup.sh installs.
pub fn host(file: &str) -> PathBuf {
    let file = profile().with_file_name("hosts").join(file);
    assert!(
        file.exists(),
        "{} is missing; run `make setup` first",
        file.display()
    );
    file
}

/// Where Cargo put what it built: the test is in target/PROFILE/deps.
fn profile() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(2).unwrap().to_owned()
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
