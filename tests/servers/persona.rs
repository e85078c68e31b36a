//! A server of three messages that answers as a function says: how Gmail and
//! Exchange are played. It knows as much of IMAP as the library says to it.

use std::fmt::Write;

use crate::support::scripted::{Answer, Script, Scripted};
use crate::support::shell::Shell;

/// A message of the persona: UID and header.
pub const MESSAGES: [(u32, &str); 3] = [
    (10, "Subject: Invoice 7\r\n\r\n"),
    (20, "Subject: Reinvoice\r\n\r\n"),
    (
        4_000_000_000,
        "Subject: =?utf-8?q?gr=C3=BC=C3=9Fe?=\r\n\r\n",
    ),
];

/// What is asked of the message at `position`, as FETCH answers it.
pub type Item = fn(position: usize, item: &str) -> Option<String>;

/// Runs `sql` with the persona as the environment account's server; its rows,
/// and the commands it caused.
pub fn play(answer: Answer, sql: &str) -> (Vec<serde_json::Value>, Vec<String>) {
    let server = Scripted::play([Script::new("S: * OK ready").answer(answer)]);
    let shell = Shell::new().account(server.port, "ada", "x");
    let rows = shell.rows(sql);
    let heard = server.finish().remove(0);
    (rows, heard.lines().map(str::to_owned).collect())
}

/// The answer to what every server understands in one way; `None` for the rest.
pub fn common(command: &str, capabilities: &str) -> Option<String> {
    let verb = command.split(' ').next()?;
    Some(match verb {
        "CAPABILITY" => format!("* CAPABILITY {capabilities}\n$ OK done"),
        "LOGIN" | "NOOP" => "$ OK done".to_owned(),
        "ID" => "* ID NIL\n$ OK done".to_owned(),
        "LOGOUT" => "* BYE bye\n$ OK done".to_owned(),
        "EXAMINE" => "* 3 EXISTS\n* OK [UIDVALIDITY 7] valid\n* OK [UIDNEXT 4000000001] next\n\
                      $ OK [READ-ONLY] done"
            .to_owned(),
        _ => return None,
    })
}

/// The UIDs of a set that exist.
pub fn existing(set: &str) -> Vec<u32> {
    let number = |text: &str| {
        if text == "*" {
            u32::MAX
        } else {
            text.parse().unwrap()
        }
    };
    let ranges: Vec<(u32, u32)> = set
        .split(',')
        .map(|range| {
            let (low, high) = range.split_once(':').unwrap_or((range, range));
            (number(low), number(high))
        })
        .collect();
    let is_in = |uid: &u32| ranges.iter().any(|(low, high)| (low..=high).contains(&uid));
    MESSAGES
        .into_iter()
        .map(|(uid, _)| uid)
        .filter(is_in)
        .collect()
}

/// The answer to `UID FETCH set (items)` for the UIDs that `gives` lets through;
/// `None` where an item is not known to `item` either.
pub fn fetch(command: &str, gives: fn(u32) -> bool, item: Item) -> Option<String> {
    let (set, items) = command.strip_prefix("UID FETCH ")?.split_once(' ')?;
    let items = split(items.strip_prefix('(')?.strip_suffix(')')?);
    let mut answer = String::new();
    for uid in existing(set).into_iter().filter(|uid| gives(*uid)) {
        let position = MESSAGES.iter().position(|(known, _)| *known == uid)?;
        let mut values = Vec::new();
        for name in &items {
            let header = MESSAGES[position].1;
            let literal = |name: &str| format!("{name} {{{}}}\r\n{header}", header.len());
            values.push(match name.as_str() {
                "UID" => format!("UID {uid}"),
                "FLAGS" => "FLAGS (\\Seen)".to_owned(),
                "RFC822.SIZE" => format!("RFC822.SIZE {}", header.len()),
                "INTERNALDATE" => "INTERNALDATE \"01-Jan-2026 00:00:00 +0000\"".to_owned(),
                name if name.starts_with("BODY.PEEK[") => {
                    let name = name.replace("BODY.PEEK[", "BODY[");
                    literal(&name.replace("<0.32768>", "<0>"))
                }
                name => item(position, name)?,
            });
        }
        writeln!(answer, "* {} FETCH ({})", position + 1, values.join(" ")).unwrap();
    }
    Some(answer + "$ OK done")
}

/// Items at the blanks outside of brackets.
fn split(items: &str) -> Vec<String> {
    let mut depth = 0;
    let mut found = vec![String::new()];
    for c in items.chars() {
        depth += i32::from(c == '[') - i32::from(c == ']');
        match found.last_mut() {
            Some(last) if c != ' ' || depth > 0 => last.push(c),
            _ => found.push(String::new()),
        }
    }
    found
}
