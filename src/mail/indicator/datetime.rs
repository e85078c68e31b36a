//! Dates with a time, as ISO 8601 and as mail writes them.

use super::expression::constant;
use crate::mail::date;
use crate::mail::time::iso8601;
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// Day, hour and minute, second, zone.
static ISO: LazyLock<Regex> = LazyLock::new(|| {
    constant(
        r"\b([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2})(:[0-9]{2})?(?:[.,][0-9]{1,9})?(?: ?(Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2}))?\b",
    )
});

/// RFC 5322 section 3.3.
static MAIL: LazyLock<Regex> = LazyLock::new(|| {
    constant(
        r"(?i)\b(?:(?:mon|tue|wed|thu|fri|sat|sun), {1,2})?[0-9]{1,2} (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec) [0-9]{4} [0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?: (?:[+-][0-9]{4}|GMT|UTC|UT|EST|EDT|CST|CDT|MST|MDT|PST|PDT)\b)?",
    )
});

/// Where they are, and each in UTC; without a zone, as its clock shows it.
pub fn all(text: &str) -> impl Iterator<Item = (Range<usize>, String)> {
    let iso = ISO.captures_iter(text).filter_map(|captures| {
        let group = |n| captures.get(n).map(|found| found.as_str());
        let (day, minute) = group(1).zip(group(2))?;
        let clock = format!("{day}T{minute}{}", group(3).unwrap_or(":00"));
        Some((captures.get(0)?.range(), normalised(&clock, group(4))?))
    });
    let mail = MAIL.find_iter(text).filter_map(|found| {
        let time = date::unix(found.as_str().as_bytes()).and_then(iso8601)?;
        Some((found.range(), time))
    });
    iso.chain(mail)
}

/// The last date of mail's form in a text, in unix seconds.
pub fn last(text: &str) -> Option<i64> {
    let found = MAIL.find_iter(text).last()?;
    date::unix(found.as_str().as_bytes())
}

/// UTC where the zone is known, else the clock without one.
fn normalised(clock: &str, zone: Option<&str>) -> Option<String> {
    let civil: jiff::civil::DateTime = clock.parse().ok()?;
    match zone {
        None => Some(civil.to_string()),
        Some("Z" | "UTC" | "GMT") => Some(format!("{civil}Z")),
        Some(offset) => {
            let time: jiff::Timestamp = format!("{clock}{offset}").parse().ok()?;
            iso8601(time.as_second())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn date_times_are_told_in_utc_where_they_say_their_zone() {
        let text = "2021-01-28 11:21:04 2021-01-28T11:21:04.5+01:00 2021-13-28 11:21:04 \
            Mon, 2 Sep 2024 11:34:26 -0700 12021-01-28 11:21:04";
        let found: Vec<_> = all(text)
            .map(|(range, time)| (&text[range], time))
            .collect();
        let pair = |written, time: &str| (written, time.to_owned());
        assert_eq!(
            found,
            [
                pair("2021-01-28 11:21:04", "2021-01-28T11:21:04"),
                pair("2021-01-28T11:21:04.5+01:00", "2021-01-28T10:21:04Z"),
                pair("Mon, 2 Sep 2024 11:34:26 -0700", "2024-09-02T18:34:26Z"),
            ]
        );
    }
}
