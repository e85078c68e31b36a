//! A term with the values it compares with, and what that makes of a SEARCH.
//!
//! A key is exact or a superset as [`Term::reach`] says; what is no value of
//! the expected kind narrows nothing, or, in an exact term, what SQLite's
//! conversions make of it.

use super::days::{Days, days, search_date};
use super::messages_term::{Reach, Searched, Term};
use super::span::{Number, span};
use super::text_runs::{Make, runs};
use crate::error::Result;
use crate::imap::search_key::Key;
use crate::sqlite::{Connection, Owned};

/// A term, bound.
pub struct Condition {
    /// What is compared, and how.
    pub term: Term,
    /// The values: one, or those of an IN list.
    pub values: Vec<Owned>,
    /// What each leaves of an INTEGER column.
    spans: Vec<Option<(i64, i64)>>,
}

/// What a condition leaves of a mailbox, as a SEARCH.
#[derive(Debug, PartialEq, Eq)]
pub enum Narrowed {
    /// Nothing that SEARCH could tell apart from everything.
    All,
    /// What meets this key.
    Key(Key),
    /// No message at all.
    None,
}

/// Bytes of the keys of one term. A longer one is left to SQLite: the whole
/// command has to fit into the 4,000 bytes every server takes.
const LENGTH: usize = 1_200;

/// The message date of servers for a Date header that they cannot read is none,
/// or the beginning of 1970; what this library can read nevertheless must not
/// be lost.
const UNREADABLE: &str = "SENTSINCE 3-Jan-1970";

/// Days by which the zone of a Date header may be off: it has four digits.
const ANY_ZONE: i32 = 5;

impl Condition {
    /// Binds `term` to its values.
    ///
    /// # Errors
    /// SQLite's, where it converts a value.
    pub fn new(term: Term, values: Vec<Owned>, connection: &Connection) -> Result<Self> {
        let is_number = is_number(term);
        let spans = values
            .iter()
            .filter(|_| is_number)
            .map(|value| Ok(span(term.comparison, Number::of(value, connection)?)))
            .collect::<Result<_>>()?;
        Ok(Self {
            term,
            values,
            spans,
        })
    }

    /// The value of a column that the term leaves no choice.
    pub fn pinned(&self) -> Option<i64> {
        match self.spans[..] {
            [Some((first, last))] if first == last && self.term.is_pinning() => Some(first),
            _ => None,
        }
    }

    /// What SEARCH can find of it.
    pub fn narrowed(&self) -> Narrowed {
        let narrowed = match self.term.searched() {
            _ if self.term.reach() == Reach::Local => Narrowed::All,
            Searched::Flag(set, unset) => self.flag(set, unset),
            Searched::Size => self.size(),
            Searched::Modseq => self.modseq(),
            Searched::InternalDate => self.dates("SINCE", "BEFORE", 1),
            Searched::SentDate => match self.dates("SENTSINCE", "SENTBEFORE", ANY_ZONE) {
                Narrowed::Key(key) => {
                    let unreadable = Key::Not(Box::new(Key::plain(UNREADABLE)));
                    Narrowed::Key(Key::Or(Box::new(key), Box::new(unreadable)))
                }
                other => other,
            },
            Searched::Text(key, make) => self.texts(key, make),
            Searched::No => Narrowed::All,
        };
        match narrowed {
            Narrowed::Key(key) if key.length() > LENGTH => Narrowed::All,
            narrowed => narrowed,
        }
    }

    fn flag(&self, set: &str, unset: &str) -> Narrowed {
        let admits = |value: i64| {
            let mut spans = self.spans.iter().flatten();
            spans.any(|(first, last)| (*first..=*last).contains(&value))
        };
        match (admits(0), admits(1)) {
            (true, true) => Narrowed::All,
            (true, false) => Narrowed::Key(Key::plain(unset)),
            (false, true) => Narrowed::Key(Key::plain(set)),
            (false, false) => Narrowed::None,
        }
    }

    /// LARGER and SMALLER are strict (RFC 9051 section 6.4.4), and their
    /// numbers end at 32 bits in RFC 3501; beyond that lies no message.
    fn size(&self) -> Narrowed {
        let most = i64::from(u32::MAX);
        let Some(Some((first, last))) = self.spans.first() else {
            return Narrowed::None;
        };
        if *first > most || *last < 0 {
            return Narrowed::None;
        }
        let mut keys = Vec::new();
        if *first > 0 {
            keys.push(Key::plain(format!("LARGER {}", first - 1)));
        }
        if *last < most {
            keys.push(Key::plain(format!("SMALLER {}", last + 1)));
        }
        all_of(keys)
    }

