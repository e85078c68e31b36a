//! JSON for columns with several values.

use serde_json::Value;

/// A JSON array of strings, `None` for no strings: missing is NULL, never `[]`.
pub(super) fn json_array(list: impl IntoIterator<Item = String>) -> Option<String> {
    let list: Vec<Value> = list.into_iter().map(Value::from).collect();
    (!list.is_empty()).then(|| Value::from(list).to_string())
}
