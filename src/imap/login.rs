//! Who signs in and with what; checked before a byte is sent.
//!
//! A credential is at hand, or is supplied when a sign-in needs it: tokens
//! end, and commands that give a password are not run for nothing.

use std::sync::Arc;

use super::settings::Settings;
use crate::error::{Error, Result, quote};
use crate::secret::Secret;

/// What proves who one is.
#[derive(Clone)]
pub enum Credential {
    /// For LOGIN or a SASL mechanism that takes a password.
    Password(Secret),
    /// An OAuth 2 access token, for OAUTHBEARER or XOAUTH2.
    AccessToken(Secret),
    /// The client certificate of the TLS connection, for EXTERNAL.
    Certificate,
    /// Asked for when it is needed.
    Supplied(Arc<dyn Supplier>),
}

impl Credential {
    /// What must not be seen, where there is something at hand.
    pub(super) fn secret(&self) -> Option<&Secret> {
        match self {
            Self::Password(secret) | Self::AccessToken(secret) => Some(secret),
            Self::Certificate | Self::Supplied(_) => None,
        }
    }
}

/// Gives the credential of a sign-in at the moment of it.
pub trait Supplier: Send + Sync {
    /// What to sign in with; `None` where there is nothing but what the server
    /// has just refused. May wait, within the limits of `settings`.
    ///
    /// # Errors
    /// Whatever keeps it from being had, in a sentence without it.
    fn supply(&self, occasion: Occasion, settings: &Settings) -> Result<Option<Credential>>;

    /// Equal for suppliers of the same; no secret.
    fn name(&self) -> &str;
}

/// Why a [`Supplier`] is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// A session is opened.
    SignIn,
    /// The server has refused what was supplied for the session.
    Refusal,
}

/// A user and what proves it.
#[derive(Clone)]
pub struct Login {
    /// The user's name, as the server knows it.
    pub user: String,
    /// What proves it.
    pub credential: Credential,
}

impl Login {
    /// The login with its credential at hand.
    ///
    /// # Errors
    /// The supplier's.
    pub(super) fn at_hand(&self, settings: &Settings) -> Result<Self> {
        let Credential::Supplied(supplier) = &self.credential else {
            return Ok(self.clone());
        };
        let supplied = supplier.supply(Occasion::SignIn, settings)?;
        supplied
            .map(|credential| self.with(credential))
            .ok_or_else(|| {
                let user = quote(&self.user);
                Error::config(format!("cannot sign in as '{user}': there is no secret"))
            })
    }

    /// The same once the server has refused it; `None` where there is no other.
    ///
    /// # Errors
    /// The supplier's.
    pub(super) fn after_refusal(&self, settings: &Settings) -> Result<Option<Self>> {
        let Credential::Supplied(supplier) = &self.credential else {
            return Ok(None);
        };
        let supplied = supplier.supply(Occasion::Refusal, settings)?;
        Ok(supplied.map(|credential| self.with(credential)))
    }

    fn with(&self, credential: Credential) -> Self {
        Self {
            user: self.user.clone(),
            credential,
        }
    }

    /// Refuses what cannot go into a command line of IMAP.
    pub(super) fn check(&self) -> Result<()> {
        let refuse = |what: &str| {
            let user = quote(&self.user);
            Err(Error::usage(format!(
                "cannot sign in as '{user}': the {what} contains CR, LF, NUL or SOH"
            )))
        };
        if has_delimiter(&self.user) {
            return refuse("user");
        }
        match self.credential.secret() {
            Some(secret) if has_delimiter(secret.declassify()) => refuse("secret"),
            _ => Ok(()),
        }
    }

    /// True where both sign in alike, so that one may use the other's session.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.user == other.user
            && match (&self.credential, &other.credential) {
                (Credential::Password(one), Credential::Password(another))
                | (Credential::AccessToken(one), Credential::AccessToken(another)) => {
                    one.declassify() == another.declassify()
                }
                (Credential::Certificate, Credential::Certificate) => true,
                (Credential::Supplied(one), Credential::Supplied(another)) => {
                    one.name() == another.name()
                }
                _ => false,
            }
    }
}

/// What ends a line, a string of C, or (SOH) a field of XOAUTH2.
fn has_delimiter(text: &str) -> bool {
    text.contains(['\r', '\n', '\0', '\x01'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(user: &str, password: &str) -> Login {
        Login {
            user: user.into(),
            credential: Credential::Password(Secret::new(password.into())),
        }
    }

    #[test]
    fn line_breaks_and_nul_are_refused_without_showing_the_secret() {
        for break_ in ["\r", "\n", "\0", "\x01"] {
            let error = login(&format!("a{break_}b"), "x")
                .check()
                .expect_err("user");
            assert!(
                error
                    .to_string()
                    .ends_with("the user contains CR, LF, NUL or SOH"),
                "{error}"
            );
            let error = login("ada", &format!("hunter{break_}2"))
                .check()
                .expect_err("secret");
            assert_eq!(
                error.to_string(),
                "imap: cannot sign in as 'ada': the secret contains CR, LF, NUL or SOH"
            );
        }
        assert!(login("ada", "pä\"\\ ß").check().is_ok());
    }

    #[test]
    fn only_the_same_user_and_secret_are_the_same() {
        assert!(login("ada", "x").is_same(&login("ada", "x")));
        assert!(!login("ada", "x").is_same(&login("ada", "y")));
        assert!(!login("ada", "x").is_same(&login("bob", "x")));
    }

    #[test]
    fn a_refused_password_at_hand_has_no_other() {
        let settings = Settings::default();
        let login = login("ada", "x");
        assert!(login.at_hand(&settings).expect("at hand").is_same(&login));
        assert!(
            login
                .after_refusal(&settings)
                .expect("no question")
                .is_none()
        );
    }
}