    /// True for sizes whose keys hold a number of more than 31 bits, which
    /// Cyrus (3.6) takes for an attack: it says BYE.
    pub fn is_huge_size(&self) -> bool {
        let (most, huge) = (i64::from(u32::MAX), i64::from(i32::MAX));
        let asks = |(first, last): (i64, i64)| {
            (first <= most && first > huge + 1) || (last < most && last >= huge)
        };
        self.term.searched() == Searched::Size
            && self.spans.iter().flatten().any(|span| asks(*span))
    }

    fn modseq(&self) -> Narrowed {
        match self.spans.first() {
            Some(Some((first, _))) if *first > 0 => {
                Narrowed::Key(Key::plain(format!("MODSEQ {first}")))
            }
            Some(Some(_)) => Narrowed::All,
            _ => Narrowed::None,
        }
    }

    fn dates(&self, since: &str, before: &str, margin: i32) -> Narrowed {
        let text = match self.values.first() {
            Some(Owned::Text(text)) => text,
            Some(Owned::Null) => return Narrowed::None,
            _ => return Narrowed::All,
        };
        let Days {
            since: first,
            before: last,
        } = days(self.term.comparison, text, margin);
        let key = |name: &str, date| Key::plain(format!("{name} {}", search_date(date)));
        let keys = [
            first.map(|date| key(since, date)),
            last.map(|date| key(before, date)),
        ];
        all_of(keys.into_iter().flatten().collect())
    }

    fn texts(&self, key: &str, make: Make) -> Narrowed {
        let mut alternatives = Vec::new();
        for value in &self.values {
            let text = match value {
                Owned::Text(text) => text,
                Owned::Null => continue,
                // SQLite compares it after conversions that are its own.
                _ => return Narrowed::All,
            };
            let runs = runs(self.term.comparison, text, make);
            if runs.is_empty() {
                return Narrowed::All;
            }
            let keys: Vec<Key> = runs.iter().map(|run| Key::text(key, run)).collect();
            if let Narrowed::Key(key) = all_of(keys) {
                alternatives.push(key);
            }
        }
        let Some(found) = Key::any(alternatives) else {
            return Narrowed::None;
        };
        let signs = make.signs().iter().map(|sign| Key::text(key, sign));
        let keys = std::iter::once(found).chain(signs).collect();
        Key::any(keys).map_or(Narrowed::All, Narrowed::Key)
    }
}

fn is_number(term: Term) -> bool {
    matches!(
        term.searched(),
        Searched::Flag(..) | Searched::Size | Searched::Modseq
    )
}

