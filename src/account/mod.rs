//! Who signs in where, with what secret: from the arguments of a call to an
//! [`Account`], and from there to a session of the connection's pool.
//!
//! Used by `table`, `function` and `ingest`; knows `imap`, but no SQLite.

mod environment;
mod options;
mod vault;

use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, Result, quote};
use crate::imap::{
    Cancel, Credential, Deadline, Endpoint, Lease, Log, Login, Packing, Pool, Session, Settings,
};
use crate::secret::Secret;

use environment::Environment;
pub use options::{CONNECTION_KEYS, Options};
use vault::Vault;

/// The wait without progress after which a server counts as stalled, where
/// `timeout` does not say otherwise.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The values of `compress`.
const PACKING: [(&str, Packing); 3] = [
    ("auto", Packing::Auto),
    ("never", Packing::Never),
    ("always", Packing::Always),
];

/// A user at a server, with the secret that signs in there.
pub struct Account {
    /// The server.
    pub endpoint: Endpoint,
    /// The user and the secret.
    pub login: Login,
}

/// What one SQLite connection has for mail: its secrets, its sessions and its
/// way to say that the user wants to stop.
pub struct Client {
    vault: Vault,
    pool: Pool,
    cancel: Arc<dyn Cancel>,
    log: Arc<Log>,
}

impl Client {
    /// A client without secrets or sessions.
    pub fn new(cancel: Arc<dyn Cancel>) -> Self {
        Self {
            vault: Vault::default(),
            pool: Pool::new(),
            cancel,
            log: Arc::default(),
        }
    }

    /// What this connection has said to servers so far.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Keeps `secret` in memory for `user` at `server`.
    ///
    /// # Errors
    ///
    /// A malformed server.
    pub fn keep(&self, server: &str, user: &str, secret: Secret) -> Result<Endpoint> {
        let endpoint = Endpoint::parse(server)?;
        let login = Login {
            user: user.to_owned(),
            credential: Credential::Password(secret),
        };
        self.vault.keep(endpoint.clone(), login);
        Ok(endpoint)
    }

    /// The account that `server` and `user` name, as `caller` (`imap_messages`)
    /// got them; what is not given comes from the environment account.
    ///
    /// A secret is looked for in this connection's vault, then in the
    /// environment, and is used only for exactly its own endpoint and user.
    ///
    /// # Errors
    ///
    /// No server, a malformed server, no user, no secret, and an incomplete
    /// environment account where that is what was needed.
    pub fn account(
        &self,
        caller: &str,
        server: Option<&str>,
        user: Option<&str>,
    ) -> Result<Account> {
        let given = server.map(Endpoint::parse).transpose()?;
        if let (Some(endpoint), Some(user)) = (&given, user)
            && let Some(credential) = self.vault.find(endpoint, user)
        {
            let login = Login {
                user: user.to_owned(),
                credential,
            };
            return Ok(Account {
                endpoint: endpoint.clone(),
                login,
            });
        }
        let environment = Environment::read(|name| std::env::var(name).ok())?;
        let Some(environment) = environment.filter(|environment| {
            given
                .as_ref()
                .is_none_or(|given| *given == environment.endpoint)
        }) else {
            return Err(match (given, user) {
                (None, _) => Error::usage(format!(
                    "{caller} needs a server; try {caller}('imap.example.org', 'user', 'INBOX') \
                     or set IMAP_SERVER"
                )),
                (Some(endpoint), None) => Error::usage(format!(
                    "{caller} needs a user for {endpoint}; try {caller}('{}', 'user', 'INBOX')",
                    endpoint.host()
                )),
                (Some(endpoint), Some(user)) => no_secret(&endpoint, user),
            });
        };
        let Environment {
            endpoint,
            mut login,
        } = environment;
        match user {
            Some(user) if user != login.user => match self.vault.find(&endpoint, user) {
                Some(credential) => {
                    login = Login {
                        user: user.to_owned(),
                        credential,
                    }
                }
                None => return Err(no_secret(&endpoint, user)),
            },
            _ => {}
        }
        Ok(Account { endpoint, login })
    }

    /// How a call connects, from its options.
    ///
    /// # Errors
    ///
    /// An option of the wrong type.
    pub fn settings(&self, options: &Options) -> Result<Settings> {
        Ok(Settings {
            timeout: options.seconds("timeout")?.unwrap_or(TIMEOUT),
            deadline: options.seconds("deadline")?.map(Deadline::after),
            ca_file: options.path("ca_file")?,
            packing: options
                .choice("compress", &PACKING.map(|(word, _)| word))?
                .map_or(Packing::default(), |index| PACKING[index].1),
            cancel: Arc::clone(&self.cancel),
            log: Arc::clone(&self.log),
        })
    }

    /// A signed-in session of this account, new or from the pool, and what
    /// `first` gets from it; see [`Pool::lease`].
    ///
    /// # Errors
    ///
    /// Everything from name resolution to the refused login, and `first`'s.
    pub fn lease<T>(
        &self,
        account: &Account,
        settings: &Settings,
        first: impl FnMut(&mut Session) -> Result<T>,
    ) -> Result<(Lease, T)> {
        self.pool
            .lease(&account.endpoint, &account.login, settings, first)
    }
}

fn no_secret(endpoint: &Endpoint, user: &str) -> Error {
    Error::config(format!(
        "no secret for '{}' at {endpoint}; give one with imap_login(server, user, secret) \
         or set IMAP_SERVER, IMAP_USER and IMAP_PASSWORD",
        quote(user)
    ))
}
