//! Programs that tests run: their output kept whole, their time limited.

use super::until::until;
use std::io::{Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
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
    stdout: Output,
    stderr: Output,
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
        let stdout = Output::collect(child.stdout.take().unwrap());
        let stderr = Output::collect(child.stderr.take().unwrap());
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

    /// Waits until it has complained of this so many times: the shell's
    /// `.trace stderr` tells there of each statement that begins.
    #[track_caller]
    pub fn complains_of(&self, words: &str, times: usize) {
        until(|| {
            let is_over = self.stderr.reader.is_finished();
            let complaint = self.stderr.text();
            let is_told = complaint.matches(words).count() >= times;
            assert!(is_told || !is_over, "it ended before: {complaint}");
            is_told.then_some(())
        });
    }

    /// Stops it as the user's Ctrl-C does, amid a statement of this library:
    /// long before anything it waits for is given up, with the library's word
    /// for it.
    #[track_caller]
    pub fn interrupt(self) {
        self.signal("INT");
        let complaint = self.finish(Duration::from_secs(20)).stderr;
        assert!(complaint.contains("imap: interrupted (9)"), "{complaint}");
    }

    /// Waits for its end. After `limit` it is killed and the test fails: a
    /// program that hangs must not hang the tests.
    #[track_caller]
    pub fn finish(mut self, limit: Duration) -> Finished {
        let asked = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if asked.elapsed() > limit {
                self.child.kill().unwrap();
                self.child.wait().unwrap();
                let complaint = self.stderr.text();
                panic!("still running after {limit:?}: {complaint}");
            }
            thread::sleep(Duration::from_millis(2));
        };
        let took = self.started.elapsed();
        Finished {
            status,
            stdout: self.stdout.end(),
            stderr: String::from_utf8_lossy(&self.stderr.end()).into_owned(),
            took,
        }
    }
}

/// A pipe that is read to its end, so that the program at the other never waits.
struct Output {
    so_far: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Output {
    fn collect(mut pipe: impl Read + Send + 'static) -> Self {
        let so_far = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&so_far);
        let reader = thread::spawn(move || {
            let mut buffer = [0; 8192];
            loop {
                let count = pipe.read(&mut buffer).unwrap();
                if count == 0 {
                    return;
                }
                kept.lock().unwrap().extend_from_slice(&buffer[..count]);
            }
        });
        Self { so_far, reader }
    }

    /// What has come so far; bytes that are no UTF-8 replaced.
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.so_far.lock().unwrap()).into_owned()
    }

    /// All of it, once it has ended.
    fn end(self) -> Vec<u8> {
        self.reader.join().unwrap();
        std::mem::take(&mut *self.so_far.lock().unwrap())
    }
}
