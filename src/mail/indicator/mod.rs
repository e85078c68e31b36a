//! Indicators of compromise in a message: addresses, names, links, digests,
//! numbers.
//!
//! They are looked for in header fields, text, HTML (where a link leads and
//! what it shows), names and digests of attachments, and in all of these again
//! inside attached messages. Each text is read once by each finder, in linear
//! time, and what is reported is bounded.

mod card;
mod crypto;
mod datetime;
mod expression;
mod find;
mod host;
pub(super) mod html;
mod mapped;
mod medium;
mod punycode;
mod refang;
mod reference;
pub mod soar;
mod source;
mod url;

pub(super) use datetime::last as last_date;
pub(super) use punycode::to_ascii;
pub use source::{indicators, indicators_unless};

use serde_json::{Map, Value};
use soar::Pattern;

/// What an indicator is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An IPv4 address.
    Ipv4,
    /// An IPv6 address.
    Ipv6,
    /// An e-mail address.
    Email,
    /// A domain name.
    Domain,
    /// A URL.
    Url,
    /// An MD5 digest.
    Md5,
    /// A SHA-1 digest.
    Sha1,
    /// A SHA-256 digest.
    Sha256,
    /// A date with its time.
    DateTime,
    /// A payment card's number.
    Card,
    /// An address of a crypto currency.
    Crypto,
}

impl Kind {
    /// Its name in SQL.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
            Self::Email => "email",
            Self::Domain => "domain",
            Self::Url => "url",
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::DateTime => "datetime",
            Self::Card => "card",
            Self::Crypto => "crypto",
        }
    }
}

/// What is looked for.
#[derive(Clone, Default)]
pub enum Search {
    /// Every kind, as it is meant, with its checks.
    #[default]
    Kinds,
    /// What these patterns match, as it stands.
    Patterns(Vec<&'static Pattern>),
}

/// One indicator at one place.
#[derive(Clone, Debug, PartialEq)]
pub struct Indicator {
    /// What it is; `None` where a pattern without a kind matched.
    pub kind: Option<Kind>,
    /// As it was written.
    pub value: String,
    /// The one form to compare by; `None` for what a pattern matched.
    pub normalised: Option<String>,
    /// The IMAP section it is in: `HEADER`, `1`, `2.HEADER`.
    pub part: Option<String>,
    /// Bytes from the beginning of the text: of the field's decoded value, of
    /// the part's text, of the file name; `None` for a digest that was computed.
    pub offset: Option<usize>,
    /// `header`, `text`, `html`, `link`, `filename` or `content`.
    pub source: &'static str,
    /// What else is known, as an object.
    pub detail: Map<String, Value>,
}
