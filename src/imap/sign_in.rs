//! How a login is proven: which command, with which mechanism.
//!
//! The strongest that is offered: SCRAM, where the password is not told at
//! all; then what tells it; CRAM-MD5 only where there is nothing else, since
//! MD5 protects no password from whoever listens. The choice is pure; the
//! dialogue carries it out.

use super::capability::Capabilities;
use super::endpoint::{Endpoint, Security};
use super::login::{Credential, Login};
use super::sasl::{CramMd5, Mechanism, OneMessage, Prompted};
use super::scram::{Hash, Scram};
use crate::error::{Error, Kind, Result};
use crate::secret::Secret;

/// The way to sign in.
pub(super) enum Method<'a> {
    /// LOGIN with this password (RFC 9051 section 6.2.3).
    Login(&'a Secret),
    /// AUTHENTICATE with this mechanism (section 6.2.2).
    Authenticate(Box<dyn Mechanism>),
}

impl<'a> Method<'a> {
    /// True where what is refused is a password, and no token or certificate.
    pub(super) fn is_by_password(&self) -> bool {
        match self {
            Self::Login(_) => true,
            Self::Authenticate(mechanism) => {
                !matches!(mechanism.name(), "EXTERNAL" | "OAUTHBEARER" | "XOAUTH2")
            }
        }
    }

    /// Chooses among what the server offers on this connection.
    ///
    /// # Errors
    /// [`Kind::Unsupported`] where it offers nothing that takes the credential.
    pub(super) fn choose(
        login: &'a Login,
        endpoint: &Endpoint,
        capabilities: &Capabilities,
    ) -> Result<Self> {
        let user = &login.user;
        let unsupported = |what: &str, why: &str| -> Error {
            Kind::Unsupported(format!("{} takes no {what} {why}", endpoint.peer())).into()
        };
        let has = |mechanism: &str| capabilities.has(&format!("AUTH={mechanism}"));
        let mechanism: Box<dyn Mechanism> = match &login.credential {
            Credential::Password(password) => {
                return Self::for_password(user, password, capabilities)?.ok_or_else(|| {
                    let advice = match endpoint.security() {
                        Security::Plain => format!("; use imap://{}", endpoint.peer()),
                        Security::Tls | Security::StartTls => String::new(),
                    };
                    let why = format!("on this connection (LOGINDISABLED){advice}");
                    unsupported("password", &why)
                });
            }
            Credential::AccessToken(token) if has("OAUTHBEARER") => Box::new(
                OneMessage::oauthbearer(user, endpoint.host(), endpoint.port(), token),
            ),
            Credential::AccessToken(token) if has("XOAUTH2") => {
                Box::new(OneMessage::xoauth2(user, token))
            }
            Credential::AccessToken(_) => {
                let why = "(it offers neither OAUTHBEARER nor XOAUTH2)";
                return Err(unsupported("access token", why));
            }
            Credential::Certificate if has("EXTERNAL") => Box::new(OneMessage::external(user)),
            Credential::Certificate => {
                let why = "in place of a password (it does not offer EXTERNAL)";
                return Err(unsupported("client certificate", why));
            }
            Credential::Supplied(_) => {
                return Err(Kind::Internal {
                    place: "imap::sign_in".into(),
                    text: "the credential is not at hand".into(),
                }
                .into());
            }
        };
        Ok(Self::Authenticate(mechanism))
    }

