//! Where the secret of an account comes from, as the accounts file says it:
//! one of five ways, or a client certificate that needs none.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use super::command::{Memory, PasswordCommand};
use super::oauth::{Place, Registration, StoredSignIn};
use super::section::Section;
use crate::error::{Error, Result, quote};
use crate::imap::trust::Trust;
use crate::imap::{Credential, Endpoint};
use crate::secret::Secret;

/// The keys that give a secret.
const KINDS: [&str; 5] = [
    "password",
    "password_command",
    "password_env",
    "password_file",
    "oauth",
];

/// Whose secret it is.
pub(super) struct Of<'a> {
    /// The account, as the file names it.
    pub(super) name: &'a str,
    /// The accounts file.
    pub(super) file: &'a Path,
    pub(super) endpoint: &'a Endpoint,
    pub(super) user: &'a str,
}

/// Where it comes from.
pub(super) enum Source {
    Password(Secret),
    Env(String),
    File(PathBuf),
    Command(Vec<String>),
    /// Tokens, and where they are kept.
    Oauth(Box<Registration>, Place),
    Certificate,
}

impl Source {
    /// The one source of an account, its own before that of the defaults.
    ///
    /// # Errors
    /// None, several, a value of the wrong type, `keyring` where there are no
    /// tokens.
    pub(super) fn read(
        own: Section<'_>,
        defaults: Option<Section<'_>>,
        trust: &Trust,
    ) -> Result<Self> {
        let source = Self::find(own, defaults, trust)?;
        match own.find("keyring") {
            Some(keyring) if !matches!(source, Self::Oauth(..)) => {
                Err(keyring.error("it is for accounts that sign in by oauth"))
            }
            _ => Ok(source),
        }
    }

    fn find(own: Section<'_>, defaults: Option<Section<'_>>, trust: &Trust) -> Result<Self> {
        let mut given = KINDS
            .into_iter()
            .filter_map(|kind| own.find(kind).map(|found| (kind, found)));
        let default = || defaults.and_then(|defaults| Some(("oauth", defaults.find("oauth")?)));
        let Some((kind, found)) = given.next().or_else(default) else {
            if trust.client_certificate.is_some() {
                return Ok(Self::Certificate);
            }
            let kinds = KINDS.join(", ");
            return Err(own.error(&format!("it has no secret; give one of {kinds}")));
        };
        if let Some((other, _)) = given.next() {
            return Err(own.error(&format!("it has both {kind} and {other}; leave one")));
        }
        Ok(match kind {
            "password" => Self::Password(Secret::new(found.text()?.to_owned())),
            "password_env" => Self::Env(found.text()?.to_owned()),
            "password_file" => Self::File(own.path_of(kind)?.unwrap_or_default()),
            "password_command" => Self::Command(found.texts()?),
            _ => {
                let keyring = own.find("keyring").or_else(|| defaults?.find("keyring"));
                let place = match keyring.map(|found| found.switch()).transpose()? {
                    Some(true) => Place::Keyring,
                    _ => Place::File,
                };
                Self::Oauth(Box::new(Registration::read(&found)?), place)
            }
        })
    }

    /// The secret, or who supplies it.
    ///
    /// # Errors
    /// An environment variable or a file that holds none.
    pub(super) fn credential(&self, of: &Of<'_>, memory: &Arc<Memory>) -> Result<Credential> {
        let missing = |why: &str| {
            let account = quote(of.name);
            Error::config(format!("no secret for account '{account}': {why}"))
        };
        Ok(match self {
            Self::Password(secret) => Credential::Password(secret.clone()),
            Self::Env(name) => {
                let value = std::env::var(name).ok().filter(|value| !value.is_empty());
                let why = format!("{} of password_env is not set", quote(name));
                Credential::Password(Secret::new(value.ok_or_else(|| missing(&why))?))
            }
            Self::File(path) => {
                let name = quote(&path.to_string_lossy());
                let text = fs::read_to_string(path)
                    .map(Zeroizing::new)
                    .map_err(|error| {
                        let why = quote(&error.kind().to_string());
                        missing(&format!("cannot read password_file '{name}': {why}"))
                    })?;
                let line = text.lines().next().filter(|line| !line.is_empty());
                let line =
                    line.ok_or_else(|| missing(&format!("password_file '{name}' is empty")))?;
                Credential::Password(Secret::new(line.to_owned()))
            }
            Self::Command(command) => {
                let name = format!("{} [{}]", of.file.display(), of.name);
                let command = PasswordCommand::new(name, of.name, command, memory);
                Credential::Supplied(Arc::new(command))
            }
            Self::Oauth(registration, place) => {
                let provider = &registration.provider;
                let sign_in = StoredSignIn::of(provider, *place, of.endpoint, of.user)?;
                Credential::Supplied(Arc::new(sign_in))
            }
            Self::Certificate => Credential::Certificate,
        })
    }
}
