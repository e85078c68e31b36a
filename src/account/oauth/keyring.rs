//! The keyring of the user's desktop, by the Secret Service's own tool,
//! `secret-tool` of libsecret.
//!
//! A tool, and no crate: those that speak D-Bus bring an asynchronous runtime
//! and its threads into whatever program has loaded this library, and 110 other
//! crates; the tool is ended like any program when the user stops the
//! statement, and what it has to ask, it asks by the desktop's own means.
//! Secrets go through pipes, never onto a command line.

use std::io::ErrorKind;
use std::process::{Command, Stdio};

use zeroize::Zeroizing;

use super::super::program::{self, Ended};
use crate::error::{Error, Result, quote};
use crate::imap::Settings;

const TOOL: &str = "secret-tool";

/// The longest secret the tool takes; it cuts off what is beyond.
const LONGEST: usize = 8_191;

/// The item of a user at a server.
pub(super) struct Item {
    server: String,
    user: String,
}

impl Item {
    pub(super) fn of(server: &str, user: &str) -> Self {
        Self {
            server: server.to_owned(),
            user: user.to_owned(),
        }
    }

    /// Its secret.
    ///
    /// # Errors
    /// No such tool, no keyring, a locked one, one without the item; timeout,
    /// deadline, cancelled.
    pub(super) fn read(&self, settings: &Settings) -> Result<Zeroizing<String>> {
        let ended = self.run(&["lookup"], None, "read", settings)?;
        if ended.status.success()
            && let Some(secret) = ended.output.filter(|secret| !secret.is_empty())
        {
            return Ok(secret);
        }
        if !ended.complaint.is_empty() {
            return Err(self.refused("read", &ended.complaint));
        }
        // Of a locked keyring the tool says nothing, but finds the item in it.
        let found = self.run(&["search"], None, "read", settings)?;
        let is_there = found.output.is_some_and(|found| !found.is_empty());
        Err(self.failed(
            "read",
            match is_there {
                true => "it is locked; unlock it and try again",
                false => "they are not there; sign in again with imap_oauth_start",
            },
        ))
    }

    /// Replaces its secret.
    ///
    /// # Errors
    /// As [`Item::read`], and a secret too long for the tool.
    pub(super) fn write(&self, secret: &str, settings: &Settings) -> Result<()> {
        if secret.len() > LONGEST {
            let why = "they are too long for secret-tool; leave keyring out for this account";
            return Err(self.failed("write", why));
        }
        let label = format!("--label=sqlite-imap: {} at {}", self.user, self.server);
        let ended = self.run(&["store", &label], Some(secret), "write", settings)?;
        self.succeeded("write", &ended)
    }

    /// Removes it.
    ///
    /// # Errors
    /// As [`Item::read`].
    pub(super) fn remove(&self, settings: &Settings) -> Result<()> {
        let ended = self.run(&["clear"], None, "remove", settings)?;
        self.succeeded("remove", &ended)
    }

    fn run(
        &self,
        verb: &[&str],
        input: Option<&str>,
        failing: &str,
        settings: &Settings,
    ) -> Result<Ended> {
        let mut command = Command::new(TOOL);
        command
            .args(verb)
            .args(["--", "service", "sqlite-imap", "server", &self.server])
            .args(["user", &self.user])
            .stderr(Stdio::piped());
        let ended = program::run(&mut command, input, TOOL, settings)?;
        ended.map_err(|error| match error.kind() {
            ErrorKind::NotFound => {
                let why = "there is no secret-tool; install it (Debian: libsecret-tools), \
                           or leave keyring out of the accounts file";
                self.failed(failing, why)
            }
            kind => self.failed(failing, &quote(&kind.to_string())),
        })
    }

    fn succeeded(&self, verb: &str, ended: &Ended) -> Result<()> {
        if ended.status.success() {
            return Ok(());
        }
        Err(match ended.complaint.as_str() {
            "" => self.failed(verb, &ended.status.to_string()),
            complaint => self.refused(verb, complaint),
        })
    }

    /// What the tool complains of, which is about the session mostly.
    fn refused(&self, verb: &str, complaint: &str) -> Error {
        // Libraries of the tool may have had their say before it.
        let why = complaint.lines().next_back().unwrap_or(complaint);
        let why = why.trim_start_matches("secret-tool: ");
        let advice = "the keyring has to run and to be unlocked in this session; \
                      or leave keyring out of the accounts file";
        self.failed(verb, &format!("{}; {advice}", quote(why)))
    }

    fn failed(&self, verb: &str, why: &str) -> Error {
        let (user, server) = (quote(&self.user), &self.server);
        Error::config(format!(
            "cannot {verb} the tokens of '{user}' at {server} in the keyring: {why}"
        ))
    }
}
