//! The plan of an `imap_messages` scan: a value made of what SQLite asks, by
//! pure code, and carried from xBestIndex to xFilter through idxNum and idxStr.
//!
//! idxNum holds the bits of [`Wanted`], what is wanted of each message. idxStr
//! names the arguments of xFilter in order, separated by commas, and ends in
//! the FETCH items for those who read `EXPLAIN QUERY PLAN`:
//! `server,user,folder,uid> FETCH (UID FLAGS)`. The arguments are
//!
//! | word | argument |
//! |---|---|
//! | `server` `user` `folder` `options` | the hidden column of that name |
//! | `uid=` `uid>` `uid>=` `uid<` `uid<=` | what the UID is compared with |
//! | `uid in` | the list of UIDs, all in one xFilter |

use super::messages_column::{COLUMNS, Column};
use crate::imap::wanted::Wanted;

/// How a UID is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `uid = ?`
    Equal,
    /// `uid > ?`
    Greater,
    /// `uid >= ?`
    GreaterOrEqual,
    /// `uid IN (…)`, as one list.
    In,
    /// `uid < ?`
    Less,
    /// `uid <= ?`
    LessOrEqual,
}

impl Comparison {
    /// Its word in idxStr: `uid>=`.
    pub fn word(self) -> &'static str {
        Argument::Uid(self).word()
    }

    /// The comparison of this word.
    pub fn from_word(word: &str) -> Option<Self> {
        match Argument::from_word(word) {
            Some(Argument::Uid(comparison)) => Some(comparison),
            _ => None,
        }
    }
}

/// What one argument of xFilter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    /// A hidden column's value.
    Hidden(Column),
    /// A bound on the UID.
    Uid(Comparison),
}

/// Each argument with its word in idxStr.
const WORDS: [(Argument, &str); 10] = [
    (Argument::Hidden(Column::Server), "server"),
    (Argument::Hidden(Column::User), "user"),
    (Argument::Hidden(Column::Folder), "folder"),
    (Argument::Hidden(Column::Options), "options"),
    (Argument::Uid(Comparison::Equal), "uid="),
    (Argument::Uid(Comparison::Greater), "uid>"),
    (Argument::Uid(Comparison::GreaterOrEqual), "uid>="),
    (Argument::Uid(Comparison::In), "uid in"),
    (Argument::Uid(Comparison::Less), "uid<"),
    (Argument::Uid(Comparison::LessOrEqual), "uid<="),
];

/// One scan: what is fetched, and what SQLite passes to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What is wanted of each message.
    pub wanted: Wanted,
    /// The arguments of xFilter, in order.
    pub arguments: Vec<Argument>,
}

impl Plan {
    /// A plan without arguments for a query that uses these columns.
    pub fn for_columns(is_used: impl Fn(usize) -> bool) -> Self {
        let wanted = COLUMNS
            .iter()
            .enumerate()
            .filter(|(position, _)| is_used(*position))
            .fold(Wanted::NONE, |wanted, (_, (_, _, needed))| wanted | *needed);
        Self {
            wanted: wanted.reduced(),
            arguments: Vec::new(),
        }
    }

    /// idxNum.
    pub fn number(&self) -> i32 {
        self.wanted.bits().cast_signed()
    }

