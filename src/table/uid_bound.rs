//! What a query's comparisons of `uid` leave of all UIDs.
//!
//! A bound is a superset of what SQLite will accept: SQLite checks each row
//! again, so a value this file does not understand narrows nothing.

pub use super::messages_plan::Comparison;
use crate::error::Result;
use crate::imap::search::Criteria;
use crate::imap::wanted::Wanted;
use crate::imap::{Session, UidSet};
use crate::sqlite::{Column, Index, Operator, Owned, Recheck, Value, ValueKind};

/// A query that names at most this many UIDs fetches them without asking first
/// which exist: those that do not are simply not answered.
const FETCHED_UNSEEN: u64 = 500;

/// Takes every usable comparison of the column at `uid`, after `taken` other
/// arguments; their words for idxStr. SQLite checks them again.
pub fn take(index: &mut Index<'_>, uid: usize, taken: usize) -> Vec<&'static str> {
    let mut words = Vec::new();
    for constraint in index.constraints() {
        if !constraint.usable || constraint.column != Column::At(uid) {
            continue;
        }
        let comparison = match constraint.operator {
            Operator::Eq if index.take_in_list(constraint.position) => Comparison::In,
            Operator::Eq => Comparison::Equal,
            Operator::Gt => Comparison::Greater,
            Operator::Ge => Comparison::GreaterOrEqual,
            Operator::Lt => Comparison::Less,
            Operator::Le => Comparison::LessOrEqual,
            _ => continue,
        };
        words.push(comparison.word());
        index.take(constraint.position, taken + words.len(), Recheck::Keep);
    }
    words
}

/// The UIDs that may satisfy a query.
pub struct UidBound(UidSet);

impl Default for UidBound {
    /// Every UID.
    fn default() -> Self {
        Self(UidSet::all())
    }
}

impl UidBound {
    /// Takes one more comparison into account.
    pub fn narrow(&mut self, comparison: Comparison, value: &Value<'_>) {
        let admitted = if comparison == Comparison::In {
            value
                .in_list()
                .ok()
                .flatten()
                .and_then(|list| listed(&list))
        } else {
            number(value).map(|number| compared(comparison, number))
        };
        if let Some(admitted) = admitted {
            self.0 = self.0.intersection(&admitted);
        }
    }

    /// The UIDs to fetch from the examined folder: those that exist, or, where
    /// few are named, all that are.
    ///
    /// # Errors
    ///
    /// As [`Session::uid_search`].
    pub fn uids(&self, session: &mut Session, wanted: Wanted) -> Result<UidSet> {
        if self.0.is_empty() || (!wanted.is_empty() && self.0.len() <= FETCHED_UNSEEN) {
            return Ok(self.0.clone());
        }
        let criteria = if self.0 == UidSet::all() {
            Criteria::All
        } else {
            Criteria::Uids(&self.0)
        };
        let found = session.uid_search(criteria)?;
        // `UID n:*` finds the last message whatever its UID is, and a server may
        // find more than it was asked for.
        Ok(found.intersection(&self.0))
    }
}

/// A comparison's value: SQL's NULL equals nothing, and text is compared after
/// SQLite's own conversion, which is left to it.
enum Number {
    Null,
    Real(f64),
}

fn number(value: &Value<'_>) -> Option<Number> {
    match value.kind() {
        ValueKind::Null => Some(Number::Null),
        // A UID has 32 bits and f64 holds 53, so no bound is moved by rounding.
        ValueKind::Integer | ValueKind::Real => Some(Number::Real(value.as_f64())),
        ValueKind::Text | ValueKind::Blob => None,
    }
}

fn compared(comparison: Comparison, number: Number) -> UidSet {
    let Number::Real(number) = number else {
        return UidSet::new();
    };
    if number.is_nan() {
        return UidSet::new();
    }
    let all = (1, u32::MAX);
    let (low, high) = match comparison {
        Comparison::Equal => (at_least(number), at_most(number)),
        Comparison::Greater | Comparison::GreaterOrEqual => (at_least(number), Some(all.1)),
        Comparison::Less | Comparison::LessOrEqual => (Some(all.0), at_most(number)),
        Comparison::In => (Some(all.0), Some(all.1)),
    };
    match (low, high) {
        (Some(low), Some(high)) if low <= high => std::iter::once(low..=high).collect(),
        _ => UidSet::new(),
    }
}

/// The lowest UID not below `number`.
fn at_least(number: f64) -> Option<u32> {
    uid(number.ceil().max(1.0))
}

/// The highest UID not above `number`.
fn at_most(number: f64) -> Option<u32> {
    uid(number.floor().min(f64::from(u32::MAX)))
}

fn uid(number: f64) -> Option<u32> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked"
    )]
    (1.0..=f64::from(u32::MAX))
        .contains(&number)
        .then_some(number as u32)
}

fn listed(list: &[Owned]) -> Option<UidSet> {
    let mut uids = UidSet::new();
    for value in list {
        match value {
            Owned::Null => {}
            Owned::Integer(uid) => {
                if let Some(uid) = u32::try_from(*uid).ok().filter(|uid| *uid > 0) {
                    uids.insert(uid);
                }
            }
            Owned::Real(number) => {
                if let Some(uid) = uid(*number).filter(|_| number.fract() == 0.0) {
                    uids.insert(uid);
                }
            }
            Owned::Text(_) | Owned::Blob(_) => return None,
        }
    }
    Some(uids)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(comparison: Comparison, value: f64) -> String {
        compared(comparison, Number::Real(value)).to_string()
    }

    #[test]
    fn bounds_admit_every_uid_that_sql_accepts() {
        assert_eq!(text(Comparison::Equal, 7.0), "7");
        assert_eq!(text(Comparison::Equal, 7.5), "");
        assert_eq!(text(Comparison::Greater, 6.5), "7:4294967295");
        assert_eq!(text(Comparison::Less, 6.5), "1:6");
        assert_eq!(text(Comparison::LessOrEqual, 1e300), "1:4294967295");
        assert_eq!(text(Comparison::GreaterOrEqual, -1e300), "1:4294967295");
        assert_eq!(text(Comparison::Less, 0.0), "");
        assert_eq!(text(Comparison::Greater, 5e9), "");
        assert_eq!(text(Comparison::Equal, f64::NAN), "");
        assert!(compared(Comparison::Less, Number::Null).is_empty());
    }

    #[test]
    fn a_list_admits_whole_uids_only() {
        let list = [
            Owned::Integer(3),
            Owned::Real(5.0),
            Owned::Real(5.5),
            Owned::Null,
        ];
        assert_eq!(listed(&list).unwrap().to_string(), "3,5");
        assert!(
            listed(&[Owned::Integer(-1), Owned::Integer(1 << 40)])
                .unwrap()
                .is_empty()
        );
    }

    #[test]
    fn text_is_left_to_sqlite() {
        assert!(listed(&[Owned::Text("3".into())]).is_none());
    }
}
