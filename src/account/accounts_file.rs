//! The accounts file: TOML, a table for each account, read whole at each use.
//!
//! `examples/accounts.toml` explains every key. Others must not be able to
//! read it. Errors name file, line and key, and show no value.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::de::{DeTable, DeValue};
use zeroize::Zeroizing;

use super::Account;
use super::command::Memory;
use super::oauth::{Place, Registration};
use super::place::accounts_file;
use super::section::{Document, Section};
use super::source::{Of, Source};
use crate::error::{Error, Result, quote};
use crate::imap::trust::{ClientCertificate, Pins, Trust, Verification};
use crate::imap::{Endpoint, Login};

/// The largest file that is read, in bytes.
const LARGEST: u64 = 1 << 20;

/// The table of what counts for every account that does not say otherwise.
const DEFAULTS: &str = "defaults";

const KEYS: [&str; 16] = [
    "ca_file",
    "cert_file",
    "danger_accept_invalid_certs",
    "email",
    "exclude",
    "include",
    "key_file",
    "keyring",
    "oauth",
    "password",
    "password_command",
    "password_env",
    "password_file",
    "server",
    "tls_pin",
    "user",
];

/// The keys that make sense for many accounts at once. Checks are not
/// switched off and secrets not given for accounts yet to come.
const DEFAULT_KEYS: [&str; 9] = [
    "ca_file",
    "cert_file",
    "exclude",
    "include",
    "key_file",
    "keyring",
    "oauth",
    "server",
    "tls_pin",
];

/// The accounts of the file, by name.
#[derive(Default)]
pub(super) struct AccountsFile {
    path: PathBuf,
    entries: Vec<Entry>,
}

/// An account as the file has it; its secret is fetched when it is wanted.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) endpoint: Endpoint,
    pub(super) user: String,
    email: Option<String>,
    source: Source,
    trust: Trust,
    include: Vec<String>,
    exclude: Vec<String>,
}

impl AccountsFile {
    /// Reads the file; no accounts where there is none.
    ///
    /// # Errors
    /// A file that cannot be read, that others can read, or that is wrong.
    pub(super) fn read() -> Result<Self> {
        let Some((path, is_named)) = accounts_file() else {
            return Ok(Self::default());
        };
        match read_private(&path) {
            Ok(None) if !is_named => Ok(Self {
                path,
                entries: Vec::new(),
            }),
            Ok(None) => Err(unusable(&path, "no such file")),
            Ok(Some(text)) => Self::parse(path, &text),
            Err(error) => Err(error),
        }
    }

    /// The accounts of a file of this text.
    ///
    /// # Errors
    /// Whatever is wrong with it, and on which line.
    pub(super) fn parse(path: PathBuf, text: &str) -> Result<Self> {
        let document = Document { path: &path, text };
        let root = DeTable::parse(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            // The message alone: the error's long form shows the line.
            document.error(at, "", &quote(error.message()))
        })?;
        let mut entries = Vec::new();
        let tables = root.get_ref();
        let section = |name: &'_ str, known: &[&str]| -> Result<Option<Section<'_>>> {
            let Some((key, value)) = tables.get_key_value(name) else {
                return Ok(None);
            };
            let at = key.span().start;
            let DeValue::Table(table) = value.get_ref() else {
                let why = "it must be a table, such as [work]";
                return Err(document.error(at, name, why));
            };
            Section::new(&document, key.get_ref(), table, at, known).map(Some)
        };
        let defaults = section(DEFAULTS, &DEFAULT_KEYS)?;
        for name in tables.keys().map(|key| key.get_ref().as_ref()) {
            if name != DEFAULTS
                && let Some(own) = section(name, &KEYS)?
            {
                entries.push(Entry::read(own, defaults)?);
            }
        }
        Ok(Self { path, entries })
    }

    /// What to say to `caller`, which wants one and finds none.
    pub(super) fn empty(&self, caller: &str) -> Error {
        let place = match self.path.to_str() {
            Some("") => "name an accounts file by the environment variable IMAP_ACCOUNTS".into(),
            _ => format!("put some into '{}'", quote(&self.path.to_string_lossy())),
        };
        Error::usage(format!("{caller} finds no accounts; {place}"))
    }

    /// The account of this name.
    pub(super) fn named(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    /// The accounts, by name.
    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Where the tokens of this user at this server are to be kept.
    pub(super) fn place(&self, server: &Endpoint, user: &str) -> Place {
        let mut places = self.entries.iter().filter_map(|entry| match entry.source {
            Source::Oauth(_, place) if entry.endpoint == *server && entry.user == user => {
                Some(place)
            }
            _ => None,
        });
        places.next().unwrap_or_default()
    }

    /// `home, work`.
    pub(super) fn names(&self) -> String {
        let names: Vec<_> = self
            .entries
            .iter()
            .map(|entry| quote(&entry.name))
            .collect();
        names.join(", ")
    }

    /// The account with its secret, or with who supplies it.
    ///
    /// # Errors
    /// An environment variable or a file that holds none.
    pub(super) fn account(&self, entry: &Entry, memory: &Arc<Memory>) -> Result<Account> {
        let of = Of {
            name: &entry.name,
            file: &self.path,
            endpoint: &entry.endpoint,
            user: &entry.user,
        };
        let credential = entry.source.credential(&of, memory)?;
        let login = Login {
            user: entry.user.clone(),
            credential,
        };
        Ok(entry.with(login))
    }
}

