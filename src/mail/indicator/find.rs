//! Indicators in one text: one pass of each finder, every one linear.
//!
//! The text is looked at as it is meant ([`refanged`]); what is reported is what
//! was written. A regular expression is used only where its matches are
//! bounded, since a search that runs far past each match would make time
//! quadratic.

use super::expression::constant;
use super::host::{self, Host};
use super::refang::refanged;
use super::url::{self, Span};
use super::{Kind, card, crypto, datetime};
use regex::Regex;
use serde_json::{Value, json};
use std::ops::Range;
use std::sync::LazyLock;

/// What was found in a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// What it is.
    pub kind: Kind,
    /// Where it was written, bytes of the text.
    pub written: Range<usize>,
    /// The one form to compare by.
    pub normalised: String,
    /// What else is known.
    pub detail: Detail,
}

/// An object's keys and values.
pub type Detail = Vec<(&'static str, Value)>;

/// The most that is reported of one text.
const MAX_FOUND: usize = 100_000;

/// Which indicators make sense in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of them.
    Prose,
    /// Code, where every other word looks like a domain: URLs and what is in
    /// them, and what proves itself by a checksum.
    Code,
    /// Message identifiers, which only look like e-mail addresses.
    Identifiers,
}

/// Everything that is found in `text`, in the order of kinds.
pub fn find(text: &str, scope: Scope) -> Vec<Found> {
    let mapped = refanged(text);
    let mut finder = Finder {
        text: mapped.text(),
        found: Vec::new(),
        taken: Vec::new(),
    };
    finder.names(scope);
    finder.words(scope);
    if scope == Scope::Prose {
        finder.addresses();
        finder.dates();
        finder.cards();
    }
    let place = |at| mapped.origin(at).min(text.len());
    for found in &mut finder.found {
        let last = found.written.end.saturating_sub(1);
        let end = place(found.written.end).max(place(last));
        found.written = place(found.written.start)..end;
    }
    finder.found
}

struct Finder<'t> {
    text: &'t str,
    found: Vec<Found>,
    /// Where URLs and e-mail addresses stand, in order.
    taken: Vec<Range<usize>>,
}

