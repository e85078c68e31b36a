//! The flags of a message (RFC 9051 section 2.3.2).
//!
//! FETCH gives them, the tables show them as columns. System flags compare
//! without case, as the RFC has it; keywords stay as the server spells them.

use std::borrow::Cow;

use super::token::Reader;

/// Flags in the server's order, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags(Vec<Cow<'static, str>>);

/// More flags than any message has; a longer list is cut.
const MOST: usize = 1_000;

/// The system flags, as the RFC spells them.
const SYSTEM: [&str; 6] = [
    "\\Answered",
    "\\Deleted",
    "\\Draft",
    "\\Flagged",
    "\\Recent",
    "\\Seen",
];

impl Flags {
    /// Reads a list of flags: `(\Seen $Junk)`. None if there is no list.
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        if !reader.enter_list() {
            reader.skip_value();
            return None;
        }
        let mut flags = Vec::new();
        while reader.has_value() {
            let flag = reader.string().map(|flag| spelled(&flag));
            if let Some(flag) = flag.filter(|flag| flags.len() < MOST && !flags.contains(flag)) {
                flags.push(flag);
            }
        }
        reader.leave_list();
        Some(Self(flags))
    }

    /// True if `flag`, a system flag as the RFC spells it or a keyword, is set.
    pub fn has(&self, flag: &str) -> bool {
        self.0.iter().any(|set| set.eq_ignore_ascii_case(flag))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|flag| &**flag)
    }

    /// Those that are not the system's, which begin with a backslash.
    pub fn keywords(&self) -> impl Iterator<Item = &str> {
        self.iter().filter(|flag| !flag.starts_with('\\'))
    }
}

/// Text of a server that may be no UTF-8 as text without loss: Latin-1 then.
pub(super) fn text(bytes: &[u8]) -> String {
    match str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().copied().map(char::from).collect(),
    }
}

fn spelled(flag: &[u8]) -> Cow<'static, str> {
    let mut system = SYSTEM.iter();
    match system.find(|system| system.as_bytes().eq_ignore_ascii_case(flag)) {
        Some(&system) => Cow::Borrowed(system),
        None => Cow::Owned(text(flag)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(text: &[u8]) -> Option<Flags> {
        Flags::read(&mut Reader::new(text))
    }

    #[test]
    fn system_flags_are_spelled_one_way_and_keywords_left_alone() {
        let flags = flags(b"(\\SEEN $Junk \"a b\" caf\xe9 \\Seen \\X-Y NIL ()) rest").unwrap();
        let all: Vec<_> = flags.iter().collect();
        assert_eq!(all, ["\\Seen", "$Junk", "a b", "café", "\\X-Y"]);
        assert!(flags.has("\\Seen") && flags.has("$junk") && !flags.has("\\Deleted"));
        assert_eq!(
            flags.keywords().collect::<Vec<_>>(),
            ["$Junk", "a b", "café"]
        );
    }

    #[test]
    fn no_list_is_no_flags_and_an_empty_one_is() {
        assert_eq!(flags(b"NIL)"), None);
        assert_eq!(flags(b"()"), Some(Flags::default()));
        assert_eq!(flags(b"(\\Seen"), flags(b"(\\Seen)"));
    }
}
