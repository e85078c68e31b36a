//! What a filter looks for in one field, and whether it is there.

use crate::mail::Address;

/// What has to be in a field, one of it, and what must not be there at all.
#[derive(Clone, Debug)]
pub struct Terms<T> {
    /// One of these has to be found, where there are any.
    pub any: Vec<T>,
    /// None of these may be found.
    pub none: Vec<T>,
}

impl<T> Default for Terms<T> {
    fn default() -> Self {
        Self {
            any: Vec::new(),
            none: Vec::new(),
        }
    }
}

impl<T> Terms<T> {
    /// True where nothing is looked for.
    pub fn is_empty(&self) -> bool {
        self.any.is_empty() && self.none.is_empty()
    }

    /// Whether a message is wanted, where `is_found` says what it has.
    pub fn admit(&self, mut is_found: impl FnMut(&T) -> bool) -> bool {
        (self.any.is_empty() || self.any.iter().any(&mut is_found))
            && !self.none.iter().any(is_found)
    }
}

/// An address, a domain, or a text in either or in the name beside it. Case
/// does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddressTerm {
    /// This address and no other: `ada@example.org`.
    Address(String),
    /// Addresses at this very domain: `example.org` or `@example.org`.
    Domain(String),
    /// A text without `@` and `.`, in the address or the display name.
    Text(String),
}

impl AddressTerm {
    /// Reads one as a user writes it.
    pub fn parse(text: &str) -> Self {
        let text = text.trim().to_lowercase();
        match text.strip_prefix('@') {
            Some(domain) => Self::Domain(domain.to_owned()),
            None if text.contains('@') => Self::Address(text),
            None if text.contains('.') && !text.contains(' ') => Self::Domain(text),
            None => Self::Text(text),
        }
    }

    /// The text that every header field it is found in contains.
    pub fn text(&self) -> &str {
        let (Self::Address(text) | Self::Domain(text) | Self::Text(text)) = self;
        text
    }

    /// True where this is one of the addresses.
    pub fn is_in(&self, addresses: &[Address]) -> bool {
        addresses.iter().any(|found| {
            let address = found.address.as_deref().unwrap_or_default().to_lowercase();
            match self {
                Self::Address(wanted) => address == *wanted,
                Self::Domain(wanted) => {
                    let domain = address.rsplit_once('@').map(|(_, domain)| domain);
                    domain == Some(wanted)
                }
                Self::Text(wanted) => {
                    let name = found.name.as_deref().unwrap_or_default();
                    address.contains(wanted) || name.to_lowercase().contains(wanted)
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(term: &str, name: &str, address: &str) -> bool {
        let address = Address {
            name: Some(name.to_owned()),
            address: Some(address.to_owned()),
        };
        AddressTerm::parse(term).is_in(&[address])
    }

    #[test]
    fn a_domain_means_that_domain() {
        assert!(finds("sumologic.com", "", "a@SumoLogic.com"));
        assert!(finds("@sumologic.com", "", "a@sumologic.com"));
        assert!(!finds("sumologic.com", "", "a@notsumologic.com"));
        assert!(!finds("sumologic.com", "", "a@mail.sumologic.com"));
        assert!(!finds("sumologic.com", "x@sumologic.com", "a@evil.example"));
    }

    #[test]
    fn an_address_means_that_address() {
        assert!(finds("Ada@Example.org", "", "ada@example.org"));
        assert!(!finds("ada@example.org", "", "lada@example.org"));
        assert!(!finds(
            "ada@example.org",
            "ada@example.org",
            "x@evil.example"
        ));
    }

    #[test]
    fn a_word_is_looked_for_in_name_and_address() {
        assert!(finds("ada", "", "ada.l@example.org"));
        assert!(finds("lovelace", "Ada Lovelace", "a@b.c"));
        assert!(!finds("lovelace", "", "a@b.c"));
    }

    #[test]
    fn values_are_ored_and_none_excludes() {
        let terms = Terms {
            any: vec![1, 2],
            none: vec![3],
        };
        assert!(terms.admit(|n| *n == 2));
        assert!(!terms.admit(|n| *n >= 2));
        assert!(!terms.admit(|_| false));
        assert!(Terms::<u8>::default().admit(|_| false));
    }
}
