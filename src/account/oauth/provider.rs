//! Authorization servers: the two that are known by name, and any other by its
//! issuer (OpenID Connect discovery) or by its endpoints.
//!
//! A client's secret goes only to the provider it was given for: one of the
//! environment to the provider whose variable it is, and never to endpoints
//! that options name.

use oauth2::url::Url;

use super::http::{Http, endpoint};
use super::registration::Registration;
use crate::error::{Error, Kind, Result, quote};
use crate::imap::Endpoint;
use crate::secret::Secret;

/// What is known of a provider before anything is asked.
struct Known {
    name: &'static str,
    alias: &'static str,
    /// `{tenant}` stands for the tenant.
    authorization: &'static str,
    token: &'static str,
    device: &'static str,
    server: &'static str,
    /// What opens IMAP, and lets the sign-in last.
    scope: &'static str,
    /// What the variables of the client begin with.
    variables: &'static str,
    /// The loopback redirect that the provider takes with any port.
    redirect: Redirect,
    /// What makes the authorization endpoint give a refresh token.
    lasting: &'static [(&'static str, &'static str)],
    /// False where device codes do not reach mail.
    has_device_flow: bool,
}

/// Host and path of the redirect to the listener.
#[derive(Clone, Copy)]
pub(super) struct Redirect {
    pub(super) host: &'static str,
    pub(super) path: &'static str,
}

const REDIRECT: Redirect = Redirect {
    host: "127.0.0.1",
    path: "/callback",
};

const KNOWN: [Known; 2] = [
    Known {
        name: "microsoft-365",
        alias: "microsoft",
        authorization: "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/authorize",
        token: "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token",
        device: "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/devicecode",
        server: "imaps://outlook.office365.com",
        scope: "https://outlook.office.com/IMAP.AccessAsUser.All offline_access",
        variables: "MICROSOFT_365",
        // The one host for which Microsoft does not compare ports.
        redirect: Redirect {
            host: "localhost",
            path: "/",
        },
        lasting: &[],
        has_device_flow: true,
    },
    Known {
        name: "google",
        alias: "gmail",
        authorization: "https://accounts.google.com/o/oauth2/v2/auth",
        token: "https://oauth2.googleapis.com/token",
        device: "https://oauth2.googleapis.com/device/code",
        server: "imaps://imap.gmail.com",
        scope: "https://mail.google.com/",
        variables: "GOOGLE",
        redirect: REDIRECT,
        lasting: &[("access_type", "offline"), ("prompt", "consent")],
        has_device_flow: false,
    },
];

/// A provider, ready to be asked.
pub(super) struct Provider {
    /// As messages and the token file name it.
    pub(super) name: String,
    /// What RFC 9207 lets the redirect name.
    pub(super) issuer: Option<String>,
    pub(super) authorization: Option<Url>,
    pub(super) token: Url,
    pub(super) device: Option<Url>,
    /// The server the token is for.
    pub(super) server: Endpoint,
    pub(super) scope: String,
    pub(super) client_id: String,
    pub(super) client_secret: Option<Secret>,
    pub(super) redirect: Redirect,
    pub(super) lasting: &'static [(&'static str, &'static str)],
    pub(super) has_device_flow: bool,
}

/// The one name of a provider: `microsoft` is `microsoft-365`.
pub(in crate::account) fn canonical(provider: &str) -> &str {
    let known = KNOWN.iter().find(|known| known.alias == provider);
    known.map_or(provider, |known| known.name)
}

impl Provider {
    /// The provider of `registration`; `server` is the endpoint its token is
    /// for, which is known for known providers.
    ///
    /// # Errors
    /// A provider that is neither known nor described, no client, no server, or
    /// a server that is not the provider's.
    pub(super) fn of(
        registration: &Registration,
        server: Option<Endpoint>,
        http: &Http<'_>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self> {
        let name = canonical(&registration.provider);
        match KNOWN.iter().find(|known| known.name == name) {
            Some(known) => known.provider(registration, server, variable),
            None => Self::described(registration, server, http),
        }
    }

