//! Authentication-Results, SPF, DKIM and ARC with keys that the fuzzer gives:
//! whatever is signed, nothing verifies that nobody signed. And the answers of
//! the DNS, from which keys come.

#![no_main]

use imap0::dns::fuzz::texts;
use imap0::mail::auth::{Keys, Record, describe};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use sqlite_imap_fuzz::{assert_no_nul, line_and_rest, shield};

/// RFC 8463's example key: real, so that signatures are checked to the end.
const ED25519: &str = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

fuzz_target!(init: shield(), |data: &[u8]| {
    // Bytes that are no UTF-8 become three each.
    let found: usize = texts(data).iter().flatten().map(String::len).sum();
    assert!(found <= 3 * data.len());

    let (record, raw) = line_and_rest(data);
    let mut keys = Keys::default();
    keys.add("s._domainkey.d.example", Record::Text(ED25519.to_owned()));
    keys.add("t._domainkey.d.example", Record::Text(String::from_utf8_lossy(record).into_owned()));
    let told = describe(raw, &keys);
    let text = told.to_string();
    assert_no_nul(&told);
    let count = |name: &str| told[name].as_array().map_or(0, Vec::len);
    assert!(count("dkim") <= 32);
    for signature in told["dkim"].as_array().into_iter().flatten() {
        assert!(signature.is_object());
        assert_ne!(signature["result"], Value::from("pass"), "{signature}");
    }
    // As much as there was, but for escapes and names of keys; ARC has at most
    // 50 sets (RFC 8617 section 4.2.1), and each that is missing is named.
    let fields = count("dkim") + count("authentication_results") + count("received_spf") + 50;
    let bound = 64 * raw.len() + 1_000 * fields;
    assert!(text.len() <= bound, "{} of {}", text.len(), raw.len());
});
