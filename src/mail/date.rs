//! The Date field (RFC 5322 section 3.3).

use super::fields::unfold_to_space;
use super::shield::shielded;
use super::time::unix_seconds;
use jiff::civil;
use mail_parser::HeaderValue;
use mail_parser::parsers::MessageStream;

/// A date as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Written {
    /// What the clock showed.
    pub clock: civil::DateTime,
    /// Seconds that it is ahead of UTC; `None` without a zone, and for `-0000`,
    /// which says that the zone is unknown (RFC 5322 section 3.3).
    pub offset: Option<i32>,
}

impl Written {
    /// Unix seconds; an unknown zone is taken as UTC.
    pub fn unix(self) -> Option<i64> {
        unix_seconds(self.clock, self.offset.unwrap_or(0).into())
    }
}

/// Unix seconds of a date, `None` where it cannot be read. Without a zone it is
/// taken as UTC.
pub(super) fn unix(value: &[u8]) -> Option<i64> {
    written(value)?.unix()
}

/// A date as it was written, `None` where it cannot be read.
pub(super) fn written(value: &[u8]) -> Option<Written> {
    let line = unfold_to_space(value);
    // Longer than any date with its comments.
    let mut line = regular(&line[..line.len().min(1000)]);
    // The parser gives a value only at a line's end.
    line.push('\n');
    read(&line).or_else(|| {
        line.pop();
        line.push_str(" -0000\n");
        read(&line)
    })
}

/// A date as mail-parser must have it: with seconds, which `11:51 CST` leaves
/// out as RFC 5322 allows, and in another order than that of C's
/// `Sat Sep 21 08:18:08 2002`, of which it would make the 21st of August.
fn regular(line: &[u8]) -> String {
    let line = String::from_utf8_lossy(line);
    let mut words = line.split_ascii_whitespace();
    let mut first = [""; 5];
    first.fill_with(|| words.next().unwrap_or_default());
    let [weekday, month, day, time, year] = first;
    let is_alphabetic = |word: &str| word.bytes().all(|b| b.is_ascii_alphabetic());
    if !year.is_empty() && is_alphabetic(weekday) && is_alphabetic(month) && time.contains(':') {
        first = [weekday, day, month, year, time];
    }
    let mut regular = String::with_capacity(line.len() + 16);
    let first = first.into_iter().filter(|word| !word.is_empty());
    for word in first.chain(words) {
        if !regular.is_empty() {
            regular.push(' ');
        }
        regular.push_str(word);
        if lacks_seconds(word) {
            regular.push_str(":00");
        }
    }
    regular
}

/// True for hours and minutes alone.
fn lacks_seconds(word: &str) -> bool {
    let digits = |text: &str| text.len() <= 2 && text.bytes().all(|b| b.is_ascii_digit());
    let clock = word.split_once(':');
    clock.is_some_and(|(hour, minute)| digits(hour) && digits(minute))
}

fn read(line: &str) -> Option<Written> {
    let date = shielded(|| match MessageStream::new(line.as_bytes()).parse_date() {
        HeaderValue::DateTime(date) => Some(date),
        _ => None,
    })?;
    // RFC 5322 section 4.3: three digits, as mailers wrote in 2000, count from
    // 1900.
    let year = i16::try_from(date.year).ok()?;
    let year = if (100..1000).contains(&year) {
        year + 1900
    } else {
        year
    };
    let byte = |value: u8| i8::try_from(value).ok();
    let clock = civil::DateTime::new(
        year,
        byte(date.month)?,
        byte(date.day)?,
        byte(date.hour)?,
        byte(date.minute)?,
        // A leap second has no unix time of its own.
        byte(
            date.second
                .min(if date.second == 60 { 59 } else { date.second }),
        )?,
        0,
    )
    .ok()?;
    let offset = i32::from(date.tz_hour) * 3600 + i32::from(date.tz_minute) * 60;
    let offset = match (date.tz_before_gmt, offset) {
        (true, 0) => None,
        (true, west) => Some(-west),
        (false, east) => Some(east),
    };
    Some(Written { clock, offset })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::time::iso8601;

    fn utc(value: &str) -> Option<String> {
        unix(value.as_bytes()).and_then(iso8601)
    }

    #[test]
    fn dates_are_read_with_their_zone() {
        for (value, expected) in [
            (
                " Sat, 31 Jan 2026 13:00:00 +0100 (CET)\r\n",
                "2026-01-31T12:00:00Z",
            ),
            ("Sat,\r\n 31 Jan 2026 12:00 GMT", "2026-01-31T12:00:00Z"),
            ("31 Jan 26 07:00:00 EST", "2026-01-31T12:00:00Z"),
            ("31 Jan 26 07:00 EST", "2026-01-31T12:00:00Z"),
            ("Sat Jan 31 12:00:00 2026", "2026-01-31T12:00:00Z"),
            ("Sat Jan  3 12:00 2026", "2026-01-03T12:00:00Z"),
            ("Mon, 28 Jan 102 17:30:16 -0800", "2002-01-29T01:30:16Z"),
            ("Sat, 31 Dec 2016 23:59:60 +0000", "2016-12-31T23:59:59Z"),
            ("Sat, 31 Jan 2026 12:00:00", "2026-01-31T12:00:00Z"),
        ] {
            assert_eq!(utc(value).as_deref(), Some(expected), "{value}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for value in [
            "",
            "yesterday",
            "31 Feb 2020 10:00:00 +0000",
            "2026-01-31T12:00:00Z",
            "\0",
        ] {
            assert_eq!(utc(value), None, "{value}");
        }
    }
}
