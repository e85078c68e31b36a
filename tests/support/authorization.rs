//! An authorization server on loopback (tests/server/authorization.mjs), the
//! browsers that users have, and a Dovecot that takes its tokens.

use super::dovecot::Dovecot;
use super::library::host;
use super::process::Running;
use super::scratch::Scratch;
use super::until::PATIENCE;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A running server; it ends with the value.
pub struct Authorization {
    process: Child,
    port: u16,
}

/// How a mail server checks a token.
#[derive(Clone, Copy, PartialEq)]
pub enum Check {
    /// It asks the authorization server (RFC 7662).
    Introspection,
    /// It knows the key of a signed token.
    Signature,
}

impl Authorization {
    /// Starts one with variables of its own, such as `TOKEN_SECONDS`.
    pub fn start(variables: &[(&str, &str)]) -> Self {
        let script = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/server/authorization.mjs"
        );
        let mut process = Command::new("node")
            .arg(script)
            .arg(host("oidc/ready").parent().unwrap())
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let port = line.trim().parse().expect("the server says its port");
        Self { process, port }
    }

    /// The issuer's URL.
    pub fn issuer(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What `/test/NAME` answers: see the script.
    pub fn test(&self, name: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let request = format!("GET /test/{name} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    }

    /// Ends it, and waits until it is gone.
    pub fn stop(&mut self) {
        drop(self.process.stdin.take());
        self.process.wait().unwrap();
    }

    /// A Dovecot that takes this server's tokens, and passwords as ever.
    pub fn dovecot(&self, check: Check) -> Dovecot {
        match check {
            Check::Introspection => Dovecot::start(&[&format!(
                "+introspection http://dovecot:dovecot-secret@127.0.0.1:{}/token/introspection",
                self.port
            )]),
            Check::Signature => {
                let folder = Scratch::new("keys");
                let jwks = self.test("jwks");
                let (kid, key) = jwks.split_once('\n').unwrap();
                let keys = folder.join("default/RS256");
                fs::create_dir_all(&keys).unwrap();
                fs::write(keys.join(kid), key).unwrap();
                Dovecot::start(&[&format!("+signatures {}", folder.path().display())])
            }
        }
    }
}

impl Drop for Authorization {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// Opens a page as a user with a simple browser does; the last page it shows.
pub fn browse(url: &str) -> String {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/server/browser.mjs");
    let mut browser = Command::new("node");
    let running = Running::start(browser.arg(script).arg(url), b"");
    running.finish(PATIENCE).success().to_owned()
}

/// Opens a page in Chromium; the document it ends with.
pub fn browse_in_chromium(url: &str, profile: &Path) -> String {
    let mut chromium = Command::new("chromium");
    chromium
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(url)
        .env("HOME", profile);
    let finished = Running::start(&mut chromium, b"").finish(PATIENCE);
    assert!(finished.status.success(), "{}", finished.stderr);
    finished.text().to_owned()
}
