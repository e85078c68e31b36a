//! Where in a message indicators are looked for.

use super::find::{Found, Scope, described, find};
use super::host::{self, Host};
use super::html::{Html, Link};
use super::medium::Medium;
use super::soar::Pattern;
use super::url;
use super::{Indicator, Kind, Search};
use crate::mail::digest::{md5_hex, sha1_hex, sha256_hex};
use crate::mail::entity::{Entity, walk};
use crate::mail::headers::Headers;
use crate::mail::pdf::{self, Pdf};
use crate::mail::words;
use serde_json::{Map, json};

/// The most that are reported of one message.
const MAX_INDICATORS: usize = 100_000;

/// The most of a text that is read: more than any people wrote.
const MAX_TEXT: usize = 16 * 1024 * 1024;

/// Below this length a text is over before it is asked for.
const LONG: usize = 64 * 1024;

/// Every indicator in a message, in the order of its parts.
pub fn indicators(raw: &[u8], search: &Search) -> Vec<Indicator> {
    indicators_unless(raw, search, &|| false).unwrap_or_default()
}

/// [`indicators`], unless `is_unwanted` says that nobody waits for them any more;
/// it is asked before each text, which takes about a second at most.
pub fn indicators_unless(
    raw: &[u8],
    search: &Search,
    is_unwanted: &dyn Fn() -> bool,
) -> Option<Vec<Indicator>> {
    let mut collector = Collector {
        search,
        list: Vec::new(),
        unpacked: pdf::MAX_UNPACKED_TOGETHER,
        is_unwanted,
        has_stopped: false,
    };
    walk(raw, |entity| collector.entity(entity));
    (!collector.has_stopped).then_some(collector.list)
}

/// Fields whose values are digests and signatures: noise in base64.
const SIGNATURES: [&str; 5] = [
    "ARC-Message-Signature",
    "ARC-Seal",
    "DKIM-Signature",
    "X-Gm-Message-State",
    "X-Google-DKIM-Signature",
];

/// Fields that hold message identifiers, which look like e-mail addresses.
const IDENTIFIERS: [&str; 5] = [
    "Content-ID",
    "In-Reply-To",
    "Message-ID",
    "References",
    "Resent-Message-ID",
];

struct Collector<'s> {
    search: &'s Search,
    list: Vec<Indicator>,
    /// Bytes of PDF files that may still be unpacked.
    unpacked: u64,
    is_unwanted: &'s dyn Fn() -> bool,
    /// True once it was.
    has_stopped: bool,
}

/// Where a text is.
struct Place<'a> {
    part: Option<&'a str>,
    source: &'static str,
    /// The header field.
    field: Option<&'a str>,
}

