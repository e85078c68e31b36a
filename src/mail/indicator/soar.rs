//! The regular expressions that Sumo Logic's Cloud SOAR documents for its IMAP
//! actions, by its names and as they stand.
//!
//! They promise no more than they say: no bounds on the numbers of an address,
//! no Luhn check, no defanging. One has been respelt: `{,61}` of the domain
//! pattern, which is Python's, is `{0,61}`.

use super::Kind;
use regex::Regex;
use std::sync::LazyLock;

/// A pattern with its name.
pub struct Pattern {
    /// As Cloud SOAR's page has it.
    pub name: &'static str,
    /// What its matches are, `None` for the name of a file.
    pub kind: Option<Kind>,
    text: &'static str,
    regex: LazyLock<Option<Regex>, fn() -> Option<Regex>>,
}

macro_rules! patterns {
    ($($name:literal, $kind:expr, $text:literal;)*) => {
        /// All of them, in the page's order.
        pub static PATTERNS: [Pattern; 25] = [$(Pattern {
            name: $name,
            kind: $kind,
            text: $text,
            regex: LazyLock::new(|| Regex::new($text).ok()),
        }),*];
    };
}

patterns! {
    "IP", Some(Kind::Ipv4), r"([0-9]+(?:\.[0-9]+){3})";
    "Email", Some(Kind::Email), r"[\w\.-]+@[\w\.-]+";
    "URL", Some(Kind::Url), r"(?i)(?:(?:https?|ftp):\/\/|www\.|ftp\.)(?:\([-A-Z0-9+&@#\/%=~_|$?!:,.]*\)|[-A-Z0-9+&@#\/%=~_|$?!:,.])*(?:\([-A-Z0-9+&@#\/%=~_|$?!:,.]*\)|[A-Z0-9+&@#\/%=~_|$])";
    "Domain", Some(Kind::Domain), r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9\-]{0,61}[a-zA-Z0-9])?\.)*[a-zA-Z]{2,6}(?:[a-zA-Z0-9](?:[a-zA-Z0-9\-]{0,61}[a-zA-Z0-9])?\.)+[a-zA-Z]{2,6}";
    "MD5", Some(Kind::Md5), r"\b[0-9a-fA-F]{32}\b";
    "SHA1", Some(Kind::Sha1), r"\b[0-9a-fA-F]{40}\b";
    "SHA256", Some(Kind::Sha256), r"\b[0-9a-fA-F]{64}\b";
    "DateTime", Some(Kind::DateTime), r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}";
    "Email Attachments Filename", None, r"filename: (.*?),,";
    "MasterCard", Some(Kind::Card), r"(?:5[1-5][0-9]{14}|2(?:22[1-9][0-9]{12}|2[3-9][0-9]{13}|[3-6][0-9]{14}|7[0-1][0-9]{13}|720[0-9]{12}))";
    "Visa Mastercard", Some(Kind::Card), r"(?:4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14})";
    "Amex Card", Some(Kind::Card), r"3[47][0-9]{13}";
    "BCGlobal", Some(Kind::Card), r"(6541|6556)[0-9]{12}";
    "Carte Blanche Card", Some(Kind::Card), r"389[0-9]{11}";
    "Diners Club Card", Some(Kind::Card), r"3(?:0[0-5]|[68][0-9])[0-9]{11}";
    "Discover Card", Some(Kind::Card), r"65[4-9][0-9]{13}|64[4-9][0-9]{13}|6011[0-9]{12}|(622(?:12[6-9]|1[3-9][0-9]|[2-8][0-9][0-9]|9[01][0-9]|92[0-5])[0-9]{10})";
    "Insta Payment Card", Some(Kind::Card), r"63[7-9][0-9]{13}";
    "JCB Card", Some(Kind::Card), r"(?:2131|1800|35\d{3})\d{11}";
    "KoreanLocalCard", Some(Kind::Card), r"9[0-9]{15}";
    "Laser Card", Some(Kind::Card), r"(6304|6706|6709|6771)[0-9]{12,15}";
    "Maestro Card", Some(Kind::Card), r"(5018|5020|5038|6304|6759|6761|6763)[0-9]{8,15}";
    "Solo Card", Some(Kind::Card), r"(6334|6767)[0-9]{12}|(6334|6767)[0-9]{14}|(6334|6767)[0-9]{15}";
    "Switch Card", Some(Kind::Card), r"(4903|4905|4911|4936|6333|6759)[0-9]{12}|(4903|4905|4911|4936|6333|6759)[0-9]{14}|(4903|4905|4911|4936|6333|6759)[0-9]{15}|564182[0-9]{10}|564182[0-9]{12}|564182[0-9]{13}|633110[0-9]{10}|633110[0-9]{12}|633110[0-9]{13}";
    "Union Pay Card", Some(Kind::Card), r"(62[0-9]{14,17})";
    "Visa Card", Some(Kind::Card), r"4[0-9]{12}(?:[0-9]{3})?";
}

impl Pattern {
    /// The pattern of that name, in any case.
    pub fn named(name: &str) -> Option<&'static Self> {
        let mut all = PATTERNS.iter();
        all.find(|pattern| pattern.name.eq_ignore_ascii_case(name))
    }

    /// The expression as it is written.
    pub fn text(&self) -> &'static str {
        self.text
    }

    /// The expression, compiled.
    pub fn regex(&self) -> Option<&Regex> {
        self.regex.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches<'t>(name: &str, text: &'t str) -> Vec<&'t str> {
        let regex = Pattern::named(name).and_then(Pattern::regex).expect(name);
        regex.find_iter(text).map(|found| found.as_str()).collect()
    }

    #[test]
    fn every_pattern_compiles() {
        for pattern in &PATTERNS {
            assert!(pattern.regex().is_some(), "{}", pattern.name);
        }
    }

    #[test]
    fn they_find_what_python_finds() {
        assert_eq!(
            matches("IP", "999.1.2.3 and v1.2.3.4.5"),
            ["999.1.2.3", "1.2.3.4"]
        );
        assert_eq!(
            matches("email", "to y+x@evil-site.co.uk. now"),
            ["x@evil-site.co.uk."]
        );
        assert_eq!(
            matches("URL", "see https://ex.example.com/a(b)?q=1."),
            ["https://ex.example.com/a(b)?q=1"]
        );
        assert_eq!(matches("Domain", "a.pdf evil.com"), ["evil.com"]);
        assert_eq!(
            matches("DateTime", "2021-01-28 11:21:04"),
            ["2021-01-28 11:21:04"]
        );
        assert_eq!(
            matches("Visa Card", "x4111111111111112"),
            ["4111111111111112"]
        );
    }
}