fn all_of(mut keys: Vec<Key>) -> Narrowed {
    match keys.len() {
        0 => Narrowed::All,
        1 => keys.pop().map_or(Narrowed::All, Narrowed::Key),
        _ => Narrowed::Key(Key::All(keys)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imap::search_key::Piece;

    fn narrowed(term: &str, values: &[Owned]) -> String {
        let term = Term::from_text(term).unwrap();
        let is_number = is_number(term);
        let number = |value: &Owned| match value {
            Owned::Integer(number) => Number::Real(*number as f64),
            Owned::Real(number) => Number::Real(*number),
            Owned::Null => Number::Null,
            _ => Number::Beyond,
        };
        let spans = values
            .iter()
            .filter(|_| is_number)
            .map(|value| span(term.comparison, number(value)))
            .collect();
        let condition = Condition {
            term,
            values: values.to_vec(),
            spans,
        };
        match condition.narrowed() {
            Narrowed::All => "all".to_owned(),
            Narrowed::None => "none".to_owned(),
            Narrowed::Key(key) => match &Key::spell(&[key])[..] {
                [Piece::Line(line)] => String::from_utf8(line.clone()).unwrap(),
                pieces => format!("{pieces:?}"),
            },
        }
    }

    fn text(text: &str) -> Owned {
        Owned::Text(text.to_owned())
    }

    #[test]
    fn flags_become_flag_keys() {
        let int = Owned::Integer;
        assert_eq!(narrowed("seen =", &[int(0)]), "UNSEEN");
        assert_eq!(narrowed("flagged >", &[int(0)]), "FLAGGED");
        assert_eq!(narrowed("draft in", &[int(0), int(1)]), "all");
        assert_eq!(narrowed("draft =", &[int(2)]), "none");
        assert_eq!(narrowed("seen =", &[Owned::Null]), "none");
        assert_eq!(narrowed("seen <", &[text("x")]), "all");
    }

    #[test]
    fn sizes_mind_strictness_zero_and_the_largest() {
        let size = |comparison: &str, n: i64| {
            narrowed(&format!("size {comparison}"), &[Owned::Integer(n)])
        };
        assert_eq!(size(">", 100), "LARGER 100");
        assert_eq!(size(">=", 100), "LARGER 99");
        assert_eq!(size("<", 100), "SMALLER 100");
        assert_eq!(size("<=", 100), "SMALLER 101");
        assert_eq!(size("=", 100), "(LARGER 99 SMALLER 101)");
        assert_eq!(size(">=", 0), "all");
        assert_eq!(size("=", 0), "SMALLER 1");
        assert_eq!(size("<", 0), "none");
        assert_eq!(size(">", -1), "all");
        assert_eq!(size(">", 4_294_967_295), "none");
        assert_eq!(size(">=", 4_294_967_295), "LARGER 4294967294");
        assert_eq!(size("<", 1 << 40), "all");
        let half = |comparison: &str| narrowed(&format!("size {comparison}"), &[Owned::Real(99.5)]);
        assert_eq!(half(">"), "LARGER 99");
        assert_eq!(half("<="), "SMALLER 100");
        assert_eq!(half("="), "none");
    }

    #[test]
    fn the_number_of_a_change_is_a_lower_bound() {
        assert_eq!(narrowed("modseq >", &[Owned::Integer(7)]), "MODSEQ 8");
        assert_eq!(narrowed("modseq =", &[Owned::Integer(7)]), "MODSEQ 7");
        assert_eq!(narrowed("modseq >=", &[Owned::Integer(0)]), "all");
        assert_eq!(narrowed("modseq >", &[Owned::Null]), "none");
    }

    #[test]
    fn times_become_days_with_room_for_every_zone() {
        let day = [text("2026-01-31")];
        assert_eq!(narrowed("internal_date >=", &day), "SINCE 30-Jan-2026");
        assert_eq!(narrowed("internal_date <", &day), "BEFORE 2-Feb-2026");
        assert_eq!(
            narrowed("date >=", &day),
            "OR SENTSINCE 26-Jan-2026 NOT SENTSINCE 3-Jan-1970"
        );
        assert_eq!(
            narrowed("date =", &day),
            "OR (SENTSINCE 26-Jan-2026 SENTBEFORE 6-Feb-2026) NOT SENTSINCE 3-Jan-1970"
        );
        assert_eq!(narrowed("date >", &[Owned::Integer(0)]), "all");
        assert_eq!(narrowed("date >", &[Owned::Null]), "none");
    }

    #[test]
    fn texts_become_runs_and_what_shows_that_the_server_reads_otherwise() {
        assert_eq!(
            narrowed("subject like", &[text("%invoice 2026%")]),
            "OR (SUBJECT \"invoice\" SUBJECT \"2026\") SUBJECT \"=?\""
        );
        assert_eq!(
            narrowed("from = nocase", &[text("bob@example.org")]),
            "OR OR (FROM \"example.org\" FROM \"bob\") FROM \"MISSING_\" FROM \"SYNTAX_ERROR\""
        );
        assert_eq!(
            narrowed("message_id in", &[text("1@x"), Owned::Null, text("2@x")]),
            "OR OR HEADER MESSAGE-ID \"1@x\" HEADER MESSAGE-ID \"2@x\" HEADER MESSAGE-ID \" \""
        );
        assert_eq!(narrowed("subject like", &[text("%")]), "all");
        assert_eq!(narrowed("subject =", &[Owned::Integer(7)]), "all");
        assert_eq!(narrowed("subject in", &[Owned::Null]), "none");
        let many: Vec<Owned> = (0..200)
            .map(|n| text(&format!("{n}@example.org")))
            .collect();
        assert_eq!(narrowed("message_id in", &many), "all");
    }
}
