//! URLs and e-mail addresses in a text, with their hosts.

use super::expression::constant;
use super::host::{self, Host};
use memchr::memchr_iter;
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// A URL or an address, and its host in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// All of it.
    pub whole: Range<usize>,
    /// The one form to compare by.
    pub normalised: String,
    /// Its host.
    pub host: Host,
    /// Where the host stands.
    pub host_at: Range<usize>,
}

/// A stretch of text that is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Span {
    /// A URL.
    Url(Name),
    /// An e-mail address.
    Mailbox(Name),
}

impl Span {
    /// Where it is.
    pub fn whole(&self) -> Range<usize> {
        match self {
            Self::Url(name) | Self::Mailbox(name) => name.whole.clone(),
        }
    }
}

/// The most of either that are found in one text.
const MAX_SPANS: usize = 100_000;

/// The longest local part (RFC 5321 section 4.5.3.1.1).
const MAX_LOCAL: usize = 64;

/// True for characters of host names, those outside ASCII too.
pub fn is_host_char(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '-' | '_')
}

/// The URLs with a scheme, and names that begin with `www.` or `ftp.`, in order.
pub fn urls(text: &str) -> Vec<Span> {
    static BEGINNING: LazyLock<Regex> = LazyLock::new(|| {
        constant(r"(?i)\b(?:(?:https?|ftps?|sftp|ldaps?|wss?|smb)://|www\.|ftp\.)")
    });
    /// How many beginnings are tried in one run of characters, each of which
    /// is read to its end: `http://http://...`.
    const TRIES: u32 = 8;
    let mut spans = Vec::new();
    let (mut at, mut run_end, mut tries) = (0, 0, 0);
    while let Some(found) = BEGINNING.find_at(text, at) {
        let end = found.start() + length(&text[found.start()..]);
        tries = if found.start() < run_end {
            tries + 1
        } else {
            0
        };
        run_end = run_end.max(end);
        let url = read(text, found.start()..end, found.as_str().ends_with("://"));
        at = match &url {
            Some(url) => url.whole.end,
            None if tries < TRIES => found.end(),
            None => run_end,
        }
        .max(found.end());
        spans.extend(url.map(Span::Url));
        if spans.len() == MAX_SPANS {
            break;
        }
    }
    spans
}

/// A URL that is the whole of `text`, an attribute's value for one. `//host` is
/// taken as the browser would on a page of https.
pub fn whole(text: &str) -> Option<Name> {
    let name = match text.strip_prefix("//") {
        Some(rest) => read(&format!("https://{rest}"), 0..rest.len() + 8, true),
        None if text.contains("://") => read(text, 0..text.len(), true),
        None => None,
    };
    name.map(|name| Name {
        whole: 0..text.len(),
        ..name
    })
}

