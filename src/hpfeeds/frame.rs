//! hpfeeds frames: a length of four bytes, big-endian, that counts itself and
//! the opcode, then the opcode, then data. A string has its length in one byte
//! before it.

use sha1::{Digest, Sha1};

/// Opcode: the broker refuses; data is its reason.
const ERROR: u8 = 0;
/// Opcode: the broker's greeting: its name and a nonce.
const INFO: u8 = 1;
/// Opcode: who we are: ident, and SHA-1 of nonce and secret.
const AUTH: u8 = 2;
/// Opcode: ident, channel, payload.
const PUBLISH: u8 = 3;

/// The bytes of length and opcode.
const HEAD: usize = 5;

/// The most data that brokers take in a PUBLISH frame.
const MAX_PUBLISH: usize = 1 << 20;

/// The most data of a frame that is read: names, nonces and reasons.
const MAX_DATA: usize = 64 << 10;

/// What a broker says.
#[derive(Debug, PartialEq, Eq)]
pub enum Said {
    /// It refuses, with this reason.
    Error(Vec<u8>),
    /// Its greeting.
    Info {
        /// Its name.
        name: Vec<u8>,
        /// To be digested with the secret.
        nonce: Vec<u8>,
    },
    /// A frame for which there is no reason here.
    Other(u8),
}

/// The first frame of `bytes` and how many bytes it has; `None` where more must
/// be read first, an error where it can be no frame of a broker.
pub fn parse(bytes: &[u8]) -> Result<Option<(Said, usize)>, &'static str> {
    let Some((length, rest)) = bytes.split_first_chunk::<4>() else {
        return Ok(None);
    };
    let length = u32::from_be_bytes(*length) as usize;
    if !(HEAD..=HEAD + MAX_DATA).contains(&length) {
        return Err("its first bytes are no hpfeeds frame");
    }
    let Some(&opcode) = rest.first().filter(|_| bytes.len() >= length) else {
        return Ok(None);
    };
    let data = &bytes[HEAD..length];
    let said = match opcode {
        ERROR => Said::Error(data.to_vec()),
        INFO => {
            let Some((name, nonce)) = data
                .split_first()
                .and_then(|(&length, rest)| rest.split_at_checked(usize::from(length)))
            else {
                return Err("its greeting is cut short");
            };
            Said::Info {
                name: name.to_vec(),
                nonce: nonce.to_vec(),
            }
        }
        other => Said::Other(other),
    };
    Ok(Some((said, length)))
}

/// The longest payload that a PUBLISH of these two carries.
pub fn payload_limit(ident: &str, channel: &str) -> usize {
    MAX_PUBLISH - (1 + ident.len()) - (1 + channel.len())
}

/// The frame that proves who we are. `ident` has at most 255 bytes.
pub fn auth(ident: &str, secret: &str, nonce: &[u8]) -> Vec<u8> {
    let digest = Sha1::new()
        .chain_update(nonce)
        .chain_update(secret.as_bytes())
        .finalize();
    frame(AUTH, &[&string(ident), digest.as_slice()])
}

/// The frame that carries a payload within [`payload_limit`]; `ident` and
/// `channel` have at most 255 bytes.
pub fn publish(ident: &str, channel: &str, payload: &[u8]) -> Vec<u8> {
    frame(PUBLISH, &[&string(ident), &string(channel), payload])
}

fn frame(opcode: u8, data: &[&[u8]]) -> Vec<u8> {
    let length = HEAD + data.iter().map(|piece| piece.len()).sum::<usize>();
    let mut frame = Vec::with_capacity(length);
    // No frame of ours comes near the four bytes' limit.
    frame.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
    frame.push(opcode);
    data.iter().for_each(|piece| frame.extend_from_slice(piece));
    frame
}

fn string(text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).unwrap_or(u8::MAX);
    [&[length], text.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn whatever_a_broker_sends_is_read_within_its_length(
            bytes in proptest::collection::vec(any::<u8>(), 0..300),
            length in 0_u8..80,
        ) {
            for bytes in [bytes.clone(), [&[0, 0, 0, length], bytes.as_slice()].concat()] {
                if let Ok(Some((_, taken))) = parse(&bytes) {
                    prop_assert!((5..=bytes.len()).contains(&taken));
                }
            }
        }
    }

    #[test]
    fn frames_are_as_the_brokers_have_them() {
        let hex: String = publish("writer", "spam.mails", b"hi")
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(hex, "0000001903067772697465720a7370616d2e6d61696c736869");
        let auth = auth("writer", "s", b"1234");
        assert_eq!(auth[..12], b"\0\0\0\x20\x02\x06writer"[..12]);
        assert_eq!(auth.len(), 32);
    }

    #[test]
    fn a_greeting_is_read_once_it_is_whole() {
        let greeting = b"\0\0\0\x14\x01\x0atestbrokerNONC";
        for length in 0..greeting.len() {
            assert_eq!(parse(&greeting[..length]), Ok(None), "{length}");
        }
        let (name, nonce) = (b"testbroker".to_vec(), b"NONC".to_vec());
        assert_eq!(parse(greeting), Ok(Some((Said::Info { name, nonce }, 20))));
    }

    #[test]
    fn what_is_no_frame_is_refused_before_it_is_waited_for() {
        assert!(parse(b"* OK IMAP4rev1").is_err());
        assert!(parse(b"\0\0\0\x04\x01").is_err());
        assert!(parse(b"\0\0\0\x06\x01\x0a").is_err());
        assert_eq!(parse(b"\0\0\0\x05\x09"), Ok(Some((Said::Other(9), 5))));
    }

    #[test]
    fn a_payload_shares_its_frame_with_the_names() {
        assert_eq!(payload_limit("writer", "spam.mails"), 1_048_558);
    }
}
