//! Who signs in where, with what secret: from the arguments of a call to an
//! [`Account`], and from there to a session of the connection's pool.
//!
//! Used by `table`, `function` and `ingest`; knows `imap`, but no SQLite.

mod accounts_file;
mod backoff;
mod command;
mod environment;
mod find;
#[cfg(any(fuzzing, test))]
pub mod fuzz;
pub mod keeper;
mod lookout;
mod netrc;
pub mod oauth;
mod options;
pub mod patrol;
mod place;
mod program;
mod round;
pub mod scope;
mod section;
mod source;
mod survey;
mod vault;
pub mod vigil;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::error::{Error, Result, quote};
use crate::imap::trust::{Pins, Verification};
use crate::imap::{
    Cancel, Credential, Deadline, Endpoint, Lease, Log, Login, Packing, Pool, Session, Settings,
    Trust,
};

use accounts_file::AccountsFile;
use command::Memory;
use find::Search;
pub use find::is_address;
use oauth::{Pending, StoredSignIn};
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
    /// Its name in the accounts file, if it has one.
    pub name: Option<String>,
    /// The server.
    pub endpoint: Endpoint,
    /// The user and the secret.
    pub login: Login,
    /// The user's mail address, where the file gives one.
    pub email: Option<String>,
    /// Whom TLS trusts for this account.
    pub trust: Trust,
    /// The folders to ingest, as patterns of LIST; all where there is none.
    pub include: Vec<String>,
    /// The folders not to ingest, as patterns of LIST.
    pub exclude: Vec<String>,
}

impl Account {
    fn new(endpoint: Endpoint, login: Login) -> Self {
        Self {
            name: None,
            endpoint,
            login,
            email: None,
            trust: Trust::default(),
            include: Vec::new(),
            exclude: Vec::new(),
        }
    }

    /// What a person should know of the account before trusting it, one
    /// sentence each, for `imap_check`.
    pub fn warnings(&self) -> Vec<&'static str> {
        let is_off = self.trust.verification == Verification::Off;
        let warning = "certificates are not checked (danger_accept_invalid_certs): \
                       whoever is between here and the server can read all, the password too";
        is_off.then_some(warning).into_iter().collect()
    }

    /// `settings` with what this account adds to them.
    ///
    /// # Errors
    ///
    /// A `tls_pin` among them, where the account has another of its own.
    pub fn apply(&self, settings: &Settings) -> Result<Settings> {
        let mut settings = settings.clone();
        let (given, own) = (&mut settings.trust, self.trust.clone());
        if own.pins.is_some() && given.pins.is_some() && own.pins != given.pins {
            let name = quote(self.name.as_deref().unwrap_or_default());
            return Err(Error::usage(format!(
                "account '{name}' has a tls_pin of its own; leave the option out"
            )));
        }
        *given = Trust {
            ca_file: given.ca_file.take().or(own.ca_file),
            pins: own.pins.or(given.pins.take()),
            ..own
        };
        Ok(settings)
    }
}

/// What one SQLite connection has for mail: its secrets, its sessions and its
/// way to say that the user wants to stop.
pub struct Client {
    vault: Vault,
    memory: Arc<Memory>,
    pending: Mutex<HashMap<(String, String), Arc<Pending>>>,
    pool: Pool,
    cancel: Arc<dyn Cancel>,
    log: Arc<Log>,
}

impl Client {
    /// A client without secrets or sessions.
    pub fn new(cancel: Arc<dyn Cancel>) -> Self {
        Self {
            vault: Vault::default(),
            memory: Arc::default(),
            pending: Mutex::default(),
            pool: Pool::new(),
            cancel,
            log: Arc::default(),
        }
    }

    /// What this connection has said to servers so far.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Keeps a secret in memory for `user` at `server`, an account's name or
    /// an address; where it goes from now on.
    ///
    /// # Errors
    ///
    /// A malformed server, an accounts file that cannot be used.
    pub fn keep(&self, server: &str, user: &str, credential: Credential) -> Result<Endpoint> {
        let endpoint = match AccountsFile::read()?.named(server) {
            Some(entry) => entry.endpoint.clone(),
            None => Endpoint::parse(server)?,
        };
        let login = Login {
            user: user.to_owned(),
            credential,
        };
        self.vault.keep(endpoint.clone(), login);
        Ok(endpoint)
    }

    /// The account that `server` and `user` name, as `caller` (`imap_messages`)
    /// got them; `server` may be the name of an account in the accounts file.
    ///
    /// # Errors
    ///
    /// No server, a malformed server, no user, no secret; an accounts file or
    /// an environment account that cannot be used.
    pub fn account(
        &self,
        caller: &str,
        server: Option<&str>,
        user: Option<&str>,
    ) -> Result<Account> {
        let search = Search {
            client: self,
            caller,
            file: &AccountsFile::read()?,
        };
        search.account(server, user)
    }

