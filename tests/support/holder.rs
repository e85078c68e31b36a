//! Another program that has a lock on a database for as long as a test wants.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A stock sqlite3 shell in the midst of a transaction, which is undone with
/// the value.
pub struct Holder {
    process: Child,
    input: ChildStdin,
    _output: BufReader<ChildStdout>,
}

impl Holder {
    /// Begins a transaction by these statements; the locks they take are held
    /// then.
    pub fn of(database: &Path, statements: &str) -> Self {
        let mut process = Command::new("sqlite3")
            .args(["-batch", "-bail"])
            .arg(database)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = process.stdin.take().unwrap();
        // The shell keeps what it prints to itself for a while; a program it
        // starts does not.
        writeln!(input, ".timeout 300000\n{statements};\n.system echo held").unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut said = String::new();
        while !said.ends_with("held\n") {
            let read = output.read_line(&mut said).unwrap();
            assert!(read > 0, "{statements}: {said}");
        }
        Self {
            process,
            input,
            _output: output,
        }
    }

    /// Lets go.
    pub fn release(mut self) {
        writeln!(self.input, "COMMIT;\n.quit").unwrap();
        assert!(self.process.wait().unwrap().success());
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
