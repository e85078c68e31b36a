//! What is known of servers beside what their capabilities say.
//!
//! A SEARCH for a text is only worth anything to a query where it finds every
//! message whose field contains that text. Servers that search by word or by
//! an index do not; those that are not known to are not asked.

use super::capability::Capabilities;

/// Servers whose SEARCH finds substrings of decoded header fields (measured or
/// read in their source), by a word of their greeting or of their ID.
const FAITHFUL: [&str; 3] = ["courier", "cyrus", "dovecot"];

/// True where the server says that an index answers a SEARCH: Gmail (by whole
/// words), and those that rank what they find (RFC 6203).
pub fn searches_an_index(capabilities: &Capabilities) -> bool {
    capabilities.iter().any(|name| {
        ["X-GM-EXT-1", "SEARCH=FUZZY"]
            .iter()
            .any(|known| name.eq_ignore_ascii_case(known))
    })
}

/// True where a server that introduces itself so searches substrings.
pub fn searches_substrings(introduction: &str) -> bool {
    FAITHFUL.iter().any(|known| names(introduction, known))
}

/// True where a server that introduces itself so searches for sizes other than
/// those it tells: Courier's LARGER and SMALLER count each line end as one byte,
/// as its files have them (5.0, measured).
pub fn miscounts_sizes(introduction: &str) -> bool {
    names(introduction, "courier")
}

/// True where SENTSINCE and SENTBEFORE of a server that introduces itself so go by
/// another day than the Date header's wherever it cannot read that: Cyrus by the
/// day of arrival (3.6, measured).
pub fn misreads_dates(introduction: &str) -> bool {
    names(introduction, "cyrus")
}

fn names(introduction: &str, server: &str) -> bool {
    let mut words = introduction.split(|c: char| !c.is_ascii_alphanumeric());
    words.any(|word| word.eq_ignore_ascii_case(server))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_known_by_their_words() {
        assert!(searches_substrings("OK Dovecot (Debian) ready."));
        assert!(searches_substrings("(\"name\" \"Cyrus IMAPD\")"));
        assert!(searches_substrings("Courier-IMAP ready."));
        assert!(!searches_substrings(
            "The Microsoft Exchange IMAP4 service is ready."
        ));
        assert!(!searches_substrings(""));
        assert!(miscounts_sizes("Courier-IMAP ready.") && !miscounts_sizes("Dovecot"));
        assert!(misreads_dates("OK Cyrus IMAP 3.6.1 ready") && !misreads_dates("Dovecot"));
    }

    #[test]
    fn indexes_are_known_by_capabilities() {
        let has = |text: &[u8]| searches_an_index(&Capabilities::parse(text));
        assert!(has(b"IMAP4rev1 X-GM-EXT-1") && has(b"search=fuzzy"));
        assert!(!has(b"IMAP4rev1 ESEARCH"));
    }
}
