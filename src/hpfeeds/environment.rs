//! The environment's publisher: `HPFEEDS_BROKER`, `HPFEEDS_IDENT` and
//! `HPFEEDS_SECRET`, used together or not at all, so that no secret need stand
//! in SQL. An empty variable is unset.

use super::{Broker, Identity};
use crate::error::{Error, Result};
use crate::secret::Secret;

/// The publisher the environment describes.
pub struct Environment {
    /// Where its secret may go.
    pub broker: Broker,
    /// Its name and secret.
    pub identity: Identity,
}

impl Environment {
    /// Reads it; `None` where `HPFEEDS_BROKER` is unset.
    ///
    /// # Errors
    /// A malformed broker, and a missing ident or secret.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Self>> {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let Some(broker) = set("HPFEEDS_BROKER") else {
            return Ok(None);
        };
        let needed = |name: &str| {
            set(name).ok_or_else(|| {
                Error::config(format!(
                    "HPFEEDS_BROKER is set, but {name} is not; set it too"
                ))
            })
        };
        Ok(Some(Self {
            broker: Broker::parse(&broker)?,
            identity: Identity {
                ident: needed("HPFEEDS_IDENT")?,
                secret: Secret::new(needed("HPFEEDS_SECRET")?),
            },
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Option<Environment>> {
        Environment::read(|name| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_three_count_together_or_not_at_all() {
        let all = [
            ("HPFEEDS_BROKER", "traps.example.org"),
            ("HPFEEDS_IDENT", "writer"),
            ("HPFEEDS_SECRET", "x"),
        ];
        let environment = read(&all).expect("complete").expect("there");
        assert_eq!(environment.identity.ident, "writer");
        assert!(read(&all[1..]).expect("nothing").is_none());
        let error = read(&all[..2]).err().map(|error| error.to_string());
        assert_eq!(
            error.as_deref(),
            Some("imap: HPFEEDS_BROKER is set, but HPFEEDS_SECRET is not; set it too")
        );
    }
}
