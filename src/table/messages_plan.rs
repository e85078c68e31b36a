//! The plan of an `imap_messages` scan: a value made of what SQLite asks, by
//! pure code, and carried from xBestIndex to xFilter through idxNum and idxStr.
//!
//! idxNum holds the bits of [`Wanted`], what is wanted of each message. idxStr
//! is for xFilter and for those who read `EXPLAIN QUERY PLAN`:
//!
//! ```text
//! server, user, uid >, seen = exact, subject like superset; uid descending; two phases; FETCH (UID BODY.PEEK[])
//! ```
//!
//! First the arguments of xFilter in order: hidden columns by their names,
//! `match`, comparisons of `uid`, and terms, each with what SEARCH can do for
//! it. Then what follows from them; only the direction and `if read`
//! are read back.

use super::comparison::Comparison;
use super::messages_column::{COLUMNS, Column};
use super::messages_term::{Reach, Term};
use super::uid_bound;
use crate::imap::extra::Extra;
use crate::imap::uid_order::Direction;
use crate::imap::wanted::Wanted;

/// What one argument of xFilter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    /// A hidden column's value.
    Hidden(Column),
    /// The text of a MATCH.
    Match,
    /// A bound on the UID.
    Uid(Comparison),
    /// What another column is compared with.
    Term(Term),
}

/// The hidden columns that are arguments.
pub const HIDDEN: [Column; 4] = [
    Column::Server,
    Column::User,
    Column::Folder,
    Column::Options,
];

/// One scan: what is fetched, and what SQLite passes to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What is wanted of each message.
    pub wanted: Wanted,
    /// The arguments of xFilter, in order.
    pub arguments: Vec<Argument>,
    /// The order of the UIDs in each folder.
    pub direction: Direction,
    /// True where nothing is wanted but columns of exact terms, which SQLite
    /// reads only where the query shows them, too: they wait until it does.
    pub is_late: bool,
}

impl Plan {
    /// A plan for a query that uses these columns; what an argument pins down
    /// is not fetched.
    pub fn new(
        is_used: impl Fn(usize) -> bool,
        arguments: Vec<Argument>,
        direction: Direction,
    ) -> Self {
        let pinned = |column: Column| {
            let pins = |term: Term| term.column == column && term.is_pinning();
            arguments
                .iter()
                .any(|argument| matches!(argument, Argument::Term(term) if pins(*term)))
        };
        let exact = |column: Column| {
            let is_exact = |term: Term| term.column == column && term.reach() == Reach::Exact;
            arguments
                .iter()
                .any(|argument| matches!(argument, Argument::Term(term) if is_exact(*term)))
        };
        let used = COLUMNS
            .iter()
            .enumerate()
            .filter(|(position, (column, _, wanted))| {
                is_used(*position) && !wanted.is_empty() && !pinned(*column)
            })
            .map(|(_, (column, _, wanted))| (*column, *wanted));
        let wanted = used
            .clone()
            .fold(Wanted::NONE, |all, (_, wanted)| all | wanted);
        let is_late = !wanted.is_empty() && used.clone().all(|(column, _)| exact(column));
        Self {
            wanted: wanted.reduced(),
            arguments,
            direction,
            is_late,
        }
    }

    /// The terms.
    pub fn terms(&self) -> impl Iterator<Item = Term> {
        self.arguments.iter().filter_map(|argument| match argument {
            Argument::Term(term) => Some(*term),
            _ => None,
        })
    }

    /// What is fetched first, of messages that may yet fail a term, where the
    /// rest is dear; `None` where all is fetched at once.
    pub fn first_phase(&self) -> Option<Wanted> {
        const DEAR: [Wanted; 5] = [
            Wanted::extra(Extra::Preview),
            Wanted::STRUCTURE,
            Wanted::HEADER,
            Wanted::TEXT,
            Wanted::WHOLE,
        ];
        let inexact = self.terms().filter(|term| term.reach() != Reach::Exact);
        let first = inexact.fold(Wanted::NONE, |wanted, term| wanted | term.column.wanted());
        let is_dear = DEAR.iter().any(|dear| self.wanted.contains(*dear));
        (is_dear && !first.is_empty()).then_some(first)
    }

    /// idxNum.
    pub fn number(&self) -> i32 {
        self.wanted.bits().cast_signed()
    }

    /// idxStr.
    pub fn text(&self) -> String {
        let arguments: Vec<String> = self.arguments.iter().map(|a| a.text()).collect();
        let mut text = arguments.join(", ");
        if self.direction == Direction::Descending {
            text.push_str(DESCENDING);
        }
        if self.first_phase().is_some() {
            text.push_str("; two phases");
        }
        if self.wanted.is_empty() {
            text.push_str("; SEARCH");
        } else {
            text.push_str("; FETCH ");
            text.push_str(&self.wanted.items().to_string());
        }
        if self.is_late {
            text.push_str(IF_READ);
        }
        text
    }

