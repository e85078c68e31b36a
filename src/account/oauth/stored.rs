//! A sign-in that lasts: gives access tokens, refreshed before they end and
//! once more where the server has refused one.

use oauth2::url::Url;

use super::client::{client, refresh};
use super::http::{Http, endpoint};
use super::provider::canonical;
use super::store::{Place, SignIn, Store};
use super::tokens::{Asked, Tokens, now};
use crate::error::{Error, Result, quote};
use crate::imap::{Credential, Endpoint, Occasion, Settings, Supplier};

/// A token is renewed this long before its end, in seconds: a sign-in takes a
/// while, and clocks differ.
const AHEAD: i64 = 60;

/// The tokens of a user at a server.
pub struct StoredSignIn {
    store: Store,
    /// Who must have given them and where they belong, where an account says so.
    account: Option<(String, Place)>,
    server: Endpoint,
    user: String,
}

impl StoredSignIn {
    /// The sign-in by `provider`, which may be yet to come; it is moved to
    /// `place` where it is not there.
    ///
    /// # Errors
    /// No place for tokens.
    pub fn of(provider: &str, place: Place, server: &Endpoint, user: &str) -> Result<Self> {
        Ok(Self {
            store: Store::of(server, user)?,
            account: Some((canonical(provider).to_owned(), place)),
            server: server.clone(),
            user: user.to_owned(),
        })
    }

    /// The sign-in of this user at this server, if there is one.
    pub fn find(server: &Endpoint, user: &str) -> Option<Self> {
        // Without a place for tokens there are none.
        let store = Store::of(server, user).ok().filter(Store::exists)?;
        Some(Self {
            store,
            account: None,
            server: server.clone(),
            user: user.to_owned(),
        })
    }

    /// The sign-in, and where it is.
    fn read(&self, settings: &Settings) -> Result<(SignIn, Place)> {
        let (user, server) = (quote(&self.user), &self.server);
        let provider = self.account.as_ref().map(|(provider, _)| provider);
        match self.store.read(settings)? {
            Some(found) if provider.is_none_or(|provider| *provider == found.0.provider) => {
                Ok(found)
            }
            _ => {
                let provider = quote(provider.map_or("PROVIDER", String::as_str));
                Err(Error::config(format!(
                    "'{user}' is not signed in at {server}; sign in with \
                     imap_oauth_start('{provider}', '{user}') and imap_oauth_finish"
                )))
            }
        }
    }
}

impl Supplier for StoredSignIn {
    fn supply(&self, occasion: Occasion, settings: &Settings) -> Result<Option<Credential>> {
        let (before, place) = self.read(settings)?;
        let wanted = self.account.as_ref().map_or(place, |(_, place)| *place);
        if occasion == Occasion::SignIn && is_fresh(&before) && place == wanted {
            return Ok(Some(Credential::AccessToken(before.access_token)));
        }
        let lock = self.store.lock(settings)?;
        let (mut sign_in, place) = self.read(settings)?;
        if place != wanted {
            self.store.write(&sign_in, wanted, &lock, settings)?;
        }
        // Another process may have been here first; its token is as good.
        let is_other = sign_in.access_token.declassify() != before.access_token.declassify();
        if (is_other || occasion == Occasion::SignIn) && is_fresh(&sign_in) {
            return Ok(Some(Credential::AccessToken(sign_in.access_token)));
        }
        let Some(token) = &sign_in.refresh_token else {
            return match occasion {
                Occasion::Refusal => Ok(None),
                Occasion::SignIn => Err(asked(&sign_in).refused("invalid_grant", None)),
            };
        };
        let http = Http::new(settings)?;
        let url: Url = endpoint("token_endpoint", &sign_in.token_endpoint)?;
        let client = client(&sign_in.client_id, sign_in.client_secret.as_ref(), &url);
        let tokens = refresh(&client, token, &http, asked(&sign_in))?;
        sign_in.renew(tokens);
        self.store.write(&sign_in, wanted, &lock, settings)?;
        Ok(Some(Credential::AccessToken(sign_in.access_token)))
    }

    fn name(&self) -> &str {
        self.store.name()
    }
}

impl SignIn {
    /// Takes new tokens; a server that rotates no refresh token sends none.
    fn renew(&mut self, tokens: Tokens) {
        self.access_token = tokens.access;
        self.expires_at = tokens.expires_at;
        if let Some(refresh) = tokens.refresh {
            self.refresh_token = Some(refresh);
        }
    }
}

fn is_fresh(sign_in: &SignIn) -> bool {
    sign_in.expires_at - AHEAD > now()
}

fn asked(sign_in: &SignIn) -> Asked<'_> {
    Asked {
        user: &sign_in.user,
        provider: &sign_in.provider,
    }
}