    fn described(
        registration: &Registration,
        server: Option<Endpoint>,
        http: &Http<'_>,
    ) -> Result<Self> {
        let name = registration.provider.clone();
        let mut told = serde_json::Value::Null;
        if !registration.has_endpoints() {
            let issuer = issuer(&name)?;
            let path = format!(
                "{}/.well-known/openid-configuration",
                name.trim_end_matches('/')
            );
            let url = Url::parse(&path).unwrap_or_else(|_| issuer.clone());
            told = http.json(&url)?;
            // Without this, any issuer could claim another's tokens (RFC 8414 section 3.3).
            if told["issuer"].as_str() != Some(name.as_str()) {
                let other = quote(told["issuer"].as_str().unwrap_or_default());
                return Err(Error::misbehaved(format!(
                    "cannot use provider '{}': it calls itself '{other}'",
                    quote(&name)
                )));
            }
        }
        let url = |role: &str, given: &Option<String>| {
            let text = given.as_deref().or(told[role].as_str());
            text.map(|text| endpoint(role, text)).transpose()
        };
        let token = url("token_endpoint", &registration.token_endpoint)?
            .ok_or_else(|| incomplete(&name, "token_endpoint"))?;
        Ok(Self {
            issuer: told["issuer"].as_str().map(str::to_owned),
            authorization: url(
                "authorization_endpoint",
                &registration.authorization_endpoint,
            )?,
            device: url(
                "device_authorization_endpoint",
                &registration.device_authorization_endpoint,
            )?,
            token,
            server: server.ok_or_else(|| incomplete(&name, "server"))?,
            scope: registration
                .scope
                .clone()
                .unwrap_or_else(|| "openid offline_access".to_owned()),
            client_id: registration
                .client_id
                .clone()
                .ok_or_else(|| incomplete(&name, "client_id"))?,
            client_secret: registration.client_secret.clone(),
            redirect: REDIRECT,
            // Without it there is no offline_access (OpenID Connect Core section 11).
            lasting: &[("prompt", "consent")],
            has_device_flow: true,
            name,
        })
    }
}

impl Known {
    fn provider(
        &self,
        registration: &Registration,
        server: Option<Endpoint>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Provider> {
        let refused = |why: &str| Error::usage(format!("cannot sign in by {}: {why}", self.name));
        if registration.has_endpoints() {
            return Err(refused("its endpoints are known; leave them out"));
        }
        let own = Endpoint::parse(self.server)?;
        if server.is_some_and(|server| server != own) {
            return Err(refused(&format!("its tokens are for {own} only")));
        }
        let set = |what: &str| {
            variable(&format!("{}_{what}", self.variables)).filter(|value| !value.is_empty())
        };
        // Somebody else's client gets no secret of ours.
        let (client_id, client_secret) = match &registration.client_id {
            Some(given) => (given.clone(), registration.client_secret.clone()),
            None => {
                let why = format!(
                    "no client_id; give one as an option or set {}_CLIENT_ID",
                    self.variables
                );
                let client_id = set("CLIENT_ID").ok_or_else(|| refused(&why))?;
                (client_id, set("CLIENT_SECRET").map(Secret::new))
            }
        };
        let tenant = registration.tenant.as_deref().unwrap_or("common");
        if !tenant
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
        {
            return Err(refused("tenant must be a domain or an id"));
        }
        let url = |text: &str| endpoint("endpoint", &text.replace("{tenant}", tenant));
        Ok(Provider {
            name: self.name.to_owned(),
            issuer: None,
            authorization: Some(url(self.authorization)?),
            token: url(self.token)?,
            device: Some(url(self.device)?),
            server: own,
            scope: registration
                .scope
                .clone()
                .unwrap_or_else(|| self.scope.to_owned()),
            client_id,
            client_secret,
            redirect: self.redirect,
            lasting: self.lasting,
            has_device_flow: self.has_device_flow,
        })
    }
}

/// The issuer as a URL, if it can be one.
fn issuer(name: &str) -> Result<Url> {
    if !name.contains("://") {
        let known: Vec<_> = KNOWN.iter().map(|known| known.name).collect();
        return Err(Error::usage(format!(
            "unknown provider '{}' (known: {}); give another by its issuer's URL or its endpoints",
            quote(name),
            known.join(", ")
        )));
    }
    endpoint("provider", name)
}

fn incomplete(provider: &str, what: &str) -> Error {
    Kind::Usage(format!(
        "cannot sign in by '{}': no {what}; give it as an option",
        quote(provider)
    ))
    .into()
}
