//! Message identifiers: Message-ID, In-Reply-To, References (RFC 5322 section
//! 3.6.4).

use super::charset;
use super::fields::unfold;
use memchr::{memchr, memchr2};

/// The identifiers in a field, without angle brackets, white space inside them
/// taken out.
///
/// Where the field has no brackets at all, its words that look like
/// identifiers count; broken mailers leave the brackets out.
pub(super) fn all(value: &[u8]) -> Vec<String> {
    let line = unfold(value);
    let mut ids = Vec::new();
    let mut rest = &line[..];
    while let Some(open) = memchr(b'<', rest) {
        rest = &rest[open + 1..];
        let end = memchr2(b'<', b'>', rest).unwrap_or(rest.len());
        ids.extend(clean(&rest[..end]));
        rest = &rest[end..];
    }
    if memchr(b'<', &line).is_none() {
        let words = line.split(|byte| byte.is_ascii_whitespace() || *byte == b',');
        ids.extend(words.filter(|word| word.contains(&b'@')).filter_map(clean));
    }
    ids
}

/// The identifier of a Message-ID field: the first, or its first word if none
/// looks like one.
pub(super) fn single(value: &[u8]) -> Option<String> {
    let bare = || unfold(value).split(u8::is_ascii_whitespace).find_map(clean);
    all(value).into_iter().next().or_else(bare)
}

fn clean(id: &[u8]) -> Option<String> {
    let text = charset::undeclared(id);
    let junk = |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '\0');
    let id: String = text.chars().filter(|&c| !junk(c)).collect();
    (!id.is_empty()).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_lose_brackets_folds_and_comments() {
        assert_eq!(
            all(b" <a@b>\r\n <c\r\n @d> (x)<e@f>"),
            ["a@b", "c@d", "e@f"]
        );
        assert_eq!(all(b"Your message of Monday <a@b>"), ["a@b"]);
        assert_eq!(all(b"<<a@b>>"), ["a@b"]);
        assert_eq!(all(b"<a@b"), ["a@b"]);
    }

    #[test]
    fn identifiers_without_brackets_are_found() {
        assert_eq!(all(b"a@b, c@d"), ["a@b", "c@d"]);
        assert_eq!(single(b" 12345\r\n").as_deref(), Some("12345"));
        assert_eq!(single(b"a@b (added by mx)").as_deref(), Some("a@b"));
    }

    #[test]
    fn what_holds_none_gives_none() {
        assert!(all(b"Your message of Monday").is_empty());
        assert!(all(b"<>").is_empty());
        assert_eq!(single(b" <> "), None);
        assert_eq!(single(b""), None);
    }
}
