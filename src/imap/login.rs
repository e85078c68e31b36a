//! Who signs in and with what; checked before a byte is sent.

use crate::error::{Error, Result, quote};
use crate::secret::Secret;

/// What proves who one is.
#[derive(Clone)]
pub enum Credential {
    /// For LOGIN or AUTHENTICATE PLAIN.
    Password(Secret),
    /// An OAuth 2 access token, for AUTHENTICATE XOAUTH2.
    AccessToken(Secret),
}

impl Credential {
    pub(super) fn secret(&self) -> &Secret {
        match self {
            Self::Password(secret) | Self::AccessToken(secret) => secret,
        }
    }
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
    /// Refuses what cannot go into a command line of IMAP.
    pub(super) fn check(&self) -> Result<()> {
        if has_delimiter(&self.user) {
            return Err(Error::usage(format!(
                "cannot sign in as '{}': the user contains CR, LF, NUL or SOH",
                quote(&self.user)
            )));
        }
        if has_delimiter(self.credential.secret().declassify()) {
            return Err(Error::usage(format!(
                "cannot sign in as '{}': the secret contains CR, LF, NUL or SOH",
                quote(&self.user)
            )));
        }
        Ok(())
    }

    /// True where both sign in alike, so that one may use the other's session.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let is_same_kind = matches!(
            (&self.credential, &other.credential),
            (Credential::Password(_), Credential::Password(_))
                | (Credential::AccessToken(_), Credential::AccessToken(_))
        );
        is_same_kind
            && self.user == other.user
            && self.credential.secret().declassify() == other.credential.secret().declassify()
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
}
