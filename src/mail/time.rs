//! Points in time as SQL gets them: unix seconds to ISO 8601, and IMAP's
//! INTERNALDATE.

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

/// Unix seconds of an RFC 9051 date-time, as INTERNALDATE gives it: `"
/// 1-Jan-2026 12:00:00 +0100"`, without the quotes.
pub fn internal_date(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let read = jiff::fmt::strtime::parse("%d-%b-%Y %H:%M:%S %z", text).ok()?;
    Some(read.to_timestamp().ok()?.as_second())
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

    #[test]
    fn internal_dates_are_read_with_their_zone() {
        assert_eq!(
            internal_date(b"17-Jul-1996 02:44:25 -0700"),
            Some(837_596_665)
        );
        assert_eq!(internal_date(b" 1-Jan-1970 01:00:00 +0100"), Some(0));
        assert_eq!(internal_date(b"yesterday"), None);
        assert_eq!(internal_date(b"31-Feb-2020 00:00:00 +0000"), None);
        assert_eq!(internal_date(b"\xff"), None);
    }
}
