//! Every example does what its README says.

mod support;

use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use support::dovecot::Dovecot;
use support::library::{host, library, target};
use support::mail::Mail;
use support::process::{Finished, Running};
use support::scratch::Scratch;
use support::until::PATIENCE;
use support::user::User;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// What an example that prints the newest messages says about [`Mail::many`].
const NEWEST: &str = "\
3 | 2026-01-01T00:03:00Z | ada3@example.org | message 3
2 | 2026-01-01T00:02:00Z | ada2@example.org | message 2
1 | 2026-01-01T00:01:00Z | ada1@example.org | message 1
";

#[test]
fn the_python_example_prints_the_newest_messages() {
    let mut python = Command::new("/usr/bin/python3");
    python.arg(example("python/newest.py")).arg(library());
    assert_eq!(
        run(&filled("example-python"), &mut python).success(),
        NEWEST
    );
}

#[test]
fn the_node_example_prints_the_newest_messages() {
    let mut node = Command::new("node");
    node.arg(example("node/newest.js")).arg(library());
    node.env("NODE_PATH", host("node/node_modules"));
    assert_eq!(run(&filled("example-node"), &mut node).success(), NEWEST);
}

#[test]
fn the_rust_example_prints_the_newest_messages() {
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args(["run", "--quiet", "--locked", "--manifest-path"])
        .arg(example("rust/Cargo.toml"));
    cargo.arg("--target-dir").arg(target().join("examples"));
    cargo.arg("--").arg(library());
    assert_eq!(run(&filled("example-rust"), &mut cargo).success(), NEWEST);
}

#[test]
fn the_pipeline_example_tells_by_its_exit_code_what_waits() {
    let user = filled("example-ci");
    let gate = |pattern: &str| {
        let mut script = Command::new(example("ci/unread-alerts.sh"));
        run(&user, script.arg(library()).arg(pattern))
    };

    let nothing = gate("%alert%");
    assert_eq!(nothing.success(), "[]\n");

    let waiting = gate("message 2");
    assert_eq!(waiting.status.code(), Some(1));
    assert_eq!(
        serde_json::from_str::<Value>(waiting.text()).unwrap(),
        json!([{
            "uid": 2,
            "date": "2026-01-01T00:02:00Z",
            "from": "ada2@example.org",
            "subject": "message 2",
        }])
    );

    user.add_flags("INBOX", "1:*", "\\Seen");
    assert_eq!(gate("message 2").success(), "[]\n");
}

#[test]
fn the_pipeline_example_tells_a_failure_from_an_empty_mailbox() {
    let mut user = Dovecot::shared().user("example-ci-refused");
    user.password = "wrong".to_owned();
    let mut script = Command::new(example("ci/unread-alerts.sh"));
    let refused = run(&user, script.arg(library()).arg("%"));
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        refused
            .stderr
            .contains("imap: login refused for 'example-ci-refused'")
    );
}

#[test]
fn the_demo_runs_on_a_server_of_its_own_and_ends_it() {
    let project = project();
    let mut script = Command::new(project.join("examples/demo/run.sh"));
    let finished = run(&Dovecot::shared().user("example-demo"), &mut script);
    let text = finished.success();
    assert!(text.contains("308 messages."), "{text}");
    assert!(project.join("demo/rssd.sqlite.db").exists());
    let port = text
        .split_once("imaps://127.0.0.1:")
        .unwrap()
        .1
        .split_once(',')
        .unwrap()
        .0;
    let address = format!("127.0.0.1:{port}");
    assert!(
        std::net::TcpStream::connect(address).is_err(),
        "the server is still there"
    );
}

#[test]
fn the_demo_reads_the_users_own_mailbox_and_keeps_the_password_to_itself() {
    let user = filled("example-own");
    let project = project();
    let mut script = Command::new(project.join("examples/demo/run.sh"));
    with_account(&mut script, &user);
    script
        .env("DEMO_SERVER", Dovecot::shared().tls())
        .env("DEMO_USER", &user.name);
    script.env_remove("IMAP_PASSWORD");
    let running = Running::start(&mut script, format!("{}\n", user.password).as_bytes());
    let finished = running.finish(PATIENCE);
    assert!(finished.status.success(), "{}", finished.stderr);
    assert!(finished.text().contains("message 3"));
    let database = fs::read(project.join("demo/rssd.sqlite.db")).unwrap();
    for held in [&finished.stdout, &database] {
        let secret = user.password.as_bytes();
        assert!(!held.windows(secret.len()).any(|bytes| bytes == secret));
    }
}

#[test]
fn a_demo_that_cannot_sign_in_leaves_the_database_of_the_one_before() {
    let user = filled("example-refused");
    let project = project();
    let database = project.join("demo/rssd.sqlite.db");
    fs::create_dir(project.join("demo")).unwrap();
    fs::write(&database, "of yesterday").unwrap();
    let mut script = Command::new(project.join("examples/demo/run.sh"));
    with_account(&mut script, &user);
    script
        .env("DEMO_SERVER", Dovecot::shared().tls())
        .env("DEMO_USER", &user.name)
        .env_remove("IMAP_PASSWORD");
    let finished = Running::start(&mut script, b"wrong\n").finish(PATIENCE);
    assert!(!finished.status.success());
    assert!(
        finished.stderr.contains("login refused"),
        "{}",
        finished.stderr
    );
    assert_eq!(fs::read(&database).unwrap(), b"of yesterday");
    let left = fs::read_dir(project.join("demo")).unwrap().count();
    assert_eq!(left, 1);
}

/// A user with three messages.
fn filled(name: &str) -> User<'static> {
    let user = Dovecot::shared().user(name);
    user.append("INBOX", &Mail::many(3));
    user
}

fn example(path: &str) -> PathBuf {
    Path::new(ROOT).join("examples").join(path)
}

/// The project as `make demo` finds it after a build, but with the library
/// under test and a place of its own for the database.
fn project() -> Scratch {
    let project = Scratch::new("demo");
    for folder in ["examples", "tests"] {
        symlink(Path::new(ROOT).join(folder), project.join(folder)).unwrap();
    }
    fs::create_dir(project.join("dist")).unwrap();
    let file = library();
    let name = file
        .file_name()
        .unwrap()
        .to_str()
        .unwrap()
        .trim_start_matches("lib")
        .to_owned();
    symlink(&file, project.join("dist").join(name)).unwrap();
    project
}

#[track_caller]
fn run(user: &User<'_>, command: &mut Command) -> Finished {
    with_account(command, user);
    // The Rust example is compiled, SQLite included, where it has not been.
    Running::start(command, b"").finish(PATIENCE * 4)
}

fn with_account(command: &mut Command, user: &User<'_>) {
    command.envs(user.environment());
}
