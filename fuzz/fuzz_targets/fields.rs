//! The values of header fields: text and encoded words, addresses, dates,
//! identifiers, parameters, hops. What is encoded by the RFCs is decoded to
//! what it was, and nothing grows out of proportion.

#![no_main]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use imap0::mail::content::Content;
use imap0::mail::fields::{split, unfold, unfold_to_space};
use imap0::mail::part::PartHeader;
use imap0::mail::time::iso8601;
use imap0::mail::{Headers, Role, hop, words};
use libfuzzer_sys::fuzz_target;
use sqlite_imap_fuzz::{assert_text, shield};

/// Encoded words of both kinds for a text, cut wherever it comes.
fn encoded(text: &str) -> Vec<u8> {
    let mut line = Vec::new();
    for (number, piece) in text.as_bytes().chunks(23).enumerate() {
        let word = if number % 2 == 0 {
            format!("=?utf-8?B?{}?=", STANDARD.encode(piece))
        } else {
            let escaped: String = piece.iter().map(|byte| format!("={byte:02X}")).collect();
            format!("=?UTF-8*en?q?{escaped}?=")
        };
        line.extend_from_slice(word.as_bytes());
        line.extend_from_slice(b"\r\n ");
    }
    line
}

/// RFC 2231 pieces of a file name, cut wherever it comes.
fn extended(text: &str) -> String {
    let mut field = "attachment".to_owned();
    for (number, piece) in text.as_bytes().chunks(17).enumerate() {
        let charset = if number == 0 { "utf-8''" } else { "" };
        let escaped: String = piece.iter().map(|byte| format!("%{byte:02x}")).collect();
        field += &format!(";\r\n filename*{number}*={charset}{escaped}");
    }
    field
}

fn round_trips(text: &str) {
    // White space around a text and NUL are not kept, a mark of the byte order
    // is none of the text.
    let is_kept = |c: char| c != '\0' && c != '\u{feff}';
    let text: String = text.chars().filter(|&c| is_kept(c)).collect();
    let text = text.trim();
    let expected = (!text.is_empty()).then(|| text.to_owned());
    assert_eq!(words::decode(&encoded(text)), expected);
    let field = extended(text);
    let header = format!("Content-Disposition: {field}\r\n\r\n");
    let part = PartHeader::parse(header.as_bytes());
    assert!(part.is_attachment());
    assert_eq!(part.filename(), expected);
}

fn addresses(headers: &Headers<'_>, size: usize) {
    for role in Role::ALL {
        let mut sum = 0;
        for mailbox in headers.mailboxes(role) {
            assert!(mailbox.name.is_some() || mailbox.address.is_some());
            let texts = [mailbox.name, mailbox.address];
            for text in texts.iter().flatten() {
                assert_text(text);
                assert_eq!(text.trim(), text);
                sum += text.len();
            }
        }
        assert!(sum <= 4 * size + 64, "{sum} bytes of {size}");
    }
}

fuzz_target!(init: shield(), |data: &[u8]| {
    if let Ok(text) = str::from_utf8(data) {
        round_trips(text);
    }
    // One value, folded wherever it has a line end.
    let value = data.split(|&byte| byte == b'\n').collect::<Vec<_>>().join(&b"\n "[..]);
    assert!(!unfold(&value).contains(&b'\n'));
    assert!(!unfold_to_space(&value).contains(&b'\n'));
    let text = words::decode(&value).unwrap_or_default();
    assert!(text.len() <= 4 * value.len() && !text.contains('\0'));
    assert_eq!(text.trim(), text);

    let content = Content::parse(&value);
    assert!(!content.value.contains([' ', '\0']));
    let sum: usize = content.parameters.iter().map(|(name, value)| name.len() + value.len()).sum();
    assert!(sum <= 3 * value.len());
    for (name, _) in &content.parameters {
        let name = name.split('*').next().unwrap_or(name);
        content.parameter(name).iter().for_each(|text| assert_text(text));
    }

    let names = [
        "From", "Sender", "Reply-To", "To", "Cc", "Bcc", "Date", "Message-ID", "In-Reply-To",
        "References", "Subject", "Received", "Received",
    ];
    let mut block = Vec::new();
    for name in names {
        block.extend_from_slice(name.as_bytes());
        block.push(b':');
        block.extend_from_slice(&value);
        block.push(b'\n');
    }
    block.push(b'\n');
    assert_eq!(split(&block).fields.len(), names.len());
    let headers = Headers::parse(&block);
    addresses(&headers, value.len());
    if let Some(at) = headers.date() {
        iso8601(at);
    }
    let ids = headers.references();
    assert!(ids.iter().all(|id| !id.is_empty() && !id.contains(['<', '>', ' ', '\0'])));
    assert_eq!(headers.in_reply_to(), ids.into_iter().next());
    let hops = hop::hops(&headers);
    assert_eq!(hops.len(), 2);
    for text in [&hops[0].from, &hops[0].by, &hops[0].with].into_iter().flatten() {
        assert_text(text);
    }
});
