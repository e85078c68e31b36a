//! A keyring as desktops have it: gnome-keyring on a D-Bus of its own, with a
//! folder of its own, unlocked with the empty password.

use super::scratch::Scratch;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// Ends with its input, and with it the bus and the keyring.
const SCRIPT: &str = "printf '\\n' | gnome-keyring-daemon --unlock --components=secrets >/dev/null
    echo \"$DBUS_SESSION_BUS_ADDRESS\"
    cat >/dev/null";

/// A running keyring; it ends with the value.
pub struct Keyring {
    process: Child,
    folder: Scratch,
    address: String,
}

impl Keyring {
    /// Starts one.
    pub fn start() -> Self {
        let folder = Scratch::new("keyring");
        let mut process = Command::new("dbus-run-session")
            .args(["--", "sh", "-c", SCRIPT])
            .env("HOME", folder.path())
            .env("XDG_DATA_HOME", folder.path())
            .env("XDG_RUNTIME_DIR", folder.path())
            .env_remove("DISPLAY")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut address = String::new();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        output.read_line(&mut address).unwrap();
        let address = address.trim().to_owned();
        assert!(!address.is_empty(), "no bus");
        Self {
            process,
            folder,
            address,
        }
    }

    /// The variable by which programs find it.
    pub fn environment(&self) -> (&'static str, String) {
        ("DBUS_SESSION_BUS_ADDRESS", self.address.clone())
    }

    /// Its items that this library has made, secrets too, as the tool shows them.
    pub fn items(&self) -> String {
        let search = ["search", "--all", "service", "sqlite-imap"];
        self.run("secret-tool", &search)
    }

    /// Locks it; nobody is there who could unlock it.
    pub fn lock(&self) {
        let place = "/org/freedesktop/secrets";
        let login = format!("array:objpath:{place}/collection/login");
        let service = "--dest=org.freedesktop.secrets";
        let verb = "org.freedesktop.Secret.Service.Lock";
        self.run(
            "dbus-send",
            &["--session", "--print-reply", service, place, verb, &login],
        );
    }

    fn run(&self, program: &str, arguments: &[&str]) -> String {
        let (name, address) = self.environment();
        let mut command = Command::new(program);
        let output = command.args(arguments).env(name, address).output().unwrap();
        assert!(output.status.success(), "{program}: {output:?}");
        // The tool shows secrets on one, and attributes on the other.
        let shown = [output.stdout, output.stderr].concat();
        String::from_utf8(shown).unwrap()
    }
}

impl Drop for Keyring {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}
