//! A mail user on a test's Dovecot: its address, its mailboxes, and what it
//! takes to change them behind a client's back.

use super::client::Client;
use super::dovecot::Dovecot;
use super::mail::Mail;
use super::process::Running;
use super::python::Python;
use super::shell::Shell;
use super::traffic::{self, Traffic};
use super::until::{PATIENCE, until};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

/// A user; every name exists, so that each test takes one of its own.
pub struct User<'a> {
    server: &'a Dovecot,
    /// The login name.
    pub name: String,
    /// The password.
    pub password: String,
}

impl<'a> User<'a> {
    pub(super) fn new(server: &'a Dovecot, name: &str) -> Self {
        Self {
            server,
            name: name.to_owned(),
            password: format!("pw-{name}"),
        }
    }

    /// Puts messages into a mailbox that exists. Its name is the one on the
    /// wire, modified UTF-7: `Entw&APw-rfe/a b`.
    pub fn append(&self, mailbox: &str, mails: &[Mail]) {
        self.client().append(mailbox, mails);
    }

    /// Fills the account with the demo's mail (tests/fixtures/mail): a few
    /// hundred messages of every kind, broken ones too, in six mailboxes.
    pub fn fill_with_demo_mail(&self) {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/mail/fill.py");
        let mut fill = Command::new("/usr/bin/python3");
        fill.args([
            script,
            &self.server.port.to_string(),
            &self.name,
            &self.password,
        ]);
        let finished = Running::start(&mut fill, b"").finish(PATIENCE);
        assert_eq!(finished.success(), "308 messages\n");
    }

    /// A client of the tests' own, signed in as this user.
    pub fn client(&self) -> Client {
        Client::login(self.server.port, &self.name, &self.password)
    }

    /// Makes a mailbox, its name in UTF-8.
    pub fn create(&self, mailbox: &str) {
        self.doveadm(&["mailbox", "create"], &[mailbox]);
    }

    /// Gives a mailbox another UIDVALIDITY, as a restore from a backup does.
    pub fn set_uidvalidity(&self, mailbox: &str, value: u32) {
        self.doveadm(
            &["mailbox", "update"],
            &["--uid-validity", &value.to_string(), mailbox],
        );
    }

    /// Adds flags to the messages of an IMAP UID set.
    pub fn add_flags(&self, mailbox: &str, uids: &str, flags: &str) {
        self.doveadm(&["flags", "add"], &[flags, "mailbox", mailbox, "uid", uids]);
    }

    /// Removes the messages of an IMAP UID set for good.
    pub fn expunge(&self, mailbox: &str, uids: &str) {
        self.doveadm(&["expunge"], &["mailbox", mailbox, "uid", uids]);
    }

    /// Ends all sessions of this user: each gets a BYE.
    pub fn kick(&self) {
        self.server.doveadm(&["kick", &self.name]);
    }

    /// What STATUS items of a mailbox say, as doveadm prints them:
    /// `messages=3 unseen=0 highestmodseq=7`.
    pub fn status(&self, mailbox: &str, items: &str) -> String {
        let answer = self.doveadm(&["mailbox", "status"], &[items, mailbox]);
        answer
            .trim_end()
            .strip_prefix(&format!("{mailbox} "))
            .unwrap()
            .to_owned()
    }

    /// What this user's sessions do while `action` runs; see
    /// [`traffic::observe`].
    #[track_caller]
    pub fn observe<R>(&self, action: impl FnOnce() -> R) -> (R, Traffic) {
        traffic::observe(self.server, &self.name, action)
    }

    /// Has the server write down all this user's clients say after the login,
    /// for [`User::commands`].
    pub fn record(&self) {
        let folder = self.server.rawlog(&self.name);
        fs::create_dir_all(&folder).unwrap();
        // Dovecot writes there as another user where the tests run as root.
        fs::set_permissions(&folder, Permissions::from_mode(0o777)).unwrap();
    }

    /// The lines this user's clients sent since [`User::record`], in order per
    /// session, without the time Dovecot puts in front.
    pub fn commands(&self) -> Vec<String> {
        let mut sessions: Vec<String> = fs::read_dir(self.server.rawlog(&self.name))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "in"))
            .map(|path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned())
            .collect();
        // Neither their names nor the times of the files tell which of two short
        // sessions came first; the time of the last line does, to the microsecond.
        let ended = |session: &String| session.lines().last().map(str::to_owned);
        sessions.sort_by_key(ended);
        let untimed = |line: &str| line.split_once(' ').map_or("", |(_, said)| said).to_owned();
        sessions
            .iter()
            .flat_map(|session| session.lines().map(untimed))
            .collect()
    }

    /// Waits until so many of the recorded commands hold these words.
    #[track_caller]
    pub fn says(&self, words: &str, times: usize) {
        let is_said = |said: &&String| said.contains(words);
        until(|| (self.commands().iter().filter(is_said).count() >= times).then_some(()));
    }

    /// The environment that makes this user over TLS the account of whatever
    /// runs in it, so that SQL needs no secret.
    pub fn environment(&self) -> [(&'static str, String); 4] {
        [
            ("IMAP_SERVER", self.server.tls()),
            ("IMAP_USER", self.name.clone()),
            ("IMAP_PASSWORD", self.password.clone()),
            ("SSL_CERT_FILE", self.server.ca_file().display().to_string()),
        ]
    }

    /// A shell in [`User::environment`].
    pub fn shell(&self) -> Shell {
        let set = |shell: Shell, (name, value)| shell.env(name, value);
        self.environment().into_iter().fold(Shell::new(), set)
    }

    /// A Python in [`User::environment`].
    pub fn python(&self) -> Python {
        let set = |python: Python, (name, value)| python.env(name, value);
        self.environment().into_iter().fold(Python::new(), set)
    }

    fn doveadm(&self, verb: &[&str], arguments: &[&str]) -> String {
        self.server
            .doveadm(&[verb, &["-u", &self.name], arguments].concat())
    }
}
