//! Whom a connection trusts and how it shows itself: what an account, and the
//! options of a call, say of TLS.
//!
//! Values only, compared where a session is to be used again; `tls` and
//! `verifier` act on them.

use std::fmt;
use std::path::PathBuf;

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

/// What TLS asks of a server, and shows to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    /// A PEM file of further certificates to trust, beside the system's.
    pub ca_file: Option<PathBuf>,
    /// The public keys of which the server must have one, beside a valid certificate.
    pub pins: Option<Pins>,
    /// What the server is shown where it asks who connects.
    pub client_certificate: Option<ClientCertificate>,
    /// Whether a certificate has to be valid at all.
    pub verification: Verification,
}

/// A client's certificate with its chain, and its key; two PEM files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The certificate, then those that lead to its authority.
    pub cert_file: PathBuf,
    /// The key, not encrypted.
    pub key_file: PathBuf,
}

/// Whether a server's certificate is checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verification {
    /// Issuer, dates and name, always but for the case below.
    #[default]
    Full,
    /// Not at all: `danger_accept_invalid_certs` of the accounts file.
    Off,
}

/// Digests (sha256) of public keys, each of a whole SubjectPublicKeyInfo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pins(Vec<[u8; 32]>);

impl Pins {
    /// Reads `sha256//BASE64`, curl's form, or 64 hexadecimal digits; several
    /// with `;` between them, for the time a server changes its key.
    ///
    /// # Errors
    /// [`crate::error::Kind::Usage`] for anything else.
    pub fn parse(text: &str) -> Result<Self> {
        let pins: Option<Vec<_>> = text.split(';').map(|pin| digest(pin.trim())).collect();
        pins.map(Self).ok_or_else(|| {
            Error::usage(
                "cannot read tls_pin: it must be the sha256 of a public key, \
                 as sha256//BASE64 or as 64 hexadecimal digits",
            )
        })
    }

    /// True where the key, a SubjectPublicKeyInfo in DER, is one of these.
    pub(super) fn contain(&self, key: &[u8]) -> bool {
        self.0.contains(&Sha256::digest(key).into())
    }
}

/// A key as `tls_pin` names it, for the message that asks for it.
pub(super) struct PinOf<'a>(pub(super) &'a [u8]);

impl fmt::Display for PinOf<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256//{}", STANDARD.encode(Sha256::digest(self.0)))
    }
}

fn digest(pin: &str) -> Option<[u8; 32]> {
    let bytes = match pin.strip_prefix("sha256//") {
        Some(encoded) => STANDARD.decode(encoded).ok()?,
        None => hexadecimal(pin)?,
    };
    bytes.try_into().ok()
}

fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<_>> = text.chars().map(|c| c.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    let byte = |pair: &[u32]| u8::try_from(pair[0] << 4 | pair[1]).ok();
    digits.chunks(2).map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_read_in_either_form() {
        let form = PinOf(b"key").to_string();
        let digits: String = Sha256::digest(b"key")
            .iter()
            .map(|byte| format!("{byte:02X}"))
            .collect();
        for text in [&form, &digits, &format!("{};{form}", PinOf(b"old"))] {
            let pins = Pins::parse(text).expect(text);
            assert!(pins.contain(b"key") && !pins.contain(b"another"), "{text}");
        }
    }

    #[test]
    fn what_is_no_pin_is_refused() {
        for text in [
            "",
            "sha256//",
            "sha256//!!",
            "sha256//AAAA",
            "abc",
            "zz",
            "sha1//AAAA",
        ] {
            assert_eq!(
                Pins::parse(text).expect_err(text).to_string(),
                "imap: cannot read tls_pin: it must be the sha256 of a public key, \
                 as sha256//BASE64 or as 64 hexadecimal digits"
            );
        }
    }
}
