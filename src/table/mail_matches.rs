//! `mail_matches(text, pattern)`: a regular expression's matches as rows, which
//! is what Cloud SOAR's Body, Header and Subject Regex actions do.
//!
//! ```sql
//! SELECT value FROM mail_matches('ticket 4711 and 4712', '[0-9]{4}');
//! SELECT value FROM mail_matches('from 192.0.2.1', 'cloudsoar:IP');
//! ```

use super::cell::number;
use super::mail_indicators::pattern;
use super::rowset::Rowset;
use crate::error::{Error, Result, quote};
use crate::sqlite::{Cell, Definition};
use regex::{Regex, RegexBuilder};
use serde_json::Value;

static DEFINITION: Definition = Definition::new(
    "mail_matches",
    include_str!("../../sql/tables/mail_matches.sql"),
);

/// The table.
pub struct Matches;

/// One match.
pub struct Match {
    position: usize,
    value: String,
    offset: usize,
    groups: Vec<Option<String>>,
}

/// The memory a compiled expression may take, bytes: enough for long lists of
/// words, and little enough that compiling one is quick.
const MAX_COMPILED: usize = 4 << 20;

/// The most matches that are listed.
const MAX_MATCHES: usize = 100_000;

impl Rowset for Matches {
    type Row = Match;
    const DEFINITION: &'static Definition = &DEFINITION;
    const NEEDED: usize = 2;

    fn rows(text: &[u8], expression: Option<&str>, _: &dyn Fn() -> bool) -> Result<Vec<Match>> {
        let Some(expression) = expression else {
            return Ok(Vec::new());
        };
        let text = String::from_utf8_lossy(text);
        let regex = compiled(expression)?;
        let matches = (1..).zip(regex.captures_iter(&text).take(MAX_MATCHES));
        Ok(matches
            .filter_map(|(position, captures)| {
                let whole = captures.get(0)?;
                let groups = captures.iter().skip(1);
                Some(Match {
                    position,
                    value: whole.as_str().to_owned(),
                    offset: whole.start(),
                    groups: groups
                        .map(|group| group.map(|group| group.as_str().to_owned()))
                        .collect(),
                })
            })
            .collect())
    }

    fn cell(row: &Match, column: &str, out: Cell<'_>) {
        match column {
            "position" => number(out, Some(row.position)),
            "value" => out.text(&row.value),
            "offset" => number(out, Some(row.offset)),
            "groups" => out.json(&Value::from(row.groups.clone()).to_string()),
            _ => out.null(),
        }
    }
}

fn compiled(expression: &str) -> Result<Regex> {
    let named = expression
        .strip_prefix("cloudsoar:")
        .map(pattern)
        .transpose()?;
    let text = named.map_or(expression, |pattern| pattern.text());
    let built = RegexBuilder::new(text).size_limit(MAX_COMPILED).build();
    built.map_err(|error| {
        // The last line says why; those before draw where.
        let why = error.to_string();
        let why = why.lines().last().unwrap_or_default();
        let why = why
            .strip_prefix("error: ")
            .unwrap_or(why)
            .trim_end_matches('.');
        Error::mail(format!(
            "cannot read the pattern '{}': {}",
            quote(expression),
            quote(why)
        ))
    })
}