    /// The names of the accounts in the accounts file, for `caller`.
    ///
    /// # Errors
    ///
    /// A file that cannot be used, or holds none.
    pub fn account_names(&self, caller: &str) -> Result<Vec<String>> {
        let file = AccountsFile::read()?;
        if file.entries().is_empty() {
            return Err(file.empty(caller));
        }
        let names = file.entries().iter().map(|entry| entry.name.clone());
        Ok(names.collect())
    }

    /// How a call connects, from its options; its deadline counts from `start`,
    /// the beginning of a statement that may read a table many times over.
    ///
    /// # Errors
    ///
    /// An option of the wrong type.
    pub fn settings(&self, options: &Options, start: Instant) -> Result<Settings> {
        let pins = options.text("tls_pin", "a text such as \"sha256//BASE64\"")?;
        Ok(Settings {
            timeout: options.seconds("timeout")?.unwrap_or(TIMEOUT),
            deadline: options
                .seconds("deadline")?
                .map(|allowed| Deadline::since(start, allowed)),
            trust: Trust {
                ca_file: options.path("ca_file")?,
                pins: pins.map(Pins::parse).transpose()?,
                ..Trust::default()
            },
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
        let settings = account.apply(settings)?;
        self.pool
            .lease(&account.endpoint, &account.login, &settings, first)
    }

    /// Logs out the sessions of this account that wait in the pool.
    pub fn dismiss(&self, account: &Account) {
        self.pool.dismiss(&account.endpoint, &account.login);
    }

    /// Starts a sign-in by OAuth 2 of `user` by `provider`, which may be the
    /// name of an account that signs in so; what to tell the user, as JSON.
    ///
    /// # Errors
    ///
    /// No user, and those of [`oauth::start`].
    pub fn start_sign_in(
        &self,
        provider: &str,
        user: Option<&str>,
        options: &Options,
    ) -> Result<String> {
        let file = AccountsFile::read()?;
        let entry = file.entries().iter().find(|entry| {
            entry.registration().is_some_and(|own| {
                let is_user = user.is_none_or(|user| user == entry.user);
                let is_provider =
                    oauth::canonical(&own.provider) == oauth::canonical(provider) && user.is_some();
                is_user && (entry.name == provider || is_provider)
            })
        });
        let own = entry.and_then(|entry| Some((entry.registration()?, &entry.endpoint)));
        let user = user.or(entry.map(|entry| entry.user.as_str()));
        let user = user.ok_or_else(|| needs_user("imap_oauth_start"))?;
        let name = own.map_or(provider, |(own, _)| own.provider.as_str());
        let mut settings = self.settings(options, Instant::now())?;
        if let (Some(entry), None) = (entry, &settings.trust.ca_file) {
            settings.trust.ca_file = entry.ca_file().cloned();
        }
        let (pending, told) = oauth::start(name, user, options, own, &settings)?;
        let key = (provider.to_owned(), user.to_owned());
        self.pending().insert(key, Arc::new(pending));
        Ok(told)
    }

    /// Waits for the end of the sign-in that was started, and keeps it; its
    /// user, server and end, as JSON.
    ///
    /// # Errors
    ///
    /// None was started on this connection, and those of [`Pending::finish`].
    pub fn finish_sign_in(&self, provider: &str, user: Option<&str>) -> Result<String> {
        let found = {
            let pending = self.pending();
            let mut started = pending
                .iter()
                .filter(|((name, by), _)| name == provider && user.is_none_or(|user| user == by));
            started
                .next()
                .map(|((_, user), found)| (user.clone(), Arc::clone(found)))
        };
        let Some((user, pending)) = found else {
            let (provider, user) = (quote(provider), quote(user.unwrap_or("USER")));
            return Err(Error::usage(format!(
                "no sign-in of '{user}' by '{provider}' was started on this connection; \
                 call imap_oauth_start('{provider}', '{user}') first"
            )));
        };
        let settings = self.settings(&Options::default(), Instant::now())?;
        let place = AccountsFile::read()?.place(pending.server(), &user);
        let finished = pending.finish(&user, place, &settings);
        if !matches!(&finished, Err(error) if error.is_cancelled()) {
            self.pending().remove(&(provider.to_owned(), user.clone()));
        }
        let told = finished?;
        if let Some(sign_in) = StoredSignIn::find(pending.server(), &user) {
            let credential = Credential::Supplied(Arc::new(sign_in));
            self.vault
                .keep(pending.server().clone(), Login { user, credential });
        }
        Ok(told)
    }

    fn pending(&self) -> std::sync::MutexGuard<'_, HashMap<(String, String), Arc<Pending>>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn needs_user(caller: &str) -> Error {
    Error::usage(format!(
        "{caller} needs a user; call {caller}(provider, user, options)"
    ))
}
