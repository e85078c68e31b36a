//! What a server repeats of a secret, covered before anybody sees it.
//!
//! Some servers quote the command they refuse. While a session signs in, its
//! exchange holds a veil over the secret; authorization servers are heard
//! through one too. It knows no commands.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// The forms in which a secret may come back.
#[derive(Default)]
pub struct Veil(Vec<Zeroizing<Vec<u8>>>);

impl Veil {
    /// A veil over `secret`: as it is, as it stands in quotes, and inside of
    /// base64, wherever in the encoded text it begins.
    pub fn over(secret: &str) -> Self {
        if secret.is_empty() {
            return Self::default();
        }
        let quoted = secret.replace('\\', "\\\\").replace('"', "\\\"");
        let mut forms = vec![secret.as_bytes().to_vec(), quoted.into_bytes()];
        for shift in 0..3 {
            let padded = Zeroizing::new([&[0; 2][..shift], secret.as_bytes()].concat());
            let encoded = Zeroizing::new(STANDARD.encode(&padded));
            // Characters that also hold bits of the neighbours can be anything.
            let first = [0, 2, 3][shift];
            let last = padded.len() * 4 / 3;
            if let Some(own) = encoded.get(first..last).filter(|own| own.len() >= SHORTEST) {
                forms.push(own.as_bytes().to_vec());
            }
        }
        // The longest first: a shorter form may be a part of it.
        forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        Self(forms.into_iter().map(Zeroizing::new).collect())
    }

    /// `said` with every form of the secret replaced by `***`.
    pub fn cover(&self, said: &[u8]) -> Vec<u8> {
        let mut covered = said.to_vec();
        for form in &self.0 {
            let mut rest = &covered[..];
            let mut out = Vec::with_capacity(covered.len());
            while let Some(at) = memchr::memmem::find(rest, form) {
                out.extend_from_slice(&rest[..at]);
                out.extend_from_slice(b"***");
                rest = &rest[at + form.len()..];
            }
            out.extend_from_slice(rest);
            covered = out;
        }
        covered
    }
}

/// Fewer characters of base64 than this tell nothing and occur anywhere.
const SHORTEST: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_covered_in_every_form() {
        let secret = "hunt\"er2 ü";
        let veil = Veil::over(secret);
        let quoted = r#"LOGIN "ada" "hunt\"er2 ü""#;
        assert_eq!(veil.cover(quoted.as_bytes()), b"LOGIN \"ada\" \"***\"");
        assert_eq!(
            veil.cover(format!("a {secret} b {secret}").as_bytes()),
            b"a *** b ***"
        );
        for before in ["", "a", "ab", "\0ada\0"] {
            let encoded = STANDARD.encode(format!("{before}{secret}\x01\x01"));
            let covered = String::from_utf8(veil.cover(encoded.as_bytes())).unwrap();
            assert!(covered.contains("***"), "{covered}");
            assert!(covered.len() < encoded.len() / 2 + 8, "{covered}");
        }
    }

    #[test]
    fn without_a_secret_nothing_is_covered() {
        assert_eq!(Veil::default().cover(b"NO really"), b"NO really");
        assert_eq!(Veil::over("").cover(b"NO really"), b"NO really");
    }
}
