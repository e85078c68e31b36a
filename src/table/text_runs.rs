//! What of a pattern a server can be asked to find in a header field.
//!
//! A column is not the field: it is decoded, unfolded, stripped of names and
//! brackets, and the lists are JSON. A run is a stretch of the pattern that a
//! value of the column can only have from the field, where it stands as it is.

use super::comparison::Comparison;

/// How a column comes out of its field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Make {
    /// Decoded text: all but white space, which folding moves.
    Text,
    /// Bare addresses, as text or as a JSON list: the characters of atoms
    /// (RFC 5322 section 3.2.3). What stands between local part and domain,
    /// and between addresses, differs: quotes, comments, `",` of JSON.
    Addresses,
    /// A message identifier.
    Identifier,
}

/// Runs of one pattern that are asked for, the longest first; a run of a few
/// letters more costs the server time and excludes nothing.
const RUNS: usize = 3;

/// Bytes of a run that are asked for.
const LENGTH: usize = 100;

/// The runs every value that meets the pattern contains, in any case; none
/// where nothing can be told.
pub fn runs(comparison: Comparison, pattern: &str, make: Make) -> Vec<String> {
    // SQLite's patterns end at a NUL.
    let pattern = pattern.split('\0').next().unwrap_or_default();
    let literal = match comparison {
        Comparison::Like => pattern.replace(['%', '_'], " "),
        Comparison::Glob => without_wildcards(pattern),
        _ => pattern.to_owned(),
    };
    let mut runs: Vec<&str> = literal
        .split(|c| !make.keeps(c))
        .filter(|run| !run.is_empty())
        .map(|run| &run[..run.len().min(LENGTH)])
        .collect();
    runs.sort_by_key(|run| std::cmp::Reverse(run.len()));
    runs.dedup();
    runs.truncate(RUNS);
    runs.into_iter().map(str::to_owned).collect()
}

impl Make {
    /// What a server finds in the fields that it reads otherwise than this
    /// library does, so that they are not lost: encoded words that it has not
    /// decoded; what Dovecot puts for the parts of an address that it cannot
    /// read; white space inside an identifier.
    pub fn signs(self) -> &'static [&'static str] {
        match self {
            Self::Text => &["=?"],
            Self::Addresses => &["MISSING_", "SYNTAX_ERROR"],
            Self::Identifier => &[" "],
        }
    }

    fn keeps(self, c: char) -> bool {
        c.is_ascii_graphic()
            && match self {
                Self::Text => true,
                Self::Addresses => c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c),
                Self::Identifier => !"<>\"\\()".contains(c),
            }
    }
}

/// A pattern of GLOB with blanks for `*`, `?` and `[...]`.
fn without_wildcards(pattern: &str) -> String {
    let mut literal = String::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '*' | '?' => literal.push(' '),
            '[' => {
                literal.push(' ');
                // A `]` right behind `[` or `[^` stands for itself.
                let mut inside = chars.by_ref().skip_while(|&c| c == '^');
                inside.next();
                if !inside.any(|c| c == ']') {
                    break;
                }
            }
            c => literal.push(c),
        }
    }
    literal
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn joined(comparison: Comparison, pattern: &str, make: Make) -> String {
        runs(comparison, pattern, make).join(" ")
    }

    #[test]
    fn wildcards_and_white_space_part_runs() {
        let like = |pattern| joined(Comparison::Like, pattern, Make::Text);
        assert_eq!(like("%invoice 2026%"), "invoice 2026");
        assert_eq!(like("a_b%"), "a b");
        assert_eq!(like("%"), "");
        assert_eq!(like("%grüße\"x\\%"), "e\"x\\ gr");
        let glob = |pattern| joined(Comparison::Glob, pattern, Make::Text);
        assert_eq!(glob("*re[]ab]port?x*"), "port re x");
        assert_eq!(glob("ab[^]c]d[e"), "ab d");
        assert_eq!(
            joined(Comparison::Equal, "50% off_", Make::Text),
            "off_ 50%"
        );
    }

    #[test]
    fn json_and_quoting_never_reach_the_server() {
        let like = |pattern| joined(Comparison::Like, pattern, Make::Addresses);
        assert_eq!(like("%\"bob@example.org\",%"), "example.org bob");
        assert_eq!(like("[\"a\\\"b@c\"]"), "a b c");
    }

    #[test]
    fn identifiers_keep_their_at_sign() {
        assert_eq!(
            joined(Comparison::Equal, "<7@example.org>", Make::Identifier),
            "7@example.org"
        );
    }

    #[test]
    fn the_longest_runs_count_and_are_bounded() {
        assert_eq!(
            joined(Comparison::Like, "a%bb%ccc%dddd%dddd", Make::Text),
            "dddd ccc bb"
        );
        assert_eq!(
            runs(Comparison::Equal, &"x".repeat(500), Make::Text)[0].len(),
            LENGTH
        );
    }

    /// LIKE as SQLite documents it: `%` any text, `_` one character, ASCII
    /// letters without their case. GLOB with `*`, `?` and no classes.
    fn meets(comparison: Comparison, pattern: &[char], text: &[char]) -> bool {
        let (many, one) = match comparison {
            Comparison::Like => ('%', '_'),
            _ => ('*', '?'),
        };
        let is_same = |a: char, b: char| match comparison {
            Comparison::Like => a.eq_ignore_ascii_case(&b),
            _ => a == b,
        };
        match (pattern.split_first(), text.split_first()) {
            (None, rest) => rest.is_none(),
            (Some((&first, rest)), _) if first == many => {
                (0..=text.len()).any(|at| meets(comparison, rest, &text[at..]))
            }
            (Some((&first, rest)), Some((&c, text))) => {
                (first == one || is_same(first, c)) && meets(comparison, rest, text)
            }
            (Some(_), None) => false,
        }
    }

    proptest! {
        #[test]
        fn a_text_that_meets_a_pattern_contains_its_runs(
            pattern in "[aBb%_*?.@,é -]{0,8}",
            text in "[aAb.@,é -]{0,8}",
        ) {
            for comparison in [Comparison::Like, Comparison::Glob] {
                let chars = |text: &str| text.chars().collect::<Vec<_>>();
                if !meets(comparison, &chars(&pattern), &chars(&text)) {
                    continue;
                }
                for make in [Make::Text, Make::Addresses, Make::Identifier] {
                    for run in runs(comparison, &pattern, make) {
                        let found = text.to_ascii_lowercase().contains(&run.to_ascii_lowercase());
                        prop_assert!(found, "{} in {} by {}", run, text, pattern);
                    }
                }
            }
        }
    }
}