/// How far a URL reaches from the start of `text`. Punctuation at its end, and
/// a bracket that it does not open, belong to the sentence.
fn length(text: &str) -> usize {
    let is_end = |c: char| {
        c.is_whitespace() || c.is_control() || "<>\"`{}|\\^\u{ab}\u{bb}\u{201c}\u{201d}".contains(c)
    };
    let mut url = &text[..text.find(is_end).unwrap_or(text.len())];
    let mut open = url.matches('(').count();
    let mut close = url.matches(')').count();
    let mut open_square = url.matches('[').count();
    let mut close_square = url.matches(']').count();
    while let Some(last) = url.chars().next_back() {
        let is_loose = match last {
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' | '(' | '[' => true,
            ')' => close > open,
            ']' => close_square > open_square,
            _ => false,
        };
        if !is_loose {
            break;
        }
        match last {
            '(' => open -= 1,
            ')' => close -= 1,
            '[' => open_square -= 1,
            ']' => close_square -= 1,
            _ => {}
        }
        url = &url[..url.len() - last.len_utf8()];
    }
    url.len()
}

/// Takes the URL at `range` apart: scheme, host, rest.
fn read(text: &str, range: Range<usize>, has_scheme: bool) -> Option<Name> {
    let url = &text[range.clone()];
    let (scheme, after) = if has_scheme {
        let at = url.find("://")?;
        (url[..at].to_ascii_lowercase(), at + 3)
    } else if url.get(..4)?.eq_ignore_ascii_case("ftp.") {
        ("ftp".to_owned(), 0)
    } else {
        ("http".to_owned(), 0)
    };
    if scheme.is_empty() || !scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let authority_end = url[after..].find(['/', '?', '#', '\\']);
    let authority_end = authority_end.map_or(url.len(), |end| after + end);
    let authority = &url[after..authority_end];
    // The name before the last @ is a user's, often made to look like a host.
    let host_start = after + authority.rfind('@').map_or(0, |at| at + 1);
    let host_text = &url[host_start..authority_end];
    let host_length = if host_text.starts_with('[') {
        host_text.find(']').map_or(host_text.len(), |end| end + 1)
    } else {
        host_text
            .find(|c| !is_host_char(c))
            .unwrap_or(host_text.len())
    };
    let host_text = host_text[..host_length].trim_end_matches('.');
    let host = host::in_context(host_text)?;
    let shown = match &host {
        Host::Domain(name) => name.clone(),
        Host::Address(address) if address.is_ipv6() => format!("[{address}]"),
        Host::Address(address) => address.to_string(),
    };
    let user = &url[after..host_start];
    let rest = &url[host_start + host_length..];
    Some(Name {
        normalised: format!("{scheme}://{user}{shown}{rest}"),
        host,
        host_at: range.start + host_start..range.start + host_start + host_text.len(),
        whole: range,
    })
}

/// The e-mail addresses between the URLs, added in their place.
pub fn with_mailboxes(text: &str, urls: Vec<Span>) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let mut urls = urls.into_iter().peekable();
    for at in memchr_iter(b'@', text.as_bytes()) {
        while let Some(url) = urls.next_if(|url| url.whole().start < at) {
            spans.push(url);
        }
        let before = spans.last().map_or(0, |span| span.whole().end);
        let limit = urls.peek().map_or(text.len(), |url| url.whole().start);
        if before <= at && at < limit && spans.len() < MAX_SPANS {
            let Some(found) = mailbox(text, at, before) else {
                continue;
            };
            // `ada@www.x.example` has no URL in it.
            while urls
                .next_if(|url| url.whole().start < found.whole.end)
                .is_some()
            {}
            spans.push(Span::Mailbox(found));
        }
    }
    spans.extend(urls);
    spans
}

/// The address round the `@` at `at`, which begins at `from` or later.
fn mailbox(text: &str, at: usize, from: usize) -> Option<Name> {
    let is_local = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_{|}~.".contains(c);
    let mut start = at;
    for (place, c) in text[from..at].char_indices().rev().take(MAX_LOCAL + 1) {
        if !is_local(c) {
            break;
        }
        start = from + place;
    }
    let written = &text[start..at];
    // Quotes and slashes before it belong to the text around it.
    let local = local_part(written).trim_start_matches(|c: char| !c.is_alphanumeric() && c != '_');
    let start = at - local.len();
    if local.is_empty() || local.len() > MAX_LOCAL || local.ends_with('.') {
        return None;
    }
    let rest = &text[at + 1..];
    let end = match rest.strip_prefix('[') {
        Some(literal) => literal[..literal.len().min(64).min(boundary(literal))].find(']')? + 2,
        None => rest.find(|c| !is_host_char(c)).unwrap_or(rest.len()),
    };
    let host_text = rest[..end].trim_end_matches(['.', '-', '_']);
    let host = host::in_context(host_text)?;
    let shown = match &host {
        Host::Domain(name) => name.clone(),
        Host::Address(address) => format!("[{address}]"),
    };
    Some(Name {
        normalised: format!("{}@{shown}", local.to_lowercase()),
        host,
        host_at: at + 1..at + 1 + host_text.len(),
        whole: start..at + 1 + host_text.len(),
    })
}

/// The local part without a key before it: `smtp.mailfrom=ada` of results,
/// `body=ada` of a link. Mailing lists and relays put an address with `=` into
/// one of their own, which stays: `bounce-ada=x.example`, `SRS0=tag=...`.
fn local_part(written: &str) -> &str {
    let Some((before, after)) = written.rsplit_once('=') else {
        return written;
    };
    let has = |prefix: &str| {
        let start = before.get(..prefix.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    let is_rewritten = ["srs0", "srs1", "prvs"].into_iter().any(has);
    if is_rewritten || host::registrable(&after.to_ascii_lowercase()).is_some() {
        written
    } else {
        after
    }
}

/// The longest prefix of at most 64 bytes that ends between characters.
fn boundary(text: &str) -> usize {
    (0..=text.len().min(64))
        .rev()
        .find(|&at| text.is_char_boundary(at))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Vec<(String, String)> {
        let spans = urls(text).into_iter();
        spans
            .map(|span| {
                let Span::Url(name) = span else {
                    return Default::default();
                };
                (text[name.whole].to_owned(), name.normalised)
            })
            .collect()
    }

    fn pair(written: &str, normalised: &str) -> (String, String) {
        (written.into(), normalised.into())
    }

    #[test]
    fn urls_end_where_the_sentence_goes_on() {
        assert_eq!(
            url(
                "(see https://ex.example.com/a(b)?q=1). <HTTP://A.example> www.b.example, 'ftp.c.example'"
            ),
            [
                pair(
                    "https://ex.example.com/a(b)?q=1",
                    "https://ex.example.com/a(b)?q=1"
                ),
                pair("HTTP://A.example", "http://a.example"),
                pair("www.b.example", "http://www.b.example"),
                pair("ftp.c.example", "ftp://ftp.c.example"),
            ]
        );
    }

    #[test]
    fn hosts_are_told_from_users_and_ports() {
        for (text, host) in [
            ("https://paypal.com@evil.example:8443/x", "evil.example"),
            ("http://[2001:db8::1]/", "2001:db8::1"),
            ("http://3232235777/", "192.168.1.1"),
            ("https://münchen.de/", "xn--mnchen-3ya.de"),
        ] {
            let found = urls(text);
            let Some(Span::Url(name)) = found.first() else {
                panic!("{text}: {found:?}");
            };
            let shown = match &name.host {
                Host::Domain(name) => name.clone(),
                Host::Address(address) => address.to_string(),
            };
            assert_eq!(shown, host);
        }
        assert_eq!(urls("http:// www. https://localhost/ http://.../"), []);
    }

    #[test]
    fn a_key_before_a_mailbox_is_no_part_of_it() {
        for (text, found) in [
            ("smtp.mailfrom=ada@x.example", "ada@x.example"),
            ("envelope-from=ada.byron@x.example", "ada.byron@x.example"),
            ("?a=1&body=ada@x.example", "ada@x.example"),
            (
                "bounce-ada=y.example@x.example",
                "bounce-ada=y.example@x.example",
            ),
            (
                "SRS0=1=2=y.example=ada@x.example",
                "SRS0=1=2=y.example=ada@x.example",
            ),
            ("prvs=47a11b=ada@x.example", "prvs=47a11b=ada@x.example"),
        ] {
            let spans = with_mailboxes(text, Vec::new());
            let written: Vec<_> = spans.iter().map(|span| &text[span.whole()]).collect();
            assert_eq!(written, [found]);
        }
    }

    #[test]
    fn mailboxes_keep_their_plus_and_lose_the_sentence() {
        let text = "mail x+tag@evil-site.co.uk. or \"a\"@b.example, @c.example; d@[192.0.2.1] e@f g@www.x.example";
        let spans = with_mailboxes(text, urls(text));
        let found: Vec<_> = spans
            .iter()
            .map(|span| (&text[span.whole()], span))
            .map(|(written, span)| match span {
                Span::Mailbox(name) => (written, name.normalised.as_str()),
                Span::Url(_) => (written, ""),
            })
            .collect();
        assert_eq!(
            found,
            [
                ("x+tag@evil-site.co.uk", "x+tag@evil-site.co.uk"),
                ("d@[192.0.2.1]", "d@[192.0.2.1]"),
                ("g@www.x.example", "g@www.x.example"),
            ]
        );
    }
}
