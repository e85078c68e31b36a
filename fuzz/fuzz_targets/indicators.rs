//! Indicators in text, HTML, headers and attached messages: each stands where
//! it is said to stand, and its normalised form is one.

#![no_main]

use imap0::mail::Message;
use imap0::mail::indicator::soar::PATTERNS;
use imap0::mail::indicator::{Indicator, Kind, Search, indicators};
use libfuzzer_sys::fuzz_target;
use sqlite_imap_fuzz::shield;

fn assert_normalised(found: &Indicator) {
    let text = found.normalised.as_deref().expect("of a kind");
    assert!(!text.is_empty() && !text.contains('\0'), "{found:?}");
    let digits = |count| text.len() == count && text.bytes().all(|b| b.is_ascii_hexdigit());
    let is_sound = match found.kind.expect("of a kind") {
        Kind::Ipv4 => text.parse::<std::net::Ipv4Addr>().is_ok(),
        Kind::Ipv6 => text.parse::<std::net::Ipv6Addr>().is_ok(),
        Kind::Email => text
            .split_once('@')
            .is_some_and(|(local, _)| local.len() <= 4 * 64),
        Kind::Domain => text.contains('.') && text.is_ascii(),
        Kind::Url => text.contains("://"),
        Kind::Md5 => digits(32),
        Kind::Sha1 => digits(40),
        Kind::Sha256 => digits(64),
        Kind::DateTime => text.len() >= "2024-09-03T12:00:00".len(),
        Kind::Card => text.bytes().all(|b| b.is_ascii_digit()) && (12..=19).contains(&text.len()),
        Kind::Crypto => text.len() > 20,
    };
    assert!(is_sound, "{found:?}");
}

/// The indicators of a message whose one body is `text`.
fn assert_all(raw: &[u8]) {
    let message = Message::parse(raw);
    let text = message
        .body_text()
        .or(message.body_html())
        .unwrap_or_default();
    for search in [Search::Kinds, Search::Patterns(PATTERNS.iter().collect())] {
        for found in indicators(raw, &search) {
            let is_pattern = matches!(search, Search::Patterns(_));
            assert_eq!(found.normalised.is_none(), is_pattern);
            if !is_pattern {
                assert_normalised(&found);
            }
            assert!(!found.value.contains('\0'), "{found:?}");
            let offset = found.offset.unwrap_or_default();
            match found.source {
                "text" if found.part.as_deref() == Some("1") => {
                    let there = text.get(offset..offset + found.value.len());
                    assert_eq!(there, Some(found.value.as_str()), "{found:?}");
                }
                "html" | "link" if found.part.as_deref() == Some("1") => {
                    assert!(text.is_char_boundary(offset), "{found:?}");
                }
                _ => {}
            }
        }
    }
}

fuzz_target!(init: shield(), |data: &[u8]| {
    for kind in ["plain", "html"] {
        let header = format!("Content-Type: text/{kind}; charset=utf-8\n\n");
        assert_all(&[header.as_bytes(), data].concat());
    }
    let pdf = [&b"Content-Type: application/pdf\n\n"[..], data].concat();
    for found in indicators(&pdf, &Search::Kinds) {
        assert_normalised(&found);
        assert!(!found.value.contains('\0'), "{found:?}");
    }
    indicators(data, &Search::Kinds);
});