impl Collector<'_> {
    /// Asks whether to go on, at what will take a while.
    fn is_over(&mut self) -> bool {
        self.has_stopped = self.has_stopped || (self.is_unwanted)();
        self.has_stopped
    }

    fn entity(&mut self, entity: &Entity<'_>) {
        if self.list.len() >= MAX_INDICATORS || self.is_over() {
            return;
        }
        if entity.place.is_root {
            self.header(entity);
        }
        if entity.place.is_multipart {
            return;
        }
        let part = entity.part.as_deref();
        let at = |source| Place {
            part,
            source,
            field: None,
        };
        let name = entity.about.filename().unwrap_or_default();
        // `report.zip` names a file; the name in `paypal.com.zip` is one.
        let stem = name.rsplit_once('.').map_or("", |(stem, _)| stem);
        self.text(stem, Scope::Prose, &at("filename"), |offset| offset);
        let text = || entity.about.decode_text(entity.body).text;
        match Medium::of(&entity.about.content_type.value, &name) {
            Medium::Html => self.html(first(&text()), part),
            Medium::Text(scope) => self.text(first(&text()), scope, &at("text"), |offset| offset),
            Medium::Pdf => self.pdf(&entity.content(), part),
            Medium::Opaque => {}
        }
        if entity.place.is_attachment && matches!(self.search, Search::Kinds) {
            self.digests(&entity.content(), part);
        }
    }

    fn header(&mut self, entity: &Entity<'_>) {
        let part = entity.header_section();
        for field in Headers::parse(entity.header).fields() {
            let is = |names: &[&str]| {
                names
                    .iter()
                    .any(|name| field.name.eq_ignore_ascii_case(name))
            };
            if is(&SIGNATURES) {
                continue;
            }
            let scope = if is(&IDENTIFIERS) {
                Scope::Identifiers
            } else {
                Scope::Prose
            };
            if let Some(value) = words::decode(field.value) {
                let place = Place {
                    part: Some(&part),
                    source: "header",
                    field: Some(field.name),
                };
                self.text(first(&value), scope, &place, |offset| offset);
            }
        }
    }

    fn html(&mut self, text: &str, part: Option<&str>) {
        let html = Html::parse(text);
        let at = |source| Place {
            part,
            source,
            field: None,
        };
        let shown = html.shown.text();
        self.text(shown, Scope::Prose, &at("html"), |offset| {
            html.shown.origin(offset)
        });
        let code = html.code.text();
        self.text(code, Scope::Code, &at("html"), |offset| {
            html.code.origin(offset)
        });
        for link in &html.links {
            let first_new = self.list.len();
            self.link(link, &at("link"));
            let label = link.shown.map(|(from, to)| shown[from..to].trim());
            if let Some(label) = label.filter(|label| !label.is_empty()) {
                for indicator in &mut self.list[first_new..] {
                    if indicator.kind == Some(Kind::Url) {
                        describe(indicator, label);
                    }
                }
            }
        }
    }

    fn pdf(&mut self, file: &[u8], part: Option<&str>) {
        let pdf = Pdf::parse(file, &mut self.unpacked);
        let at = |source| Place {
            part,
            source,
            field: None,
        };
        self.text(first(&pdf.text), Scope::Prose, &at("text"), |offset| offset);
        self.text(first(&pdf.code), Scope::Code, &at("text"), |offset| offset);
        for (offset, target) in pdf.links {
            let link = Link {
                target,
                at: offset,
                shown: None,
            };
            self.link(&link, &at("link"));
        }
    }

    fn link(&mut self, link: &Link, place: &Place<'_>) {
        let target = first(&link.target);
        let lower = target.get(..7).unwrap_or_default().to_ascii_lowercase();
        let target_is_whole = !lower.starts_with("data:")
            && !lower.starts_with("mailto:")
            && !lower.starts_with("javascr");
        match (self.search, url::whole(target)) {
            (Search::Kinds, Some(name)) if target_is_whole => {
                let mut add = |written, (kind, normalised, detail)| {
                    let found = Found {
                        kind,
                        written,
                        normalised,
                        detail,
                    };
                    self.push(target, found, place, link.at);
                };
                add(0..target.len(), (Kind::Url, name.normalised, Vec::new()));
                // The value of `//host` was read with a scheme before it.
                let host_at = if target.starts_with("//") {
                    let added = "https:".len();
                    name.host_at.start - added..name.host_at.end - added
                } else {
                    name.host_at
                };
                add(host_at, described(name.host));
            }
            _ => self.text(target, Scope::Prose, place, |_| link.at),
        }
    }

    fn digests(&mut self, content: &[u8], part: Option<&str>) {
        for (kind, digest) in [
            (Kind::Md5, md5_hex(content)),
            (Kind::Sha1, sha1_hex(content)),
            (Kind::Sha256, sha256_hex(content)),
        ] {
            if self.list.len() < MAX_INDICATORS {
                self.list.push(Indicator {
                    kind: Some(kind),
                    value: digest.clone(),
                    normalised: Some(digest),
                    part: part.map(str::to_owned),
                    offset: None,
                    source: "content",
                    detail: Map::new(),
                });
            }
        }
    }

    /// Looks through a text whose places `origin` traces back.
    fn text(
        &mut self,
        text: &str,
        scope: Scope,
        place: &Place<'_>,
        origin: impl Fn(usize) -> usize,
    ) {
        if text.len() > LONG && self.is_over() {
            return;
        }
        match self.search {
            Search::Kinds => {
                let mut found = find(text, scope);
                found.sort_by_key(|found| found.written.start);
                for found in found {
                    let offset = origin(found.written.start);
                    self.push(text, found, place, offset);
                }
            }
            Search::Patterns(patterns) => {
                for pattern in patterns {
                    if text.len() > LONG && self.is_over() {
                        return;
                    }
                    self.pattern(text, pattern, place, &origin);
                }
            }
        }
    }

    fn push(&mut self, text: &str, found: Found, place: &Place<'_>, offset: usize) {
        if self.list.len() == MAX_INDICATORS {
            return;
        }
        let field = place.field.map(|field| ("field", json!(field)));
        let detail = field.into_iter().chain(found.detail);
        self.list.push(Indicator {
            kind: Some(found.kind),
            value: text[found.written].to_owned(),
            normalised: Some(found.normalised),
            part: place.part.map(str::to_owned),
            offset: Some(offset),
            source: place.source,
            detail: detail.map(|(key, value)| (key.to_owned(), value)).collect(),
        });
    }

    fn pattern(
        &mut self,
        text: &str,
        pattern: &Pattern,
        place: &Place<'_>,
        origin: impl Fn(usize) -> usize,
    ) {
        let matches = pattern
            .regex()
            .into_iter()
            .flat_map(|regex| regex.find_iter(text));
        for found in matches.take(MAX_INDICATORS - self.list.len()) {
            let mut detail = Map::new();
            detail.extend(place.field.map(|field| ("field".to_owned(), json!(field))));
            detail.insert("pattern".to_owned(), json!(pattern.name));
            self.list.push(Indicator {
                kind: pattern.kind,
                value: found.as_str().to_owned(),
                normalised: None,
                part: place.part.map(str::to_owned),
                offset: Some(origin(found.start())),
                source: place.source,
                detail,
            });
        }
    }
}