impl Entry {
    fn read(own: Section<'_>, defaults: Option<Section<'_>>) -> Result<Self> {
        let find = |key| own.find(key).or_else(|| defaults?.find(key));
        let holder = |key| match (own.find(key), defaults) {
            (None, Some(defaults)) => defaults,
            _ => own,
        };
        let server = find("server").ok_or_else(|| own.error("it has no server"))?;
        let endpoint = Endpoint::parse(server.text()?).map_err(|error| server.misread(&error))?;
        let email = own.text("email")?;
        let user = own.text("user")?.or(email);
        let user = user.ok_or_else(|| own.error("it has no user"))?.to_owned();
        let path = |key| holder(key).path_of(key);
        let client_certificate = match (path("cert_file")?, path("key_file")?) {
            (None, None) => None,
            (Some(cert_file), Some(key_file)) => Some(ClientCertificate {
                cert_file,
                key_file,
            }),
            _ => return Err(own.error("cert_file and key_file go together")),
        };
        let is_checked = match own.find("danger_accept_invalid_certs") {
            None => true,
            Some(found) => !found.switch()?,
        };
        let pins = find("tls_pin")
            .map(|found| Pins::parse(found.text()?).map_err(|error| found.misread(&error)));
        let trust = Trust {
            ca_file: path("ca_file")?,
            pins: pins.transpose()?,
            client_certificate,
            verification: if is_checked {
                Verification::Full
            } else {
                Verification::Off
            },
        };
        let source = Source::read(own, defaults, &trust)?;
        let folders = |key| find(key).map_or(Ok(Vec::new()), |found| found.texts());
        Ok(Self {
            name: own.name.to_owned(),
            endpoint,
            user,
            email: email.map(str::to_owned),
            source,
            include: folders("include")?,
            exclude: folders("exclude")?,
            trust,
        })
    }

    /// What the account is known to an authorization server as, if it signs in by one.
    pub(super) fn registration(&self) -> Option<&Registration> {
        match &self.source {
            Source::Oauth(registration, _) => Some(registration),
            _ => None,
        }
    }

    /// Whom to trust besides the system's, an authorization server's too.
    pub(super) fn ca_file(&self) -> Option<&PathBuf> {
        self.trust.ca_file.as_ref()
    }

    /// The account with a login of this user at this server.
    pub(super) fn with(&self, login: Login) -> Account {
        Account {
            name: Some(self.name.clone()),
            endpoint: self.endpoint.clone(),
            login,
            email: self.email.clone(),
            trust: self.trust.clone(),
            include: self.include.clone(),
            exclude: self.exclude.clone(),
        }
    }
}

/// The text of a file that only its owner may read; `None` where there is none.
fn read_private(path: &Path) -> Result<Option<Zeroizing<String>>> {
    let failed = |error: std::io::Error| unusable(path, &quote(&error.kind().to_string()));
    let file = match fs::File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        file => file.map_err(failed)?,
    };
    let metadata = file.metadata().map_err(failed)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            let name = quote(&path.to_string_lossy());
            let why = format!("others may read it (mode {mode:04o}); run chmod 600 '{name}'");
            return Err(unusable(path, &why));
        }
    }
    if metadata.len() > LARGEST {
        return Err(unusable(path, "it is larger than 1 MiB"));
    }
    let text = std::io::read_to_string(file).map_err(failed)?;
    Ok(Some(Zeroizing::new(text)))
}

fn unusable(path: &Path, why: &str) -> Error {
    let path = quote(&path.to_string_lossy());
    Error::config(format!("cannot use accounts file '{path}': {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        // A secret stands where a value would: names of keys are shown.
        #[test]
        fn no_error_shows_a_secret(pieces in proptest::collection::vec(
            proptest::sample::select(vec![
                "[work]\n", "[work.oauth]\n", "server = ", "user = ", "password = ", "include = [", "]",
                "= 'hunter2-zQ9'", "= \"hunter2-zQ9\"", "\"\"\"", "''", "\n", "=", "#", "{", "}", "\\", "x",
            ]),
            0..30,
        )) {
            let file = AccountsFile::parse(PathBuf::from("accounts.toml"), &pieces.concat());
            if let Err(error) = file {
                let error = error.to_string();
                prop_assert!(!error.contains("hunter2-zQ9"), "{}", error);
                prop_assert!(!error.chars().any(char::is_control), "{:?}", error);
            }
        }
    }
}
