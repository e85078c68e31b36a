//! Points in time and spans, as options name them (ISO 8601).

use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use crate::account::Options;
use crate::error::Result;

/// From when on messages are taken.
#[derive(Clone, Debug)]
pub enum Since {
    /// From this moment on, in Unix seconds, whenever the ingest runs.
    At(i64),
    /// From so long before the first run on.
    Before(Span),
}

impl Since {
    /// Reads `2026-01-31`, `2026-01-31T12:00:00Z`, or a duration: `P30D`, `PT0S`.
    pub fn parse(text: &str) -> Option<Self> {
        if text.starts_with('P') {
            let span = text
                .parse::<Span>()
                .ok()
                .filter(|span| !span.is_negative())?;
            return Some(Self::Before(span));
        }
        let at = match text.parse::<Date>() {
            Ok(date) if text.len() == "2026-01-31".len() => {
                date.to_zoned(TimeZone::UTC).ok()?.timestamp()
            }
            _ => text.parse::<Timestamp>().ok()?,
        };
        Some(Self::At(at.as_second()))
    }

    /// The moment, where the first run is now.
    pub fn cutoff(&self) -> i64 {
        match self {
            Self::At(at) => *at,
            Self::Before(span) => {
                let now = Timestamp::now().to_zoned(TimeZone::UTC);
                // Further back than dates reach is everything.
                now.checked_sub(*span)
                    .map_or(0, |at| at.timestamp().as_second())
            }
        }
    }
}

/// A day as SEARCH writes it (RFC 9051 section 9, `date`), `days` after the
/// one of this moment in UTC.
pub fn search_date(unix_seconds: i64, days: i64) -> String {
    let day = unix_seconds.saturating_add(days * 86_400).max(0);
    let at = Timestamp::from_second(day).unwrap_or(Timestamp::UNIX_EPOCH);
    search_day(TimeZone::UTC.to_datetime(at).date(), 0)
}

/// The day so many days after another, as SEARCH writes it.
pub fn search_day(day: Date, days: i64) -> String {
    let day = day.saturating_add(Span::new().days(days));
    day.strftime("%-d-%b-%Y").to_string()
}

/// The day of `1-Feb-1994` or `1994-02-01`.
pub fn day(text: &str) -> Option<Date> {
    text.parse::<Date>()
        .ok()
        .filter(|_| text.len() == "1994-02-01".len())
        .or_else(|| Date::strptime("%d-%b-%Y", text).ok())
}

/// The option `key`, an ISO 8601 duration.
///
/// # Errors
/// Anything else.
pub fn duration_option(options: &Options, key: &str) -> Result<Option<Duration>> {
    options.parsed(key, "a duration such as \"PT1H\"", duration)
}

/// The length of an ISO 8601 duration; a month has 30 days and a year 365.
fn duration(text: &str) -> Option<Duration> {
    if !text.starts_with('P') {
        return None;
    }
    let span = text
        .parse::<Span>()
        .ok()
        .filter(|span| !span.is_negative())?;
    let days = i64::from(span.get_years()) * 365
        + i64::from(span.get_months()) * 30
        + i64::from(span.get_weeks()) * 7
        + i64::from(span.get_days());
    let seconds = days
        .checked_mul(86_400)?
        .checked_add(i64::from(span.get_hours()) * 3_600)?
        .checked_add(span.get_minutes().checked_mul(60)?)?
        .checked_add(span.get_seconds())?;
    let milliseconds = seconds
        .checked_mul(1_000)?
        .checked_add(span.get_milliseconds())?;
    u64::try_from(milliseconds).ok().map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_times_and_durations_are_read() {
        assert!(matches!(
            Since::parse("2026-01-31"),
            Some(Since::At(1_769_817_600))
        ));
        let noon = Since::parse("2026-01-31T12:00:00Z");
        assert!(matches!(noon, Some(Since::At(1_769_860_800))));
        let month = Since::parse("P30D").unwrap().cutoff();
        let now = Since::parse("PT0S").unwrap().cutoff();
        assert_eq!(now - month, 30 * 86_400);
        for wrong in ["", "yesterday", "-P1D", "2026-02-30", "1", "20260131T"] {
            assert!(Since::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn days_are_written_as_search_wants_them() {
        assert_eq!(search_date(1_769_860_800, -1), "30-Jan-2026");
        assert_eq!(search_date(-5, -1), "1-Jan-1970");
        let first = day("1-Feb-1994").unwrap();
        assert_eq!(day("1994-02-01"), Some(first));
        assert_eq!(search_day(first, -1), "31-Jan-1994");
        assert_eq!(day("soon"), None);
    }

    #[test]
    fn spans_have_a_length() {
        assert_eq!(duration("PT1H"), Some(Duration::from_secs(3_600)));
        assert_eq!(
            duration("P1DT0.5S"),
            Some(Duration::from_millis(86_400_500))
        );
        assert_eq!(duration("P1M"), Some(Duration::from_secs(30 * 86_400)));
        assert_eq!(duration("1h"), None);
    }
}
