//! INTERNALDATE as a point in time (RFC 9051 sections 2.3.3 and 9).
//!
//! Used by whoever turns a FETCH into a row. It does not know the dates inside
//! of messages, which are another grammar.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::token::number;

const MONTHS: [&[u8; 3]; 12] = [
    b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec",
];

/// The seconds since 1970-01-01T00:00:00Z of an INTERNALDATE; None where it
/// names no time that exists.
///
/// ```text
/// date-time = date-day-fixed "-" date-month "-" date-year SP time SP zone
/// ```
/// The blank before a one-digit day may be missing or a zero, and a missing
/// zone is UTC. A leap second counts as the second before it.
pub fn internal_date(text: &[u8]) -> Option<i64> {
    let mut words = text
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty());
    let [day, month, year] = fields(words.next()?, b'-')?;
    let [hour, minute, second] = fields(words.next()?, b':')?;
    let zone = words.next().map_or(Some(0), zone)?;
    let month = MONTHS
        .iter()
        .position(|name| month.eq_ignore_ascii_case(*name))?
        + 1;
    let time = DateTime::new(
        small(year)?,
        i8::try_from(month).ok()?,
        small(day)?,
        small(hour)?,
        small(minute)?,
        small::<i8>(second).map(|second| if second == 60 { 59 } else { second })?,
        0,
    );
    let time = time
        .ok()?
        .to_zoned(TimeZone::UTC)
        .ok()?
        .timestamp()
        .as_second();
    (words.next().is_none()).then_some(time - zone)
}

fn fields(word: &[u8], separator: u8) -> Option<[&[u8]; 3]> {
    let mut fields = word.split(|&byte| byte == separator);
    let three = [fields.next()?, fields.next()?, fields.next()?];
    fields.next().is_none().then_some(three)
}

fn small<T: TryFrom<u64>>(digits: &[u8]) -> Option<T> {
    T::try_from(number(digits)?).ok()
}

/// Seconds east of Greenwich: `+0200`, and what some servers write for UTC.
fn zone(word: &[u8]) -> Option<i64> {
    let ([sign @ (b'+' | b'-')], digits) = word.split_at_checked(1)? else {
        return [&b"GMT"[..], b"UT", b"UTC", b"Z"]
            .iter()
            .any(|name| word.eq_ignore_ascii_case(name))
            .then_some(0);
    };
    let clock = number(digits).filter(|&clock| digits.len() == 4 && clock % 100 < 60)?;
    let seconds = i64::try_from((clock / 100 * 60 + clock % 100) * 60).ok()?;
    Some(if *sign == b'-' { -seconds } else { seconds })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_taken_off() {
        assert_eq!(
            internal_date(b"17-Jul-1996 02:44:25 -0700"),
            Some(837_596_665)
        );
        assert_eq!(internal_date(b" 1-Jan-1970 00:00:00 +0000"), Some(0));
        assert_eq!(internal_date(b"01-jan-1970 05:30:00 +0530"), Some(0));
        assert_eq!(
            internal_date(b"31-Dec-2016 23:59:60 +0000"),
            Some(1_483_228_799)
        );
        assert_eq!(
            internal_date(b"29-Feb-2024 12:00:00 GMT"),
            internal_date(b"29-Feb-2024 12:00:00")
        );
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            &b""[..],
            b"NIL",
            b"30-Feb-2024 00:00:00 +0000",
            b"1-Foo-2024 00:00:00 +0000",
            b"1-Jan-2024 24:00:00 +0000",
            b"1-Jan-99999 00:00:00 +0000",
            b"1-Jan-2024 00:00 +0000",
            b"1-Jan-2024 00:00:00 +00:00",
            b"1-Jan-2024 00:00:00 +0060",
            b"1-Jan-2024 00:00:00 +0000 x",
            b"1-Jan-2024 00:00:00 \xff",
        ] {
            assert_eq!(
                internal_date(text),
                None,
                "{}",
                String::from_utf8_lossy(text)
            );
        }
    }
}
