//! When a report was published: the message's date, as STIX writes it and as
//! OpenCTI's connector, a Python program, does.

use crate::mail::date::Written;
use crate::mail::time::iso8601;
use jiff::Timestamp;
use jiff::tz::Offset;

/// A point in time with the zone it was written in.
#[derive(Clone, Copy, Debug)]
pub struct Published {
    written: Written,
    unix: i64,
}

impl Published {
    /// The date of a message as it was written; `None` where that is no time.
    pub fn written(written: Written) -> Option<Self> {
        let unix = written.unix()?;
        iso8601(unix)?;
        Some(Self { written, unix })
    }

    /// A point in time, in UTC.
    pub fn utc(unix: i64) -> Option<Self> {
        let time = Timestamp::from_second(unix).ok()?;
        Self::written(Written {
            clock: Offset::UTC.to_datetime(time),
            offset: Some(0),
        })
    }

    /// `2024-09-02T18:34:26Z`.
    pub fn stix(&self) -> String {
        // Only what can be written is kept.
        iso8601(self.unix).unwrap_or_default()
    }

    /// `2024-09-02T18:34:26.000Z`, for `created` and `modified`.
    pub fn stix_with_fraction(&self) -> String {
        self.stix().replace('Z', ".000Z")
    }

    /// Python's `isoformat()`: in its own zone, `2024-09-02T11:34:26-07:00`.
    pub fn python(&self) -> String {
        let clock = self.written.clock.strftime("%Y-%m-%dT%H:%M:%S");
        let Some(offset) = self.written.offset else {
            return clock.to_string();
        };
        let sign = if offset < 0 { '-' } else { '+' };
        let minutes = offset.abs() / 60;
        format!("{clock}{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }

    /// Python's `str()`, the same with a space.
    pub fn python_text(&self) -> String {
        self.python().replace('T', " ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::date::written;

    #[test]
    fn dates_are_as_python_reads_them() {
        for (value, python) in [
            (
                "Mon, 2 Sep 2024 11:34:26 -0700",
                "2024-09-02T11:34:26-07:00",
            ),
            (
                "Mon, 2 Sep 2024 11:34:26 +0530",
                "2024-09-02T11:34:26+05:30",
            ),
            ("Mon, 2 Sep 2024 11:34:26 -0000", "2024-09-02T11:34:26"),
            ("Mon, 2 Sep 2024 11:34:26", "2024-09-02T11:34:26"),
            ("Mon, 2 Sep 2024 11:34:26 GMT", "2024-09-02T11:34:26+00:00"),
            ("Mon, 02 Sep 24 11:34:00 EST", "2024-09-02T11:34:00-05:00"),
        ] {
            let published = written(value.as_bytes()).and_then(Published::written);
            assert_eq!(
                published.map(|p| p.python()).as_deref(),
                Some(python),
                "{value}"
            );
        }
        let utc = Published::utc(1_725_302_066).map(|p| (p.stix(), p.python_text()));
        let expected = ("2024-09-02T18:34:26Z", "2024-09-02 18:34:26+00:00");
        assert_eq!(utc, Some((expected.0.to_owned(), expected.1.to_owned())));
    }
}
