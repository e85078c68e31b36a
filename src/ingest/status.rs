//! RSSD's `status` of a message, from its IMAP flags.

/// The words of RSSD for the system flags (RFC 9051 section 2.3.2), lower-case:
/// `read` or `unread` first, then what else is set.
pub fn status(set: impl Fn(&str) -> bool) -> Vec<&'static str> {
    let mut words = vec![if set("\\Seen") { "read" } else { "unread" }];
    let others = [
        ("\\Flagged", "starred"),
        ("\\Answered", "answered"),
        ("\\Deleted", "deleted"),
        ("\\Draft", "draft"),
    ];
    words.extend(
        others
            .iter()
            .filter(|(flag, _)| set(flag))
            .map(|(_, word)| word),
    );
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(flags: &[&str]) -> Vec<&'static str> {
        status(|flag| flags.iter().any(|set| set.eq_ignore_ascii_case(flag)))
    }

    #[test]
    fn a_message_without_flags_is_unread() {
        assert_eq!(of(&[]), ["unread"]);
    }

    #[test]
    fn flags_are_told_in_a_fixed_order_and_any_case() {
        assert_eq!(
            of(&["$Junk", "\\DRAFT", "\\flagged", "\\Seen"]),
            ["read", "starred", "draft"]
        );
    }
}
