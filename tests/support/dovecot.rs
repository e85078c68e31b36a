//! A private Dovecot on loopback (tests/server/dovecot.sh): one for the whole
//! test binary, or one with settings of its own.

use super::launcher::Launcher;
use super::until::until;
use super::user::User;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// A running server; it ends with the value.
pub struct Dovecot {
    _launcher: Launcher,
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
        let launcher = Launcher::start("dovecot", settings);
        Self {
            folder: launcher.folder(),
            port: launcher.port("PORT"),
            tls_port: launcher.port("TLS_PORT"),
            _launcher: launcher,
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

    /// Stops the server, as an init system does: those of its processes that
    /// finish what they are at are killed. It is gone then.
    pub fn stop(&self) {
        let master = fs::read_to_string(self.folder.join("run/master.pid")).unwrap();
        let master = master.trim();
        let processes = children(master);
        assert!(signal("TERM", master));
        until(|| (!signal("0", master)).then_some(()));
        for process in processes {
            signal("KILL", &process);
        }
    }

    /// Starts it again after [`Dovecot::stop`], on the same ports and with the
    /// same mail; it listens then.
    pub fn start_again(&self) {
        let started = program("/usr/sbin/dovecot")
            .arg("-c")
            .arg(self.folder.join("dovecot.conf"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status();
        assert!(started.unwrap().success());
    }

    /// Runs an administrator's command, which must succeed.
    #[track_caller]
    pub fn doveadm(&self, arguments: &[&str]) -> String {
        let output = program("/usr/bin/doveadm")
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

/// Sends a signal; false where there is no such process.
fn signal(name: &str, process: &str) -> bool {
    let sent = Command::new("kill").args(["-s", name, process]).output();
    sent.unwrap().status.success()
}

/// The processes that a process has started and that are still running.
fn children(parent: &str) -> Vec<String> {
    let entries = fs::read_dir("/proc").unwrap();
    let processes = entries.filter_map(|entry| entry.unwrap().file_name().into_string().ok());
    let is_child = |process: &String| {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        let behind_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        behind_name.split_whitespace().nth(1) == Some(parent)
    };
    processes.filter(is_child).collect()
}

/// A program of the chroot, where there is one; else the machine's, which Debian
/// installs where an ordinary user's PATH does not always look.
fn program(fixed: &str) -> Command {
    if let Some(root) = std::env::var_os("DOVECOT_CHROOT") {
        let mut command = Command::new("chroot");
        command.arg(root).arg(fixed);
        return command;
    }
    let path = Path::new(fixed);
    match path.file_name().filter(|_| !path.exists()) {
        Some(name) => Command::new(name),
        None => Command::new(fixed),
    }
}
