//! What `fuzz/` reaches of the parsers that are private here; built by
//! cargo-fuzz, and by tests so that it keeps up with them.

use std::io::{self, ErrorKind};

use super::deflate::Packed;
use super::endpoint::Endpoint;
use super::line::Line;
use super::proxy::Proxy;
use super::sasl::{CramMd5, Mechanism, OneMessage, Prompted};
use super::scram::{Hash, Scram};
use super::watch::Watch;
use crate::error::Result;
use crate::secret::Secret;

/// The password that every mechanism of [`answers`] has.
pub const PASSWORD: &str = "hunter2-zQ9";

/// What a packed connection gives that has `packed` in it and then ends, read
/// `step` bytes at a time.
///
/// # Errors
/// Damaged data.
pub fn inflated(packed: &[u8], step: usize) -> io::Result<Vec<u8>> {
    let mut connection = Packed::new(Over, packed.to_vec());
    let (mut plain, mut into) = (Vec::new(), vec![0; step]);
    loop {
        match connection.read(&mut into) {
            Ok(0) => return Ok(plain),
            Ok(count) => plain.extend_from_slice(&into[..count]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}

/// A line that the other side has ended.
struct Over;

impl Line for Over {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Ok(0)
    }

    fn write_all(&mut self, _: &[u8], _: &mut Watch<'_>) -> Result<io::Result<()>> {
        Ok(Ok(()))
    }

    fn offer(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }
}

/// The peer of the proxy that `ALL_PROXY` names for `endpoint`.
///
/// # Errors
/// As [`Proxy::of`].
pub fn proxy(endpoint: &Endpoint, all_proxy: &str) -> Result<Option<String>> {
    let proxy = Proxy::of(endpoint, |name| {
        (name == "ALL_PROXY").then(|| all_proxy.to_owned())
    })?;
    Ok(proxy.map(|proxy| {
        proxy.authorization();
        proxy.peer()
    }))
}

/// What one mechanism said.
pub struct Answers {
    /// Its name.
    pub mechanism: &'static str,
    /// True where the password itself is what it sends.
    pub tells_password: bool,
    /// The answer to each challenge, up to the first error.
    pub answers: Vec<std::result::Result<Vec<u8>, String>>,
    /// Whether it takes the server for the right one.
    pub is_complete: bool,
}

/// The nonce of SCRAM in [`answers`].
pub fn scram_nonce() -> &'static [u8] {
    b"fyko+d2lbbFgONRv9qkxdawL"
}

/// What each mechanism answers to the challenges.
pub fn answers(challenges: &[Vec<u8>]) -> Vec<Answers> {
    let secret = Secret::new(PASSWORD.to_owned());
    let nonce = || String::from_utf8_lossy(scram_nonce()).into_owned();
    let scram = |hash| Box::new(Scram::new(hash, "user", &secret, nonce()));
    let mechanisms: [(Box<dyn Mechanism>, bool); 6] = [
        (scram(Hash::Sha1), false),
        (scram(Hash::Sha256), false),
        (Box::new(CramMd5::new("user", &secret)), false),
        (Box::new(Prompted::new("user", &secret)), true),
        (Box::new(OneMessage::plain("user", &secret)), true),
        (
            Box::new(OneMessage::oauthbearer("user", "h", 1, &secret)),
            true,
        ),
    ];
    let run = |(mut mechanism, tells_password): (Box<dyn Mechanism>, bool)| {
        mechanism.initial();
        let mut answers = Vec::new();
        for challenge in challenges {
            let answer = mechanism.respond(challenge);
            let is_over = answer.is_err();
            answers.push(
                answer
                    .map(|answer| answer.to_vec())
                    .map_err(|error| error.to_string()),
            );
            if is_over {
                break;
            }
        }
        Answers {
            mechanism: mechanism.name(),
            tells_password,
            answers,
            is_complete: mechanism.is_complete(),
        }
    };
    mechanisms.into_iter().map(run).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::DeflateEncoder;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn packed_data_come_out_however_they_are_read(
            data in proptest::collection::vec(any::<u8>(), 0..2_000),
            step in 1_usize..200,
        ) {
            let mut packer = DeflateEncoder::new(Vec::new(), Compression::fast());
            packer.write_all(&data).unwrap();
            let packed = packer.finish().unwrap();
            prop_assert_eq!(inflated(&packed, step).unwrap(), data);
        }

        #[test]
        fn any_data_come_to_an_end(
            data in proptest::collection::vec(any::<u8>(), 0..200),
            step in 1_usize..200,
        ) {
            let plain = inflated(&data, step).unwrap_or_default();
            prop_assert!(plain.len() <= 1_032 * data.len());
        }
    }
}
