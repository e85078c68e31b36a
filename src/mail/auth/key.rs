//! Public keys as the DNS has them (RFC 6376 section 3.6.1, RFC 8463), and the
//! check of a signature with one (crate `ring`).

use super::tags::Tags;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{
    ED25519, RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, UnparsedPublicKey,
    VerificationAlgorithm,
};

/// A key record, read.
pub struct Key {
    tags: Tags,
    algorithm: Algorithm,
    bytes: Vec<u8>,
}

/// How a signature is made (RFC 6376 section 3.3, RFC 8463).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// `rsa-sha256`.
    Rsa,
    /// `ed25519-sha256`.
    Ed25519,
}

impl Algorithm {
    /// The algorithm of a signature's `a=`; why not, where it cannot count.
    pub fn named(name: &str) -> Result<Self, &'static str> {
        match name.to_ascii_lowercase().as_str() {
            "rsa-sha256" => Ok(Self::Rsa),
            "ed25519-sha256" => Ok(Self::Ed25519),
            "rsa-sha1" => Err("rsa-sha1 counts no more (RFC 8301)"),
            _ => Err("the algorithm is unknown"),
        }
    }

    fn of_key(name: &str) -> Option<Self> {
        match name {
            "rsa" => Some(Self::Rsa),
            "ed25519" => Some(Self::Ed25519),
            _ => None,
        }
    }
}

impl Key {
    /// Reads a record; the error says what is wrong with it.
    pub fn parse(record: &str) -> Result<Self, &'static str> {
        let tags = Tags::parse(record).ok_or("the key record is no tag list")?;
        if tags.value("v").is_some_and(|version| version != "DKIM1") {
            return Err("the key record has an unknown version");
        }
        let algorithm = Algorithm::of_key(tags.value("k").unwrap_or("rsa"))
            .ok_or("the key is of an unknown type")?;
        let data = tags.packed("p").ok_or("the key record has no key")?;
        if data.is_empty() {
            return Err("the key is revoked");
        }
        let bytes = STANDARD.decode(data).map_err(|_| "the key is no base64")?;
        if algorithm == Algorithm::Rsa && rsa_bits(&bytes).is_some_and(|bits| bits < LEAST_BITS) {
            return Err("the key has less than 1024 bits (RFC 8301)");
        }
        let services = tags.list("s");
        if !services.is_empty() && !services.iter().any(|name| matches!(*name, "*" | "email")) {
            return Err("the key is not for mail");
        }
        let hashes = tags.list("h");
        if !hashes.is_empty() && !hashes.contains(&"sha256") {
            return Err("the key does not allow sha256");
        }
        Ok(Self {
            tags,
            algorithm,
            bytes,
        })
    }

    /// True where the domain of `i=` must be exactly that of `d=`.
    pub fn is_strict(&self) -> bool {
        self.tags.list("t").contains(&"s")
    }

    /// Checks a signature over `data`, whose SHA-256 Ed25519 signs (RFC 8463
    /// section 3).
    pub fn verify(
        &self,
        algorithm: Algorithm,
        data: &[u8],
        signature: &[u8],
    ) -> Result<(), &'static str> {
        if algorithm != self.algorithm {
            return Err("the key is of another type than the signature");
        }
        let (verification, message): (&'static dyn VerificationAlgorithm, _) = match algorithm {
            Algorithm::Rsa => (
                &RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
                data.to_vec(),
            ),
            Algorithm::Ed25519 => {
                use sha2::Digest;
                (&ED25519, sha2::Sha256::digest(data).to_vec())
            }
        };
        let bytes = match algorithm {
            Algorithm::Rsa => pkcs1(&self.bytes).ok_or("the key is no RSA public key")?,
            Algorithm::Ed25519 => &self.bytes,
        };
        UnparsedPublicKey::new(verification, bytes)
            .verify(&message, signature)
            .map_err(|_| "the signature is not over this header")
    }
}

/// RFC 8301 section 3.2.
const LEAST_BITS: usize = 1024;

/// How long the modulus of a key is.
fn rsa_bits(der: &[u8]) -> Option<usize> {
    const SEQUENCE: u8 = 0x30;
    const INTEGER: u8 = 0x02;
    let (key, _) = element(pkcs1(der)?, SEQUENCE)?;
    let (modulus, _) = element(key, INTEGER)?;
    let digits = modulus.iter().skip_while(|&&byte| byte == 0);
    let first = digits.clone().next()?;
    Some(digits.count() * 8 - first.leading_zeros() as usize)
}

/// The RSAPublicKey in a SubjectPublicKeyInfo (RFC 5280 section 4.1), or the
/// key itself, as the text of RFC 6376 has it where its examples do not.
fn pkcs1(der: &[u8]) -> Option<&[u8]> {
    const SEQUENCE: u8 = 0x30;
    const BIT_STRING: u8 = 0x03;
    let (inside, _) = element(der, SEQUENCE)?;
    let Some((_, rest)) = element(inside, SEQUENCE) else {
        return Some(der);
    };
    let (bits, _) = element(rest, BIT_STRING)?;
    bits.strip_prefix(&[0])
}

/// The content of the DER element at the start of `der`, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&first, rest) = der.split_first()?;
    let (&length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(length), rest),
        0x81 => (usize::from(*rest.first()?), &rest[1..]),
        0x82 => {
            let (size, rest) = rest.split_at_checked(2)?;
            (usize::from(size[0]) << 8 | usize::from(size[1]), rest)
        }
        _ => return None,
    };
    (first == tag).then(|| rest.split_at_checked(length))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_that_cannot_count_say_why() {
        for (record, why) in [
            ("v=DKIM2; p=YQ==", "the key record has an unknown version"),
            ("k=dsa; p=YQ==", "the key is of an unknown type"),
            ("v=DKIM1", "the key record has no key"),
            ("v=DKIM1; p=", "the key is revoked"),
            ("p=!", "the key is no base64"),
            ("s=tlsrpt; p=YQ==", "the key is not for mail"),
            ("h=sha1; p=YQ==", "the key does not allow sha256"),
            ("junk", "the key record is no tag list"),
        ] {
            assert_eq!(Key::parse(record).err(), Some(why), "{record}");
        }
        let key = Key::parse("t=y:s; p=YQ==").expect("sound");
        assert!(key.is_strict());
    }

    #[test]
    fn short_rsa_keys_do_not_count() {
        let short = "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKW+IvVkx1+1VYpsNfWd2JUvIoI8qpf+PUwRF9DTEvnD\
                     t2fWxL04AxtpI9YqPLc6ZG+OM/n770R44mQQ7/NZVKsCAwEAAQ==";
        assert_eq!(
            Key::parse(&format!("p={short}")).err(),
            Some("the key has less than 1024 bits (RFC 8301)")
        );
    }

    #[test]
    fn junk_is_no_rsa_key() {
        for der in [&b""[..], b"\x30", b"\x30\x82\x01", b"\x30\x84\xff"] {
            assert_eq!(pkcs1(der), None, "{der:?}");
        }
    }
}
