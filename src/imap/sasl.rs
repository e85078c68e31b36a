//! The SASL mechanisms that are one message long, or a few without any state
//! worth the name: what each answers to what the server says.
//!
//! `sign_in` chooses among them, `authenticate` carries them over the wire;
//! SCRAM has a file of its own. Pure, and without base64.

use hmac::{Hmac, Mac};
use md5::Md5;
use zeroize::Zeroizing;

use crate::error::Result;
use crate::secret::Secret;

/// What a client answers; it may hold a secret.
pub(super) type Response = Zeroizing<Vec<u8>>;

/// One authentication exchange, seen from the client.
pub(super) trait Mechanism {
    /// Its registered name.
    fn name(&self) -> &'static str;

    /// What the client says unasked; `None` where the server speaks first.
    fn initial(&mut self) -> Option<Response>;

    /// The answer to a challenge.
    ///
    /// # Errors
    /// A challenge after which the exchange must not go on.
    fn respond(&mut self, challenge: &[u8]) -> Result<Response>;

    /// False while the server has yet to prove something.
    fn is_complete(&self) -> bool {
        true
    }

    /// Why the server refuses, where it says so in a challenge.
    fn explanation(&self) -> Option<String> {
        None
    }
}

/// PLAIN (RFC 4616), XOAUTH2 (Google's and Microsoft's), OAUTHBEARER
/// (RFC 7628) and EXTERNAL (RFC 4422 appendix A): one message says it all.
pub(super) struct OneMessage {
    name: &'static str,
    message: Option<Response>,
    /// What acknowledges a challenge that explains a refusal.
    acknowledgement: &'static [u8],
    explanation: Option<String>,
}

impl OneMessage {
    fn new(name: &'static str, message: String, acknowledgement: &'static [u8]) -> Self {
        Self {
            name,
            message: Some(Zeroizing::new(message.into_bytes())),
            acknowledgement,
            explanation: None,
        }
    }

    pub(super) fn plain(user: &str, password: &Secret) -> Self {
        let message = format!("\0{user}\0{}", password.declassify());
        Self::new("PLAIN", message, b"")
    }

    pub(super) fn external(user: &str) -> Self {
        Self::new("EXTERNAL", user.to_owned(), b"")
    }

    pub(super) fn xoauth2(user: &str, token: &Secret) -> Self {
        let token = token.declassify();
        let message = format!("user={user}\x01auth=Bearer {token}\x01\x01");
        Self::new("XOAUTH2", message, b"")
    }

    pub(super) fn oauthbearer(user: &str, host: &str, port: u16, token: &Secret) -> Self {
        let (user, token) = (saslname(user), token.declassify());
        let message =
            format!("n,a={user},\x01host={host}\x01port={port}\x01auth=Bearer {token}\x01\x01");
        Self::new("OAUTHBEARER", message, b"\x01")
    }
}

impl Mechanism for OneMessage {
    fn name(&self) -> &'static str {
        self.name
    }

    fn initial(&mut self) -> Option<Response> {
        self.message.take()
    }

    fn respond(&mut self, challenge: &[u8]) -> Result<Response> {
        self.explanation = Some(String::from_utf8_lossy(challenge).into_owned());
        Ok(Zeroizing::new(self.acknowledgement.to_vec()))
    }

    fn explanation(&self) -> Option<String> {
        self.explanation.clone().filter(|text| !text.is_empty())
    }
}

/// LOGIN (draft-murchison-sasl-login): asks for the user, then the password.
pub(super) struct Prompted {
    answers: std::vec::IntoIter<Response>,
}

impl Prompted {
    pub(super) fn new(user: &str, password: &Secret) -> Self {
        let answers = [user, password.declassify()].map(|text| text.as_bytes().to_vec());
        let answers: Vec<_> = answers.into_iter().map(Zeroizing::new).collect();
        Self {
            answers: answers.into_iter(),
        }
    }
}

impl Mechanism for Prompted {
    fn name(&self) -> &'static str {
        "LOGIN"
    }

    fn initial(&mut self) -> Option<Response> {
        None
    }

    fn respond(&mut self, _challenge: &[u8]) -> Result<Response> {
        Ok(self.answers.next().unwrap_or_default())
    }
}

/// CRAM-MD5 (RFC 2195).
pub(super) struct CramMd5 {
    user: String,
    password: Secret,
}

impl CramMd5 {
    pub(super) fn new(user: &str, password: &Secret) -> Self {
        Self {
            user: user.to_owned(),
            password: password.clone(),
        }
    }
}

impl Mechanism for CramMd5 {
    fn name(&self) -> &'static str {
        "CRAM-MD5"
    }

    fn initial(&mut self) -> Option<Response> {
        None
    }

    fn respond(&mut self, challenge: &[u8]) -> Result<Response> {
        let mut mac = Hmac::<Md5>::new_from_slice(self.password.declassify().as_bytes())
            .expect("HMAC takes keys of any length");
        mac.update(challenge);
        let digest = format!("{:x}", mac.finalize().into_bytes());
        Ok(Zeroizing::new(
            format!("{} {digest}", self.user).into_bytes(),
        ))
    }
}

/// A user's name where commas separate (RFC 5802 section 5.1).
pub(super) fn saslname(user: &str) -> String {
    user.replace('=', "=3D").replace(',', "=2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(response: &[u8]) -> &str {
        str::from_utf8(response).expect("UTF-8")
    }

    fn secret(text: &str) -> Secret {
        Secret::new(text.into())
    }

    #[test]
    fn oauthbearer_is_as_in_rfc_7628() {
        let token = secret("vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==");
        let mut bearer =
            OneMessage::oauthbearer("user@example.com", "server.example.com", 143, &token);
        // Section 4.1.
        assert_eq!(
            text(&bearer.initial().expect("speaks first")),
            "n,a=user@example.com,\x01host=server.example.com\x01port=143\x01\
             auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01"
        );
        // Section 4.3: the refusal is acknowledged by a single SOH.
        assert_eq!(text(&bearer.respond(b"{}").expect("an answer")), "\x01");
        assert_eq!(bearer.explanation().as_deref(), Some("{}"));
    }

    #[test]
    fn cram_md5_is_as_in_rfc_2195() {
        let mut cram = CramMd5::new("tim", &secret("tanstaaftanstaaf"));
        let challenge = b"<1896.697170952@postoffice.reston.mci.net>";
        assert!(cram.initial().is_none());
        assert_eq!(
            text(&cram.respond(challenge).expect("an answer")),
            "tim b913a602c7eda7a495b4e6e7334d3890"
        );
    }

    #[test]
    fn the_other_messages_are_as_their_pages_say() {
        let initial = |mut mechanism: OneMessage| mechanism.initial().expect("speaks first");
        let plain = initial(OneMessage::plain("tim", &secret("tanstaaftanstaaf")));
        assert_eq!(text(&plain), "\0tim\0tanstaaftanstaaf");
        assert_eq!(text(&initial(OneMessage::external("ada"))), "ada");
        let token = initial(OneMessage::xoauth2("ada", &secret("t")));
        assert_eq!(text(&token), "user=ada\x01auth=Bearer t\x01\x01");
        let mut prompted = Prompted::new("ada", &secret("pä"));
        for answer in ["ada", "pä", ""] {
            assert_eq!(text(&prompted.respond(b"?").expect("an answer")), answer);
        }
        assert_eq!(saslname("a=b,c"), "a=3Db=2Cc");
    }
}
