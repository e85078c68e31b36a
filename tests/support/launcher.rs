//! A script of tests/server that runs servers: it says where they are in lines
//! `NAME=value`, then `READY`, and ends them with its input.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// A running script. Its servers end with the value, and at the latest with the
/// test process, however that ends: the script watches a pipe.
pub struct Launcher {
    process: Child,
    facts: HashMap<String, String>,
}

impl Launcher {
    /// Starts `NAME.sh run` with these arguments, and waits until it is ready.
    pub fn start(name: &str, arguments: &[&str]) -> Self {
        let script = format!("{}/tests/server/{name}.sh", env!("CARGO_MANIFEST_DIR"));
        let mut process = Command::new(script)
            .arg("run")
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let facts = lines
            .map(Result::unwrap)
            .take_while(|line| line != "READY")
            .map(|line| {
                let (name, value) = line.split_once('=').expect("NAME=value");
                (name.to_owned(), value.to_owned())
            })
            .collect();
        Self { process, facts }
    }

    fn fact(&self, name: &str) -> &str {
        let fact = self.facts.get(name);
        fact.expect("the launcher says why on stderr")
    }

    /// A port it has told.
    pub fn port(&self, name: &str) -> u16 {
        self.fact(name).parse().unwrap()
    }

    /// The folder it has told.
    pub fn folder(&self) -> PathBuf {
        PathBuf::from(self.fact("DIR"))
    }
}

impl Drop for Launcher {
    fn drop(&mut self) {
        // The end of its input is its sign to stop.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}
