//! What a token endpoint answers, the good and the bad, in our own terms.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use oauth2::basic::{BasicErrorResponse, BasicTokenResponse};
use oauth2::{ErrorResponse, RequestTokenError, TokenResponse};

use crate::error::{Error, Kind, Result, quote};
use crate::secret::Secret;

/// How long a token lasts where the server does not say (RFC 6749 section 5.1
/// lets it); short, since a token too old costs one refused login.
const LIFETIME: Duration = Duration::from_secs(300);

/// Tokens fresh from the server.
pub(super) struct Tokens {
    pub(super) access: Secret,
    pub(super) refresh: Option<Secret>,
    /// Seconds since 1970.
    pub(super) expires_at: i64,
}

impl Tokens {
    pub(super) fn new(response: &BasicTokenResponse) -> Self {
        let lifetime = response.expires_in().unwrap_or(LIFETIME).as_secs();
        let secret = |text: &String| Secret::new(text.clone());
        Self {
            access: secret(response.access_token().secret()),
            refresh: response.refresh_token().map(|token| secret(token.secret())),
            expires_at: now().saturating_add(i64::try_from(lifetime).unwrap_or(i64::MAX)),
        }
    }
}

/// Seconds since 1970.
pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
    })
}

/// What was asked and of whom, for messages.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) user: &'a str,
    pub(super) provider: &'a str,
}

impl Asked<'_> {
    /// The server's refusal: `access_denied`, with its words.
    pub(super) fn refused(self, code: &str, description: Option<&str>) -> Error {
        let answer = match description {
            Some(text) => format!("{}: {}", quote(code), quote(text)),
            None => quote(code),
        };
        let (user, provider) = (quote(self.user), quote(self.provider));
        let (what, advice) = match code {
            "invalid_grant" => (
                format!("the sign-in of '{user}' by {provider} has ended"),
                Some("sign in again with imap_oauth_start and imap_oauth_finish"),
            ),
            "expired_token" => (
                format!("the sign-in of '{user}' by {provider} came too late"),
                Some("start again with imap_oauth_start"),
            ),
            _ => (format!("sign-in refused for '{user}' by {provider}"), None),
        };
        Kind::Refused {
            what,
            login: true,
            answer,
            advice,
        }
        .into()
    }

    /// An error of the `oauth2` crate.
    pub(super) fn failed(self, error: RequestTokenError<Error, BasicErrorResponse>) -> Error {
        match error {
            RequestTokenError::ServerResponse(told) => {
                let description = told.error_description().map(String::as_str);
                self.refused(told.error().as_ref(), description)
            }
            error => self.broken(error),
        }
    }

    /// The same for an error response of another type.
    pub(super) fn broken<T: ErrorResponse>(self, error: RequestTokenError<Error, T>) -> Error {
        match error {
            RequestTokenError::Request(error) => error,
            // The answer may hold a token: it is not repeated.
            _ => Error::misbehaved(format!(
                "cannot sign in '{}' by {}: its answer cannot be read",
                quote(self.user),
                quote(self.provider)
            )),
        }
    }
}

/// `2026-01-31T12:00:00Z`.
pub(super) fn timestamp(seconds: i64) -> Result<String> {
    let time = jiff::Timestamp::from_second(seconds);
    time.map(|time| time.to_string())
        .map_err(|_| Error::misbehaved("the token's lifetime is out of range"))
}
