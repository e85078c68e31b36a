//! A scan in progress, as the cursors hold it: from xFilter to its last row.

use crate::error::Result;

/// The next row. After the last one, or an error, what was running is dropped:
/// its session goes back to the pool, or down, as soon as it is not needed.
pub fn pull<R, T>(
    running: &mut Option<R>,
    next: impl FnOnce(&mut R) -> Result<Option<T>>,
) -> Result<Option<T>> {
    let Some(scan) = running else {
        return Ok(None);
    };
    let outcome = next(scan);
    if !matches!(outcome, Ok(Some(_))) {
        *running = None;
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn a_scan_is_let_go_after_its_last_row_and_after_an_error() {
        let mut rows = Some(vec![2, 1]);
        assert_eq!(pull(&mut rows, |rows| Ok(rows.pop())).unwrap(), Some(1));
        assert_eq!(pull(&mut rows, |rows| Ok(rows.pop())).unwrap(), Some(2));
        assert!(rows.is_some());
        assert_eq!(pull(&mut rows, |rows| Ok(rows.pop())).unwrap(), None);
        assert!(rows.is_none());
        assert_eq!(pull(&mut rows, |rows| Ok(rows.pop())).unwrap(), None);
        let mut rows = Some(vec![1]);
        let failing = |_: &mut Vec<i32>| Err::<Option<i32>, _>(Error::network("gone"));
        assert!(pull(&mut rows, failing).is_err());
        assert!(rows.is_none());
    }
}
