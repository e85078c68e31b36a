//! `mail_indicators(raw, options)`: addresses, names, links, digests and numbers
//! in a message.
//!
//! ```sql
//! SELECT DISTINCT kind, normalised FROM mail_indicators(readfile('message.eml'));
//! SELECT value FROM mail_indicators(readfile('message.eml'), '{"patterns": ["IP"]}');
//! ```

use super::cell::{number, text};
use super::rowset::Rowset;
use crate::error::{Error, Kind, Result, quote};
use crate::mail::indicator::soar::{PATTERNS, Pattern};
use crate::mail::indicator::{self, Indicator, Search, indicators_unless};
use crate::sqlite::{Cell, Definition};
use serde_json::{Map, Value};

static DEFINITION: Definition = Definition::new(
    "mail_indicators",
    include_str!("../../sql/tables/mail_indicators.sql"),
);

/// The table.
pub struct Indicators;

impl Rowset for Indicators {
    type Row = Indicator;
    const DEFINITION: &'static Definition = &DEFINITION;

    fn rows(
        raw: &[u8],
        options: Option<&str>,
        is_interrupted: &dyn Fn() -> bool,
    ) -> Result<Vec<Indicator>> {
        let search = options.map(search).transpose()?.unwrap_or_default();
        indicators_unless(raw, &search, is_interrupted).ok_or_else(|| Kind::Cancelled.into())
    }

    fn cell(row: &Indicator, column: &str, out: Cell<'_>) {
        match column {
            "kind" => text(out, row.kind.map(indicator::Kind::name)),
            "value" => out.text(&row.value),
            "normalised" => text(out, row.normalised.as_deref()),
            "part" => text(out, row.part.as_deref()),
            "offset" => number(out, row.offset),
            "source" => out.text(row.source),
            "detail" if !row.detail.is_empty() => {
                out.json(&Value::from(row.detail.clone()).to_string());
            }
            _ => out.null(),
        }
    }
}

/// What the options ask for.
fn search(options: &str) -> Result<Search> {
    let map: Map<String, Value> = serde_json::from_str(options).map_err(|error| {
        let why = quote(&error.to_string());
        Error::mail(format!(
            "options must be a JSON object, such as '{{\"patterns\": [\"IP\"]}}': {why}"
        ))
    })?;
    if let Some(key) = map.keys().find(|key| *key != "patterns") {
        let key = quote(key);
        return Err(Error::mail(format!(
            "unknown option '{key}' (known: patterns)"
        )));
    }
    match map.get("patterns") {
        None | Some(Value::Null) => Ok(Search::Kinds),
        Some(Value::String(all)) if all == "all" => Ok(Search::Patterns(PATTERNS.iter().collect())),
        Some(Value::Array(names)) => {
            let named = |name: &Value| pattern(name.as_str().unwrap_or_default());
            Ok(Search::Patterns(
                names.iter().map(named).collect::<Result<_>>()?,
            ))
        }
        Some(other) => Err(Error::mail(format!(
            "option patterns must be 'all' or an array of names, not {}",
            quote(&other.to_string())
        ))),
    }
}

/// Cloud SOAR's pattern of that name.
pub(super) fn pattern(name: &str) -> Result<&'static Pattern> {
    Pattern::named(name).ok_or_else(|| {
        let known: Vec<_> = PATTERNS.iter().map(|pattern| pattern.name).collect();
        Error::mail(format!(
            "no pattern '{}' (known: {})",
            quote(name),
            known.join(", ")
        ))
    })
}