    /// The plan that [`Plan::number`] and [`Plan::text`] came from; `None` for
    /// anything else.
    pub fn decode(number: i32, text: &str) -> Option<Self> {
        let (arguments, _) = text.split_once("; ")?;
        let arguments = arguments
            .split(", ")
            .filter(|word| !word.is_empty())
            .map(Argument::from_text)
            .collect::<Option<_>>()?;
        let direction = match text.contains(DESCENDING) {
            true => Direction::Descending,
            false => Direction::Ascending,
        };
        Some(Self {
            wanted: Wanted::from_bits(number.cast_unsigned()),
            arguments,
            direction,
            is_late: text.ends_with(IF_READ),
        })
    }

    /// Rows this scan is expected to give, for the cost of a join order. No
    /// network is touched to find out; `messages` stands for "a mailbox".
    pub fn rows(&self, messages: u32) -> i64 {
        let mut rows = f64::from(messages);
        for argument in &self.arguments {
            let (most, share) = match argument {
                Argument::Hidden(_) => continue,
                Argument::Match => (rows, 0.1),
                Argument::Uid(comparison) => selectivity(*comparison),
                Argument::Term(term) => selectivity_of(*term),
            };
            rows = (rows * share).min(most);
        }
        #[expect(clippy::cast_possible_truncation, reason = "an estimate")]
        let rows = rows as i64;
        rows.max(1)
    }

    /// What this scan costs next to others: some round trips, which outweigh
    /// thousands of rows of a table, then what each message's items weigh.
    pub fn cost(&self, messages: u32) -> f64 {
        const ROUND_TRIPS: f64 = 5_000.0;
        let message = if self.wanted.contains(Wanted::WHOLE) || self.wanted.contains(Wanted::TEXT) {
            50.0
        } else if self.wanted.is_empty() || self.is_late {
            1.0
        } else {
            5.0
        };
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let rows = self.rows(messages) as f64;
        ROUND_TRIPS + rows * message
    }
}

const DESCENDING: &str = "; uid descending";
const IF_READ: &str = " if read";

/// The most UIDs a comparison leaves, and its share of the mailbox.
fn selectivity(comparison: Comparison) -> (f64, f64) {
    match comparison {
        Comparison::Equal => (1.0, 1.0),
        Comparison::In => (25.0, 1.0),
        _ => (f64::MAX, 0.25),
    }
}

fn selectivity_of(term: Term) -> (f64, f64) {
    let share = match (term.comparison, term.reach()) {
        // Its work is done here, after it has come over the network.
        (_, Reach::Local) => 1.0,
        (Comparison::Equal, Reach::Superset) => 0.01,
        (Comparison::In | Comparison::Like | Comparison::Glob, _) => 0.1,
        (_, Reach::Exact) => 0.5,
        _ => 0.25,
    };
    (f64::MAX, share)
}

impl Argument {
    fn text(self) -> String {
        match self {
            Self::Hidden(column) => column.name().to_owned(),
            Self::Match => "match".to_owned(),
            Self::Uid(comparison) => uid_bound::word(comparison),
            Self::Term(term) => format!("{} {}", term.text(), reach_word(term.reach())),
        }
    }

    fn from_text(text: &str) -> Option<Self> {
        if text == "match" {
            return Some(Self::Match);
        }
        if let Some(column) = HIDDEN.into_iter().find(|column| column.name() == text) {
            return Some(Self::Hidden(column));
        }
        if let Some(comparison) = uid_bound::from_word(text) {
            return Some(Self::Uid(comparison));
        }
        let (term, reach) = text.rsplit_once(' ')?;
        Term::from_text(term)
            .filter(|term| reach_word(term.reach()) == reach)
            .map(Self::Term)
    }
}

