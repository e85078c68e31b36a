//! What a comparison with a number leaves of the whole numbers.
//!
//! Exact: a column of type INTEGER whose values lie in the span is what SQLite
//! would accept, so that a server can be asked instead of it.

use super::comparison::Comparison;
use crate::error::Result;
use crate::sqlite::{Bind, Connection, Field, Owned};

/// What an INTEGER column is compared with, after SQLite's conversions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// NULL, which no comparison accepts.
    Null,
    /// A number. The columns hold less than 2^53, so that no bound is moved by
    /// rounding.
    Real(f64),
    /// A text that is no number, or a blob: above every number.
    Beyond,
}

impl Number {
    /// The number that SQLite compares an INTEGER column with: a text that
    /// looks like a number counts as one.
    ///
    /// # Errors
    /// SQLite's.
    pub fn of(value: &Owned, connection: &Connection) -> Result<Self> {
        Ok(match value {
            Owned::Null => Self::Null,
            #[expect(clippy::cast_precision_loss, reason = "as said above")]
            Owned::Integer(number) => Self::Real(*number as f64),
            Owned::Real(number) => Self::Real(*number),
            Owned::Blob(_) => Self::Beyond,
            Owned::Text(text) => {
                // The cast has NUMERIC affinity, which the comparison applies
                // to the text as it does beside an INTEGER column.
                let sql = "SELECT CAST(CAST(?1 AS NUMERIC) AS REAL), CAST(?1 AS NUMERIC) = ?1";
                let mut ask = connection.prepare(sql)?;
                ask.bind(1, Bind::Text(text))?;
                ask.step()?;
                match (ask.column(0)?, ask.column(1)?) {
                    (Field::Real(number), Field::Integer(1)) => Self::Real(number),
                    _ => Self::Beyond,
                }
            }
        })
    }
}

/// The whole numbers, first to last, that compare so with `number`; `None`
/// where there is none.
pub fn span(comparison: Comparison, number: Number) -> Option<(i64, i64)> {
    let all = (i64::MIN, i64::MAX);
    let is_below = matches!(comparison, Comparison::Less | Comparison::LessOrEqual);
    let number = match number {
        Number::Null => return None,
        Number::Beyond => return is_below.then_some(all),
        Number::Real(number) if number.is_nan() => return None,
        Number::Real(number) => number,
    };
    // A cast of a real number to an integer stops at the integer's ends.
    #[expect(clippy::cast_possible_truncation, reason = "as meant")]
    let (floor, ceil) = (number.floor() as i64, number.ceil() as i64);
    match comparison {
        Comparison::Equal | Comparison::In => (floor == ceil).then_some((floor, ceil)),
        Comparison::Greater => floor.checked_add(1).map(|first| (first, all.1)),
        Comparison::GreaterOrEqual => Some((ceil, all.1)),
        Comparison::Less => ceil.checked_sub(1).map(|last| (all.0, last)),
        Comparison::LessOrEqual => Some((all.0, floor)),
        Comparison::Like | Comparison::Glob => Some(all),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const COMPARISONS: [Comparison; 5] = [
        Comparison::Equal,
        Comparison::Greater,
        Comparison::GreaterOrEqual,
        Comparison::Less,
        Comparison::LessOrEqual,
    ];

    fn holds(comparison: Comparison, left: f64, right: f64) -> bool {
        match comparison {
            Comparison::Equal => left == right,
            Comparison::Greater => left > right,
            Comparison::GreaterOrEqual => left >= right,
            Comparison::Less => left < right,
            _ => left <= right,
        }
    }

    #[test]
    fn null_admits_nothing_and_text_lies_above() {
        for comparison in COMPARISONS {
            assert_eq!(span(comparison, Number::Null), None);
            assert_eq!(span(comparison, Number::Real(f64::NAN)), None);
        }
        assert_eq!(span(Comparison::Equal, Number::Beyond), None);
        assert_eq!(span(Comparison::Greater, Number::Beyond), None);
        assert!(span(Comparison::Less, Number::Beyond).is_some());
    }

    #[test]
    fn the_ends_do_not_overflow() {
        assert_eq!(span(Comparison::Greater, Number::Real(1e300)), None);
        assert_eq!(span(Comparison::Less, Number::Real(-1e300)), None);
        let all = Some((i64::MIN, i64::MAX));
        assert_eq!(span(Comparison::LessOrEqual, Number::Real(1e300)), all);
    }

    proptest! {
        #[test]
        fn a_span_is_what_compares_so(
            quarters in -40i32..40,
            value in -12i64..12,
            which in 0..COMPARISONS.len(),
        ) {
            let number = f64::from(quarters) / 4.0;
            let comparison = COMPARISONS[which];
            let is_in = span(comparison, Number::Real(number))
                .is_some_and(|(first, last)| (first..=last).contains(&value));
            prop_assert_eq!(is_in, holds(comparison, value as f64, number));
        }
    }
}
