//! Where a sign-in is kept between processes: in a file, or in the system's
//! keyring where the accounts file asks for that. Never in both: where the
//! keyring has it, the file says so, and nothing else.
//!
//! It is what the next refresh needs, the client's secret too, and where that
//! may go, so that no later word from SQL can send it elsewhere.

use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::keyring::Item;
use super::token_file::{Lock, TokenFile};
use crate::error::Result;
use crate::imap::{Endpoint, Settings};
use crate::secret::Secret;

/// A sign-in.
pub(super) struct SignIn {
    pub(super) provider: String,
    pub(super) server: String,
    pub(super) user: String,
    pub(super) client_id: String,
    pub(super) client_secret: Option<Secret>,
    pub(super) token_endpoint: String,
    pub(super) access_token: Secret,
    pub(super) refresh_token: Option<Secret>,
    /// Seconds since 1970.
    pub(super) expires_at: i64,
}

/// Which of the two has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// A file of mode 0600.
    #[default]
    File,
    /// The keyring.
    Keyring,
}

/// The store for one user at one server.
pub(super) struct Store {
    file: TokenFile,
    item: Item,
    server: String,
    user: String,
}

impl Store {
    /// The store for this user at this server, whether or not it has a sign-in.
    ///
    /// # Errors
    /// No home folder to keep it in.
    pub(super) fn of(server: &Endpoint, user: &str) -> Result<Self> {
        let server_text = server.to_string();
        Ok(Self {
            file: TokenFile::of(server, user)?,
            item: Item::of(&server_text, user),
            server: server_text,
            user: user.to_owned(),
        })
    }

    /// Unique for a user at a server; no secret.
    pub(super) fn name(&self) -> &str {
        self.file.name()
    }

    /// True where there is a sign-in, in either place.
    pub(super) fn exists(&self) -> bool {
        self.file.exists()
    }

    /// The sign-in and where it is; `None` where there is none.
    ///
    /// # Errors
    /// A file that cannot be read or that holds something else, a keyring that
    /// gives nothing.
    pub(super) fn read(&self, settings: &Settings) -> Result<Option<(SignIn, Place)>> {
        let Some(text) = self.file.read()? else {
            return Ok(None);
        };
        let value: Value = serde_json::from_str(&text).unwrap_or_default();
        let (found, place) = if value == self.pointer() {
            (self.sign_in(&self.item.read(settings)?), Place::Keyring)
        } else {
            (self.sign_in(&text), Place::File)
        };
        let sign_in = found.ok_or_else(|| self.file.is_another())?;
        Ok(Some((sign_in, place)))
    }

    /// Replaces the sign-in, whole or not at all.
    ///
    /// # Errors
    /// The file system's, the keyring's.
    pub(super) fn write(
        &self,
        sign_in: &SignIn,
        place: Place,
        lock: &Lock,
        settings: &Settings,
    ) -> Result<()> {
        let pointer = format!("{}\n", self.pointer());
        let is_in_keyring = self.file.read()?.is_some_and(|text| *text == pointer);
        match place {
            Place::Keyring => {
                self.item.write(&text(sign_in), settings)?;
                if is_in_keyring {
                    return Ok(());
                }
                self.file.write(&pointer, lock)
            }
            Place::File => {
                self.file.write(&text(sign_in), lock)?;
                match is_in_keyring {
                    true => self.item.remove(settings),
                    false => Ok(()),
                }
            }
        }
    }

    /// Waits until no other process changes the sign-in.
    ///
    /// # Errors
    /// The file system's; timeout, deadline, cancelled.
    pub(super) fn lock(&self, settings: &Settings) -> Result<Lock> {
        self.file.lock(settings)
    }

    /// What the file says where the keyring has the sign-in.
    fn pointer(&self) -> Value {
        json!({ "server": self.server, "user": self.user, "kept_in": "keyring" })
    }

    fn sign_in(&self, text: &str) -> Option<SignIn> {
        let value: Value = serde_json::from_str(text).ok()?;
        let field = |name: &str| value[name].as_str().map(str::to_owned);
        let secret = |name: &str| field(name).map(Secret::new);
        Some(SignIn {
            provider: field("provider")?,
            server: field("server").filter(|server| *server == self.server)?,
            user: field("user").filter(|user| *user == self.user)?,
            client_id: field("client_id")?,
            client_secret: secret("client_secret"),
            token_endpoint: field("token_endpoint")?,
            access_token: secret("access_token")?,
            refresh_token: secret("refresh_token"),
            expires_at: value["expires_at"].as_i64()?,
        })
    }
}

fn text(sign_in: &SignIn) -> Zeroizing<String> {
    let secret = |secret: &Secret| secret.declassify().to_owned();
    let value = json!({
        "provider": sign_in.provider,
        "server": sign_in.server,
        "user": sign_in.user,
        "client_id": sign_in.client_id,
        "client_secret": sign_in.client_secret.as_ref().map(secret),
        "token_endpoint": sign_in.token_endpoint,
        "access_token": secret(&sign_in.access_token),
        "refresh_token": sign_in.refresh_token.as_ref().map(secret),
        "expires_at": sign_in.expires_at,
    });
    Zeroizing::new(format!("{value}\n"))
}
