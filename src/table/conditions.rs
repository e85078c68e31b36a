//! Everything a query says of the messages it wants, bound to its arguments.
//!
//! Made by xFilter from plan and values; tells what to ask each folder's
//! SEARCH, and what is left to check on what is fetched first.

use super::condition::{Condition, Narrowed};
use super::judge::Judge;
use super::messages_column::{Column, DEFINITION};
use super::messages_plan::{Argument, Plan};
use super::messages_term::{Reach, Searched};
use super::uid_bound::{admitted, operands};
use crate::error::{Error, Result};
use crate::imap::UidSet;
use crate::imap::search_key::Key;
use crate::sqlite::{Connection, Owned, Value};

/// Whose word is taken for what a text search finds: the option `trust_search`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TrustSearch {
    /// That of servers known to find substrings.
    #[default]
    Auto,
    /// Every server's.
    Always,
    /// No server's.
    Never,
}

/// The words of the option, in the order of [`TrustSearch`].
pub const TRUST_SEARCH: [&str; 3] = ["auto", "always", "never"];

impl TrustSearch {
    /// The choice by its place among [`TRUST_SEARCH`].
    pub fn at(place: Option<usize>) -> Self {
        match place {
            Some(1) => Self::Always,
            Some(2) => Self::Never,
            _ => Self::Auto,
        }
    }
}

/// The conditions of one scan.
pub struct Conditions {
    /// The UIDs that may meet them.
    pub uids: UidSet,
    /// The caller's own keys: MATCH and the option `search`. They define the
    /// rows, whatever the server makes of them.
    pub own: Vec<Key>,
    conditions: Vec<Condition>,
    is_impossible: bool,
}

impl Conditions {
    /// Binds the plan's arguments, but for the hidden columns.
    ///
    /// # Errors
    /// A text for MATCH that no command can hold, and SQLite's.
    pub fn bind(plan: &Plan, values: &[Value<'_>], connection: &Connection) -> Result<Self> {
        let mut bound = Self {
            uids: UidSet::all(),
            own: Vec::new(),
            conditions: Vec::new(),
            is_impossible: false,
        };
        for (argument, value) in plan.arguments.iter().zip(values) {
            match argument {
                Argument::Hidden(_) => {}
                Argument::Match if value.is_null() => bound.is_impossible = true,
                Argument::Match => bound.own.push(match_key(value.text()?)?),
                Argument::Uid(comparison) => {
                    let values = operands(*comparison, value)?;
                    let admitted = admitted(*comparison, &values, connection)?;
                    bound.uids = bound.uids.intersection(&admitted);
                }
                Argument::Term(term) => {
                    let values = operands(term.comparison, value)?;
                    let condition = Condition::new(*term, values, connection)?;
                    bound.is_impossible |= condition.narrowed() == Narrowed::None;
                    bound.conditions.push(condition);
                }
            }
        }
        Ok(bound)
    }

    /// True where no message can meet them.
    pub fn are_impossible(&self) -> bool {
        self.is_impossible || self.uids.is_empty()
    }

    /// True where texts are looked for, so that it matters how the server
    /// searches.
    pub fn look_for_texts(&self) -> bool {
        let is_text = |condition: &Condition| {
            matches!(condition.term.searched(), Searched::Text(..))
                && matches!(condition.narrowed(), Narrowed::Key(_))
        };
        self.conditions.iter().any(is_text)
    }

    /// True where sizes are looked for.
    pub fn look_for_sizes(&self) -> bool {
        let mut searched = self.conditions.iter().map(|c| c.term.searched());
        searched.any(|searched| searched == Searched::Size)
    }

    /// True where mod-sequences are looked for, which not every folder has.
    pub fn look_for_modseq(&self) -> bool {
        let mut searched = self.conditions.iter().map(|c| c.term.searched());
        searched.any(|searched| searched == Searched::Modseq)
    }

    /// True where a size is looked for that not every server can be asked for.
    pub fn look_for_huge_sizes(&self) -> bool {
        self.conditions.iter().any(Condition::is_huge_size)
    }

    /// The keys for SEARCH: the exact ones, and of the others those that
    /// `can_ask` lets through.
    pub fn keys(&self, can_ask: impl Fn(Searched) -> bool) -> Vec<Key> {
        /// Bytes of all keys of a command together.
        const LENGTH: usize = 2_400;
        let mut keys = Vec::new();
        let mut length = 0;
        // The exact ones come first: they have to fit, and do.
        for reach in [Reach::Exact, Reach::Superset] {
            for condition in self.conditions.iter().filter(|c| c.term.reach() == reach) {
                let is_exact = reach == Reach::Exact;
                if let Narrowed::Key(key) = condition.narrowed()
                    && (is_exact || can_ask(condition.term.searched()))
                    && (is_exact || length + key.length() <= LENGTH)
                {
                    length += key.length();
                    keys.push(key);
                }
            }
        }
        keys
    }

    /// True where the rows depend on what only SEARCH or a check can tell,
    /// because SQLite was told not to look.
    pub fn have_exact(&self) -> bool {
        self.conditions
            .iter()
            .any(|condition| condition.term.reach() == Reach::Exact)
    }

    /// The value of a column that the conditions leave no choice.
    pub fn pinned(&self, column: Column) -> Option<i64> {
        self.conditions
            .iter()
            .filter(|condition| condition.term.column == column)
            .find_map(Condition::pinned)
    }

    /// Judges for the conditions on messages: the exact ones where `exact`,
    /// the others where `inexact`, each with its column.
    ///
    /// # Errors
    /// SQLite's, for exact ones; the others can be left to it.
    pub fn judges(
        &self,
        connection: &Connection,
        exact: bool,
        inexact: bool,
    ) -> Result<Vec<(Column, Judge)>> {
        let mut judges = Vec::new();
        for condition in &self.conditions {
            let is_exact = condition.term.reach() == Reach::Exact;
            let column = condition.term.column;
            if column == Column::FolderName || !if is_exact { exact } else { inexact } {
                continue;
            }
            match judge(connection, condition) {
                Ok(judge) => judges.push((column, judge)),
                Err(error) if is_exact => return Err(error),
                Err(_) => {}
            }
        }
        Ok(judges)
    }

    /// True where a folder of this name may hold messages that meet them.
    ///
    /// # Errors
    /// As [`Judge::admits`].
    pub fn admit_folder(&self, connection: &Connection, name: &str) -> Result<bool> {
        let name = Owned::Text(name.to_owned());
        for condition in &self.conditions {
            if condition.term.column == Column::FolderName
                && let Ok(mut judge) = judge(connection, condition)
                && !judge.admits(&name)?
            {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn judge(connection: &Connection, condition: &Condition) -> Result<Judge> {
    let column = &DEFINITION.columns()[condition.term.column as usize];
    Judge::new(connection, condition, &column.declared_type)
}

fn match_key(text: &str) -> Result<Key> {
    if text.contains('\0') {
        return Err(Error::usage(
            "cannot search for a text that holds a NUL; IMAP has no way to say it",
        ));
    }
    Ok(Key::text("TEXT", text))
}
