//! One comparison of a column of `imap_messages` with something else, as the
//! plan carries it: `seen =`, `subject like`, `"from" = nocase`.
//!
//! What the server can do for it is decided here, without knowing the value.

use super::comparison::{Collation, Comparison};
use super::messages_column::{COLUMNS, Column};
use super::text_runs::Make;
use crate::imap::wanted::Wanted;

/// One comparison of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    /// The column.
    pub column: Column,
    /// How it is compared.
    pub comparison: Comparison,
    /// What counts as equal, or less, among texts.
    pub collation: Collation,
}

/// What SEARCH can do for a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// It finds exactly the messages that meet it.
    Exact,
    /// It finds them all, and perhaps others.
    Superset,
    /// Nothing; the term can be checked on what is fetched first.
    Local,
}

/// How a column is searched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Searched {
    /// By a flag's two keys: set, and not set.
    Flag(&'static str, &'static str),
    /// By LARGER and SMALLER.
    Size,
    /// By SINCE and BEFORE.
    InternalDate,
    /// By SENTSINCE and SENTBEFORE.
    SentDate,
    /// By MODSEQ, which knows lower bounds alone (RFC 7162 section 3.1.5).
    Modseq,
    /// By a key that looks for a text.
    Text(&'static str, Make),
    /// Not at all.
    No,
}

/// How each column that can be searched for is.
const SEARCHED: [(Column, Searched); 16] = [
    (Column::Seen, Searched::Flag("SEEN", "UNSEEN")),
    (Column::Flagged, Searched::Flag("FLAGGED", "UNFLAGGED")),
    (Column::Answered, Searched::Flag("ANSWERED", "UNANSWERED")),
    (Column::Deleted, Searched::Flag("DELETED", "UNDELETED")),
    (Column::Draft, Searched::Flag("DRAFT", "UNDRAFT")),
    (Column::Size, Searched::Size),
    (Column::Modseq, Searched::Modseq),
    (Column::InternalDate, Searched::InternalDate),
    (Column::Date, Searched::SentDate),
    (Column::Subject, Searched::Text("SUBJECT", Make::Text)),
    (Column::From, Searched::Text("FROM", Make::Addresses)),
    (Column::To, Searched::Text("TO", Make::Addresses)),
    (Column::Cc, Searched::Text("CC", Make::Addresses)),
    (Column::Bcc, Searched::Text("BCC", Make::Addresses)),
    (
        Column::MessageId,
        Searched::Text("HEADER MESSAGE-ID", Make::Identifier),
    ),
    (
        Column::InReplyTo,
        Searched::Text("HEADER IN-REPLY-TO", Make::Identifier),
    ),
];

/// What is cheap enough to be fetched before the rest is.
const CHEAP: Wanted = Wanted::FLAGS
    .and(Wanted::SIZE)
    .and(Wanted::INTERNAL_DATE)
    .and(Wanted::MODSEQ)
    .and(Wanted::FIELDS);

impl Term {
    /// The term, if it is worth a place in the plan: on a column that is cheap
    /// to fetch, or on the folder's name.
    pub fn new(column: Column, comparison: Comparison, collation: Collation) -> Option<Self> {
        let wanted = column.wanted();
        let is_cheap = !wanted.is_empty() && CHEAP.contains(wanted);
        (is_cheap || column == Column::FolderName).then_some(Self {
            column,
            comparison,
            collation,
        })
    }

    /// How its column is searched for.
    pub fn searched(self) -> Searched {
        let row = SEARCHED.iter().find(|(column, _)| *column == self.column);
        row.map_or(Searched::No, |(_, searched)| *searched)
    }

    /// What SEARCH can do for it.
    pub fn reach(self) -> Reach {
        let is_pattern = matches!(self.comparison, Comparison::Like | Comparison::Glob);
        let is_list = self.comparison == Comparison::In;
        let is_equal = is_list || is_pattern || self.comparison == Comparison::Equal;
        match self.searched() {
            Searched::Flag(..) if !is_pattern => Reach::Exact,
            Searched::Size if !is_pattern && !is_list => Reach::Exact,
            // Where a mailbox counts no changes SEARCH would fail, and the
            // column is NULL: SQLite looks again.
            Searched::Modseq
                if matches!(
                    self.comparison,
                    Comparison::Equal | Comparison::Greater | Comparison::GreaterOrEqual
                ) =>
            {
                Reach::Superset
            }
            Searched::InternalDate | Searched::SentDate
                if !is_pattern && !is_list && self.collation != Collation::RTrim =>
            {
                Reach::Superset
            }
            Searched::Text(..) if is_equal => Reach::Superset,
            _ => Reach::Local,
        }
    }

    /// True where it leaves one value at most: the column need not be fetched.
    pub fn is_pinning(self) -> bool {
        self.comparison == Comparison::Equal && matches!(self.searched(), Searched::Flag(..))
    }

    /// `subject = nocase`; the collation only where it is not the usual one.
    pub fn text(self) -> String {
        let (column, comparison) = (self.column.name(), self.comparison.word());
        match self.collation {
            Collation::Binary => format!("{column} {comparison}"),
            other => format!("{column} {comparison} {}", other.word()),
        }
    }

    /// The term of a text.
    pub fn from_text(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let name = words.next()?;
        let (column, ..) = COLUMNS.iter().find(|(_, known, _)| *known == name)?;
        let comparison = Comparison::from_word(words.next()?)?;
        let collation = words
            .next()
            .map_or(Some(Collation::Binary), Collation::from_word)?;
        Self::new(*column, comparison, collation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::comparison::{COLLATIONS, COMPARISONS};

    fn reach(text: &str) -> Option<Reach> {
        Term::from_text(text).map(Term::reach)
    }

    #[test]
    fn what_the_server_can_do_is_known_without_the_value() {
        for (text, expected) in [
            ("seen =", Reach::Exact),
            ("draft in", Reach::Exact),
            ("size <=", Reach::Exact),
            ("size in", Reach::Local),
            ("seen like", Reach::Local),
            ("internal_date >", Reach::Superset),
            ("modseq >", Reach::Superset),
            ("modseq <", Reach::Local),
            ("date like", Reach::Local),
            ("date < rtrim", Reach::Local),
            ("subject like", Reach::Superset),
            ("subject > nocase", Reach::Local),
            ("to in", Reach::Superset),
            ("message_id =", Reach::Superset),
            ("from_name =", Reach::Local),
            ("folder_name glob", Reach::Local),
        ] {
            assert_eq!(reach(text), Some(expected), "{text}");
        }
        for text in [
            "raw =",
            "parts like",
            "headers glob",
            "nothing =",
            "seen ~",
            "seen = turkish",
        ] {
            assert_eq!(reach(text), None, "{text}");
        }
    }

    #[test]
    fn a_term_survives_its_text() {
        for (column, ..) in COLUMNS {
            for (comparison, _) in COMPARISONS {
                for (collation, _) in COLLATIONS {
                    if let Some(term) = Term::new(column, comparison, collation) {
                        assert_eq!(Term::from_text(&term.text()), Some(term));
                    }
                }
            }
        }
    }
}
