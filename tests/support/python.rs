//! Debian's Python as a host: the only stock one that shows an error's text
//! and its SQLite code side by side.

use super::library::library;
use super::process::Running;
use super::until::PATIENCE;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

/// What one statement came to.
#[derive(Debug, PartialEq)]
pub enum Outcome {
    /// Its rows; a BLOB is `{"blob": "hex digits"}`.
    Rows(Vec<Vec<Value>>),
    /// Its error: the text, and SQLite's (extended) result code.
    Error(String, i64),
}

/// A Python to be started.
pub struct Python {
    database: String,
    environment: Vec<(String, String)>,
}

impl Python {
    /// One with a database in memory and an environment of nothing but PATH.
    pub fn new() -> Self {
        Self {
            database: ":memory:".to_owned(),
            environment: Vec::new(),
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

    /// Runs the statements one after the other on one connection, whatever
    /// they come to. `None` as a parameter's value is NULL.
    #[track_caller]
    pub fn run(&self, statements: &[(&str, &[Value])]) -> Vec<Outcome> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/host.py");
        let request = json!({
            "library": library().to_str().unwrap(),
            "database": self.database,
            "statements": statements,
        });
        let mut command = Command::new("/usr/bin/python3");
        command
            .arg(script)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        let running = Running::start(&mut command, request.to_string().as_bytes());
        let finished = running.finish(PATIENCE);
        let outcomes: Vec<Value> = serde_json::from_str(finished.success()).unwrap();
        outcomes.iter().map(outcome).collect()
    }

    /// What a single statement without parameters comes to.
    #[track_caller]
    pub fn one(&self, statement: &str) -> Outcome {
        self.run(&[(statement, &[])]).pop().unwrap()
    }
}

fn outcome(value: &Value) -> Outcome {
    if let Some(rows) = value["rows"].as_array() {
        return Outcome::Rows(
            rows.iter()
                .map(|row| row.as_array().unwrap().clone())
                .collect(),
        );
    }
    Outcome::Error(
        value["error"].as_str().unwrap().to_owned(),
        value["code"].as_i64().unwrap(),
    )
}
