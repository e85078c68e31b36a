//! Real proxies of every kind on loopback (tests/server/proxies.sh).

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// Running proxies; they end with the value.
pub struct Proxies {
    launcher: Child,
    folder: PathBuf,
    /// HTTP, for the user `relay` with the password `pw1`.
    pub http: u16,
    /// The same in TLS, at 127.0.0.1 with a good certificate and at 127.0.0.2
    /// with one for another host.
    pub https: u16,
    /// SOCKS4, SOCKS4a and SOCKS5.
    pub socks: u16,
}

impl Proxies {
    /// Starts them.
    pub fn start() -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/server/proxies.sh");
        let mut launcher = Command::new(script)
            .arg("run")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(launcher.stdout.take().unwrap()).lines();
        let facts: HashMap<String, String> = lines
            .map(Result::unwrap)
            .take_while(|line| line != "READY")
            .filter_map(|line| {
                let (name, value) = line.split_once('=')?;
                Some((name.to_owned(), value.to_owned()))
            })
            .collect();
        let fact = |name: &str| facts.get(name).expect("the launcher says why on stderr");
        let port = |name: &str| fact(name).parse().unwrap();
        Self {
            folder: PathBuf::from(fact("DIR")),
            http: port("HTTP"),
            https: port("HTTPS"),
            socks: port("SOCKS"),
            launcher,
        }
    }

    /// The authority of the HTTPS proxy.
    pub fn ca_file(&self) -> PathBuf {
        self.folder.join("pki/ca.pem")
    }

    /// What they were asked for, in their own words.
    pub fn asked(&self) -> String {
        let read = |name: &str| fs::read_to_string(self.folder.join(name)).unwrap_or_default();
        format!("{}{}", read("http.log"), read("socks.log"))
    }
}

impl Drop for Proxies {
    fn drop(&mut self) {
        drop(self.launcher.stdin.take());
        let _ = self.launcher.wait();
    }
}
