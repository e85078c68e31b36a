//! Reads SEARCH keys as people write them (RFC 9051 section 6.4.4, with those
//! of WITHIN, CONDSTORE, OBJECTID and Gmail).
//!
//! Nothing of the text reaches a command as it is: what is read becomes a tree
//! of keys, which is spelled anew. So a text can name criteria, and can neither
//! end the command nor begin another one.

use super::search_key::Key;
use super::uid_set::UidSet;
use crate::error::{Error, Result, quote};

/// The longest text, and the deepest nesting, that is read.
const LONGEST: usize = 3_000;
const DEEPEST: usize = 50;

/// What follows a key.
enum Form {
    Nothing,
    Text,
    FieldAndText,
    Flag,
    Date,
    Number,
    Word,
    Uids,
}

const KEYS: [(&str, Form); 45] = [
    ("ALL", Form::Nothing),
    ("ANSWERED", Form::Nothing),
    ("BCC", Form::Text),
    ("BEFORE", Form::Date),
    ("BODY", Form::Text),
    ("CC", Form::Text),
    ("DELETED", Form::Nothing),
    ("DRAFT", Form::Nothing),
    ("EMAILID", Form::Word),
    ("FLAGGED", Form::Nothing),
    ("FROM", Form::Text),
    ("HEADER", Form::FieldAndText),
    ("KEYWORD", Form::Flag),
    ("LARGER", Form::Number),
    ("MODSEQ", Form::Number),
    ("NEW", Form::Nothing),
    ("OLD", Form::Nothing),
    ("OLDER", Form::Number),
    ("ON", Form::Date),
    ("RECENT", Form::Nothing),
    ("SAVEDBEFORE", Form::Date),
    ("SAVEDON", Form::Date),
    ("SAVEDSINCE", Form::Date),
    ("SEEN", Form::Nothing),
    ("SENTBEFORE", Form::Date),
    ("SENTON", Form::Date),
    ("SENTSINCE", Form::Date),
    ("SINCE", Form::Date),
    ("SMALLER", Form::Number),
    ("SUBJECT", Form::Text),
    ("TEXT", Form::Text),
    ("THREADID", Form::Word),
    ("TO", Form::Text),
    ("UID", Form::Uids),
    ("UNANSWERED", Form::Nothing),
    ("UNDELETED", Form::Nothing),
    ("UNDRAFT", Form::Nothing),
    ("UNFLAGGED", Form::Nothing),
    ("UNKEYWORD", Form::Flag),
    ("UNSEEN", Form::Nothing),
    ("X-GM-LABELS", Form::Text),
    ("X-GM-MSGID", Form::Number),
    ("X-GM-RAW", Form::Text),
    ("X-GM-THRID", Form::Number),
    ("YOUNGER", Form::Number),
];

/// The keys in `text`, all of which a message has to meet.
///
/// # Errors
/// `Usage`, with the place in words, where it is none.
pub fn parse(text: &str) -> Result<Vec<Key>> {
    let mut reader = Reader {
        rest: text,
        depth: 0,
    };
    let read = if text.len() > LONGEST {
        Err(format!("longer than {LONGEST} bytes"))
    } else {
        reader.list(false)
    };
    read.map_err(|why| {
        Error::usage(format!(
            "option search holds no IMAP search keys, such as 'UNSEEN FROM \"ada\"': {}",
            quote(&why)
        ))
    })
}

struct Reader<'a> {
    rest: &'a str,
    depth: usize,
}

type Read<T> = std::result::Result<T, String>;

impl<'a> Reader<'a> {
    /// Keys up to the end, or to the parenthesis that closes them.
    fn list(&mut self, is_inside: bool) -> Read<Vec<Key>> {
        let mut keys = Vec::new();
        loop {
            self.rest = self.rest.trim_start_matches(' ');
            match (self.rest.strip_prefix(')'), is_inside) {
                (Some(rest), true) if !keys.is_empty() => {
                    self.rest = rest;
                    return Ok(keys);
                }
                (None, false) if self.rest.is_empty() && !keys.is_empty() => return Ok(keys),
                _ => keys.push(self.key()?),
            }
        }
    }

