//! Programs that tests run: their output kept whole, their time limited.

use std::io::{Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// What a program left behind.
#[derive(Debug)]
pub struct Finished {
    /// How it ended.
    pub status: ExitStatus,
    /// All it printed, exactly.
    pub stdout: Vec<u8>,
    /// All it complained about; bytes that are no UTF-8 replaced.
    pub stderr: String,
    /// From start to end.
    pub took: Duration,
}

impl Finished {
    /// What it printed, which must be UTF-8.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).unwrap()
    }

    /// What it printed, where it must have succeeded and been quiet about it.
    #[track_caller]
    pub fn success(&self) -> &str {
        let complaint = &self.stderr;
        assert!(
            self.status.success() && complaint.is_empty(),
            "{}: {complaint}",
            self.status
        );
        self.text()
    }
}

/// A program that is running.
pub struct Running {
    child: Child,
    started: Instant,
    stdout: JoinHandle<Vec<u8>>,
    stderr: JoinHandle<Vec<u8>>,
}

impl Running {
    /// Starts `command` and feeds it `input`, then the end of its input.
    pub fn start(command: &mut Command, input: &[u8]) -> Self {
        let started = Instant::now();
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        // A program that ends before it has read everything is its own affair.
        thread::spawn(move || stdin.write_all(&input));
        let stdout = collect(child.stdout.take().unwrap());
        let stderr = collect(child.stderr.take().unwrap());
        Self {
            child,
            started,
            stdout,
            stderr,
        }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// True once it has ended by itself.
    pub fn is_over(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Sends a signal by its name: `INT` is the user's Ctrl-C.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill")
            .args(["-s", name, &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(status.success());
    }

    /// Stops it as the user's Ctrl-C does, amid a statement of this library:
    /// within a second, with the library's word for it.
    #[track_caller]
    pub fn interrupt(self) {
        let asked = Instant::now();
        self.signal("INT");
        let finished = self.finish(Duration::from_secs(20));
        let took = asked.elapsed();
        assert!(took < Duration::from_secs(1), "{took:?}");
        let complaint = finished.stderr;
        assert!(complaint.contains("imap: interrupted (9)"), "{complaint}");
    }

    /// Waits for its end. After `limit` it is killed and the test fails: a
    /// program that hangs must not hang the tests.
    #[track_caller]
    pub fn finish(mut self, limit: Duration) -> Finished {
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if self.started.elapsed() > limit {
                self.child.kill().unwrap();
                self.child.wait().unwrap();
                let complaint = String::from_utf8_lossy(&self.stderr.join().unwrap()).into_owned();
                panic!("still running after {limit:?}: {complaint}");
            }
            thread::sleep(Duration::from_millis(2));
        };
        let took = self.started.elapsed();
        let stdout = self.stdout.join().unwrap();
        let stderr = String::from_utf8_lossy(&self.stderr.join().unwrap()).into_owned();
        Finished {
            status,
            stdout,
            stderr,
            took,
        }
    }
}

/// Reads a pipe to its end, so that the program at the other never waits.
fn collect(mut pipe: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).unwrap();
        bytes
    })
}