    fn for_password(
        user: &str,
        password: &'a Secret,
        capabilities: &Capabilities,
    ) -> Result<Option<Self>> {
        let has = |mechanism: &str| capabilities.has(&format!("AUTH={mechanism}"));
        let is_login_enabled = !capabilities.has("LOGINDISABLED");
        // LOGIN has quotes, which hold ASCII only; PLAIN has base64.
        let fits_login = user.is_ascii() && password.declassify().is_ascii();
        let mechanism: Box<dyn Mechanism> = if has("SCRAM-SHA-256") {
            Box::new(Scram::begin(Hash::Sha256, user, password)?)
        } else if has("SCRAM-SHA-1") {
            Box::new(Scram::begin(Hash::Sha1, user, password)?)
        } else if has("PLAIN") || (is_login_enabled && !fits_login) {
            Box::new(OneMessage::plain(user, password))
        } else if is_login_enabled {
            return Ok(Some(Self::Login(password)));
        } else if has("LOGIN") {
            Box::new(Prompted::new(user, password))
        } else if has("CRAM-MD5") {
            Box::new(CramMd5::new(user, password))
        } else {
            return Ok(None);
        };
        Ok(Some(Self::Authenticate(mechanism)))
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
        let capabilities = Capabilities::parse(capabilities.as_bytes());
        match Method::choose(&login, &endpoint, &capabilities) {
            Ok(Method::Login(_)) => "LOGIN".into(),
            Ok(Method::Authenticate(mechanism)) => format!("AUTHENTICATE {}", mechanism.name()),
            Err(error) => error.to_string(),
        }
    }

    fn password(text: &str) -> Credential {
        Credential::Password(Secret::new(text.into()))
    }

    #[test]
    fn the_strongest_way_for_a_password_is_taken() {
        let of = |capabilities: &str| choice("ada", password("x\"\\"), capabilities);
        let all = "LOGINDISABLED AUTH=CRAM-MD5 AUTH=LOGIN AUTH=PLAIN \
                   AUTH=SCRAM-SHA-1 AUTH=SCRAM-SHA-256";
        let mut offered: Vec<_> = all.split(' ').collect();
        let expected = ["SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN", "LOGIN", "CRAM-MD5"];
        for mechanism in expected {
            assert_eq!(of(&offered.join(" ")), format!("AUTHENTICATE {mechanism}"));
            offered.pop();
        }
        assert_eq!(of("IMAP4rev1 AUTH=CRAM-MD5 AUTH=LOGIN"), "LOGIN");
    }

    #[test]
    fn text_beyond_ascii_never_goes_into_quotes() {
        assert_eq!(
            choice("ada", password("pä"), "IMAP4rev1"),
            "AUTHENTICATE PLAIN"
        );
        assert_eq!(
            choice("adä", password("p"), "IMAP4rev1"),
            "AUTHENTICATE PLAIN"
        );
    }

    #[test]
    fn a_token_goes_by_the_standard_where_the_server_knows_it() {
        let of = |capabilities: &str| {
            let token = Credential::AccessToken(Secret::new("t".into()));
            choice("ada", token, capabilities)
        };
        assert_eq!(
            of("AUTH=XOAUTH2 AUTH=OAUTHBEARER"),
            "AUTHENTICATE OAUTHBEARER"
        );
        assert_eq!(of("LOGINDISABLED AUTH=XOAUTH2"), "AUTHENTICATE XOAUTH2");
        assert_eq!(
            of("AUTH=PLAIN"),
            "imap: mail.example.org:143 takes no access token \
             (it offers neither OAUTHBEARER nor XOAUTH2)"
        );
    }

    #[test]
    fn a_certificate_goes_by_external_or_not_at_all() {
        let of = |capabilities: &str| choice("ada", Credential::Certificate, capabilities);
        assert_eq!(of("AUTH=EXTERNAL"), "AUTHENTICATE EXTERNAL");
        assert_eq!(
            of("AUTH=PLAIN"),
            "imap: mail.example.org:143 takes no client certificate in place of a password \
             (it does not offer EXTERNAL)"
        );
    }

    #[test]
    fn a_server_that_takes_no_password_gets_none() {
        assert_eq!(
            choice("ada", password("x"), "LOGINDISABLED"),
            "imap: mail.example.org:143 takes no password on this connection (LOGINDISABLED); \
             use imap://mail.example.org:143"
        );
    }
}