fn reach_word(reach: Reach) -> &'static str {
    match reach {
        Reach::Exact => "exact",
        Reach::Superset => "superset",
        Reach::Local => "local",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::comparison::{COLLATIONS, COMPARISONS};
    use proptest::prelude::*;

    fn plan(columns: &[&str], terms: &[&str]) -> Plan {
        let used: Vec<usize> = columns
            .iter()
            .map(|name| {
                COLUMNS
                    .iter()
                    .position(|(_, known, _)| known == name)
                    .unwrap()
            })
            .collect();
        let arguments = terms
            .iter()
            .map(|text| Argument::Term(Term::from_text(text).unwrap()))
            .collect();
        Plan::new(
            |position| used.contains(&position),
            arguments,
            Direction::Ascending,
        )
    }

    #[test]
    fn counting_fetches_nothing() {
        assert_eq!(plan(&[], &[]).text(), "; SEARCH");
        let all = plan(&["uid", "folder_name", "server"], &[]);
        assert_eq!(all.text(), "; SEARCH");
    }

    #[test]
    fn the_cheapest_items_give_the_columns() {
        let text = |columns: &[&str]| plan(columns, &[]).text();
        assert_eq!(text(&["seen", "size"]), "; FETCH (UID FLAGS RFC822.SIZE)");
        assert_eq!(
            text(&["subject", "from_name"]),
            "; FETCH (UID BODY.PEEK[HEADER.FIELDS (FROM SUBJECT)])"
        );
        assert_eq!(
            text(&["subject", "headers"]),
            "; FETCH (UID BODY.PEEK[HEADER])"
        );
        assert_eq!(text(&["attachments"]), "; FETCH (UID BODYSTRUCTURE)");
        assert_eq!(
            text(&["subject", "body_text", "raw"]),
            "; FETCH (UID BODY.PEEK[])"
        );
    }

    #[test]
    fn a_pinned_column_is_not_fetched() {
        assert_eq!(plan(&["seen"], &["seen ="]).text(), "seen = exact; SEARCH");
        let other = plan(&["seen", "draft"], &["seen ="]);
        assert_eq!(other.text(), "seen = exact; FETCH (UID FLAGS)");
    }

    #[test]
    fn columns_of_exact_terms_wait_until_they_are_read() {
        let late = plan(&["size"], &["size >"]);
        assert_eq!(late.text(), "size > exact; FETCH (UID RFC822.SIZE) if read");
        assert!(!plan(&["size", "subject"], &["size >"]).is_late);
        assert!(!plan(&["size"], &["subject like"]).is_late);
    }

    #[test]
    fn what_is_dear_waits_for_a_second_phase() {
        let phase = |columns: &[&str], terms: &[&str]| {
            plan(columns, terms)
                .first_phase()
                .map(|wanted| wanted.items().to_string())
        };
        let subject = Some("(UID BODY.PEEK[HEADER.FIELDS (SUBJECT)])".to_owned());
        assert_eq!(phase(&["raw", "subject"], &["subject like"]), subject);
        assert_eq!(phase(&["subject", "from"], &["subject like"]), None);
        assert_eq!(phase(&["raw"], &["seen =", "size >"]), None);
        let flags = Some("(UID FLAGS)".to_owned());
        assert_eq!(phase(&["raw"], &["keywords like"]), flags);
    }

    #[test]
    fn a_foreign_plan_is_refused() {
        assert_eq!(Plan::decode(0, ""), None);
        assert_eq!(Plan::decode(0, "size >; FETCH (UID)"), None);
        assert_eq!(Plan::decode(0, "seen = local; FETCH (UID)"), None);
    }

    #[test]
    fn narrower_scans_are_cheaper() {
        let cost = |terms: &[&str]| plan(&["subject"], terms).cost(10_000);
        assert!(cost(&["message_id ="]) < cost(&["subject like"]));
        assert!(cost(&["subject like"]) < cost(&["from_name ="]));
    }

    fn arguments() -> impl Strategy<Value = Argument> {
        let comparison = (0..COMPARISONS.len()).prop_map(|at| COMPARISONS[at].0);
        let term = (0..COLUMNS.len(), comparison.clone(), 0..COLLATIONS.len()).prop_filter_map(
            "a column that is dear",
            |(column, comparison, collation)| {
                Term::new(COLUMNS[column].0, comparison, COLLATIONS[collation].0)
            },
        );
        prop_oneof![
            (0..HIDDEN.len()).prop_map(|at| Argument::Hidden(HIDDEN[at])),
            Just(Argument::Match),
            comparison.prop_map(Argument::Uid),
            term.prop_map(Argument::Term),
        ]
    }

    proptest! {
        #[test]
        fn a_plan_survives_the_way_through_sqlite(
            bits in any::<u32>(),
            arguments in prop::collection::vec(arguments(), 0..8),
            descending in any::<bool>(),
            is_late in any::<bool>(),
        ) {
            let plan = Plan {
                wanted: Wanted::from_bits(bits).reduced(),
                arguments,
                direction: match descending {
                    true => Direction::Descending,
                    false => Direction::Ascending,
                },
                is_late,
            };
            prop_assert_eq!(Plan::decode(plan.number(), &plan.text()), Some(plan));
        }
    }
}
