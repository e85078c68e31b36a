//! What a comparison of a time with a text leaves of the days.
//!
//! SINCE and BEFORE know days, and each server its own zone; a Date header
//! brings its zone along. So a day here is a bound that no zone can cross.

use jiff::ToSpan;
use jiff::civil::Date;

use super::comparison::Comparison;

/// The days a SEARCH names without doubt: some servers keep dates in 32 bits.
const YEARS: std::ops::RangeInclusive<i16> = 1971..=2036;

/// A bound that SEARCH can name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Days {
    /// SINCE: the first day.
    pub since: Option<Date>,
    /// BEFORE: the day after the last.
    pub before: Option<Date>,
}

/// The days on which times that compare so with `text` can lie, with `margin`
/// days on either side. The times are written `2026-01-31T12:00:00Z` and
/// compared as text.
pub fn days(comparison: Comparison, text: &str, margin: i32) -> Days {
    let Some((first, last)) = unit(text) else {
        return Days::default();
    };
    let has_first = matches!(
        comparison,
        Comparison::Equal | Comparison::Greater | Comparison::GreaterOrEqual
    );
    let has_last = matches!(
        comparison,
        Comparison::Equal | Comparison::Less | Comparison::LessOrEqual
    );
    let nameable = |date: &Date| YEARS.contains(&date.year());
    Days {
        since: first
            .checked_sub(margin.days())
            .ok()
            .filter(|date| has_first && nameable(date)),
        before: last
            .checked_add((margin + 1).days())
            .ok()
            .filter(|date| has_last && nameable(date)),
    }
}

/// The first and the last day of the day, month or year a text begins with:
/// whatever follows, a time above the text is not before the first, and one
/// below it not after the last.
fn unit(text: &str) -> Option<(Date, Date)> {
    let number = |range: std::ops::Range<usize>| -> Option<i16> {
        let digits = text.get(range)?;
        let is_number = digits.bytes().all(|b| b.is_ascii_digit());
        is_number.then(|| digits.parse().ok()).flatten()
    };
    let part = |range: std::ops::Range<usize>| -> Option<i8> {
        (text.get(range.start - 1..range.start) == Some("-"))
            .then(|| number(range))
            .flatten()
            .and_then(|number| i8::try_from(number).ok())
    };
    let year = number(0..4)?;
    let month = part(5..7).and_then(|month| Date::new(year, month, 1).ok());
    let day = month.and_then(|first| Date::new(year, first.month(), part(8..10)?).ok());
    if let Some(day) = day {
        return Some((day, day));
    }
    if let Some(first) = month {
        return Some((first, first.last_of_month()));
    }
    Some((Date::new(year, 1, 1).ok()?, Date::new(year, 12, 31).ok()?))
}

/// `1-Jan-2026`, as SEARCH has it.
pub fn search_date(date: Date) -> String {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let month = usize::try_from(date.month() - 1).unwrap_or(0);
    format!("{}-{}-{}", date.day(), MONTHS[month], date.year())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(comparison: Comparison, bound: &str) -> String {
        let days = days(comparison, bound, 1);
        let name = |date: Option<Date>| date.map_or("-".to_owned(), search_date);
        format!("{} {}", name(days.since), name(days.before))
    }

    #[test]
    fn days_are_widened_by_the_margin() {
        assert_eq!(
            text(Comparison::GreaterOrEqual, "2026-01-31"),
            "30-Jan-2026 -"
        );
        assert_eq!(
            text(Comparison::Less, "2026-01-31 12:00:00"),
            "- 2-Feb-2026"
        );
        assert_eq!(
            text(Comparison::Equal, "2024-02-29T23:59:59Z"),
            "28-Feb-2024 2-Mar-2024"
        );
    }

    #[test]
    fn less_than_a_day_is_a_month_or_a_year() {
        assert_eq!(text(Comparison::Greater, "2026-02"), "31-Jan-2026 -");
        assert_eq!(text(Comparison::Less, "2026-02-31"), "- 2-Mar-2026");
        assert_eq!(text(Comparison::Less, "2026-13"), "- 2-Jan-2027");
        assert_eq!(text(Comparison::Greater, "2026"), "31-Dec-2025 -");
    }

    #[test]
    fn what_names_no_time_bounds_nothing() {
        for bound in ["", "now", "20x6-01-01", "1960-01-01", "9999-12-31", "2026é"] {
            assert_eq!(text(Comparison::Greater, bound).split(' ').count(), 2);
            assert_eq!(text(Comparison::In, bound), "- -", "{bound}");
        }
        assert_eq!(text(Comparison::Greater, "1960-01-01"), "- -");
        assert_eq!(text(Comparison::Less, "now"), "- -");
    }

    proptest! {
        #[test]
        fn no_time_that_compares_so_is_outside(
            seconds in 40_000_000i64..2_000_000_000,
            bound in "(19[7-9][0-9]|20[0-3][0-9])(-[01][0-9](-[0-3][0-9]([T ][0-2][0-9]:00)?)?)?",
            zone in -86_399i64..86_400,
        ) {
            let time = jiff::Timestamp::from_second(seconds).unwrap();
            let value = time.to_string();
            let local = jiff::Timestamp::from_second(seconds + zone).unwrap()
                .to_zoned(jiff::tz::TimeZone::UTC).date();
            for (comparison, holds) in [
                (Comparison::Greater, value > bound),
                (Comparison::GreaterOrEqual, value >= bound),
                (Comparison::Less, value < bound),
                (Comparison::LessOrEqual, value <= bound),
                (Comparison::Equal, value == bound),
            ] {
                let days = days(comparison, &bound, 1);
                let is_in = days.since.is_none_or(|since| local >= since)
                    && days.before.is_none_or(|before| local < before);
                prop_assert!(is_in || !holds, "{} {:?} {}", value, comparison, bound);
            }
        }
    }
}
