//! The two ways RSSD and this extension write points in time.

use jiff::{SignedDuration, Timestamp};

/// Now, to the millisecond: `2026-01-31T12:00:00.123Z`.
pub fn now() -> String {
    Timestamp::now()
        .strftime("%Y-%m-%dT%H:%M:%S%.3fZ")
        .to_string()
}

/// Now and the milliseconds after it, in the form of SQLite's
/// `CURRENT_TIMESTAMP` with a fraction, `2026-01-31 12:00:00.123`, so that they
/// sort among `created_at` values it wrote.
pub fn created_at() -> impl Iterator<Item = String> {
    let start = Timestamp::now();
    (0..).map_while(move |milliseconds| {
        let at = start
            .checked_add(SignedDuration::from_millis(milliseconds))
            .ok()?;
        Some(at.strftime("%Y-%m-%d %H:%M:%S%.3f").to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_times_have_milliseconds_and_never_repeat() {
        let times: Vec<String> = created_at().take(3).collect();
        assert!(
            times
                .iter()
                .all(|time| time.len() == "2026-01-31 12:00:00.123".len())
        );
        assert!(times[0] < times[1] && times[1] < times[2]);
        assert_eq!(now().len(), "2026-01-31T12:00:00.123Z".len());
    }
}