    fn key(&mut self) -> Read<Key> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("nested too deeply".to_owned());
        }
        self.rest = self.rest.trim_start_matches(' ');
        let key = if let Some(rest) = self.rest.strip_prefix('(') {
            self.rest = rest;
            Key::All(self.list(true)?)
        } else {
            let word = self.word()?.to_ascii_uppercase();
            match word.as_str() {
                "NOT" => Key::Not(Box::new(self.key()?)),
                "OR" => Key::Or(Box::new(self.key()?), Box::new(self.key()?)),
                _ => self.rest_of(&word)?,
            }
        };
        self.depth -= 1;
        Ok(key)
    }

    fn rest_of(&mut self, word: &str) -> Read<Key> {
        let known = KEYS.iter().find(|(name, _)| *name == word);
        let Some((name, form)) = known else {
            return Err(format!("'{word}' is no search key"));
        };
        Ok(match form {
            Form::Nothing => Key::plain(*name),
            Form::Text => Key::Text((*name).to_owned(), self.text()?),
            Form::FieldAndText => {
                let field = self.checked("header field", |word| {
                    word.bytes()
                        .all(|b| b.is_ascii_graphic() && !b"()[]{}\"\\%*:".contains(&b))
                })?;
                Key::Text(format!("{name} {field}"), self.text()?)
            }
            Form::Flag => Key::plain(format!("{name} {}", self.checked("keyword", is_atom)?)),
            Form::Word => Key::plain(format!("{name} {}", self.checked("id", is_atom)?)),
            Form::Date => Key::plain(format!("{name} {}", self.date()?)),
            Form::Number => {
                let number = self.checked("number", |word| {
                    word.len() < 20 && word.bytes().all(|b| b.is_ascii_digit())
                })?;
                Key::plain(format!("{name} {number}"))
            }
            Form::Uids => {
                let word = self.word()?;
                let uids = UidSet::parse(word.as_bytes())
                    .ok_or_else(|| format!("'{word}' is no set of UIDs"))?;
                Key::plain(format!("{name} {uids}"))
            }
        })
    }

    fn checked(&mut self, what: &str, is_good: impl Fn(&str) -> bool) -> Read<&'a str> {
        let word = self.word()?;
        if is_good(word) {
            return Ok(word);
        }
        Err(format!("'{word}' is no {what}"))
    }

    /// `1-Jan-2026`, in quotes or without.
    fn date(&mut self) -> Read<String> {
        const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
        let text = self.text()?;
        let parts: Vec<&str> = text.split('-').collect();
        let is_number = |text: &str, length: std::ops::RangeInclusive<usize>| {
            length.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
        };
        let good = match parts[..] {
            [day, month, year] if is_number(day, 1..=2) && is_number(year, 4..=4) => (0..12)
                .map(|at| &MONTHS[3 * at..3 * at + 3])
                .find(|name| name.eq_ignore_ascii_case(month))
                .map(|name| format!("{day}-{name}-{year}")),
            _ => None,
        };
        good.ok_or_else(|| format!("'{text}' is no date such as 1-Jan-2026"))
    }

    /// A text in quotes, with `\"` and `\\` in it, or a word.
    fn text(&mut self) -> Read<String> {
        self.rest = self.rest.trim_start_matches(' ');
        let Some(quoted) = self.rest.strip_prefix('"') else {
            return self.word().map(str::to_owned);
        };
        let mut text = String::new();
        let mut chars = quoted.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.rest = &quoted[at + 1..];
                    return Ok(text);
                }
                '\\' => match chars.next() {
                    Some((_, escaped @ ('"' | '\\'))) => text.push(escaped),
                    _ => return Err("a backslash that escapes nothing".to_owned()),
                },
                c if c.is_control() => return Err("a control character".to_owned()),
                c => text.push(c),
            }
        }
        Err("a quoted text without an end".to_owned())
    }

    fn word(&mut self) -> Read<&'a str> {
        self.rest = self.rest.trim_start_matches(' ');
        let is_end = |c: char| c == ' ' || c == '(' || c == ')' || c == '"';
        let end = self.rest.find(is_end).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        if word.is_empty() {
            let found = self
                .rest
                .chars()
                .next()
                .map_or("the end".to_owned(), |c| format!("'{c}'"));
            return Err(format!("{found} where a word should be"));
        }
        if word
            .chars()
            .any(|c| c.is_control() || c == '{' || c == '\\')
        {
            return Err(format!("'{word}' is no word"));
        }
        self.rest = rest;
        Ok(word)
    }
}

