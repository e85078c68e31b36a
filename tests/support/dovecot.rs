//! A private Dovecot on loopback (tests/server/dovecot.sh): one for the whole
//! test binary, or one with settings of its own.

use super::user::User;
use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// A running server. It ends with the value, and at the latest with the test
/// process, however that ends: the launcher watches a pipe.
pub struct Dovecot {
    launcher: Child,
    folder: PathBuf,
    /// The port of plain IMAP and STARTTLS, on 127.0.0.1 to .4 and ::1.
    pub port: u16,
    /// The port of IMAP over TLS, there too.
    pub tls_port: u16,
}

impl Dovecot {
    /// The server that all tests of this binary share. Tests run side by side,
    /// so each takes a user of its own.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Dovecot> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(&[]))
    }

    /// A server of one's own, with pieces of configuration put last:
    /// `imap_capability = IMAP4rev1`.
    pub fn start(settings: &[&str]) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/server/dovecot.sh");
        let mut launcher = Command::new(script)
            .arg("run")
            .args(settings)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(launcher.stdout.take().unwrap());
        let mut facts = HashMap::new();
        for line in output.lines() {
            let line = line.unwrap();
            if line == "READY" {
                break;
            }
            let (name, value) = line.split_once('=').unwrap();
            facts.insert(name.to_owned(), value.to_owned());
        }
        let fact = |name| facts.get(name).expect("the launcher says why on stderr");
        Self {
            launcher,
            folder: PathBuf::from(fact("DIR")),
            port: fact("PORT").parse().unwrap(),
            tls_port: fact("TLS_PORT").parse().unwrap(),
        }
    }

    /// A user by this name, with the password `pw-NAME` (see the launcher for
    /// `dora`).
    pub fn user(&self, name: &str) -> User<'_> {
        User::new(self, name)
    }

    /// The server as SQL names it, with TLS.
    pub fn tls(&self) -> String {
        format!("imaps://localhost:{}", self.tls_port)
    }

    /// The server as SQL names it, with STARTTLS.
    pub fn starttls(&self) -> String {
        format!("imap://localhost:{}", self.port)
    }

    /// The server as SQL names it, without TLS.
    pub fn plain(&self) -> String {
        format!("imap+insecure://127.0.0.1:{}", self.port)
    }

    /// The authority to trust.
    pub fn ca_file(&self) -> PathBuf {
        self.folder.join("pki/ca.pem")
    }

    /// The log.
    pub fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// Where a user's sessions are written down, if the folder is there.
    pub(super) fn rawlog(&self, user: &str) -> PathBuf {
        self.folder.join("rawlog").join(user)
    }

    /// Runs an administrator's command, which must succeed.
    #[track_caller]
    pub fn doveadm(&self, arguments: &[&str]) -> String {
        let output = doveadm()
            .arg("-c")
            .arg(self.folder.join("dovecot.conf"))
            .args(arguments)
            .output()
            .unwrap();
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "doveadm {arguments:?}: {complaint}"
        );
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        // The end of its input is the launcher's sign to stop the server.
        drop(self.launcher.stdin.take());
        let _ = self.launcher.wait();
    }
}

/// That of the chroot, where there is one; else the machine's, which Debian
/// installs where an ordinary user's PATH does not always look.
fn doveadm() -> Command {
    let fixed = "/usr/bin/doveadm";
    if let Some(root) = std::env::var_os("DOVECOT_CHROOT") {
        let mut command = Command::new("chroot");
        command.arg(root).arg(fixed);
        return command;
    }
    Command::new(if Path::new(fixed).exists() {
        fixed
    } else {
        "doveadm"
    })
}
