//! Undoes the ways in which people make links harmless: `hxxps[:]//evil[.]com`.

use super::expression::constant;
use super::mapped::Mapped;
use regex::Regex;
use std::sync::LazyLock;

/// What is written instead, and what it stands for: the name of the group says
/// which. White space is taken only inside the brackets.
static DEFANGED: LazyLock<Regex> = LazyLock::new(|| {
    constant(
        r"(?ix)
        (?P<http> \bh(?:xx|tx|xt|\*\*)p ) (?P<secure> s? ) (?: \[:\] | : | \[:// \] )
        | (?P<ftp> \bf[x*]p ) (?: \[:\] | : )
        | (?P<scheme> \[ :// \] | \[:\] // )
        | (?P<colon> \[ : \] )
        | (?P<dot> [\[({] [\ ]{0,2} (?: \. | dot | punkt ) [\ ]{0,2} [\])}] | \\\. | \[\. | \.\] )
        | (?P<at> [\[({] [\ ]{0,2} (?: @ | at ) [\ ]{0,2} [\])}] )
        | (?P<slash> \[ / \] )
        ",
    )
});

/// `text` as it was before it was defanged. What stands in brackets counts only
/// between characters of a name: `(at)` in a sentence stays.
pub fn refanged(text: &str) -> Mapped {
    let mut mapped = Mapped::default();
    let mut copied = 0;
    for captures in DEFANGED.captures_iter(text) {
        let Some(whole) = captures.get(0) else {
            continue;
        };
        let group = |name| captures.name(name).is_some();
        let replacement = if group("http") {
            if captures
                .name("secure")
                .is_some_and(|found| !found.is_empty())
            {
                "https:"
            } else {
                "http:"
            }
        } else if group("ftp") {
            "ftp:"
        } else if group("scheme") {
            "://"
        } else if group("colon") {
            ":"
        } else if group("slash") {
            "/"
        } else if !is_inside_name(text, whole.start(), whole.end()) {
            continue;
        } else if group("at") {
            "@"
        } else {
            "."
        };
        let replacement = if whole.as_str().ends_with("[://]") && replacement.ends_with(':') {
            format!("{replacement}//")
        } else {
            replacement.to_owned()
        };
        mapped.push(&text[copied..whole.start()], copied);
        mapped.push(&replacement, whole.start());
        copied = whole.end();
    }
    mapped.push(&text[copied..], copied);
    mapped
}

fn is_inside_name(text: &str, start: usize, end: usize) -> bool {
    let before = text[..start].chars().next_back();
    let after = text[end..].chars().next();
    before.is_some_and(char::is_alphanumeric) && after.is_some_and(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defanged_names_are_made_whole() {
        for (written, meant) in [
            ("hxxp://evil.com", "http://evil.com"),
            ("hXXps[:]//evil[.]com/a", "https://evil.com/a"),
            ("https[://]evil(.)com", "https://evil.com"),
            ("hxxp[://]evil[dot]com", "http://evil.com"),
            ("h**p://a{.}b", "http://a.b"),
            ("fxp://a.b", "ftp://a.b"),
            ("ada[at]x[.]org, ada (at) x", "ada@x.org, ada (at) x"),
            ("192[.]0[.]2[.]1", "192.0.2.1"),
            ("a[ . ]b evil\\.com evil[.com", "a.b evil.com evil.com"),
            ("(look at) this [.] and [at]", "(look at) this [.] and [at]"),
        ] {
            assert_eq!(refanged(written).text(), meant, "{written}");
        }
    }

    #[test]
    fn places_are_those_of_the_written_text() {
        let mapped = refanged("see hxxp://evil[.]com/x");
        let at = mapped.text().find("com").unwrap_or_default();
        assert_eq!(mapped.origin(at), "see hxxp://evil[.]".len());
    }
}
