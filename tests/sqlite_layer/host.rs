//! Runs SQL, with the hostile extension loaded, in real hosts.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// The folder of what cargo built along with this test.
pub fn built() -> PathBuf {
    let test = std::env::current_exe().expect("a test is a file");
    test.ancestors()
        .nth(2)
        .expect("it is in target/PROFILE/deps")
        .to_owned()
}

/// The hostile extension, built if `cargo test --test sqlite_layer` did not.
pub fn hostile() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "--example", "hostile"]);
        if built().ends_with("release") {
            cargo.arg("--release");
        }
        // What cargo tells a test about its package; build scripts of some
        // dependencies run again when it differs.
        let told = ["CARGO_MANIFEST_", "CARGO_PKG_", "OUT_DIR"];
        for (name, _) in std::env::vars_os() {
            if told
                .iter()
                .any(|start| name.to_string_lossy().starts_with(start))
            {
                cargo.env_remove(&name);
            }
        }
        assert!(cargo.status().expect("cargo runs").success());
        built().join("examples").join(library("hostile"))
    })
}

pub fn library(name: &str) -> String {
    format!(
        "{}{name}{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    )
}

/// The Pythons to run in: Debian's with the system's SQLite, and one that
/// tests/hosts/setup.sh installs with the newest.
pub fn hosts() -> Vec<PathBuf> {
    let newest = built().join("../hosts/python/bin/python");
    assert!(
        newest.exists(),
        "{} is missing; run `make setup` first",
        newest.display()
    );
    vec![PathBuf::from("/usr/bin/python3"), newest]
}

/// A file that does not exist, for the table `waiting` to make.
fn sign() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("sqlite_layer-{}-{number}", std::process::id()))
}

/// What each step gave in one host; see `host.py`.
pub fn run_in(host: &Path, entry: &str, steps: &[&str], drops: Option<&Path>) -> Vec<String> {
    let task = serde_json::json!({ "library": hostile(), "entry": entry, "steps": steps });
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sqlite_layer/host.py");
    let mut python = Command::new(host);
    python
        .arg(script)
        .env("HOSTILE_WAITS", sign())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if let Some(drops) = drops {
        python.env("HOSTILE_DROPS", drops);
    }
    let mut python = python.spawn().expect("the host runs");
    let mut input = python.stdin.take().expect("it is piped");
    input
        .write_all(task.to_string().as_bytes())
        .expect("the host reads its task");
    drop(input);
    let output = python.wait_with_output().expect("the host ends");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} died: {said}", host.display());
    serde_json::from_slice(&output.stdout).expect("the host writes JSON")
}

/// Runs the left-hand sides in every host and compares with the right-hand sides.
pub fn check(steps: &[(&str, &str)]) {
    let (statements, expected): (Vec<_>, Vec<_>) = steps.iter().copied().unzip();
    for host in hosts() {
        let seen = run_in(&host, "sqlite3_hostile_init", &statements, None);
        for ((statement, seen), expected) in statements.iter().zip(&seen).zip(&expected) {
            assert_eq!(seen, expected, "\n{statement}\nin {}", host.display());
        }
        assert_eq!(seen.len(), expected.len());
    }
}

/// The stock shell's output and errors for a script, while which something is
/// done with its process id and the file that the table `waiting` makes.
pub fn shell(script: &str, meanwhile: impl FnOnce(u32, &Path)) -> (String, String) {
    let mut shell = Command::new("sqlite3");
    let sign = sign();
    shell
        .args(["-batch", ":memory:"])
        .env("HOSTILE_WAITS", &sign);
    shell
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut shell = shell.spawn().expect("the sqlite3 shell is installed");
    let mut input = shell.stdin.take().expect("it is piped");
    input.write_all(script.as_bytes()).expect("the shell reads");
    meanwhile(shell.id(), &sign);
    drop(input);
    let output = shell.wait_with_output().expect("the shell ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the shell writes UTF-8");
    (text(output.stdout), text(output.stderr))
}
