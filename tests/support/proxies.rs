//! Real proxies of every kind on loopback (tests/server/proxies.sh).

use super::launcher::Launcher;
use std::fs;
use std::path::PathBuf;

/// Running proxies; they end with the value.
pub struct Proxies {
    _launcher: Launcher,
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
        let launcher = Launcher::start("proxies", &[]);
        Self {
            folder: launcher.folder(),
            http: launcher.port("HTTP"),
            https: launcher.port("HTTPS"),
            socks: launcher.port("SOCKS"),
            _launcher: launcher,
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
