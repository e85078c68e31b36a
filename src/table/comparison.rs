//! How SQL compares a column with something else, and by which collation.
//!
//! The terms of a plan are made of these; their words stand in idxStr and in
//! the statements that ask SQLite itself.

use crate::sqlite::Operator;

/// How a column is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `= ?`
    Equal,
    /// `> ?`
    Greater,
    /// `>= ?`
    GreaterOrEqual,
    /// `IN (…)`, as one list.
    In,
    /// `< ?`
    Less,
    /// `<= ?`
    LessOrEqual,
    /// `LIKE ?`
    Like,
    /// `GLOB ?`
    Glob,
}

/// Each comparison with its word in idxStr and in SQL.
pub const COMPARISONS: [(Comparison, &str); 8] = [
    (Comparison::Equal, "="),
    (Comparison::Greater, ">"),
    (Comparison::GreaterOrEqual, ">="),
    (Comparison::In, "in"),
    (Comparison::Less, "<"),
    (Comparison::LessOrEqual, "<="),
    (Comparison::Like, "like"),
    (Comparison::Glob, "glob"),
];

impl Comparison {
    /// The comparison of SQLite's operator; an IN counts as `=` here.
    pub fn of(operator: Operator) -> Option<Self> {
        Some(match operator {
            Operator::Eq => Self::Equal,
            Operator::Gt => Self::Greater,
            Operator::Ge => Self::GreaterOrEqual,
            Operator::Lt => Self::Less,
            Operator::Le => Self::LessOrEqual,
            Operator::Like => Self::Like,
            Operator::Glob => Self::Glob,
            _ => return None,
        })
    }

    /// Its word in idxStr, and its operator in SQL but for IN.
    pub fn word(self) -> &'static str {
        let row = COMPARISONS.iter().find(|(known, _)| *known == self);
        row.map_or("", |(_, word)| word)
    }

    /// The comparison of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        let row = COMPARISONS.iter().find(|(_, known)| *known == word);
        row.map(|(comparison, _)| *comparison)
    }
}

/// SQLite's own collations; with others, what is equal is not known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Collation {
    /// By bytes.
    Binary,
    /// Without the case of ASCII letters.
    NoCase,
    /// Without blanks at the end.
    RTrim,
}

/// Each collation with its word in idxStr and in SQL.
pub const COLLATIONS: [(Collation, &str); 3] = [
    (Collation::Binary, "binary"),
    (Collation::NoCase, "nocase"),
    (Collation::RTrim, "rtrim"),
];

impl Collation {
    /// The collation of a name, in any case.
    pub fn from_word(word: &str) -> Option<Self> {
        let row = COLLATIONS
            .iter()
            .find(|(_, known)| word.eq_ignore_ascii_case(known));
        row.map(|(collation, _)| *collation)
    }

    /// Its name.
    pub fn word(self) -> &'static str {
        let row = COLLATIONS.iter().find(|(known, _)| *known == self);
        row.map_or("", |(_, word)| word)
    }
}
