//! What a query's comparisons of `uid` leave of all UIDs.
//!
//! A bound is a superset of what SQLite will accept: SQLite checks each row
//! again, which costs nothing, since every row has its UID.

use super::comparison::Comparison;
use super::span::{Number, span};
use crate::error::Result;
use crate::imap::search::Criteria;
use crate::imap::search_key::Key;
use crate::imap::{Session, UidSet};
use crate::sqlite::{Column, Connection, Index, Owned, Recheck, Value};

/// Takes every usable comparison of the column at `uid`, after `taken` other
/// arguments; their words for idxStr, such as `uid >=`.
pub fn take(index: &mut Index<'_>, uid: usize, taken: usize) -> Vec<String> {
    let mut words = Vec::new();
    for constraint in index.constraints() {
        if !constraint.usable || constraint.column != Column::At(uid) {
            continue;
        }
        let comparison = match Comparison::of(constraint.operator) {
            Some(Comparison::Like | Comparison::Glob) | None => continue,
            Some(_) if constraint.in_list && index.take_in_list(constraint.position) => {
                Comparison::In
            }
            Some(comparison) => comparison,
        };
        words.push(word(comparison));
        index.take(constraint.position, taken + words.len(), Recheck::Keep);
    }
    words
}

/// `uid >=`
pub fn word(comparison: Comparison) -> String {
    format!("uid {}", comparison.word())
}

/// The comparison of a [`word`].
pub fn from_word(word: &str) -> Option<Comparison> {
    Comparison::from_word(word.strip_prefix("uid ")?)
}

/// The value, or the elements of an IN list.
///
/// # Errors
/// SQLite's.
pub fn operands(comparison: Comparison, value: &Value<'_>) -> Result<Vec<Owned>> {
    if comparison == Comparison::In
        && let Some(list) = value.in_list()?
    {
        return Ok(list);
    }
    Ok(vec![value.operand()])
}

/// True where so few UIDs are named that they are fetched without asking first
/// which exist: those that do not are simply not answered.
pub fn are_few(uids: &UidSet) -> bool {
    uids.len() <= 500
}

/// What looks for those of `uids` that meet the keys.
pub fn criteria<'a>(uids: &'a UidSet, keys: &'a [Key]) -> Criteria<'a> {
    match (*uids == UidSet::all(), keys.is_empty()) {
        (true, true) => Criteria::All,
        (false, true) => Criteria::Uids(uids),
        (_, false) => Criteria::Keys(uids, keys),
    }
}

/// Those of `uids` that exist in the open mailbox and meet the keys.
///
/// # Errors
/// As [`Session::uid_search`].
pub fn find(session: &mut Session, uids: &UidSet, keys: &[Key]) -> Result<UidSet> {
    let found = session.uid_search(criteria(uids, keys))?;
    // `UID n:*` finds the last message whatever its UID is, and a server may
    // find more than it was asked for.
    Ok(found.intersection(uids))
}

/// The UIDs that compare so with one of `values`, which is one value, or the
/// elements of an IN list.
///
/// # Errors
/// SQLite's, where it converts a value.
pub fn admitted(
    comparison: Comparison,
    values: &[Owned],
    connection: &Connection,
) -> Result<UidSet> {
    let ranges = values.iter().map(|value| {
        let span = span(comparison, Number::of(value, connection)?);
        Ok(span.and_then(uids))
    });
    let ranges: Vec<_> = ranges.collect::<Result<_>>()?;
    Ok(ranges.into_iter().flatten().collect())
}

/// The UIDs, which are 1 to 4294967295, among whole numbers.
fn uids((first, last): (i64, i64)) -> Option<std::ops::RangeInclusive<u32>> {
    let first = u32::try_from(first.max(1)).ok()?;
    let last = u32::try_from(last.min(i64::from(u32::MAX))).ok()?;
    (first <= last).then_some(first..=last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(comparison: Comparison, value: f64) -> String {
        let range = span(comparison, Number::Real(value)).and_then(uids);
        range.into_iter().collect::<UidSet>().to_string()
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
        assert_eq!(text(Comparison::Less, 1.0), "");
    }
}
