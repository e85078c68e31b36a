//! What other servers found: Authentication-Results (RFC 8601 section 2.2),
//! Received-SPF (RFC 7208 section 9.1), as they say it.

use crate::mail::charset;
use crate::mail::fields::unfold_to_space;
use serde_json::{Map, Value, json};

/// The most bytes of one field that are looked at.
const MAX_LENGTH: usize = 64 * 1024;

/// A field on one line, as far as it is looked at.
pub(super) fn line(value: &[u8]) -> String {
    let line = unfold_to_space(&value[..value.len().min(MAX_LENGTH)]);
    charset::without_nul(charset::undeclared(&line))
}

/// Authentication-Results: who says so, and each method's result. Exchange
/// Online does not say who it is: there the first statement is a result.
pub fn authentication_results(text: &str) -> Value {
    let mut statements = statements(text);
    let first = statements.first().map_or(&[][..], |first| &first.words);
    let is_result = matches!(first, [_, equals, ..] if equals == "=");
    let is_version = |word: &&String| word.bytes().all(|byte| byte.is_ascii_digit());
    let server = first.first().filter(|_| !is_result).cloned();
    let version = first.get(1).filter(is_version).cloned();
    if !is_result && !statements.is_empty() {
        statements.remove(0);
    }
    let results: Vec<Value> = statements.into_iter().filter_map(result).collect();
    json!({
        "server": server,
        "version": version,
        "results": results,
    })
}

/// `method[/version]=result (comment) reason="..." ptype.property=value ...`
fn result(statement: Statement) -> Option<Value> {
    let mut pairs = statement.pairs();
    let (method, result) = pairs.next()?;
    let mut reason = None;
    let mut properties = Map::new();
    for (name, value) in pairs {
        if name.eq_ignore_ascii_case("reason") {
            reason = Some(value);
        } else {
            properties.insert(name, value.into());
        }
    }
    let method = method.split('/').next().unwrap_or_default();
    Some(json!({
        "method": method.to_ascii_lowercase(),
        "result": result.to_ascii_lowercase(),
        "reason": reason,
        "comment": statement.comment,
        "properties": properties,
    }))
}

/// Received-SPF: the result, what it says in the comment, and its pairs.
pub fn received_spf(text: &str) -> Value {
    let statements = statements(text);
    let result = statements.first().and_then(|first| first.words.first());
    let comment = statements.first().and_then(|first| first.comment.clone());
    let pairs = statements.iter().flat_map(Statement::pairs);
    let properties: Map<String, Value> = pairs.map(|(name, value)| (name, value.into())).collect();
    json!({
        "result": result.map(|word| word.to_ascii_lowercase()),
        "comment": comment,
        "properties": properties,
    })
}

/// What stands between two semicolons.
#[derive(Default)]
struct Statement {
    /// Words; an `=` stands alone, with what is on either side another word.
    words: Vec<String>,
    /// The first comment.
    comment: Option<String>,
}

impl Statement {
    /// `name=value`, wherever they are.
    fn pairs(&self) -> impl Iterator<Item = (String, String)> {
        let windows = self.words.windows(3);
        windows.filter_map(|words| match words {
            [name, equals, value] if equals == "=" && name != "=" && value != "=" => {
                Some((name.clone(), value.clone()))
            }
            _ => None,
        })
    }
}

