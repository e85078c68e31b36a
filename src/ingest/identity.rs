//! Ids of rows.
//!
//! Rows that any database would hold alike have ids derived from what makes
//! them unique, so that two databases which hold the same mail merge by
//! `INSERT OR IGNORE` with every foreign key still leading somewhere. Rows that
//! belong to one run have a UUID of version 7.

use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A new id for a row of this run (RFC 9562 section 5.7).
pub fn fresh() -> String {
    Uuid::now_v7().to_string()
}

/// The id of a message row, from its two unique columns: UUID version 8 of
/// SHA-256(SHA-256(message text) NUL Message-ID).
///
/// `text` is the SHA-256 of the text, which is the raw message itself where that is UTF-8. Where it is not, two
/// messages may become the same text, and RSSD takes the second for the first:
/// so must the id.
pub fn message(text: &[u8; 32], message_id: &str) -> String {
    version_8(
        Sha256::new()
            .chain_update(text)
            .chain_update([0])
            .chain_update(message_id),
    )
}

/// The id of a resource: of its message, of the exact bytes (their SHA-256 in
/// hex) and of its place below the message's uri (``, `/json`, `/txt`). Not of
/// the device or the user: two that read the same mail mean the same resource.
pub fn resource(message_row: &str, sha256: &str, place: &str) -> String {
    derived("uniform_resource", &[message_row, sha256, place])
}

/// The id of a row of `table` that its unique columns `key` determine.
pub fn derived(table: &str, key: &[&str]) -> String {
    let mut hash = Sha256::new().chain_update(table);
    for part in key {
        hash = hash.chain_update([0]).chain_update(part);
    }
    version_8(hash)
}

fn version_8(hash: Sha256) -> String {
    let digest: [u8; 32] = hash.finalize().into();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    Uuid::new_v8(bytes).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_message_has_the_same_id_everywhere() {
        let message = |text: &str, id| message(&Sha256::digest(text).into(), id);
        let id = message("From: ada\r\n\r\nhello", "x@y");
        assert_eq!(id, "1b1bfcc8-9f28-856b-a3f3-c375be998033");
        assert_ne!(id, message("From: ada\r\n\r\nhello", "x@z"));
        assert_ne!(id, message("From: ada\r\n\r\nhello!", "x@y"));
    }

    #[test]
    fn derived_ids_are_version_8_and_fresh_ones_version_7() {
        assert_eq!(derived("t", &["a"]).as_bytes()[14], b'8');
        assert_eq!(fresh().as_bytes()[14], b'7');
        assert_ne!(derived("t", &["a", "b"]), derived("t", &["ab"]));
    }
}
