//! Where a server is and how it is spoken to: the `server` argument, read.
//!
//! `host`, `host:port` and `imaps://host[:993]` mean TLS from the first byte,
//! `imap://host[:143]` means STARTTLS, required, and `imap+insecure://host[:143]`
//! no TLS at all, which no other form implies. Pure; used by whoever has a
//! `server` in hand. An endpoint is also what a secret is bound to.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use crate::error::{Error, Result, quote};

/// How the connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Security {
    /// TLS from the first byte (RFC 8314), port 993.
    Tls,
    /// TLS after STARTTLS, without which nothing is sent (RFC 9051 section 6.2.1), port 143.
    StartTls,
    /// No TLS, port 143.
    Plain,
}

impl Security {
    const ALL: [Self; 3] = [Self::Tls, Self::StartTls, Self::Plain];

    fn scheme(self) -> &'static str {
        match self {
            Self::Tls => "imaps",
            Self::StartTls => "imap",
            Self::Plain => "imap+insecure",
        }
    }

    fn default_port(self) -> u16 {
        match self {
            Self::Tls => 993,
            Self::StartTls | Self::Plain => 143,
        }
    }
}

/// A server's address and its security. `Display` gives the one canonical
/// form, `imaps://mail.example.org:993`; equal endpoints have equal forms.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    security: Security,
    host: String,
    port: u16,
}

impl Endpoint {
    /// Reads a `server` argument.
    ///
    /// # Errors
    /// [`crate::error::Kind::Usage`] for an unknown scheme, user information,
    /// a path, and a host or port that is none.
    pub fn parse(server: &str) -> Result<Self> {
        // Whatever stands before an '@' may be a password: it is not repeated.
        if server.contains('@') {
            return Err(Error::usage(
                "cannot read server: it contains '@'; give the user as an argument of its own",
            ));
        }
        let refuse =
            |why: String| Error::usage(format!("cannot read server '{}': {why}", quote(server)));
        let (security, rest) = match server.split_once("://") {
            None => (Security::Tls, server),
            Some((scheme, rest)) => {
                let known = Security::ALL
                    .into_iter()
                    .find(|s| s.scheme().eq_ignore_ascii_case(scheme));
                let Some(security) = known else {
                    return Err(refuse(format!(
                        "unknown scheme '{}'; use host, host:port, imaps://host, \
                         imap://host (STARTTLS) or imap+insecure://host",
                        quote(scheme)
                    )));
                };
                (security, rest)
            }
        };
        Self::at(security, rest, security.default_port()).map_err(refuse)
    }

    /// The endpoint at `address`, which is `host` or `host:port`; a final slash
    /// is passed over.
    ///
    /// # Errors
    /// Why it is no address, as the end of a sentence that names it.
    pub fn at(
        security: Security,
        address: &str,
        default_port: u16,
    ) -> std::result::Result<Self, String> {
        let address = address.strip_suffix('/').unwrap_or(address);
        if address.contains(['/', '?', '#']) {
            return Err("it has a path; give the folder as an argument of its own".into());
        }
        let (host, port) = split_port(address)?;
        let port = match port {
            Some(port) => read_port(port).ok_or_else(|| format!("bad port '{}'", quote(port)))?,
            None => default_port,
        };
        Ok(Self {
            security,
            host: read_host(host)?,
            port,
        })
    }

    /// How the connection is protected.
    pub fn security(&self) -> Security {
        self.security
    }

    /// The host's name in lower case, or its IP address without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The TCP port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `host:port`, as messages name the server.
    pub fn peer(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.security.scheme(), self.peer())
    }
}

/// Splits the port off; an IPv6 address keeps its colons, and its brackets
/// where it has some.
fn split_port(text: &str) -> std::result::Result<(&str, Option<&str>), &'static str> {
    if let Some(inside) = text.strip_prefix('[') {
        let (_, after) = inside.split_once(']').ok_or("the bracket is not closed")?;
        let host = &text[..text.len() - after.len()];
        return match after.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if after.is_empty() => Ok((host, None)),
            None => Err("something other than a port follows the bracket"),
        };
    }
    match text.split_once(':') {
        Some((_, rest)) if rest.contains(':') => Ok((text, None)),
        Some((host, port)) => Ok((host, Some(port))),
        None => Ok((text, None)),
    }
}

