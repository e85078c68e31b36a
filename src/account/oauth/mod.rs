//! Signing in by OAuth 2: two calls, between which the user decides, and a
//! sign-in that lasts from then on.
//!
//! `start` and `finish` are `imap_oauth_start` and `imap_oauth_finish`;
//! [`StoredSignIn`] gives the tokens to whoever connects.

mod client;
mod code;
mod device;
mod http;
mod keyring;
mod listener;
mod provider;
mod registration;
mod store;
mod stored;
mod token_file;
mod tokens;

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use super::options::Options;
use crate::error::{Error, Result};
use crate::imap::{Endpoint, Settings};
use code::{Code, Way};
use device::Device;
use http::{Http, endpoint};
use provider::Provider;
pub(super) use provider::canonical;
pub use registration::{KEYS, Registration};
pub use store::Place;
use store::{SignIn, Store};
pub use stored::StoredSignIn;
use tokens::{Asked, timestamp};

/// The longest a user may take.
const LONGEST: Duration = Duration::from_secs(900);

/// A sign-in that was started on this SQLite connection.
pub struct Pending {
    provider: Provider,
    flow: Flow,
    /// Whom to trust besides the system's, as when it was started.
    ca_file: Option<PathBuf>,
}

enum Flow {
    Device(Device),
    Code(Code),
}

/// Starts a sign-in of `user` by `provider`. `own` is what the accounts file
/// says of the two, used where the options name no client of their own. Gives
/// what to tell the user, as JSON.
///
/// # Errors
/// A provider or an option that cannot be used, the provider's refusal, or no answer.
pub fn start(
    provider: &str,
    user: &str,
    options: &Options,
    own: Option<(&Registration, &Endpoint)>,
    settings: &Settings,
) -> Result<(Pending, String)> {
    let http = Http::new(settings)?;
    let given = Registration::given(provider, options)?;
    let server = options.text("server", "a server such as \"imap.example.org\"")?;
    let mut server = server.map(Endpoint::parse).transpose()?;
    let own = own.filter(|_| given.is_open() && server.is_none());
    let registration = match own {
        Some((own, endpoint)) => {
            server = Some(endpoint.clone());
            let scope = given.scope.or(own.scope.clone());
            Registration {
                scope,
                ..own.clone()
            }
        }
        None => given,
    };
    let variable = |name: &str| std::env::var(name).ok();
    let provider = Provider::of(&registration, server, &http, variable)?;
    let chosen = options.choice("flow", &["device-code", "auth-code"])?;
    let (flow, told) = match chosen {
        Some(0) => by_device(&provider, &http, user)?,
        None if provider.has_device_flow => by_device(&provider, &http, user)?,
        _ => {
            let (code, told) = code::start(&provider, user, way(options)?)?;
            (Flow::Code(code), told)
        }
    };
    let ca_file = settings.trust.ca_file.clone();
    let pending = Pending {
        provider,
        flow,
        ca_file,
    };
    Ok((pending, told.to_string()))
}

fn by_device(
    provider: &Provider,
    http: &Http<'_>,
    user: &str,
) -> Result<(Flow, serde_json::Value)> {
    let asked = Asked {
        user,
        provider: &provider.name,
    };
    let (device, told) = device::start(provider, http, asked)?;
    Ok((Flow::Device(device), told))
}

fn way(options: &Options) -> Result<Way> {
    let redirect = options.text("redirect_uri", "a URL such as \"http://127.0.0.1:8765/\"")?;
    let redirect = redirect
        .map(|text| endpoint("redirect_uri", text))
        .transpose()?;
    let port = options.count("port")?.map(|port| {
        u16::try_from(port).map_err(|_| {
            Error::usage(format!(
                "option port must be a whole number from 1 to 65535, not {port}"
            ))
        })
    });
    Ok(Way {
        redirect,
        port: port.transpose()?,
    })
}

impl Pending {
    /// The server whose tokens are waited for.
    pub fn server(&self) -> &Endpoint {
        &self.provider.server
    }

    /// Waits until the user has decided, and keeps the tokens in `place`. Gives
    /// user, server and the token's end, as JSON.
    ///
    /// # Errors
    /// The user's or the provider's refusal, expiry, a place for tokens that
    /// cannot be written; timeout, deadline, cancelled.
    pub fn finish(&self, user: &str, place: Place, settings: &Settings) -> Result<String> {
        let mut settings = settings.clone();
        settings.trust.ca_file.clone_from(&self.ca_file);
        let (settings, provider) = (&settings, &self.provider);
        let http = Http::new(settings)?;
        let asked = Asked {
            user,
            provider: &provider.name,
        };
        let tokens = match &self.flow {
            Flow::Device(device) => device::finish(provider, device, &http, asked)?,
            Flow::Code(code) => code::finish(provider, code, &http, asked)?,
        };
        let store = Store::of(&provider.server, user)?;
        let lock = store.lock(settings)?;
        let sign_in = SignIn {
            provider: provider.name.clone(),
            server: provider.server.to_string(),
            user: user.to_owned(),
            client_id: provider.client_id.clone(),
            client_secret: provider.client_secret.clone(),
            token_endpoint: provider.token.to_string(),
            access_token: tokens.access,
            refresh_token: tokens.refresh,
            expires_at: tokens.expires_at,
        };
        store.write(&sign_in, place, &lock, settings)?;
        let told: Value = json!({
            "user": user,
            "server": provider.server.to_string(),
            "expires_at": timestamp(tokens.expires_at)?,
        });
        Ok(told.to_string())
    }
}
