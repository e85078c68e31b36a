//! Where a broker is: the `broker` argument, read.
//!
//! `host`, `host:port` and `hpfeeds://host[:10000]` mean TLS, and
//! `hpfeeds+insecure://host[:10000]` no TLS, which no other form implies: the
//! mail would cross the network for everyone to read.

use std::fmt;

use crate::error::{Error, Result, quote};
use crate::imap::Endpoint;
use crate::imap::endpoint::Security;

const DEFAULT_PORT: u16 = 10_000;

/// The schemes, with what they mean.
const SCHEMES: [(&str, Security); 2] = [
    ("hpfeeds", Security::Tls),
    ("hpfeeds+insecure", Security::Plain),
];

/// A broker's address and security. `Display` gives the canonical form,
/// `hpfeeds://broker.example.org:10000`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broker(Endpoint);

impl Broker {
    /// Reads a `broker` argument.
    ///
    /// # Errors
    /// `Usage` for an unknown scheme, user information, and a host or port that
    /// is none.
    pub fn parse(broker: &str) -> Result<Self> {
        // Whatever stands before an '@' may be a secret: it is not repeated.
        if broker.contains('@') {
            return Err(Error::usage(
                "cannot read broker: it contains '@'; give ident and secret as arguments of \
                 their own",
            ));
        }
        let refuse =
            |why: String| Error::usage(format!("cannot read broker '{}': {why}", quote(broker)));
        let (security, address) = match broker.split_once("://") {
            None => (Security::Tls, broker),
            Some((scheme, address)) => {
                let known = SCHEMES
                    .into_iter()
                    .find(|(name, _)| name.eq_ignore_ascii_case(scheme));
                let (_, security) = known.ok_or_else(|| {
                    refuse(format!(
                        "unknown scheme '{}'; use host, host:port, hpfeeds://host (TLS) or \
                         hpfeeds+insecure://host",
                        quote(scheme)
                    ))
                })?;
                (security, address)
            }
        };
        Endpoint::at(security, address, DEFAULT_PORT)
            .map(Self)
            .map_err(refuse)
    }

    /// Where it is.
    pub fn endpoint(&self) -> &Endpoint {
        &self.0
    }
}

impl fmt::Display for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = SCHEMES
            .into_iter()
            .find(|&(_, security)| security == self.0.security());
        let (scheme, _) = scheme.unwrap_or(SCHEMES[0]);
        write!(f, "{scheme}://{}", self.0.peer())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(broker: &str, sentence: &str) {
        let error = Broker::parse(broker).expect_err(broker);
        assert_eq!(error.to_string(), sentence);
    }

    #[test]
    fn every_form_has_one_canonical_form() {
        for (broker, canonical) in [
            ("Traps.example.org", "hpfeeds://traps.example.org:10000"),
            (
                "traps.example.org:20000",
                "hpfeeds://traps.example.org:20000",
            ),
            ("hpfeeds://[::1]/", "hpfeeds://[::1]:10000"),
            (
                "HPFEEDS+insecure://127.0.0.1",
                "hpfeeds+insecure://127.0.0.1:10000",
            ),
        ] {
            let parsed = Broker::parse(broker).expect(broker);
            assert_eq!(parsed.to_string(), canonical);
            assert_eq!(Broker::parse(canonical).expect(canonical), parsed);
        }
    }

    #[test]
    fn what_is_no_broker_is_refused_in_words() {
        refused(
            "amqp://x",
            "imap: cannot read broker 'amqp://x': unknown scheme 'amqp'; use host, host:port, \
             hpfeeds://host (TLS) or hpfeeds+insecure://host",
        );
        refused("", "imap: cannot read broker '': no host");
        refused("a:b", "imap: cannot read broker 'a:b': bad port 'b'");
        refused(
            "writer:hunter2@x",
            "imap: cannot read broker: it contains '@'; give ident and secret as arguments of \
             their own",
        );
    }
}