/// A host as it is compared and shown: names in lower case without the final
/// dot, addresses in their usual form without brackets.
fn read_host(text: &str) -> std::result::Result<String, &'static str> {
    if let Some(bracketed) = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')) {
        return match bracketed.parse::<Ipv6Addr>() {
            Ok(address) => Ok(address.to_string()),
            Err(_) => Err("no IPv6 address stands between the brackets"),
        };
    }
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(address.to_string());
    }
    let name = text.strip_suffix('.').unwrap_or(text);
    if name.is_empty() {
        return Err("no host");
    }
    if !name.is_ascii() {
        return Err("the host is not ASCII; use its xn-- form");
    }
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    if name.len() > 253 || !name.split('.').all(is_label) {
        return Err("bad host");
    }
    Ok(name.to_ascii_lowercase())
}

fn read_port(text: &str) -> Option<u16> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|&port| digits && port != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn canonical(server: &str, expected: &str) {
        let endpoint = Endpoint::parse(server).expect(server);
        assert_eq!(endpoint.to_string(), expected);
        assert_eq!(Endpoint::parse(expected).expect(expected), endpoint);
    }

    #[track_caller]
    fn refused(server: &str, sentence: &str) {
        assert_eq!(
            Endpoint::parse(server).expect_err(server).to_string(),
            sentence
        );
    }

    #[test]
    fn every_form_has_one_canonical_form() {
        canonical("mail.example.org", "imaps://mail.example.org:993");
        canonical("Mail.Example.ORG.", "imaps://mail.example.org:993");
        canonical("mail.example.org:1993", "imaps://mail.example.org:1993");
        canonical("imaps://mail.example.org/", "imaps://mail.example.org:993");
        canonical("IMAP://mail.example.org", "imap://mail.example.org:143");
        canonical(
            "imap+insecure://localhost:1143",
            "imap+insecure://localhost:1143",
        );
        canonical("127.0.0.1", "imaps://127.0.0.1:993");
        canonical("::1", "imaps://[::1]:993");
        canonical("[::1]", "imaps://[::1]:993");
        canonical("[0:0::1]:1993", "imaps://[::1]:1993");
        canonical("imap://[2001:DB8::1]:143", "imap://[2001:db8::1]:143");
    }

    #[test]
    fn what_is_no_server_is_refused_in_words() {
        refused(
            "http://x",
            "imap: cannot read server 'http://x': unknown scheme 'http'; use host, host:port, \
             imaps://host, imap://host (STARTTLS) or imap+insecure://host",
        );
        refused("", "imap: cannot read server '': no host");
        refused("imaps://", "imap: cannot read server 'imaps://': no host");
        refused(
            "imaps://:993",
            "imap: cannot read server 'imaps://:993': no host",
        );
        refused(
            "mail:imap",
            "imap: cannot read server 'mail:imap': bad port 'imap'",
        );
        refused("mail:", "imap: cannot read server 'mail:': bad port ''");
        refused("mail:0", "imap: cannot read server 'mail:0': bad port '0'");
        refused(
            "mail:+1",
            "imap: cannot read server 'mail:+1': bad port '+1'",
        );
        refused(
            "mail:65536",
            "imap: cannot read server 'mail:65536': bad port '65536'",
        );
        refused(
            "[::1",
            "imap: cannot read server '[::1': the bracket is not closed",
        );
        refused(
            "[mail]",
            "imap: cannot read server '[mail]': no IPv6 address stands between the brackets",
        );
        refused(
            "[::1]993",
            "imap: cannot read server '[::1]993': something other than a port follows the bracket",
        );
        refused("a b", "imap: cannot read server 'a b': bad host");
        refused("a..b", "imap: cannot read server 'a..b': bad host");
        refused("a\r\nb", "imap: cannot read server 'a\\r\\nb': bad host");
        refused("a\0b", "imap: cannot read server 'a\\u{0}b': bad host");
        refused(
            "bücher.example",
            "imap: cannot read server 'bücher.example': the host is not ASCII; use its xn-- form",
        );
        refused(
            "imaps://mail/INBOX",
            "imap: cannot read server 'imaps://mail/INBOX': it has a path; \
             give the folder as an argument of its own",
        );
    }

    #[test]
    fn a_password_in_the_address_is_not_repeated() {
        refused(
            "imaps://ada:hunter2@mail.example.org",
            "imap: cannot read server: it contains '@'; give the user as an argument of its own",
        );
    }
}
