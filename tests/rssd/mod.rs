//! A database file that the ingest tests write to and look into.

#![allow(
    dead_code,
    reason = "every test binary compiles this module and uses its own part of it"
)]

use crate::support::library::library;
use crate::support::process::Running;
use crate::support::scratch::Scratch;
use crate::support::shell::Shell;
use crate::support::until::{PATIENCE, until};
use crate::support::user::User;
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

/// How long a lock is waited for, in milliseconds.
const LOCKED: u128 = PATIENCE.as_millis();

/// A database file and the shell of a mail user on it.
pub struct Rssd {
    folder: Scratch,
    /// The shell, with the user's account in its environment.
    pub shell: Shell,
}

impl Rssd {
    /// An empty database, for the mail of `user`.
    pub fn of(user: &User<'_>) -> Self {
        let folder = Scratch::new(&user.name);
        let shell = user.shell().database(&folder.join("rssd.db"));
        Self { folder, shell }
    }

    /// An empty database, for the mail of `ada` with the password `secret` at a
    /// server.
    pub fn at(server: &str) -> Self {
        let folder = Scratch::new("rssd");
        let shell = Shell::new()
            .database(&folder.join("rssd.db"))
            .env("IMAP_SERVER", server)
            .env("IMAP_USER", "ada")
            .env("IMAP_PASSWORD", "secret");
        Self { folder, shell }
    }

    /// The database file.
    pub fn path(&self) -> PathBuf {
        self.folder.join("rssd.db")
    }

    /// Has the database refuse a message with this subject: `not this one`.
    #[track_caller]
    pub fn refuse(&self, subject: &str) {
        self.ask(&format!(
            "CREATE TRIGGER t BEFORE INSERT ON ur_ingest_session_imap_acct_folder_message
               WHEN new.subject = '{subject}' BEGIN SELECT raise(ABORT, 'not this one'); END"
        ));
    }

    /// Undoes [`Rssd::refuse`].
    #[track_caller]
    pub fn refuse_nothing(&self) {
        self.ask("DROP TRIGGER t");
    }

    /// Runs a Python script, which is given the database and the library, and has
    /// the account of `user`; it must not fail.
    #[track_caller]
    pub fn python(&self, user: &User<'_>, script: &str) {
        let mut python = Command::new("/usr/bin/python3");
        python
            .args(["-c", script])
            .arg(self.path())
            .arg(library())
            .envs(user.environment());
        Running::start(&mut python, b"").finish(PATIENCE).success();
    }

    /// Ingests with foreign keys enforced; the summary.
    #[track_caller]
    pub fn ingest(&self, folder: &str, options: &str) -> Value {
        let call = format!("SELECT imap_ingest(NULL, NULL, '{folder}', '{options}');");
        let finished = self
            .shell
            .run(&format!("PRAGMA foreign_keys = ON;\n{call}"));
        let text = finished.success();
        assert_eq!(text.trim_end().lines().count(), 1);
        serde_json::from_str(text).unwrap()
    }

    /// [`Rssd::ingest`] of INBOX: what it fetched, inserted, found there and
    /// failed to write.
    #[track_caller]
    pub fn counts(&self, options: &str) -> [u64; 4] {
        let summary = self.ingest("INBOX", options);
        ["fetched", "inserted", "already_there", "failed"].map(|key| summary[key].as_u64().unwrap())
    }

    /// How a `statement` of the user ends that is interrupted where it is about to
    /// record the message of this place, and what the pragmas (`name` or, set
    /// before, `name=value`) say then; see tests/rssd/interrupter.py.
    #[track_caller]
    pub fn interrupted(
        &self,
        user: &User<'_>,
        statement: &str,
        place: u32,
        pragmas: &[&str],
    ) -> String {
        let mut python = Command::new("/usr/bin/python3");
        python
            .args(["-c", include_str!("interrupter.py")])
            .arg(library())
            .arg(self.path())
            .args([statement, &place.to_string()])
            .args(pragmas)
            .envs(user.environment());
        let finished = Running::start(&mut python, b"").finish(PATIENCE);
        finished.success().to_owned()
    }

    /// What the stock shell, without the extension, answers to `sql`; it must
    /// not fail.
    #[track_caller]
    pub fn ask(&self, sql: &str) -> String {
        self.ask_within(0, sql)
    }

    /// [`Rssd::ask`] while another process writes, or was killed as it did: a
    /// lock is waited for.
    #[track_caller]
    pub fn look(&self, sql: &str) -> String {
        self.ask_within(LOCKED, sql)
    }

    #[track_caller]
    fn ask_within(&self, milliseconds: u128, sql: &str) -> String {
        self.said(milliseconds, sql)
            .unwrap_or_else(|complaint| panic!("{complaint}"))
    }

    /// What the stock shell answers, or complains of.
    fn said(&self, milliseconds: u128, sql: &str) -> Result<String, String> {
        let output = Command::new("sqlite3")
            .args(["-batch", "-bail", "-cmd"])
            .arg(format!(".timeout {milliseconds}"))
            .arg(self.path())
            // A comment in front is not to be taken for an option.
            .arg(format!(" {sql}"))
            .output()
            .unwrap();
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let text = String::from_utf8(output.stdout).unwrap();
        Ok(text.trim_end().to_owned())
    }

    /// Waits until `sql`, which may meet a table that is not there yet, gives 1.
    #[track_caller]
    pub fn wait(&self, sql: &str) -> Duration {
        let begun = Instant::now();
        until(|| (self.said(LOCKED, sql).as_deref() == Ok("1")).then_some(()));
        begun.elapsed()
    }

    /// Has the shell read a file of the project, as its head says; what it prints.
    #[track_caller]
    pub fn read(&self, file: &str) -> String {
        let root = env!("CARGO_MANIFEST_DIR");
        let sql =
            format!("PRAGMA foreign_keys = ON;\n.timeout {LOCKED}\n.cd '{root}'\n.read {file}");
        self.shell.run(&sql).success().to_owned()
    }

    /// Checks what must hold of every database we have written to.
    #[track_caller]
    pub fn check(&self) {
        assert_eq!(self.ask("PRAGMA foreign_key_check"), "");
        assert_eq!(self.ask("PRAGMA integrity_check"), "ok");
        let doubled = "SELECT uri FROM uniform_resource GROUP BY uri HAVING count(*) > 1";
        assert_eq!(self.ask(doubled), "");
        let lost = "SELECT uid FROM imap_sync_message WHERE NOT EXISTS (
                      SELECT 1 FROM ur_ingest_session_imap_acct_folder_message
                       WHERE ur_ingest_session_imap_acct_folder_message_id = message_row_id)";
        assert_eq!(self.ask(lost), "");
        let alone = "SELECT uri FROM uniform_resource LEFT JOIN uniform_resource_edge
                      USING (uniform_resource_id) WHERE node_id IS NULL";
        assert_eq!(self.ask(alone), "");
    }
}
