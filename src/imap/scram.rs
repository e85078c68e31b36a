//! SCRAM-SHA-256 and SCRAM-SHA-1 (RFC 7677, RFC 5802): the password is proven
//! without being told, and the server has to prove that it knows it too.
//!
//! Without channel binding, so that proxies that end TLS do not stop it. Pure.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::sasl::{Mechanism, Response, saslname};
use crate::error::{Error, Result, quote_bytes};
use crate::secret::Secret;

/// The GS2 header: no channel binding, no other identity.
const HEADER: &str = "n,,";

/// Fewer rounds would make the proof an easy prey of whoever asked for it
/// (RFC 7677 section 4 names this least); more would take seconds.
const ROUNDS: std::ops::RangeInclusive<u32> = 4_096..=1_000_000;

/// The hash of a SCRAM mechanism.
#[derive(Clone, Copy)]
pub(super) enum Hash {
    Sha1,
    Sha256,
}

/// An exchange.
pub(super) struct Scram {
    hash: Hash,
    /// `n=user,r=nonce`.
    first: String,
    nonce: String,
    password: Secret,
    /// The signature expected of the server, once it can be told.
    signature: Option<Vec<u8>>,
    is_verified: bool,
}

impl Scram {
    /// An exchange with a nonce of its own.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub(super) fn begin(hash: Hash, user: &str, password: &Secret) -> Result<Self> {
        let mut random = [0; 18];
        let source = rustls::crypto::ring::default_provider().secure_random;
        source
            .fill(&mut random)
            .map_err(|_| Error::config("the system gives no random bytes"))?;
        Ok(Self::new(hash, user, password, STANDARD.encode(random)))
    }

    /// `nonce` is random and printable, without a comma.
    pub(super) fn new(hash: Hash, user: &str, password: &Secret, nonce: String) -> Self {
        let user = saslname(&prepared(user));
        Self {
            hash,
            first: format!("n={user},r={nonce}"),
            nonce,
            password: Secret::new(prepared(password.declassify())),
            signature: None,
            is_verified: false,
        }
    }

    /// Section 3 of RFC 5802.
    fn prove(&mut self, challenge: &str) -> Option<Response> {
        let nonce = attribute(challenge, "r=")?;
        let salt = STANDARD.decode(attribute(challenge, "s=")?).ok()?;
        let rounds: u32 = attribute(challenge, "i=")?.parse().ok()?;
        let is_ours = nonce.starts_with(&self.nonce) && nonce.len() > self.nonce.len();
        if !is_ours || !ROUNDS.contains(&rounds) || attribute(challenge, "m=").is_some() {
            return None;
        }
        let hash = self.hash;
        let salted = hash.stretch(self.password.declassify().as_bytes(), &salt, rounds);
        let client_key = hash.mac(&salted, b"Client Key");
        let without_proof = format!("c={},r={nonce}", STANDARD.encode(HEADER));
        let message = format!("{},{challenge},{without_proof}", self.first);
        let mut proof = hash.mac(&hash.digest(&client_key), message.as_bytes());
        proof
            .iter_mut()
            .zip(&*client_key)
            .for_each(|(byte, key)| *byte ^= key);
        let server_key = hash.mac(&salted, b"Server Key");
        self.signature = Some(hash.mac(&server_key, message.as_bytes()).to_vec());
        let answer = format!("{without_proof},p={}", STANDARD.encode(&*proof));
        Some(Zeroizing::new(answer.into_bytes()))
    }
}

impl Mechanism for Scram {
    fn name(&self) -> &'static str {
        match self.hash {
            Hash::Sha1 => "SCRAM-SHA-1",
            Hash::Sha256 => "SCRAM-SHA-256",
        }
    }

    fn initial(&mut self) -> Option<Response> {
        let message = format!("{HEADER}{}", self.first);
        Some(Zeroizing::new(message.into_bytes()))
    }

    fn respond(&mut self, challenge: &[u8]) -> Result<Response> {
        let text = str::from_utf8(challenge).unwrap_or_default();
        let Some(signature) = &self.signature else {
            return self.prove(text).ok_or_else(|| {
                let challenge = quote_bytes(challenge);
                Error::misbehaved(format!(
                    "cannot sign in by {}: the server's challenge is not acceptable ('{challenge}')",
                    self.name()
                ))
            });
        };
        let told = attribute(text, "v=").and_then(|told| STANDARD.decode(told).ok());
        if told.as_ref() != Some(signature) {
            return Err(Error::misbehaved(format!(
                "cannot sign in by {}: the server does not prove that it knows the password; \
                 somebody may be tampering with the connection",
                self.name()
            )));
        }
        self.is_verified = true;
        Ok(Response::default())
    }

    fn is_complete(&self) -> bool {
        self.is_verified
    }
}

