//! The names of the keys that a message asks for, for whoever looks them up.

use super::key::Algorithm;
use super::keys::name;
use super::signature::Signature;
use super::{MAX_SIGNATURES, accepted};
use crate::mail::headers::Headers;

/// The most names that one message may ask for.
const MAX_NAMES: usize = 32;

/// The names of the keys that the signatures of a message name, in their order,
/// each once; of those that can count by their algorithm.
pub fn key_names(raw: &[u8]) -> Vec<String> {
    let mime = accepted::mime(raw);
    let headers = Headers::parse(&mime);
    let mut names: Vec<String> = Vec::new();
    for kind in ["DKIM-Signature", "ARC-Message-Signature", "ARC-Seal"] {
        for value in headers.all(kind).take(MAX_SIGNATURES) {
            let Some(name) = key_name(value) else {
                continue;
            };
            if names.len() < MAX_NAMES && !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}

fn key_name(value: &[u8]) -> Option<String> {
    let tags = Signature::parse(value).tags?;
    Algorithm::named(tags.value("a")?).ok()?;
    Some(name(tags.value("s")?, tags.value("d")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_is_named_once_if_it_can_count() {
        let signature = |kind: &str, algorithm: &str, selector: &str| {
            format!("{kind}: v=1; a={algorithm}; d=D.example; s={selector}; b=x\n")
        };
        let raw = [
            signature("ARC-Seal", "rsa-sha256", "c"),
            signature("DKIM-Signature", "rsa-sha256", "a"),
            signature("DKIM-Signature", "ed25519-sha256", "a"),
            signature("DKIM-Signature", "rsa-sha1", "old"),
            "DKIM-Signature: junk\n".to_owned(),
            signature("ARC-Message-Signature", "rsa-sha256", "b"),
        ];
        let names = ["a", "b", "c"].map(|selector| format!("{selector}._domainkey.d.example"));
        assert_eq!(key_names(raw.concat().as_bytes()), names);
        let many: String = (0..100)
            .map(|number| signature("ARC-Seal", "rsa-sha256", &format!("s{number}")))
            .collect();
        assert_eq!(key_names(many.as_bytes()).len(), MAX_NAMES);
        assert_eq!(key_names(b""), [""; 0]);
    }
}
