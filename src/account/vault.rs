//! The secrets `imap_login` and `imap_oauth_finish` gave to one SQLite
//! connection: in memory only, each bound to its endpoint and user.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::imap::{Credential, Endpoint, Login};

/// Secrets by endpoint and user; gone when the SQLite connection closes.
#[derive(Default)]
pub struct Vault(Mutex<HashMap<(Endpoint, String), Credential>>);

impl Vault {
    /// Keeps a secret for `login.user` at `endpoint`, in place of an older one.
    pub fn keep(&self, endpoint: Endpoint, login: Login) {
        let mut secrets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        secrets.insert((endpoint, login.user), login.credential);
    }

    /// The secret for exactly this endpoint and user.
    pub fn find(&self, endpoint: &Endpoint, user: &str) -> Option<Credential> {
        let secrets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        secrets.get(&(endpoint.clone(), user.to_owned())).cloned()
    }

    /// Where on this host, by another port or scheme, there is one for `user`; of
    /// several the first by name.
    pub fn elsewhere(&self, host: &str, user: &str) -> Option<String> {
        let secrets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let there = secrets
            .keys()
            .filter(|(endpoint, by)| endpoint.host() == host && by == user);
        there.map(|(endpoint, _)| endpoint.to_string()).min()
    }
}
