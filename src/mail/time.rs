//! Points in time as SQL gets them: unix seconds to ISO 8601.

use jiff::Timestamp;
use jiff::civil::DateTime;

/// `2026-01-31T12:00:00Z`, which SQLite's date functions read; `None` outside
/// the years 0 to 9999.
pub fn iso8601(unix_seconds: i64) -> Option<String> {
    const YEAR_ZERO: i64 = -62_167_219_200;
    if unix_seconds < YEAR_ZERO {
        return None;
    }
    Timestamp::from_second(unix_seconds)
        .ok()
        .map(|time| time.to_string())
}

/// Unix seconds of a wall clock that is `offset` seconds ahead of UTC.
pub(super) fn unix_seconds(clock: DateTime, offset: i64) -> Option<i64> {
    let utc = jiff::tz::Offset::UTC.to_timestamp(clock).ok()?;
    utc.as_second().checked_sub(offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unix_seconds_become_utc() {
        assert_eq!(iso8601(0).as_deref(), Some("1970-01-01T00:00:00Z"));
        assert_eq!(
            iso8601(1_769_860_800).as_deref(),
            Some("2026-01-31T12:00:00Z")
        );
        assert_eq!(
            iso8601(-62_167_219_200).as_deref(),
            Some("0000-01-01T00:00:00Z")
        );
        assert_eq!(iso8601(i64::MIN), None);
        assert_eq!(iso8601(i64::MAX), None);
    }
}
