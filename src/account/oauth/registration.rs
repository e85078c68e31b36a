//! What an application is to an authorization server: as far as the options of
//! `imap_oauth_start` say it, or an account of the accounts file.

use super::super::options::Options;
use super::super::section::Found;
use crate::error::Result;
use crate::secret::Secret;

/// The keys, in options and in the accounts file alike.
pub const KEYS: [&str; 7] = [
    "authorization_endpoint",
    "client_id",
    "client_secret",
    "device_authorization_endpoint",
    "scope",
    "tenant",
    "token_endpoint",
];

/// A registration; what is not given comes from what is known of the provider.
#[derive(Clone, Default)]
pub struct Registration {
    /// `microsoft-365`, `google`, or an issuer's URL.
    pub provider: String,
    pub(super) client_id: Option<String>,
    pub(super) client_secret: Option<Secret>,
    pub(super) scope: Option<String>,
    pub(super) tenant: Option<String>,
    pub(super) authorization_endpoint: Option<String>,
    pub(super) token_endpoint: Option<String>,
    pub(super) device_authorization_endpoint: Option<String>,
}

impl Registration {
    /// From the accounts file: `oauth = "google"`, or a table with `provider`.
    ///
    /// # Errors
    /// An unknown key and a value that is no text.
    pub(in crate::account) fn read(found: &Found<'_>) -> Result<Self> {
        let known = [&KEYS[..], &["provider"]].concat();
        let Some(section) = found.section("oauth", &known)? else {
            return Ok(Self {
                provider: found.text()?.to_owned(),
                ..Self::default()
            });
        };
        let provider = section.text("provider")?;
        let provider = provider.ok_or_else(|| section.error("it has no provider"))?;
        Self::fill(provider, |key| Ok(section.text(key)?.map(str::to_owned)))
    }

    /// From the options of `imap_oauth_start`.
    ///
    /// # Errors
    /// A value that is no text.
    pub(super) fn given(provider: &str, options: &Options) -> Result<Self> {
        Self::fill(provider, |key| {
            Ok(options
                .text(key, "a text in double quotes")?
                .map(str::to_owned))
        })
    }

    fn fill(provider: &str, text: impl Fn(&'static str) -> Result<Option<String>>) -> Result<Self> {
        Ok(Self {
            provider: provider.to_owned(),
            client_id: text("client_id")?,
            client_secret: text("client_secret")?.map(Secret::new),
            scope: text("scope")?,
            tenant: text("tenant")?,
            authorization_endpoint: text("authorization_endpoint")?,
            token_endpoint: text("token_endpoint")?,
            device_authorization_endpoint: text("device_authorization_endpoint")?,
        })
    }

    /// True where nothing says who the application is or where it goes, so that
    /// what another source says of it may be used, its secret too.
    pub(super) fn is_open(&self) -> bool {
        self.client_id.is_none()
            && self.client_secret.is_none()
            && self.tenant.is_none()
            && !self.has_endpoints()
    }

    pub(super) fn has_endpoints(&self) -> bool {
        self.authorization_endpoint.is_some()
            || self.token_endpoint.is_some()
            || self.device_authorization_endpoint.is_some()
    }
}
