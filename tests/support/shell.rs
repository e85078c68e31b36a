//! The stock sqlite3 shell with the library loaded: how most users meet it.

use super::library::library_for_sql;
use super::process::{Finished, Running};
use super::scratch::Scratch;
use super::until::PATIENCE;
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// A shell to be started: its database, its environment.
pub struct Shell {
    home: Scratch,
    database: String,
    environment: Vec<(String, String)>,
    limit: Duration,
    program: &'static [&'static str],
}

impl Shell {
    /// A shell on a database in memory, whose home folder is empty and whose
    /// environment holds nothing of the developer's.
    pub fn new() -> Self {
        Self {
            home: Scratch::new("shell"),
            database: ":memory:".to_owned(),
            environment: Vec::new(),
            limit: PATIENCE,
            program: &["sqlite3"],
        }
    }

    /// The database file to open instead.
    pub fn database(mut self, path: &Path) -> Self {
        self.database = path.to_str().unwrap().to_owned();
        self
    }

    /// An environment variable.
    pub fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    /// The environment account: a user of a server without encryption on
    /// loopback, the scripted one for one.
    pub fn account(self, port: u16, user: &str, password: &str) -> Self {
        self.env("IMAP_SERVER", format!("imap+insecure://127.0.0.1:{port}"))
            .env("IMAP_USER", user)
            .env("IMAP_PASSWORD", password)
    }

    /// How long a run may take before it counts as hung, where that is to be less
    /// than usual.
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Takes the terminal away from it that the developer may run tests in.
    pub fn without_terminal(mut self) -> Self {
        // In the child of a program it becomes what it starts, by the same id.
        self.program = &["setsid", "sqlite3"];
        self
    }

    /// Runs `sql` (dot commands too) after the `.load`; stops at the first
    /// error, which is then in `stderr` and makes the exit code 1.
    #[track_caller]
    pub fn run(&self, sql: &str) -> Finished {
        self.start(sql).finish(self.limit)
    }

    /// Starts the same without waiting for the end.
    pub fn start(&self, sql: &str) -> Running {
        let mut command = self.command();
        Running::start(
            &mut command,
            format!(".load '{}'\n{sql}\n", library_for_sql()).as_bytes(),
        )
    }

    /// The rows of `sql`, each an object by column name, where nothing may
    /// fail. The shell's JSON cannot hold a BLOB: select `hex(x)`.
    #[track_caller]
    pub fn rows(&self, sql: &str) -> Vec<Value> {
        let finished = self.run(&format!(".mode json\n{sql}"));
        let text = finished.success();
        // Without a row the shell prints nothing at all, not even `[]`.
        if text.trim().is_empty() {
            Vec::new()
        } else {
            serde_json::from_str(text).unwrap()
        }
    }

    /// The error `sql` must end in, as the shell prints it after its own
    /// `Runtime error near line 3: `, with the result code in parentheses.
    #[track_caller]
    pub fn error(&self, sql: &str) -> String {
        let finished = self.run(sql);
        assert!(
            !finished.status.success(),
            "no error, but {}",
            finished.text()
        );
        let complaint = finished.stderr.trim_end();
        let told = complaint
            .split_once(" near line ")
            .and_then(|(_, rest)| rest.split_once(": "));
        told.map_or(complaint, |(_, text)| text).to_owned()
    }

    fn command(&self) -> Command {
        let mut command = Command::new(self.program[0]);
        command
            .args(&self.program[1..])
            .args(["-batch", "-bail", &self.database])
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home.path())
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(self.home.path());
        command
    }
}
