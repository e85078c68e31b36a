//! What could not be read in a message, for the `problems` column.

use crate::error::quote_bytes;
use serde_json::{Value, json};

/// One thing in a message that could not be read, or only by guessing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The column it concerns, or `headers` or `parts` where it is no single
    /// one.
    pub field: String,
    /// What is wrong, as a fragment that follows the field: `cannot be read:
    /// 'yesterday'`.
    pub problem: String,
}

impl Problem {
    /// A problem with a fixed text.
    pub fn new(field: &str, problem: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            problem: problem.into(),
        }
    }

    /// A problem that shows the bytes at fault, escaped and cut to one short
    /// line.
    pub fn with_bytes(field: &str, problem: &str, bytes: &[u8]) -> Self {
        // Enough for what is shown, so that a huge field is not copied to be
        // cut.
        let shown = &bytes[..bytes.len().min(1000)];
        Self::new(field, format!("{problem}: '{}'", quote_bytes(shown)))
    }
}

/// The JSON array of `{"field", "problem"}` for the `problems` column, `None`
/// when there are none.
pub fn to_json(problems: &[Problem]) -> Option<String> {
    if problems.is_empty() {
        return None;
    }
    Some(Value::from(to_list(problems)).to_string())
}

/// The objects of [`to_json`].
pub(super) fn to_list(problems: &[Problem]) -> Vec<Value> {
    let object = |problem: &Problem| json!({"field": problem.field, "problem": problem.problem});
    problems.iter().map(object).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_are_one_line_of_json_or_nothing() {
        assert_eq!(to_json(&[]), None);
        assert_eq!(
            to_json(&[Problem::with_bytes(
                "date",
                "cannot be read",
                b"yester\nday"
            )])
            .as_deref(),
            Some(r#"[{"field":"date","problem":"cannot be read: 'yester\\nday'"}]"#)
        );
    }
}