impl Hash {
    fn mac(self, key: &[u8], data: &[u8]) -> Zeroizing<Vec<u8>> {
        fn of<M: Mac + KeyInit>(key: &[u8], data: &[u8]) -> Zeroizing<Vec<u8>> {
            let mut mac = <M as Mac>::new_from_slice(key).expect("HMAC takes keys of any length");
            mac.update(data);
            Zeroizing::new(mac.finalize().into_bytes().to_vec())
        }
        match self {
            Self::Sha1 => of::<Hmac<Sha1>>(key, data),
            Self::Sha256 => of::<Hmac<Sha256>>(key, data),
        }
    }

    fn digest(self, data: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha1 => Sha1::digest(data).to_vec(),
            Self::Sha256 => Sha256::digest(data).to_vec(),
        }
    }

    /// `Hi` of RFC 5802 section 2.2.
    fn stretch(self, password: &[u8], salt: &[u8], rounds: u32) -> Zeroizing<Vec<u8>> {
        let mut key = Zeroizing::new(vec![0; self.digest(b"").len()]);
        match self {
            Self::Sha1 => pbkdf2::pbkdf2_hmac::<Sha1>(password, salt, rounds, &mut key),
            Self::Sha256 => pbkdf2::pbkdf2_hmac::<Sha256>(password, salt, rounds, &mut key),
        }
        key
    }
}

/// The value of an attribute, named with its `=`.
fn attribute<'a>(message: &'a str, name: &str) -> Option<&'a str> {
    message.split(',').find_map(|part| part.strip_prefix(name))
}

/// Text as SASLprep (RFC 4013) leaves it; what that forbids goes as it is,
/// for the server may never have heard of it.
fn prepared(text: &str) -> String {
    stringprep::saslprep(text).map_or_else(|_| text.to_owned(), std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn exchange(hash: Hash, nonce: &str) -> Scram {
        Scram::new(hash, "user", &Secret::new("pencil".into()), nonce.into())
    }

    fn respond(scram: &mut Scram, challenge: &str) -> String {
        let response = scram.respond(challenge.as_bytes()).expect("an answer");
        String::from_utf8(response.to_vec()).expect("ASCII")
    }

    #[test]
    fn the_exchange_of_rfc_7677_is_reproduced() {
        let mut scram = exchange(Hash::Sha256, "rOprNGfwEbeRWgbNEkqO");
        let initial = scram.initial().expect("speaks first");
        assert_eq!(*initial, b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
        let proof = respond(
            &mut scram,
            "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
             s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        );
        assert_eq!(
            proof,
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
             p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
        );
        assert!(!scram.is_complete());
        let verdict = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";
        assert_eq!(respond(&mut scram, verdict), "");
        assert!(scram.is_complete());
    }

    #[test]
    fn the_exchange_of_rfc_5802_is_reproduced() {
        let mut scram = exchange(Hash::Sha1, "fyko+d2lbbFgONRv9qkxdawL");
        let proof = respond(
            &mut scram,
            "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
        );
        assert_eq!(
            proof,
            "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="
        );
        assert_eq!(respond(&mut scram, "v=rmF9pqV8S7suAoZWja4dJRkFsKQ="), "");
    }

    #[test]
    fn a_server_that_does_not_know_the_password_is_found_out() {
        let mut scram = exchange(Hash::Sha1, "nonce");
        respond(&mut scram, "r=nonce1,s=QSXCR+Q6sek8bf92,i=4096");
        for verdict in ["v=rmF9pqV8S7suAoZWja4dJRkFsKQ=", "v=", "", "e=other-error"] {
            let error = scram.respond(verdict.as_bytes()).expect_err(verdict);
            assert_eq!(
                error.to_string(),
                "imap: cannot sign in by SCRAM-SHA-1: the server does not prove that it knows \
                 the password; somebody may be tampering with the connection"
            );
        }
    }

    #[test]
    fn challenges_that_weaken_the_proof_get_none() {
        for challenge in [
            "r=nonce1,s=QSXCR+Q6sek8bf92,i=4095",
            "r=nonce1,s=QSXCR+Q6sek8bf92,i=4000000000",
            "r=nonce,s=QSXCR+Q6sek8bf92,i=4096",
            "r=another,s=QSXCR+Q6sek8bf92,i=4096",
            "m=x,r=nonce1,s=QSXCR+Q6sek8bf92,i=4096",
            "r=nonce1,s=!,i=4096",
            "",
        ] {
            let error = exchange(Hash::Sha256, "nonce")
                .respond(challenge.as_bytes())
                .expect_err(challenge);
            assert_eq!(
                error.to_string(),
                format!(
                    "imap: cannot sign in by SCRAM-SHA-256: \
                     the server's challenge is not acceptable ('{challenge}')"
                )
            );
        }
    }

    proptest! {
        #[test]
        fn no_challenge_makes_up_for_the_password(challenge in "[ -~]{0,60}", salt in "[A-Za-z0-9+/]{0,8}") {
            let mut scram = exchange(Hash::Sha256, "nonce");
            let _ = scram.respond(challenge.as_bytes());
            let mut scram = exchange(Hash::Sha256, "nonce");
            let _ = scram.respond(format!("r=nonce1,s={salt},i=4096").as_bytes());
            let _ = scram.respond(challenge.as_bytes());
            prop_assert!(!scram.is_complete());
        }
    }
}
