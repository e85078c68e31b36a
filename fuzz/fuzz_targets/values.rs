//! The small things of IMAP and of this library's arguments: sets, dates,
//! strings, names, addresses, spans. What is read can be written, and is the
//! same read again.

#![no_main]

use imap0::account::Options;
use imap0::imap::fuzz::proxy;
use imap0::imap::internal_date::internal_date;
use imap0::imap::quoted::{Argument, argument, unescape};
use imap0::imap::trust::Pins;
use imap0::imap::veil::Veil;
use imap0::imap::{Endpoint, Mailbox, UidSet};
use imap0::ingest::since::{self, Since};
use libfuzzer_sys::fuzz_target;
use sqlite_imap_fuzz::{assert_sentence, line_and_rest};

fn sets(left: &[u8], right: &[u8]) {
    let Some(left) = UidSet::parse(left) else {
        return;
    };
    assert_eq!(
        UidSet::parse(left.to_string().as_bytes()),
        Some(left.clone())
    );
    let most = 1 + left.len() / 3;
    let mut chunks: Vec<UidSet> = left.chunks(most, 20).take(1_000).collect();
    for chunk in &chunks {
        let is_one_range = chunk.ranges().count() == 1;
        assert!(chunk.len() <= most && (is_one_range || chunk.to_string().len() <= 20));
        assert_eq!(chunk.difference(&left), UidSet::new());
    }
    chunks.retain(|chunk| chunk.is_empty());
    assert!(chunks.is_empty());
    let Some(right) = UidSet::parse(right) else {
        return;
    };
    let (common, rest) = (left.intersection(&right), left.difference(&right));
    assert_eq!(common.len() + rest.len(), left.len());
    assert_eq!(common, right.intersection(&left));
    assert!(common.intersection(&rest).is_empty());
    assert!(rest.first().is_none_or(|uid| !right.contains(uid)));
}

fn strings(data: &[u8]) {
    match argument(data) {
        Argument::Quoted(quoted) => {
            let inside = &quoted[1..quoted.len() - 1];
            assert_eq!(unescape(inside), data);
            assert!(!quoted.iter().any(|byte| b"\r\n\0".contains(byte)));
        }
        Argument::Literal(bytes) => assert_eq!(bytes, data),
    }
    let mailbox = Mailbox::from_spelling(data);
    assert!(!mailbox.name().chars().any(char::is_control));
    let is_long = mailbox.spelling().len() > 3_000;
    let is_none = data.is_empty() || is_long || data.iter().any(u8::is_ascii_control);
    match Mailbox::from_name(mailbox.name()) {
        Ok(again) => assert_eq!(again, mailbox),
        Err(error) => {
            assert!(is_none, "{error}");
            assert_sentence(&error.to_string());
        }
    }
    if let Some(seconds) = internal_date(data) {
        assert!(seconds.abs() < 400_000_000_000);
    }
}

fn texts(text: &str, value: &str) {
    match Mailbox::from_name(text) {
        Ok(mailbox) => assert_eq!(Mailbox::from_spelling(mailbox.spelling()), mailbox),
        Err(error) => assert_sentence(&error.to_string()),
    }
    match Endpoint::parse(text) {
        Ok(endpoint) => {
            let again = Endpoint::parse(&endpoint.to_string());
            assert_eq!(again.ok().as_ref(), Some(&endpoint));
            assert!(!endpoint.host().is_empty() && endpoint.port() > 0);
            match proxy(&endpoint, value) {
                Ok(peer) => assert!(peer.is_none_or(|peer| peer.starts_with("proxy "))),
                Err(error) => assert_sentence(&error.to_string()),
            }
        }
        Err(error) => assert_sentence(&error.to_string()),
    }
    if let Err(error) = Pins::parse(text) {
        assert_sentence(&error.to_string());
    }
    if let Some(since) = Since::parse(text) {
        let day = since::search_date(since.cutoff(), 1);
        let read = since::day(&day).map(|read| since::search_day(read, 0));
        assert_eq!(read, Some(day));
    }
    match Options::parse(Some(text), &["watch", "tls_pin"]) {
        Ok(options) => {
            let _ = since::duration_option(&options, "watch");
            let _ = (options.texts("tls_pin"), options.seconds("watch"));
            let _ = (options.count("watch"), options.switch("watch"));
        }
        Err(error) => assert_sentence(&error.to_string()),
    }
    // A secret is never seen in what a server says, however it repeats it.
    if value.len() > 3 && !value.contains('*') {
        let said = format!("bad password '{value}'");
        let covered = Veil::over(value).cover(said.as_bytes());
        let covered = String::from_utf8_lossy(&covered).into_owned();
        assert!(!covered.contains(value), "{covered}");
    }
}

fuzz_target!(|data: &[u8]| {
    let (first, rest) = line_and_rest(data);
    sets(rest, first);
    strings(data);
    if let (Ok(first), Ok(rest)) = (str::from_utf8(first), str::from_utf8(rest)) {
        texts(rest, first);
    }
});
