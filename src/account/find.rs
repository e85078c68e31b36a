//! From the arguments of a call to an account: which server, which user, and
//! where the secret comes from.
//!
//! A secret is looked for in what `imap_login` and `imap_oauth_finish` gave to
//! this connection, then in the accounts file, the environment, the sign-ins
//! that are kept, and `~/.netrc`; it is used only for exactly its own endpoint
//! and user.

use std::sync::Arc;

use super::accounts_file::{AccountsFile, Entry};
use super::environment::Environment;
use super::oauth::StoredSignIn;
use super::{Account, Client, netrc};
use crate::error::{Error, Result, quote};
use crate::imap::{Credential, Endpoint, Login};

/// Everything there is to choose from, and who asks.
pub(super) struct Search<'a> {
    pub(super) client: &'a Client,
    pub(super) caller: &'a str,
    pub(super) file: &'a AccountsFile,
}

impl Search<'_> {
    /// The account that `server` and `user` name.
    ///
    /// # Errors
    /// No server, a malformed server, no user, no secret.
    pub(super) fn account(&self, server: Option<&str>, user: Option<&str>) -> Result<Account> {
        match server {
            None => self.unnamed(user),
            Some(name) => match self.file.named(name) {
                Some(entry) => self.named(entry, user),
                None => self.at(&self.endpoint(name)?, user),
            },
        }
    }

    /// A word without a dot is rather a misspelt account than a host, where
    /// there are accounts.
    fn endpoint(&self, text: &str) -> Result<Endpoint> {
        if !is_address(text) && !text.is_empty() && !self.file.entries().is_empty() {
            let (name, names) = (quote(text), self.file.names());
            return Err(Error::usage(format!(
                "no account '{name}'; known accounts: {names}; write imaps://{name} for a host"
            )));
        }
        if text == "*" || text.starts_with("[\"") {
            let caller = self.caller;
            return Err(Error::usage(format!(
                "{caller} reads one account, not '{}'; name it, such as {caller}('work')",
                quote(text)
            )));
        }
        Endpoint::parse(text)
    }

    fn named(&self, entry: &Entry, user: Option<&str>) -> Result<Account> {
        if let Some(user) = user.filter(|user| *user != entry.user) {
            // Perhaps it is meant as the folder.
            let (name, caller, folder) = (quote(&entry.name), self.caller, self.folder());
            let (own, user) = (quote(&entry.user), quote(user));
            return Err(Error::usage(format!(
                "account '{name}' is for '{own}', not for '{user}'; leave the user out: \
                 {caller}('{name}', NULL{folder})"
            )));
        }
        self.of_entry(entry)
    }

    fn of_entry(&self, entry: &Entry) -> Result<Account> {
        match self.client.vault.find(&entry.endpoint, &entry.user) {
            Some(credential) => Ok(entry.with(login(&entry.user, credential))),
            None => self.file.account(entry, &self.client.memory),
        }
    }

    /// Nothing is said of the server: the environment's account, or the only
    /// one of the file.
    fn unnamed(&self, user: Option<&str>) -> Result<Account> {
        if let Some(environment) = environment()? {
            let user = user.unwrap_or(&environment.login.user);
            return self.at(&environment.endpoint, Some(user));
        }
        let caller = self.caller;
        match self.file.entries() {
            [] => Err(Error::usage(format!(
                "{caller} needs a server; try {caller}('imap.example.org', 'user'{}) \
                 or set IMAP_SERVER",
                self.folder()
            ))),
            [only] => self.named(only, user),
            _ => Err(Error::usage(format!(
                "{caller} needs an account; known accounts: {}",
                self.file.names()
            ))),
        }
    }

    fn at(&self, endpoint: &Endpoint, user: Option<&str>) -> Result<Account> {
        let mut entries = self.file.entries().iter().filter(|entry| {
            entry.endpoint == *endpoint && user.is_none_or(|user| user == entry.user)
        });
        if let Some(entry) = entries.next() {
            if user.is_none() && entries.next().is_some() {
                return Err(self.no_user(endpoint));
            }
            return self.of_entry(entry);
        }
        let found = match user {
            Some(user) => self
                .client
                .vault
                .find(endpoint, user)
                .map(|found| login(user, found)),
            None => None,
        };
        let environment = || -> Result<Option<Login>> {
            let own = environment()?
                .filter(|own| own.endpoint == *endpoint)
                .map(|own| own.login);
            Ok(own.filter(|own| user.is_none_or(|user| user == own.user)))
        };
        let kept = || {
            let user = user?;
            let kept = StoredSignIn::find(endpoint, user)?;
            Some(login(user, Credential::Supplied(Arc::new(kept))))
        };
        let found = match found {
            Some(found) => Some(found),
            None => environment()?
                .or_else(kept)
                .or_else(|| netrc::find(endpoint, user)),
        };
        match (found, user) {
            (Some(login), _) => Ok(Account::new(endpoint.clone(), login)),
            (None, None) => Err(self.no_user(endpoint)),
            (None, Some(user)) => Err(self.no_secret(endpoint, user)),
        }
    }

    /// The third argument of an example; some callers take another one.
    fn folder(&self) -> &'static str {
        match self.caller {
            "imap_check" | "imap_folders" => "",
            _ => ", 'INBOX'",
        }
    }

    fn no_secret(&self, endpoint: &Endpoint, user: &str) -> Error {
        let vault = &self.client.vault;
        let elsewhere = match vault.elsewhere(endpoint.host(), user) {
            Some(other) => format!(", but for {other}, which is another server"),
            None => String::new(),
        };
        let user = quote(user);
        Error::config(format!(
            "no secret for '{user}' at {endpoint}{elsewhere}; give one with \
             imap_login(server, user, secret), sign in with imap_oauth_start, \
             or put one into the accounts file"
        ))
    }

    fn no_user(&self, endpoint: &Endpoint) -> Error {
        let (caller, host, folder) = (self.caller, endpoint.host(), self.folder());
        // The name of an account, where there is no file of accounts yet.
        let account = if is_address(host) {
            String::new()
        } else {
            format!(", or put an account '{host}' into the accounts file")
        };
        Error::usage(format!(
            "{caller} needs a user for {endpoint}; try {caller}('{host}', 'user'{folder}){account}"
        ))
    }
}

/// True for what is rather a server's address than an account's name.
pub fn is_address(text: &str) -> bool {
    text.contains(['.', ':', '/']) || text == "localhost"
}

fn login(user: &str, credential: Credential) -> Login {
    Login {
        user: user.to_owned(),
        credential,
    }
}

fn environment() -> Result<Option<Environment>> {
    Environment::read(|name| std::env::var(name).ok())
}
