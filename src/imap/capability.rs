//! What a server says it can do (RFC 9051 section 7.2.2).
//!
//! The session asks here before it uses an extension. Names are kept as sent,
//! compared without case, and never interpreted.

/// The capabilities of a server, as it last told them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities(Vec<String>);

/// More names than any server has; a longer list is cut.
const MOST: usize = 1_000;

impl Capabilities {
    /// Reads the names between blanks, as they follow CAPABILITY.
    pub fn parse(text: &[u8]) -> Self {
        let names = text
            .split(u8::is_ascii_whitespace)
            .filter(|name| !name.is_empty());
        Self(
            names
                .take(MOST)
                .map(|name| String::from_utf8_lossy(name).into_owned())
                .collect(),
        )
    }

    /// True if the server names `capability`: `ESEARCH`, `AUTH=PLAIN`.
    pub fn has(&self, capability: &str) -> bool {
        self.0
            .iter()
            .any(|name| name.eq_ignore_ascii_case(capability))
    }

    /// True where it counts the changes of messages: CONDSTORE, or QRESYNC, which
    /// implies it (RFC 7162).
    pub fn counts_changes(&self) -> bool {
        self.has("CONDSTORE") || self.has("QRESYNC")
    }

    /// The names in the server's order and case.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// True before the server has told any.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_any_case_and_only_whole() {
        let capabilities = Capabilities::parse(b" IMAP4rev1  AUTH=XOAUTH2 LITERAL+ x\xff ");
        assert!(capabilities.has("imap4REV1") && capabilities.has("AUTH=XOAUTH2"));
        assert!(!capabilities.has("AUTH=PLAIN") && !capabilities.has("LITERAL"));
        assert_eq!(capabilities.iter().count(), 4);
        assert!(Capabilities::parse(b"").is_empty());
    }

    #[test]
    fn an_endless_list_is_cut() {
        assert_eq!(
            Capabilities::parse(&b"X ".repeat(5_000)).iter().count(),
            MOST
        );
    }
}
