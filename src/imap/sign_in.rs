//! How a login is proven: which command, with which mechanism.
//!
//! The choice is pure; the dialogue carries it out.

use std::cell::Cell;

use zeroize::Zeroizing;

use super::capability::Capabilities;
use super::endpoint::{Endpoint, Security};
use super::login::{Credential, Login};
use crate::error::{Error, Kind};
use crate::secret::Secret;

/// The way to sign in.
pub(super) enum Method<'a> {
    /// LOGIN with this password (RFC 9051 section 6.2.3).
    Login(&'a Secret),
    /// AUTHENTICATE with this mechanism and response (section 6.2.2).
    Authenticate(&'static str, Zeroizing<Vec<u8>>),
}

impl<'a> Method<'a> {
    /// Chooses: XOAUTH2 for a token; for a password LOGIN, or PLAIN where the
    /// server takes no LOGIN or the text does not fit into its quotes.
    ///
    /// # Errors
    /// [`Kind::Unsupported`] where the server takes no password here.
    pub(super) fn choose(
        login: &'a Login,
        endpoint: &Endpoint,
        capabilities: &Capabilities,
    ) -> Result<Self, Error> {
        let user = &login.user;
        match &login.credential {
            Credential::AccessToken(token) => {
                let token = token.declassify();
                let response = format!("user={user}\x01auth=Bearer {token}\x01\x01");
                Ok(Self::Authenticate(
                    "XOAUTH2",
                    Zeroizing::new(response.into_bytes()),
                ))
            }
            Credential::Password(password) => {
                let is_login_disabled = capabilities.has("LOGINDISABLED");
                if is_login_disabled && !capabilities.has("AUTH=PLAIN") {
                    let advice = match endpoint.security() {
                        Security::Plain => format!("; use imap://{}", endpoint.peer()),
                        Security::Tls | Security::StartTls => String::new(),
                    };
                    return Err(Kind::Unsupported(format!(
                        "{} takes no password on this connection (LOGINDISABLED){advice}",
                        endpoint.peer()
                    ))
                    .into());
                }
                if is_login_disabled || !user.is_ascii() || !password.declassify().is_ascii() {
                    let response = format!("\0{user}\0{}", password.declassify());
                    return Ok(Self::Authenticate(
                        "PLAIN",
                        Zeroizing::new(response.into_bytes()),
                    ));
                }
                Ok(Self::Login(password))
            }
        }
    }
}

/// Answers the challenges of AUTHENTICATE: the first one with the response,
/// later ones with nothing, which is how XOAUTH2 acknowledges a refusal.
pub(super) struct Responder(Cell<Option<Zeroizing<Vec<u8>>>>);

impl Responder {
    pub(super) fn new(response: Zeroizing<Vec<u8>>) -> Self {
        Self(Cell::new(Some(response)))
    }
}

impl imap::Authenticator for Responder {
    type Response = Zeroizing<Vec<u8>>;

    fn process(&self, _challenge: &[u8]) -> Self::Response {
        self.0.take().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(user: &str, credential: Credential, capabilities: &str) -> String {
        let endpoint = Endpoint::parse("imap+insecure://mail.example.org").expect("a server");
        let login = Login {
            user: user.into(),
            credential,
        };
        match Method::choose(
            &login,
            &endpoint,
            &Capabilities::parse(capabilities.as_bytes()),
        ) {
            Ok(Method::Login(_)) => "LOGIN".into(),
            Ok(Method::Authenticate(mechanism, response)) => {
                format!(
                    "{mechanism} {}",
                    String::from_utf8_lossy(&response).escape_default()
                )
            }
            Err(error) => error.to_string(),
        }
    }

    fn password(text: &str) -> Credential {
        Credential::Password(Secret::new(text.into()))
    }

    #[test]
    fn the_way_in_follows_from_the_secret_and_the_server() {
        assert_eq!(choice("ada", password("x\"\\"), "IMAP4rev1"), "LOGIN");
        let plain = "PLAIN \\u{0}ada\\u{0}p\\u{e4}";
        assert_eq!(choice("ada", password("pä"), "IMAP4rev1"), plain);
        let plain = "PLAIN \\u{0}ada\\u{0}x";
        assert_eq!(
            choice("ada", password("x"), "LOGINDISABLED AUTH=PLAIN"),
            plain
        );
        let token = Credential::AccessToken(Secret::new("t".into()));
        let xoauth2 = "XOAUTH2 user=ada\\u{1}auth=Bearer t\\u{1}\\u{1}";
        assert_eq!(choice("ada", token, "LOGINDISABLED"), xoauth2);
    }

    #[test]
    fn a_server_that_takes_no_password_gets_none() {
        assert_eq!(
            choice("ada", password("x"), "LOGINDISABLED"),
            "imap: mail.example.org:143 takes no password on this connection (LOGINDISABLED); \
             use imap://mail.example.org:143"
        );
    }

    #[test]
    fn a_second_challenge_is_answered_with_nothing() {
        use imap::Authenticator;
        let responder = Responder::new(Zeroizing::new(b"x".to_vec()));
        assert_eq!(*responder.process(b""), b"x");
        assert!(responder.process(b"{}").is_empty());
    }
}
