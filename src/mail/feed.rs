//! The payload of spam traps' feeds: imap-collector's JSON object of a message
//! and its digest (`mail_feed`).

use super::digest::sha256_hex;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// `msg`, the message as text, and `sha256`, over its bytes.
///
/// JSON carries text only. Of a message that is no UTF-8, `msg` has U+FFFD for
/// what it cannot show, and `msg_base64` has the exact bytes, so that nothing
/// is lost to those who look for it.
pub fn feed(raw: &[u8]) -> Value {
    let sha256 = sha256_hex(raw);
    match std::str::from_utf8(raw) {
        Ok(text) => json!({ "msg": text, "sha256": sha256 }),
        Err(_) => json!({
            "msg": String::from_utf8_lossy(raw),
            "msg_base64": STANDARD.encode(raw),
            "sha256": sha256,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf8_mail_is_its_text_and_its_digest() {
        // imap-collector's payload for this message, by value.
        let raw = "From: a@b.example\r\nTo: trap@x.example\r\nSubject: ascii one\r\n\
                   Date: Mon, 2 Sep 2024 11:34:26 -0700\r\nMessage-ID: <1@b>\r\n\r\nhello\r\n";
        let sha256 = "fc6dcb6fcfea540f106376572b3101649437537d84e281e5d9f9cad6fd4b5094";
        assert_eq!(
            feed(raw.as_bytes()),
            json!({ "sha256": sha256, "msg": raw })
        );
    }

    #[test]
    fn other_mail_loses_nothing() {
        let feed = feed(b"caf\xe9\0");
        assert_eq!(feed["msg"], "caf\u{fffd}\0");
        assert_eq!(feed["msg_base64"], "Y2Fm6QA=");
        assert_eq!(feed["sha256"], sha256_hex(b"caf\xe9\0"));
    }
}
