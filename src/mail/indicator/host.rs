//! Hosts: what counts as a domain name and what as an address.
//!
//! A bare name in a text is a domain where its end is on the public suffix
//! list (crate `psl`, compiled in) or one of the special-use names that mail
//! really shows. In a URL or an e-mail address any name with a dot is one: the
//! context says so already.

use super::punycode;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What a host turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// A domain name, lower case, in ASCII form.
    Domain(String),
    /// An address.
    Address(IpAddr),
}

/// RFC 1035 section 2.3.4.
const LONGEST: usize = 253;

/// Names of RFC 2606, RFC 6761, RFC 6762 and RFC 7686, which no public list
/// has.
const SPECIAL_USE: [&str; 6] = ["example", "internal", "invalid", "local", "onion", "test"];

/// Top-level domains which are file extensions as well: of two labels the last
/// of which is one of these, people mean the file.
const FILE_LIKE: [&str; 16] = [
    "ai", "app", "cab", "cc", "md", "mov", "pl", "pm", "ps", "py", "rs", "sh", "so", "sub", "zip",
    "ms",
];

/// A host that stands in a URL or behind the `@` of an address.
pub fn in_context(host: &str) -> Option<Host> {
    let bracketed = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    if let Some(literal) = bracketed {
        let literal = literal.strip_prefix("IPv6:").unwrap_or(literal);
        return literal.parse().ok().map(Host::Address);
    }
    let host = host.strip_suffix('.').unwrap_or(host);
    if let Some(address) = number(host) {
        return Some(Host::Address(address.into()));
    }
    name(host).map(Host::Domain)
}

/// A bare name in a text.
pub fn bare(written: &str) -> Option<Host> {
    let written = written.trim_matches(['.', '-', '_']);
    if let Some(address) = ipv4(written) {
        return Some(Host::Address(address.into()));
    }
    let ascii = name(written)?;
    let (front, last) = ascii.rsplit_once('.')?;
    let is_file = !front.contains('.') && FILE_LIKE.contains(&last);
    let is_known = registrable(&ascii).is_some();
    (is_known && !is_file && !joins_sentences(written)).then_some(Host::Domain(ascii))
}

/// The name that somebody registered: `example.co.uk` of `www.example.co.uk`.
pub fn registrable(ascii: &str) -> Option<&str> {
    let mut labels = ascii.rmatch_indices('.').map(|(at, _)| at);
    if let Some(last) = labels.next()
        && SPECIAL_USE.contains(&&ascii[last + 1..])
    {
        return Some(&ascii[labels.next().map_or(0, |at| at + 1)..]);
    }
    let suffix = psl::suffix(ascii.as_bytes()).filter(psl::Suffix::is_known)?;
    let domain = psl::domain(ascii.as_bytes())?;
    let is_listed = domain.suffix() == suffix;
    std::str::from_utf8(domain.as_bytes())
        .ok()
        .filter(|_| is_listed)
}

/// True for `end.The` and the like: a sentence ends and another one begins.
fn joins_sentences(written: &str) -> bool {
    let Some((front, last)) = written.rsplit_once('.') else {
        return false;
    };
    let mut letters = last.chars();
    letters.next().is_some_and(char::is_uppercase)
        && letters.any(char::is_lowercase)
        && front
            .chars()
            .next_back()
            .is_some_and(|last| last.is_lowercase() || last.is_ascii_digit())
}

/// A domain name of at least two labels, the last of them no number.
fn name(host: &str) -> Option<String> {
    if host.len() > LONGEST || !host.contains('.') {
        return None;
    }
    let ascii = punycode::to_ascii(host)?;
    let is_label = |label: &str| {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        label.bytes().all(is_allowed) && !label.starts_with('-') && !label.ends_with('-')
    };
    let last = ascii.rsplit('.').next()?;
    let has_letter = last.bytes().any(|byte| byte.is_ascii_alphabetic());
    (ascii.split('.').all(is_label)
        && ascii.len() <= LONGEST
        && has_letter
        && last.len() > 1
        && !last.contains('_'))
    .then_some(ascii)
}

/// Four decimal numbers up to 255, without leading zeros.
pub fn ipv4(written: &str) -> Option<Ipv4Addr> {
    written.parse().ok()
}

/// An IPv6 address in a text: colons alone, as in `::`, name no host, and a
/// time of day is none.
pub fn ipv6(written: &str) -> Option<Ipv6Addr> {
    let address: Ipv6Addr = written.parse().ok()?;
    let has_digit = written.bytes().any(|byte| byte.is_ascii_digit());
    (has_digit && !address.is_unspecified()).then_some(address)
}

/// The ways in which browsers take an IPv4 address: dotted, or as one number
/// (WHATWG URL section 3.5), which phishers use to hide it. A number that gives
/// an address in 0.0.0.0/8, where no host is, was meant as a number.
fn number(host: &str) -> Option<Ipv4Addr> {
    let hex = host.strip_prefix("0x").or_else(|| host.strip_prefix("0X"));
    let number = match hex {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => host.parse::<u32>().ok().filter(|_| !host.starts_with('+')),
    };
    let hidden = number.map(Ipv4Addr::from).filter(|ip| ip.octets()[0] != 0);
    ipv4(host).or(hidden)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domain(written: &str) -> Option<String> {
        match bare(written)? {
            Host::Domain(name) => Some(name),
            Host::Address(address) => Some(address.to_string()),
        }
    }

    #[test]
    fn bare_names_need_a_known_end() {
        for (written, found) in [
            ("www.Example.CO.UK", Some("www.example.co.uk")),
            ("evil.technology.", Some("evil.technology")),
            ("münchen.de", Some("xn--mnchen-3ya.de")),
            ("mx.harbour.example", Some("mx.harbour.example")),
            ("abc.onion", Some("abc.onion")),
            ("cdn.evil.zip", Some("cdn.evil.zip")),
            ("192.0.2.1", Some("192.0.2.1")),
            ("a.pdf", None),
            ("setup.py", None),
            ("done.It", None),
            ("4.You", None),
            ("co.uk", None),
            ("1.2.3.4.5", None),
            ("999.1.2.3", None),
            ("e.g", None),
            ("-a.com", Some("a.com")),
            ("a..com", None),
        ] {
            assert_eq!(domain(written).as_deref(), found, "{written}");
        }
    }

    #[test]
    fn in_a_url_any_name_and_number_is_a_host() {
        let address = |text: &str| text.parse().ok().map(Host::Address);
        assert_eq!(in_context("a.pdf"), Some(Host::Domain("a.pdf".into())));
        assert_eq!(in_context("[2001:db8::1]"), address("2001:db8::1"));
        assert_eq!(in_context("3232235777"), address("192.168.1.1"));
        assert_eq!(in_context("0xC0A80101"), address("192.168.1.1"));
        assert_eq!(in_context("47"), None);
        assert_eq!(in_context("localhost"), None);
    }

    #[test]
    fn the_registered_name_is_told() {
        assert_eq!(registrable("a.b.example.co.uk"), Some("example.co.uk"));
        assert_eq!(registrable("mx.harbour.example"), Some("harbour.example"));
        assert_eq!(registrable("co.uk"), None);
        assert_eq!(registrable("a.pdf"), None);
    }

    #[test]
    fn only_whole_ipv6_addresses_count() {
        assert!(ipv6("2001:db8::1").is_some() && ipv6("::1").is_some());
        for text in ["::", "12:30:45", "a:b", "dead::beef::1", "face::bed"] {
            assert_eq!(ipv6(text), None, "{text}");
        }
    }
}