impl Finder<'_> {
    fn add(&mut self, kind: Kind, written: Range<usize>, normalised: String, detail: Detail) {
        if self.found.len() < MAX_FOUND {
            self.found.push(Found {
                kind,
                written,
                normalised,
                detail,
            });
        }
    }

    /// True inside a URL or an e-mail address.
    fn is_taken(&self, at: usize) -> bool {
        let after = self.taken.partition_point(|span| span.start <= at);
        let span = after.checked_sub(1).and_then(|index| self.taken.get(index));
        span.is_some_and(|span| at < span.end)
    }

    fn host(&mut self, host: Host, written: Range<usize>) {
        let (kind, normalised, detail) = described(host);
        self.add(kind, written, normalised, detail);
    }

    /// URLs, e-mail addresses and bare names, each name counted once.
    fn names(&mut self, scope: Scope) {
        let mut spans = url::urls(self.text);
        if scope != Scope::Code {
            spans = url::with_mailboxes(self.text, spans);
        }
        let mut free = 0;
        for span in spans {
            if scope != Scope::Code {
                self.bare_names(free..span.whole().start);
            }
            free = span.whole().end;
            self.taken.push(span.whole());
            match span {
                Span::Url(found) => {
                    self.add(Kind::Url, found.whole, found.normalised, Vec::new());
                    self.host(found.host, found.host_at);
                }
                Span::Mailbox(found) => {
                    if scope == Scope::Prose {
                        self.add(Kind::Email, found.whole, found.normalised, Vec::new());
                    }
                    self.host(found.host, found.host_at);
                }
            }
        }
        if scope != Scope::Code {
            self.bare_names(free..self.text.len());
        }
    }

    /// Names and IPv4 addresses that stand alone in a range.
    fn bare_names(&mut self, range: Range<usize>) {
        for word in words(&self.text[range.clone()], url::is_host_char) {
            let word = range.start + word.start..range.start + word.end;
            let written = &self.text[word.clone()];
            if !written.contains('.') {
                continue;
            }
            if let Some(host) = host::bare(written) {
                let edge = |c| matches!(c, '.' | '-' | '_');
                let start = word.end - written.trim_start_matches(edge).len();
                let end = word.start + written.trim_end_matches(edge).len();
                self.host(host, start..end);
            }
        }
    }

    /// IPv6 addresses that stand alone.
    fn addresses(&mut self) {
        /// The longest form, an IPv4 address in its last part, with its tag.
        const LONGEST: usize = 45 + 5;
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, ':' | '.');
        for word in words(self.text, is_part) {
            let written = &self.text[word.clone()];
            // A sentence may end behind it.
            let written = written.trim_end_matches('.');
            if written.len() > LONGEST || written.bytes().filter(|&b| b == b':').count() < 2 {
                continue;
            }
            let tag = written
                .get(..5)
                .filter(|tag| tag.eq_ignore_ascii_case("ipv6:"));
            let start = word.start + tag.map_or(0, str::len);
            let end = word.start + written.len();
            let address = host::ipv6(&self.text[start..end]);
            if let Some(address) = address.filter(|_| !self.is_taken(start)) {
                self.add(Kind::Ipv6, start..end, address.to_string(), Vec::new());
            }
        }
    }

    /// Digests and crypto addresses: words of letters and digits.
    fn words(&mut self, scope: Scope) {
        if scope == Scope::Identifiers {
            return;
        }
        for word in words(self.text, |c| c.is_alphanumeric() || c == '_') {
            let written = &self.text[word.clone()];
            let kind = match written.len() {
                32 => Some(Kind::Md5),
                40 => Some(Kind::Sha1),
                64 => Some(Kind::Sha256),
                _ => None,
            };
            let first = written.as_bytes().first();
            let is_digest = written.bytes().all(|byte| byte.is_ascii_hexdigit())
                && written.bytes().any(|byte| Some(&byte) != first);
            if let Some(kind) = kind.filter(|_| is_digest) {
                let normalised = written.to_ascii_lowercase();
                self.add(kind, word, normalised, Vec::new());
            } else if let Some(address) = crypto::read(written) {
                let detail = vec![
                    ("currency", json!(address.currency)),
                    ("checksum", json!(address.is_checked)),
                ];
                self.add(Kind::Crypto, word, address.normalised, detail);
            }
        }
    }

    fn dates(&mut self) {
        for (range, normalised) in datetime::all(self.text) {
            self.add(Kind::DateTime, range, normalised, Vec::new());
        }
    }

    /// Card numbers; the digits of another number, a security code for one, may
    /// follow after a space. Those in URLs are identifiers.
    fn cards(&mut self) {
        static NUMBER: LazyLock<Regex> =
            LazyLock::new(|| constant(r"\b[0-9](?:[ -]?[0-9]){11,18}\b"));
        for found in NUMBER.find_iter(self.text) {
            let written = found.as_str();
            let gaps = written.match_indices([' ', '-']).map(|(at, _)| at).rev();
            let ends = std::iter::once(written.len()).chain(gaps);
            let card = ends
                .filter_map(|end| Some((end, card::read(&written[..end])?)))
                .next();
            if let Some((length, (digits, network))) =
                card.filter(|_| !self.is_taken(found.start()))
            {
                let range = found.start()..found.start() + length;
                self.add(Kind::Card, range, digits, vec![("network", json!(network))]);
            }
        }
    }
}

/// What a host is reported as.
pub(super) fn described(host: Host) -> (Kind, String, Detail) {
    match host {
        Host::Address(address) if address.is_ipv4() => {
            (Kind::Ipv4, address.to_string(), Vec::new())
        }
        Host::Address(address) => (Kind::Ipv6, address.to_string(), Vec::new()),
        Host::Domain(name) => {
            let detail = vec![("registrable", json!(host::registrable(&name)))];
            (Kind::Domain, name, detail)
        }
    }
}