/// Cuts a field at its semicolons, minding quotes and comments.
fn statements(text: &str) -> Vec<Statement> {
    let mut list = vec![Statement::default()];
    let (mut word, mut comment) = (String::new(), String::new());
    let (mut depth, mut is_quoted, mut is_escaped) = (0_usize, false, false);
    for c in text.chars().chain([';']) {
        let Some(current) = list.last_mut() else {
            return list;
        };
        if is_escaped {
            is_escaped = false;
            if depth > 0 { &mut comment } else { &mut word }.push(c);
            continue;
        }
        match c {
            '\\' if is_quoted || depth > 0 => is_escaped = true,
            '"' if depth == 0 => is_quoted = !is_quoted,
            _ if is_quoted => word.push(c),
            '(' => {
                if depth > 0 {
                    comment.push(c);
                }
                depth += 1;
            }
            ')' if depth > 0 => {
                depth -= 1;
                if depth > 0 {
                    comment.push(c);
                } else if current.comment.is_none() {
                    current.comment = Some(std::mem::take(&mut comment));
                }
            }
            _ if depth > 0 => comment.push(c),
            ';' | '=' | ' ' | '\t' => {
                // A value may hold `=` itself, base64 for one.
                let is_value = current.words.last().is_some_and(|last| last == "=");
                if c == '=' && is_value && !word.is_empty() {
                    word.push(c);
                    continue;
                }
                if !word.is_empty() {
                    current.words.push(std::mem::take(&mut word));
                }
                match c {
                    '=' => current.words.push("=".into()),
                    ';' => list.push(Statement::default()),
                    _ => {}
                }
            }
            _ => word.push(c),
        }
    }
    list.pop();
    while list.last().is_some_and(|last| last.words.is_empty()) {
        list.pop();
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_rfc_are_read() {
        // RFC 8601 appendix B.5, folded into one.
        let text = "example.com 1; sender-id=fail (not \"ours\"; sorry) header.from=example.com; \
            dkim=pass reason=\"good (really; good)\" header.d=example.com header.b = \"ab=cd\"; spf/1=PASS \
            smtp.mailfrom=ada@example.com";
        let read = authentication_results(text);
        assert_eq!(read["server"], "example.com");
        assert_eq!(read["version"], "1");
        assert_eq!(
            read["results"],
            json!([
                {"method": "sender-id", "result": "fail", "reason": null,
                 "comment": "not \"ours\"; sorry", "properties": {"header.from": "example.com"}},
                {"method": "dkim", "result": "pass", "reason": "good (really; good)", "comment": null,
                 "properties": {"header.d": "example.com", "header.b": "ab=cd"}},
                {"method": "spf", "result": "pass", "reason": null, "comment": null,
                 "properties": {"smtp.mailfrom": "ada@example.com"}},
            ])
        );
        assert_eq!(
            authentication_results("example.org 1; none")["results"],
            json!([])
        );
    }

    #[test]
    fn servers_that_break_the_form_are_read_all_the_same() {
        let read = authentication_results(
            "spf=none (sender IP is 192.0.2.1) smtp.helo=x.example; dkim=none header.d=none",
        );
        assert_eq!(read["server"], Value::Null);
        assert_eq!(read["version"], Value::Null);
        assert_eq!(
            read["results"],
            json!([
                {"method": "spf", "result": "none", "reason": null,
                 "comment": "sender IP is 192.0.2.1", "properties": {"smtp.helo": "x.example"}},
                {"method": "dkim", "result": "none", "reason": null, "comment": null,
                 "properties": {"header.d": "none"}},
            ])
        );
        let read =
            authentication_results("mta7.mail.example from=x.example; dkim=neutral (no sig)");
        assert_eq!(read["server"], "mta7.mail.example");
        assert_eq!(read["version"], Value::Null);
        assert_eq!(read["results"][0]["method"], "dkim");
    }

    #[test]
    fn spf_keeps_its_comment_and_pairs() {
        let text = "Pass (mybox.example.org: domain of a@b.example designates 192.0.2.1 as permitted) \
            receiver=mybox.example.org; client-ip=192.0.2.1; envelope-from=\"a@b.example\"; helo=x";
        let read = received_spf(text);
        assert_eq!(read["result"], "pass");
        assert_eq!(
            read["comment"],
            "mybox.example.org: domain of a@b.example designates 192.0.2.1 as permitted"
        );
        assert_eq!(
            read["properties"],
            json!({"receiver": "mybox.example.org", "client-ip": "192.0.2.1",
                "envelope-from": "a@b.example", "helo": "x"})
        );
    }

    #[test]
    fn junk_gives_something() {
        for text in ["", ";", "=", "((((", "\"", "a=b=c;;;=", "\\", "(\\"] {
            let _ = (authentication_results(text), received_spf(text));
        }
        assert_eq!(authentication_results("")["server"], Value::Null);
    }
}
