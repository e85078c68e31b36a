//! SEARCH keys as a tree, and how a command spells them (RFC 9051 section
//! 6.4.4).
//!
//! Built by the plan of a table and by the reader of the `search` option. What
//! comes from outside stands in [`Key::Text`] alone and travels as a quoted
//! string or a literal, so that no server can read it as syntax.

use super::quoted::{Argument, argument};

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// A key and arguments of this library's own making: `UNSEEN`, `LARGER 100`.
    Plain(String),
    /// A key that looks for a text, and the text: `SUBJECT`, `HEADER MESSAGE-ID`.
    Text(String, String),
    /// What does not meet it.
    Not(Box<Self>),
    /// What meets one of them.
    Or(Box<Self>, Box<Self>),
    /// What meets all of them; everything where there is none.
    All(Vec<Self>),
}

/// A stretch of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Sent as it is.
    Line(Vec<u8>),
    /// The content of a literal.
    Literal(Vec<u8>),
}

impl Key {
    /// A key of this library's own making.
    pub fn plain(text: impl Into<String>) -> Self {
        Self::Plain(text.into())
    }

    /// A key that looks for `text`.
    pub fn text(key: &str, text: &str) -> Self {
        Self::Text(key.to_owned(), text.to_owned())
    }

    /// What meets one of the keys, in a tree as flat as OR allows; `None` of
    /// no keys, which nothing meets.
    pub fn any(mut keys: Vec<Self>) -> Option<Self> {
        if keys.len() < 2 {
            return keys.pop();
        }
        let right = keys.split_off(keys.len().div_ceil(2));
        Some(Self::Or(
            Box::new(Self::any(keys)?),
            Box::new(Self::any(right)?),
        ))
    }

    /// About how many bytes it takes in a command.
    pub fn length(&self) -> usize {
        match self {
            Self::Plain(text) => text.len(),
            Self::Text(key, text) => key.len() + text.len() + 3,
            Self::Not(key) => 4 + key.length(),
            Self::Or(left, right) => 4 + left.length() + right.length(),
            Self::All(keys) => 2 + keys.iter().map(|key| 1 + key.length()).sum::<usize>(),
        }
    }

    /// The keys as a command spells them, with a space between any two.
    pub fn spell(keys: &[Self]) -> Vec<Piece> {
        let mut spelling = Spelling::default();
        spelling.list(keys);
        spelling.end();
        spelling.pieces
    }
}

#[derive(Default)]
struct Spelling {
    pieces: Vec<Piece>,
    line: Vec<u8>,
}

impl Spelling {
    fn end(&mut self) {
        if !self.line.is_empty() {
            self.pieces
                .push(Piece::Line(std::mem::take(&mut self.line)));
        }
    }

    fn list(&mut self, keys: &[Key]) {
        for (at, key) in keys.iter().enumerate() {
            if at > 0 {
                self.line.push(b' ');
            }
            self.key(key);
        }
    }

    /// Depth is that of the tree, which its makers bound.
    fn key(&mut self, key: &Key) {
        match key {
            Key::Plain(text) => self.line.extend_from_slice(text.as_bytes()),
            Key::Text(key, text) => {
                self.line.extend_from_slice(key.as_bytes());
                self.line.push(b' ');
                match argument(text.as_bytes()) {
                    Argument::Quoted(quoted) => self.line.extend(quoted),
                    Argument::Literal(bytes) => {
                        self.end();
                        self.pieces.push(Piece::Literal(bytes.to_vec()));
                    }
                }
            }
            Key::Not(key) => {
                self.line.extend_from_slice(b"NOT ");
                self.key(key);
            }
            Key::Or(left, right) => {
                self.line.extend_from_slice(b"OR ");
                self.key(left);
                self.line.push(b' ');
                self.key(right);
            }
            Key::All(keys) if keys.is_empty() => self.line.extend_from_slice(b"ALL"),
            Key::All(keys) if keys.len() == 1 => self.key(&keys[0]),
            Key::All(keys) => {
                self.line.push(b'(');
                self.list(keys);
                self.line.push(b')');
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(keys: &[Key]) -> String {
        match &Key::spell(keys)[..] {
            [Piece::Line(line)] => String::from_utf8(line.clone()).unwrap(),
            pieces => format!("{pieces:?}"),
        }
    }

    #[test]
    fn trees_are_spelled_in_prefix_order() {
        let either = Key::any(vec![
            Key::text("SUBJECT", "a \"b\""),
            Key::All(vec![Key::plain("SEEN"), Key::plain("LARGER 5")]),
            Key::Not(Box::new(Key::plain("DRAFT"))),
        ]);
        let keys = [Key::plain("UNSEEN"), either.unwrap()];
        assert_eq!(
            line(&keys),
            r#"UNSEEN OR OR SUBJECT "a \"b\"" (SEEN LARGER 5) NOT DRAFT"#
        );
        assert_eq!(line(&[Key::All(vec![])]), "ALL");
        assert_eq!(Key::any(vec![]), None);
    }

    #[test]
    fn what_quotes_cannot_hold_is_a_literal() {
        let keys = [Key::text("TEXT", "a\r\nx2 LOGOUT"), Key::plain("SEEN")];
        let expected = [
            Piece::Line(b"TEXT ".to_vec()),
            Piece::Literal(b"a\r\nx2 LOGOUT".to_vec()),
            Piece::Line(b" SEEN".to_vec()),
        ];
        assert_eq!(Key::spell(&keys), expected);
    }
}