/// The runs of characters that belong together.
fn words(text: &str, is_part: impl Fn(char) -> bool) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + text[at..].find(&is_part)?;
        let length = text[start..].find(|c| !is_part(c));
        at = length.map_or(text.len(), |length| start + length);
        Some(start..at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(text: &str) -> Vec<String> {
        let mut found = find(text, Scope::Prose);
        found.sort_by_key(|found| found.written.start);
        let line = |found: Found| {
            let written = &text[found.written];
            format!("{} {written} = {}", found.kind.name(), found.normalised)
        };
        found.into_iter().map(line).collect()
    }

    #[test]
    fn defanged_indicators_are_reported_as_written_and_as_meant() {
        assert_eq!(
            found("get hxxps://Evil[.]com/a(b)?q=1. or ada[at]evil[.]com!"),
            [
                "url hxxps://Evil[.]com/a(b)?q=1 = https://evil.com/a(b)?q=1",
                "domain Evil[.]com = evil.com",
                "email ada[at]evil[.]com = ada@evil.com",
                "domain evil[.]com = evil.com",
            ]
        );
    }

    #[test]
    fn addresses_have_bounds() {
        assert_eq!(
            found(
                "192.0.2.1, 999.1.2.3, v1.2.3.4.5, 192[.]0[.]2[.]2; 2001:db8::1. 12:30:45 std::x"
            ),
            [
                "ipv4 192.0.2.1 = 192.0.2.1",
                "ipv4 192[.]0[.]2[.]2 = 192.0.2.2",
                "ipv6 2001:db8::1 = 2001:db8::1",
            ]
        );
    }

    #[test]
    fn digests_and_cards_stand_alone() {
        let md5 = "D41D8CD98F00B204E9800998ECF8427E";
        assert_eq!(
            found(&format!(
                "{md5} x{md5} {} 4111 1111 1111 1111 123 12341111111111111112",
                "0".repeat(32)
            )),
            [
                format!("md5 {md5} = {}", md5.to_lowercase()),
                "card 4111 1111 1111 1111 = 4111111111111111".to_owned(),
            ]
        );
    }

    #[test]
    fn in_code_only_urls_and_checksums_count() {
        let text = "window.name='https://evil.example/x'; a@b.example 2001:db8::1";
        let kinds: Vec<_> = find(text, Scope::Code)
            .iter()
            .map(|found| found.kind)
            .collect();
        assert_eq!(kinds, [Kind::Url, Kind::Domain]);
    }

    #[test]
    fn identifiers_give_their_domain_only() {
        let kinds: Vec<_> = find("<1234.5678@mail.evil.example>", Scope::Identifiers)
            .iter()
            .map(|found| (found.kind, found.normalised.clone()))
            .collect();
        assert_eq!(kinds, [(Kind::Domain, "mail.evil.example".to_owned())]);
    }

    proptest! {
        #[test]
        fn what_is_found_stands_in_the_text(pieces in proptest::collection::vec(
            prop_oneof![
                4 => proptest::sample::select(vec![
                    "a.com", "hxxp", "http", "://", "[.]", "(at)", "@", "/", "1", "4111 1111 1111 1111", ".",
                    "2001:db8::1", "www.", "\u{e9}", "\u{ff0e}", "&", " ", "0x", "d41d8cd98f00b204",
                ]).prop_map(str::to_owned),
                1 => any::<String>(),
            ],
            0..30,
        )) {
            let text = pieces.concat();
            for scope in [Scope::Prose, Scope::Code, Scope::Identifiers] {
                for found in find(&text, scope) {
                    prop_assert!(text.get(found.written).is_some_and(|written| !written.is_empty()));
                    prop_assert!(!found.normalised.is_empty());
                }
            }
        }
    }
}
