//! Identifiers that follow from what an object is: UUID version 5 of its
//! properties, as STIX has them for observables (section 2.9 of STIX 2.1) and
//! pycti for everything else.

use crate::mail::digest::sha256_hex;
use serde_json::Value;
use sha1::{Digest, Sha1};
use uuid::{Builder, Uuid};

/// The namespace that STIX 2.1 gives for observables, and OpenCTI takes for all.
const NAMESPACE: Uuid = Uuid::from_u128(0x00ab_edb4_aa42_466c_9c01_fed2_3315_a9b7);

/// The identifier of an object of type `kind` with these identifying
/// properties, which are given in the order of their names (RFC 8785 section
/// 3.2.3), and within a property's value too.
pub fn identifier(kind: &str, properties: &[(&str, Value)]) -> String {
    let members: Vec<String> = properties
        .iter()
        .map(|(name, value)| format!("{}:{value}", Value::from(*name)))
        .collect();
    let canonical = format!("{{{}}}", members.join(","));
    let digest = Sha1::new()
        .chain_update(NAMESPACE.as_bytes())
        .chain_update(canonical)
        .finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    format!("{kind}--{}", Builder::from_sha1_bytes(bytes).into_uuid())
}

/// An identifier where nothing identifies but the message itself: random in
/// form (version 4), the same for the same message.
pub fn of_message(kind: &str, raw: &[u8]) -> String {
    let digest = sha256_hex(format!("{kind} {}", sha256_hex(raw)).as_bytes());
    let number = u128::from_str_radix(&digest[..32], 16).unwrap_or_default();
    let uuid = Builder::from_random_bytes(number.to_be_bytes()).into_uuid();
    format!("{kind}--{uuid}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reports_and_identities_have_the_ids_that_pycti_gives_them() {
        let report = |name: &str, published: &str| {
            identifier(
                "report",
                &[("name", json!(name)), ("published", json!(published))],
            )
        };
        assert_eq!(
            report("threat – report", "2024-09-02T11:34:26-07:00"),
            "report--481867d4-a5dc-5a03-ae97-b243192c287d"
        );
        assert_eq!(
            report("hi", "2024-09-02T10:00:00"),
            "report--d0ab332f-28d7-581d-9c22-b5679b0c1be4"
        );
        assert_eq!(
            identifier(
                "identity",
                &[
                    ("identity_class", json!("organization")),
                    ("name", json!("email intel imap"))
                ]
            ),
            "identity--f1f25c53-7d95-5ee6-b5d0-3379bfb2e997"
        );
    }

    #[test]
    fn what_only_the_message_identifies_looks_random_and_is_not() {
        let id = of_message("bundle", b"x");
        assert_eq!(id, of_message("bundle", b"x"));
        assert_ne!(id, of_message("bundle", b"y"));
        assert_eq!(id.as_bytes()["bundle--".len() + 14], b'4');
    }
}
