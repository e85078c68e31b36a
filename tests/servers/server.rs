//! The servers, each started once for all tests, and an account on one.

use std::sync::OnceLock;

use crate::USERS;
use crate::differential::mailbox::Place;
use crate::support::client::Client;
use crate::support::dovecot::Dovecot;
use crate::support::launcher::Launcher;
use crate::support::library::target;
use crate::support::mail::Mail;
use crate::support::shell::Shell;

/// A user on a server, whose INBOX is empty.
pub struct Account {
    /// What the server is: `dovecot`.
    pub kind: &'static str,
    port: u16,
    user: String,
    prefix: &'static str,
    separator: char,
}

/// Dovecot, as it comes.
pub fn dovecot(user: &str) -> Account {
    account("dovecot", Dovecot::shared().port, user, "", '/')
}

/// Cyrus 3, in its chroot.
pub fn cyrus(user: &str) -> Account {
    static STARTED: OnceLock<Launcher> = OnceLock::new();
    let port = STARTED.get_or_init(|| start("cyrus")).port("PORT");
    account("cyrus", port, user, "INBOX.", '.')
}

/// Courier 5, in its chroot.
pub fn courier(user: &str) -> Account {
    static STARTED: OnceLock<Launcher> = OnceLock::new();
    let port = STARTED.get_or_init(|| start("courier")).port("PORT");
    account("courier", port, user, "INBOX.", '.')
}

fn account(
    kind: &'static str,
    port: u16,
    user: &str,
    prefix: &'static str,
    separator: char,
) -> Account {
    let user = user.to_owned();
    Account {
        kind,
        port,
        user,
        prefix,
        separator,
    }
}

/// Starts a server from its chroot.
fn start(name: &str) -> Launcher {
    let root = target().join("servers").join(name);
    assert!(
        root.join("made").exists(),
        "{} is missing; run `make test-servers` first, as root",
        root.display()
    );
    let root = root.to_str().unwrap();
    Launcher::start(name, &[&[root], USERS].concat())
}

impl Account {
    /// A folder of the user's own, in UTF-8, by the levels of its name.
    pub fn folder(&self, levels: &[&str]) -> String {
        let levels = levels.join(&self.separator.to_string());
        format!("{}{levels}", self.prefix)
    }

    /// Makes a mailbox; the name is the one on the wire, modified UTF-7.
    pub fn create(&self, levels: &[&str]) {
        let name = self.folder(levels);
        self.client()
            .command(format!("CREATE \"{name}\"").as_bytes());
    }

    /// Puts messages into a mailbox.
    pub fn append(&self, mailbox: &str, mails: &[Mail]) {
        self.client().append(mailbox, mails);
    }

    /// A client of the tests' own.
    pub fn client(&self) -> Client {
        Client::plain_login(self.port, &self.user, &format!("pw-{}", self.user))
    }

    /// A shell whose environment account this is.
    pub fn shell(&self) -> Shell {
        Shell::new().account(self.port, &self.user, &format!("pw-{}", self.user))
    }

    /// The rows of a query.
    #[track_caller]
    pub fn rows(&self, sql: &str) -> Vec<serde_json::Value> {
        self.shell().rows(sql)
    }
}

impl Place for Account {
    fn folder(&self, levels: &[&str]) -> String {
        self.folder(levels)
    }

    fn create(&self, folder: &str) {
        self.client()
            .command(format!("CREATE \"{folder}\"").as_bytes());
    }

    fn append(&self, folder: &str, mails: &[Mail]) {
        self.append(folder, mails);
    }

    fn expunge(&self, folder: &str, uids: &str) {
        let mut client = self.client();
        client.command(format!("SELECT \"{folder}\"").as_bytes());
        client.command(format!("UID STORE {uids} +FLAGS.SILENT (\\Deleted)").as_bytes());
        client.command(format!("UID EXPUNGE {uids}").as_bytes());
    }

    fn shell(&self) -> Shell {
        self.shell()
    }
}