/// Says of a link what it shows, and whether that names another place than
/// where it leads.
fn describe(indicator: &mut Indicator, label: &str) {
    let target = indicator.normalised.as_deref().and_then(url::whole);
    let registered = |host: &Host| match host {
        Host::Domain(name) => host::registrable(name).unwrap_or(name).to_owned(),
        Host::Address(address) => address.to_string(),
    };
    let named = find(label, Scope::Prose);
    let named = named
        .iter()
        .find(|found| matches!(found.kind, Kind::Domain | Kind::Ipv4 | Kind::Ipv6))
        .and_then(|found| host::in_context(&found.normalised));
    let differs = named
        .zip(target)
        .map(|(named, target)| registered(&named) != registered(&target.host));
    let detail = &mut indicator.detail;
    let words: Vec<&str> = label.split_whitespace().collect();
    let shown: String = words.join(" ").chars().take(MAX_SHOWN).collect();
    detail.insert("shown".to_owned(), json!(shown));
    detail.insert("differs".to_owned(), json!(differs.map(u8::from)));
}

/// The most characters of a link's text that are told.
const MAX_SHOWN: usize = 500;

/// As much of a text as is read.
fn first(text: &str) -> &str {
    match text.char_indices().find(|&(at, _)| at >= MAX_TEXT) {
        Some((at, _)) if text.len() > MAX_TEXT => &text[..at],
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn lines(raw: &str) -> Vec<String> {
        let list = indicators(raw.as_bytes(), &Search::Kinds).into_iter();
        list.map(|found| {
            let part = found.part.unwrap_or_default();
            let kind = found.kind.map(Kind::name).unwrap_or_default();
            format!(
                "{part} {} {kind} {}",
                found.source,
                found.normalised.unwrap_or_default()
            )
        })
        .collect()
    }

    #[test]
    fn headers_text_names_and_digests_are_looked_through() {
        let raw = "From: Ada <ada@x.example>\nMessage-ID: <1.2@mx.x.example>\n\
            DKIM-Signature: d=y.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n\
            192.0.2.1\n--b\nContent-Type: application/zip; name=paypal.com.zip\n\nx\n--b--\n";
        assert_eq!(
            lines(raw),
            [
                "HEADER header email ada@x.example",
                "HEADER header domain x.example",
                "HEADER header domain mx.x.example",
                "1 text ipv4 192.0.2.1",
                "2 filename domain paypal.com",
                "2 content md5 9dd4e461268c8034f5c8564e155c67a6",
                "2 content sha1 11f6ad8ec52a2984abaafd7c3b516503785c2072",
                "2 content sha256 2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
            ]
        );
    }

    #[test]
    fn what_nobody_waits_for_any_more_is_left() {
        let long = "x ".repeat(LONG);
        let part = format!("--b\n\n{long}\n");
        let raw = format!(
            "Content-Type: multipart/mixed; boundary=b\n\n{}--b--\n",
            part.repeat(3)
        );
        let asked = std::cell::Cell::new(0);
        let unless = |most: u32| {
            asked.set(0);
            let is_unwanted = || {
                asked.set(asked.get() + 1);
                asked.get() > most
            };
            indicators_unless(raw.as_bytes(), &Search::Kinds, &is_unwanted).is_some()
        };
        assert!(unless(u32::MAX));
        let in_all = asked.get();
        assert!(in_all >= 6, "{in_all}");
        for most in 0..in_all {
            assert!(!unless(most), "{most}");
            assert_eq!(asked.get(), most + 1);
        }
    }

    #[test]
    fn a_link_that_shows_another_place_is_told() {
        let raw = "Content-Type: text/html\n\n<a href=\"https://evil.com/login\">www.paypal.com</a>\
            <a href='https://a.b.co.uk'>b.co.uk</a><a href='//c.example/x'>here</a>";
        let list = indicators(raw.as_bytes(), &Search::Kinds);
        let links: Vec<_> = list
            .iter()
            .filter(|found| found.source == "link" && found.kind == Some(Kind::Url))
            .map(|found| {
                (
                    found.normalised.clone().unwrap_or_default(),
                    found.detail["differs"].clone(),
                )
            })
            .collect();
        assert_eq!(
            links,
            [
                ("https://evil.com/login".to_owned(), json!(1)),
                ("https://a.b.co.uk".to_owned(), json!(0)),
                ("https://c.example/x".to_owned(), Value::Null),
            ]
        );
        assert!(
            list.iter()
                .any(|found| found.source == "html" && found.value == "www.paypal.com")
        );
    }

    #[test]
    fn attached_messages_are_looked_through() {
        let raw =
            "Content-Type: message/rfc822\n\nSubject: see 192.0.2.7\n\nhxxp://evil[.]example\n";
        assert_eq!(
            lines(raw)[3..],
            [
                "1.HEADER header ipv4 192.0.2.7",
                "1.1 text url http://evil.example",
                "1.1 text domain evil.example",
            ]
        );
    }

    #[test]
    fn attachments_are_read_by_what_they_are() {
        let raw = "Content-Type: multipart/mixed; boundary=b\n\n--b\n\
            Content-Type: application/octet-stream; name=Invoice.html\n\n\
            <a href='https://evil.example/login'>Open</a>\n--b\n\
            Content-Type: application/pdf\nContent-Disposition: attachment\n\n\
            %PDF-1.7 <</S/URI/URI(https://pay.example/now)>>\n\
            stream\nBT (call evil.example at once) Tj ET\nendstream\n--b--\n";
        let found = lines(raw);
        let told: Vec<_> = found
            .iter()
            .filter(|line| !line.contains("content"))
            .collect();
        assert_eq!(
            told,
            [
                "1 link url https://evil.example/login",
                "1 link domain evil.example",
                "2 text domain evil.example",
                "2 link url https://pay.example/now",
                "2 link domain pay.example",
            ]
        );
    }

    #[test]
    fn patterns_are_applied_as_they_stand() {
        let patterns = ["IP", "Visa Card"].map(|name| Pattern::named(name).expect(name));
        let raw = b"Subject: 999.1.2.3\n\n4111111111111112";
        let list = indicators(raw, &Search::Patterns(patterns.to_vec()));
        let found: Vec<_> = list
            .iter()
            .map(|found| {
                (
                    found.value.as_str(),
                    found.detail["pattern"].clone(),
                    found.offset,
                )
            })
            .collect();
        assert_eq!(
            found,
            [
                ("999.1.2.3", json!("IP"), Some(0)),
                ("4111111111111112", json!("Visa Card"), Some(0)),
            ]
        );
    }
}