fn is_atom(word: &str) -> bool {
    word.bytes()
        .all(|b| b.is_ascii_graphic() && !b"()[]{}\"\\%*".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imap::search_key::Piece;
    use proptest::prelude::*;

    fn spelled(text: &str) -> String {
        let keys = parse(text).unwrap();
        match &Key::spell(&keys)[..] {
            [Piece::Line(line)] => String::from_utf8(line.clone()).unwrap(),
            pieces => format!("{pieces:?}"),
        }
    }

    fn why(text: &str) -> String {
        let error = parse(text).unwrap_err().to_string();
        let known =
            "imap: option search holds no IMAP search keys, such as 'UNSEEN FROM \"ada\"': ";
        error.strip_prefix(known).unwrap().to_owned()
    }

    #[test]
    fn keys_are_spelled_anew() {
        assert_eq!(
            spelled("unseen (or from ada not subject \"a \\\"b\\\"\") since 1-jan-2026  uid 5:3,9"),
            "UNSEEN OR FROM \"ada\" NOT SUBJECT \"a \\\"b\\\"\" SINCE 1-Jan-2026 UID 3:5,9"
        );
        assert_eq!(
            spelled("HEADER List-Id x KEYWORD $Junk LARGER 5 X-GM-RAW \"has:attachment\""),
            "HEADER List-Id \"x\" KEYWORD $Junk LARGER 5 X-GM-RAW \"has:attachment\""
        );
        assert!(spelled("SUBJECT größe").contains("Literal"));
    }

    #[test]
    fn what_is_no_key_is_named() {
        for (text, expected) in [
            ("", "the end where a word should be"),
            ("SEEN)", "')' where a word should be"),
            ("(SEEN", "the end where a word should be"),
            ("LOGOUT", "'LOGOUT' is no search key"),
            ("FUZZY", "'FUZZY' is no search key"),
            ("SEEN\r\nx2 LOGOUT", "'SEEN\\r\\nx2' is no word"),
            ("SUBJECT {3}", "'{3}' is no word"),
            ("SUBJECT \"a", "a quoted text without an end"),
            ("SUBJECT \"a\r\n\"", "a control character"),
            ("SUBJECT \"\\a\"", "a backslash that escapes nothing"),
            ("KEYWORD a*", "'a*' is no keyword"),
            (
                "SINCE 2026-01-01",
                "'2026-01-01' is no date such as 1-Jan-2026",
            ),
            ("LARGER -1", "'-1' is no number"),
            ("UID *", "'*' is no set of UIDs"),
        ] {
            assert_eq!(why(text), expected, "{text}");
        }
        assert_eq!(why(&"NOT ".repeat(99)), "nested too deeply");
        assert_eq!(why(&"SEEN ".repeat(999)), "longer than 3000 bytes");
    }

    proptest! {
        #[test]
        fn no_text_leaves_its_command(text in "[A-Z\"\\\\(){}\r\n\0 a-z0-9*%ü-]{0,60}") {
            let Ok(keys) = parse(&format!("SEEN {text}")) else { return Ok(()) };
            for piece in Key::spell(&keys) {
                if let Piece::Line(line) = piece {
                    let is_safe = |b: &u8| (b' '..0x7f).contains(b) && *b != b'{';
                    prop_assert!(line.iter().all(is_safe));
                }
            }
        }
    }
}
