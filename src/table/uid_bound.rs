//! What a query's comparisons of `uid` leave of all UIDs.
//!
//! A bound is a superset of what SQLite will accept: SQLite checks each row
//! again, which costs nothing, since every row has its UID.

use super::messages_term::Comparison;
use super::span::{Number, span};
use crate::error::Result;
use crate::imap::UidSet;
use crate::sqlite::{Connection, Owned};

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