    /// idxStr.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for argument in &self.arguments {
            if !text.is_empty() {
                text.push(',');
            }
            text.push_str(argument.word());
        }
        if self.wanted.is_empty() {
            text.push_str(" SEARCH");
        } else {
            text.push_str(" FETCH ");
            text.push_str(&self.wanted.items().to_string());
        }
        text
    }

    /// The plan that [`Plan::number`] and [`Plan::text`] came from; `None` for
    /// anything else.
    pub fn decode(number: i32, text: &str) -> Option<Self> {
        let end = text.find(" FETCH ").or_else(|| text.find(" SEARCH"))?;
        let arguments = text[..end]
            .split(',')
            .filter(|word| !word.is_empty())
            .map(Argument::from_word)
            .collect::<Option<_>>()?;
        Some(Self {
            wanted: Wanted::from_bits(number.cast_unsigned()),
            arguments,
        })
    }

    /// Rows this scan is expected to give, for the cost of a join order. No
    /// network is touched to find out; ten thousand stands for "a mailbox".
    pub fn rows(&self) -> i64 {
        let has = |comparison| self.arguments.contains(&Argument::Uid(comparison));
        if has(Comparison::Equal) {
            return 1;
        }
        if has(Comparison::In) {
            return 25;
        }
        let above = has(Comparison::Greater) || has(Comparison::GreaterOrEqual);
        let below = has(Comparison::Less) || has(Comparison::LessOrEqual);
        10_000 >> (2 * (u32::from(above) + u32::from(below)))
    }

    /// What this scan costs next to others: some round trips, which outweigh
    /// thousands of rows of a table, then what each message's items weigh.
    pub fn cost(&self) -> f64 {
        const ROUND_TRIPS: f64 = 5_000.0;
        let message = if self.wanted.contains(Wanted::WHOLE) || self.wanted.contains(Wanted::TEXT) {
            50.0
        } else if self.wanted.is_empty() {
            1.0
        } else {
            5.0
        };
        #[expect(clippy::cast_precision_loss, reason = "at most ten thousand")]
        let rows = self.rows() as f64;
        ROUND_TRIPS + rows * message
    }
}

impl Argument {
    fn word(self) -> &'static str {
        let row = WORDS.iter().find(|(argument, _)| *argument == self);
        row.map_or("", |(_, word)| word)
    }

    fn from_word(word: &str) -> Option<Self> {
        WORDS
            .iter()
            .find(|(_, known)| *known == word)
            .map(|(argument, _)| *argument)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn column(name: &str) -> usize {
        COLUMNS
            .iter()
            .position(|(_, known, _)| *known == name)
            .unwrap()
    }

    fn plan(columns: &[&str]) -> Plan {
        let used: Vec<usize> = columns.iter().map(|name| column(name)).collect();
        Plan::for_columns(|position| used.contains(&position))
    }

    #[test]
    fn counting_fetches_nothing() {
        assert_eq!(plan(&[]).text(), " SEARCH");
        assert_eq!(plan(&["uid", "folder_name", "server"]).text(), " SEARCH");
    }

    #[test]
    fn the_cheapest_items_give_the_columns() {
        let text = |columns: &[&str]| plan(columns).text();
        assert_eq!(text(&["seen", "size"]), " FETCH (UID FLAGS RFC822.SIZE)");
        assert_eq!(
            text(&["subject", "from_name"]),
            " FETCH (UID BODY.PEEK[HEADER.FIELDS (FROM SUBJECT)])"
        );
        assert_eq!(
            text(&["subject", "headers"]),
            " FETCH (UID BODY.PEEK[HEADER])"
        );
        assert_eq!(text(&["attachments"]), " FETCH (UID BODYSTRUCTURE)");
        assert_eq!(
            text(&["subject", "body_text", "raw"]),
            " FETCH (UID BODY.PEEK[])"
        );
    }

    #[test]
    fn words_are_told_apart() {
        for (argument, word) in WORDS {
            assert_eq!(Argument::from_word(word), Some(argument));
            assert_eq!(argument.word(), word);
        }
    }

    #[test]
    fn a_foreign_plan_is_refused() {
        assert_eq!(Plan::decode(0, ""), None);
        assert_eq!(Plan::decode(0, "size> FETCH (UID)"), None);
    }

    proptest! {
        #[test]
        fn a_plan_survives_the_way_through_sqlite(
            bits in any::<u32>(),
            words in prop::collection::vec(0..WORDS.len(), 0..8),
        ) {
            let arguments = words.into_iter().map(|word| WORDS[word].0).collect();
            let plan = Plan { wanted: Wanted::from_bits(bits).reduced(), arguments };
            prop_assert_eq!(Plan::decode(plan.number(), &plan.text()), Some(plan));
        }
    }
}
