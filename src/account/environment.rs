//! The environment account: `IMAP_SERVER`, `IMAP_USER` and one of
//! `IMAP_PASSWORD` and `IMAP_ACCESS_TOKEN`, used together or not at all.
//!
//! The variables are read at each use, so that a host may set them late. An
//! empty variable is unset.

use crate::error::{Error, Result};
use crate::imap::{Credential, Endpoint, Login};
use crate::secret::Secret;

/// The account the environment describes.
pub struct Environment {
    /// Where its secret may go.
    pub endpoint: Endpoint,
    /// The user and the secret.
    pub login: Login,
}

impl Environment {
    /// Reads the account; `None` where `IMAP_SERVER` is unset.
    ///
    /// # Errors
    ///
    /// A malformed server, and an account of which a part is missing or double.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Self>> {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let Some(server) = set("IMAP_SERVER") else {
            return Ok(None);
        };
        let endpoint = Endpoint::parse(&server)?;
        let user = set("IMAP_USER").ok_or_else(|| incomplete("IMAP_USER is not set"))?;
        let credential = match (set("IMAP_PASSWORD"), set("IMAP_ACCESS_TOKEN")) {
            (Some(password), None) => Credential::Password(Secret::new(password)),
            (None, Some(token)) => Credential::AccessToken(Secret::new(token)),
            (None, None) => {
                return Err(incomplete(
                    "neither IMAP_PASSWORD nor IMAP_ACCESS_TOKEN is set",
                ));
            }
            (Some(_), Some(_)) => {
                let why = "IMAP_PASSWORD and IMAP_ACCESS_TOKEN are both set; unset one";
                return Err(Error::config(format!(
                    "the environment account is ambiguous: {why}"
                )));
            }
        };
        Ok(Some(Self {
            endpoint,
            login: Login { user, credential },
        }))
    }
}

fn incomplete(why: &str) -> Error {
    Error::config(format!("the environment account is incomplete: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Option<Environment>> {
        Environment::read(|name| {
            variables
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).into())
        })
    }

    const SERVER: (&str, &str) = ("IMAP_SERVER", "imap.example.org");
    const USER: (&str, &str) = ("IMAP_USER", "ada");

    #[test]
    fn a_whole_account_is_read() {
        let account = read(&[
            SERVER,
            USER,
            ("IMAP_PASSWORD", "x"),
            ("IMAP_ACCESS_TOKEN", ""),
        ]);
        let account = account.unwrap().unwrap();
        assert_eq!(account.endpoint.to_string(), "imaps://imap.example.org:993");
        assert_eq!(account.login.user, "ada");
        assert!(matches!(account.login.credential, Credential::Password(_)));
    }

    #[test]
    fn without_a_server_there_is_none() {
        assert!(read(&[USER, ("IMAP_SERVER", "")]).unwrap().is_none());
    }

    #[test]
    fn parts_of_an_account_are_refused() {
        let message = |variables: &[_]| read(variables).err().unwrap().to_string();
        assert_eq!(
            message(&[SERVER]),
            "imap: the environment account is incomplete: IMAP_USER is not set"
        );
        assert_eq!(
            message(&[SERVER, USER]),
            "imap: the environment account is incomplete: \
             neither IMAP_PASSWORD nor IMAP_ACCESS_TOKEN is set"
        );
        assert_eq!(
            message(&[
                SERVER,
                USER,
                ("IMAP_PASSWORD", "x"),
                ("IMAP_ACCESS_TOKEN", "y")
            ]),
            "imap: the environment account is ambiguous: \
             IMAP_PASSWORD and IMAP_ACCESS_TOKEN are both set; unset one"
        );
    }
}
