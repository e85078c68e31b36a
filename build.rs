//! Keeps the library in memory once it is loaded.
//!
//! Where the entry point fails half-way, SQLite unloads the file, although what
//! was registered before points into it; and a thread of ours, waiting for name
//! resolution, may outlive the last connection.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // macOS keeps a library with thread-local storage, which this one has.
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "linux") {
        println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}
