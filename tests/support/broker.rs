//! The hpfeeds broker of PyPI on loopback, and a subscriber that shows what it
//! hands on.

use super::library::host;
use super::port::free_port;
use super::scratch::Scratch;
use super::until::PATIENCE;
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Who may do what: `writer` publishes, `reader` subscribes too.
const USERS: &str = r#"{
  "writer": {"owner": "o", "secret": "wsecret", "pubchans": ["spam.mails"], "subchans": []},
  "reader": {"owner": "o", "secret": "rsecret", "pubchans": ["spam.mails"],
             "subchans": ["spam.mails"]}
}"#;

/// How the broker is to behave.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// As it does.
    Sound,
    /// It breaks down at each message.
    Crashing,
}

/// A running broker, which ends with the value.
pub struct Broker {
    process: Child,
    folder: Scratch,
    /// Its port on 127.0.0.1.
    pub port: u16,
}

impl Broker {
    /// A broker without TLS.
    pub fn plain() -> Self {
        Self::start(Mode::Sound, |port, _| {
            format!("tcp:interface=127.0.0.1:port={port}")
        })
    }

    /// A broker with TLS, whose authority is [`Broker::ca_file`].
    pub fn tls(mode: Mode) -> Self {
        Self::start(mode, |port, folder| {
            let pki = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/server/pki.sh");
            let made = Command::new(pki).arg(folder.path()).status().unwrap();
            assert!(made.success());
            let file = |name| folder.join(name).display().to_string();
            let (key, cert) = (file("good.key"), file("good.pem"));
            format!("tls:interface=127.0.0.1:port={port}:key={key}:cert={cert}")
        })
    }

    /// A running broker. Another test may take one of its ports before it does;
    /// then it ends at once, and others are tried.
    fn start(mode: Mode, endpoint: impl Fn(u16, &Scratch) -> String) -> Self {
        (0..5)
            .find_map(|_| Self::spawn(mode, &endpoint).wait())
            .expect("a broker on free ports")
    }

    fn spawn(mode: Mode, endpoint: impl Fn(u16, &Scratch) -> String) -> Self {
        let folder = Scratch::new("broker");
        let users = folder.join("users.json");
        fs::write(&users, USERS).unwrap();
        let (port, metrics) = (free_port(), free_port());
        let mut command = Command::new(host("intel/bin/python"));
        command
            .arg(script("broker.py"))
            .arg(endpoint(port, &folder))
            // Left alone it would listen on every interface.
            .arg(format!("127.0.0.1:{metrics}"))
            .arg(users)
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(fs::File::create(folder.join("log")).unwrap());
        if mode == Mode::Crashing {
            command.arg("crash");
        }
        let process = command.spawn().unwrap();
        Self {
            process,
            folder,
            port,
        }
    }

    /// Waits until it listens; `None` where it ended instead.
    fn wait(mut self) -> Option<Self> {
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            if self.process.try_wait().unwrap().is_some() {
                return None;
            }
            let log = fs::read_to_string(self.folder.join("log")).unwrap();
            assert!(started.elapsed() < PATIENCE, "{log}");
            thread::sleep(Duration::from_millis(20));
        }
        Some(self)
    }

    /// The authority to trust.
    pub fn ca_file(&self) -> String {
        self.folder.join("ca.pem").display().to_string()
    }

    /// Subscribes to the channel; the value gives its next `count` messages.
    pub fn subscribe(&self, count: usize) -> Subscriber {
        let mut process = Command::new(host("intel/bin/python"))
            .arg(script("subscriber.py"))
            .args([self.port.to_string(), count.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        Subscriber { process, lines }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A subscriber that is connected.
pub struct Subscriber {
    process: Child,
    lines: BufReader<ChildStdout>,
}

impl Subscriber {
    /// Waits for all the messages: ident, channel, bytes, sha256, payload.
    pub fn messages(mut self) -> Vec<Value> {
        let lines = self.lines.by_ref().lines();
        let messages = lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap());
        let messages = messages.collect();
        assert!(self.process.wait().unwrap().success());
        messages
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn script(name: &str) -> String {
    format!("{}/tests/hpfeeds/{name}", env!("CARGO_MANIFEST_DIR"))
}
