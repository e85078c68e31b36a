//! The tokens of a response: atoms, strings, parentheses; nothing is copied.
//!
//! Every parser of a response reads through [`Reader`], which never fails:
//! what is malformed becomes some token, the end of the line the end of input,
//! and each call that returns a token moves on. It does not know what the
//! tokens mean.

use std::borrow::Cow;
use std::ops::{Deref, Range};

use memchr::{memchr, memchr3};

use super::quoted::unescape;

/// One token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token<'a> {
    /// A run of bytes without blanks and parentheses, NIL included; looser
    /// than RFC 9051's atom, as servers are (8-bit keywords, `]` in names).
    Atom(&'a [u8]),
    /// What stands between quotes, its escapes still in place.
    Quoted(&'a [u8]),
    /// The body of a literal.
    Literal(&'a [u8]),
    /// `(`
    Open,
    /// `)`
    Close,
}

/// Reads one response, framed as [`Framer`](super::frame::Framer) does.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// A reader at the start of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The first byte of the next token; None at the end of the line.
    pub fn next_byte(&mut self) -> Option<u8> {
        let blanks = self
            .rest()
            .iter()
            .take_while(|byte| matches!(byte, b' ' | b'\t'))
            .count();
        self.at += blanks;
        match self.rest() {
            [] | [b'\n', ..] | [b'\r', b'\n', ..] => None,
            [byte, ..] => Some(*byte),
        }
    }

    /// The next token; None at the end of the line.
    pub fn token(&mut self) -> Option<Token<'a>> {
        Some(match self.next_byte()? {
            b'(' => {
                self.at += 1;
                Token::Open
            }
            b')' => {
                self.at += 1;
                Token::Close
            }
            b'"' => {
                self.at += 1;
                let inside = self.rest();
                let end = closing_quote(inside);
                self.at += end + usize::from(inside.get(end) == Some(&b'"'));
                Token::Quoted(&inside[..end])
            }
            _ => match literal(self.rest()) {
                Some(body) => {
                    let start = self.at + body.start;
                    self.at += body.end;
                    Token::Literal(&self.bytes[start..self.at])
                }
                None => Token::Atom(self.until(|byte| matches!(byte, b' ' | b'\t' | b'(' | b')'))),
            },
        })
    }

    /// The next value as bytes: an atom, or a string with its escapes undone.
    /// None for NIL, for a list (which is skipped), and where there is no
    /// value: at a `)`, which stays, and at the end.
    pub fn string(&mut self) -> Option<Cow<'a, [u8]>> {
        if self.next_byte()? == b')' {
            return None;
        }
        match self.token()? {
            Token::Atom(atom) if atom.eq_ignore_ascii_case(b"NIL") => None,
            Token::Atom(bytes) | Token::Literal(bytes) => Some(Cow::Borrowed(bytes)),
            Token::Quoted(inside) => Some(unescape(inside)),
            Token::Open => {
                self.leave_list();
                None
            }
            Token::Close => None,
        }
    }

    /// As [`string`](Self::string), but with the escapes in place, so that
    /// nothing is ever copied: for strings of our own that come back.
    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let mut ahead = self.clone();
        let token = ahead.token()?;
        self.string()?;
        match token {
            Token::Atom(bytes) | Token::Quoted(bytes) | Token::Literal(bytes) => Some(bytes),
            Token::Open | Token::Close => None,
        }
    }

    /// The next value as a number; quotes are forgiven.
    pub fn number(&mut self) -> Option<u64> {
        number(&self.string()?)
    }

    /// Takes the `(` of a list, if that is what comes next.
    pub fn enter_list(&mut self) -> bool {
        let opens = self.next_byte() == Some(b'(');
        self.at += usize::from(opens);
        opens
    }

    /// True if the list entered, or the line, goes on with another value.
    pub fn has_value(&mut self) -> bool {
        self.next_byte().is_some_and(|byte| byte != b')')
    }

    /// Skips the rest of the list entered, its `)` included.
    pub fn leave_list(&mut self) {
        let mut depth = 1;
        while depth > 0 {
            match self.token() {
                Some(Token::Open) => depth += 1,
                Some(Token::Close) => depth -= 1,
                Some(_) => {}
                None => return,
            }
        }
    }

    /// Skips one value: a token, or a list with all it holds.
    pub fn skip_value(&mut self) {
        if self.has_value() && self.token() == Some(Token::Open) {
            self.leave_list();
        }
    }

    /// The name of a FETCH item, up to its section, if it has one; empty where
    /// a string or a list stands in its place.
    pub fn item_name(&mut self) -> &'a [u8] {
        match self.next_byte() {
            Some(byte) if byte != b'"' => {
                self.until(|byte| matches!(byte, b' ' | b'\t' | b'(' | b')' | b'[' | b'<'))
            }
            _ => &[],
        }
    }

    /// The inside of the brackets of a section, where they open right here.
    /// Its end is the first `]` outside of strings (names of header fields may
    /// be echoed as such: Courier).
    pub fn section(&mut self) -> Option<&'a [u8]> {
        let inside = self.rest().strip_prefix(b"[")?;
        let mut reader = Reader::new(inside);
        loop {
            reader.until(|byte| matches!(byte, b']' | b'"'));
            let closes = reader.rest().starts_with(b"]");
            // Else a string or a literal begins, to be passed over, or the line ends.
            if closes || reader.token().is_none() {
                break;
            }
        }
        let section = &inside[..reader.at];
        self.at += 1 + section.len() + usize::from(reader.rest().starts_with(b"]"));
        Some(section)
    }

    /// The `<origin>` of a partial section, where it opens right here; the
    /// length some servers echo after it is ignored.
    pub fn origin(&mut self) -> Option<u64> {
        self.rest().strip_prefix(b"<")?;
        let inside = self.until(|byte| matches!(byte, b'>' | b' '));
        self.at += usize::from(self.rest().starts_with(b">"));
        number(inside[1..].split(|&byte| byte == b'.').next()?)
    }

    /// What is left of the line, trimmed. Literals are not looked for.
    pub fn line(&mut self) -> &'a [u8] {
        let rest = self.rest();
        let line = &rest[..memchr(b'\n', rest).unwrap_or(rest.len())];
        self.at += line.len();
        line.trim_ascii()
    }

    /// Bytes up to a list that begins after a blank, or to the end of the line;
    /// trimmed.
    pub fn words(&mut self) -> &'a [u8] {
        let line = self.clone().line();
        let mut pairs = line.windows(2);
        let words = &line[..pairs.position(|pair| pair == b" (").unwrap_or(line.len())];
        self.next_byte();
        self.at += words.len();
        words.trim_ascii_end()
    }

    fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at..]
    }

    /// Takes bytes until `ends`, the end of the line, or a literal.
    fn until(&mut self, ends: impl Fn(u8) -> bool) -> &'a [u8] {
        let rest = self.rest();
        let end = (0..rest.len()).find(|&at| match rest[at] {
            b'\n' => true,
            b'\r' => rest.get(at + 1) == Some(&b'\n'),
            b'{' | b'~' => literal(&rest[at..]).is_some(),
            byte => ends(byte),
        });
        let taken = &rest[..end.unwrap_or(rest.len())];
        self.at += taken.len();
        taken
    }
}

/// A name in upper case, to be told from known ones without an allocation.
pub struct Upper {
    bytes: [u8; LONGEST],
    length: usize,
}

/// No known name is as long; a longer one is cut and stays unknown.
const LONGEST: usize = 32;

impl Upper {
    /// `name` in upper case.
    pub fn of(name: &[u8]) -> Self {
        let length = name.len().min(LONGEST);
        let mut bytes = [0; LONGEST];
        bytes[..length].copy_from_slice(&name[..length]);
        bytes.make_ascii_uppercase();
        Self { bytes, length }
    }
}

impl Deref for Upper {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// Where in `whole` the slice `part` of it lies; None if it is none.
pub fn range_of(whole: &[u8], part: &[u8]) -> Option<Range<usize>> {
    let start = part.as_ptr().addr().checked_sub(whole.as_ptr().addr())?;
    let end = start.checked_add(part.len())?;
    (end <= whole.len()).then_some(start..end)
}

/// The value of a number in ASCII digits, if it is one and fits.
pub fn number(digits: &[u8]) -> Option<u64> {
    let digits = digits
        .first()
        .filter(|byte| byte.is_ascii_digit())
        .map(|_| digits)?;
    str::from_utf8(digits).ok()?.parse().ok()
}

/// The place of the body of the literal `rest` begins with; cut to what is there.
fn literal(rest: &[u8]) -> Option<Range<usize>> {
    let header = rest.strip_prefix(b"~").unwrap_or(rest).strip_prefix(b"{")?;
    let digits = header
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let after = &header[digits..];
    let after = after
        .strip_prefix(b"+")
        .unwrap_or(after)
        .strip_prefix(b"}")?;
    let body = after
        .strip_prefix(b"\r")
        .unwrap_or(after)
        .strip_prefix(b"\n")?;
    let length = number(&header[..digits])?;
    let start = rest.len() - body.len();
    Some(
        start
            ..start
                + usize::try_from(length)
                    .unwrap_or(usize::MAX)
                    .min(body.len()),
    )
}

/// Where the quoted string with this inside ends: at the first quote that is
/// not escaped and after which a value may end. A quote that a server forgot
/// to escape is mostly followed by something else. Without any, the end of the
/// line is the end.
fn closing_quote(inside: &[u8]) -> usize {
    let mut at = 0;
    while let Some(found) = memchr3(b'"', b'\\', b'\n', &inside[at..]) {
        at += found;
        let next = inside.get(at + 1);
        match inside[at] {
            b'\n' => return at - usize::from(inside[..at].ends_with(b"\r")),
            b'\\' => {
                at += if matches!(next, Some(b'"' | b'\\')) {
                    2
                } else {
                    1
                }
            }
            _ if next.is_none_or(|next| b" \t()[]\"\r\n".contains(next)) => return at,
            _ => at += 1,
        }
    }
    inside.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tokens(line: &[u8]) -> Vec<Token<'_>> {
        let mut reader = Reader::new(line);
        std::iter::from_fn(|| reader.token()).collect()
    }

    #[test]
    fn strings_of_all_kinds_are_told_apart() {
        use Token::{Atom, Close, Literal, Open, Quoted};
        assert_eq!(
            tokens(b"(NIL \"a (b\\\"\" {3}\r\n)\r\n x ~{1}\n{\tcaf\xe9)\r\nbeyond"),
            [
                Open,
                Atom(b"NIL"),
                Quoted(b"a (b\\\""),
                Literal(b")\r\n"),
                Atom(b"x"),
                Literal(b"{"),
                Atom(b"caf\xe9"),
                Close
            ]
        );
        assert_eq!(
            tokens(b"BODY[]{1}\r\nx {9}"),
            [Atom(b"BODY[]"), Literal(b"x"), Atom(b"{9}")]
        );
    }

    #[test]
    fn quotes_a_server_forgot_to_escape_stay_inside() {
        use Token::{Atom, Quoted};
        assert_eq!(
            tokens(b"\"a \"b\" c\" d"),
            [Quoted(b"a \"b"), Atom(b"c\""), Atom(b"d")]
        );
        assert_eq!(tokens(b"\"5\"x3\" y"), [Quoted(b"5\"x3"), Atom(b"y")]);
        for open in ["\"open\r\nnext", "\"open\nnext", "\"open"] {
            assert_eq!(tokens(open.as_bytes()), [Quoted(b"open")], "{open:?}");
        }
    }

    #[test]
    fn values_are_read_or_skipped_whole() {
        let mut reader = Reader::new(b"nil (a (b \")\") {1}\r\n)) \"12\" 99999999999999999999 -1)");
        assert_eq!((reader.string(), reader.string()), (None, None));
        assert_eq!(
            (reader.number(), reader.number(), reader.number()),
            (Some(12), None, None)
        );
        assert!(!reader.has_value());
        assert_eq!((reader.string(), reader.next_byte()), (None, Some(b')')));
        reader.skip_value();
        assert_eq!(reader.next_byte(), Some(b')'));
    }

    #[test]
    fn sections_end_at_their_own_bracket() {
        let mut reader = Reader::new(b"BODY[HEADER.FIELDS (\"X]Y\" {1}\r\n])]<7.20> {0}\r\n");
        assert_eq!(reader.item_name(), b"BODY");
        assert_eq!(
            reader.section(),
            Some(&b"HEADER.FIELDS (\"X]Y\" {1}\r\n])"[..])
        );
        assert_eq!((reader.section(), reader.origin()), (None, Some(7)));
        assert_eq!(reader.string().as_deref(), Some(&b""[..]));
        for open in ["[TEXT", "[TEXT\n1", "[TEXT\r\n1"] {
            let mut reader = Reader::new(open.as_bytes());
            let section = reader.section();
            assert_eq!(
                (section, reader.next_byte()),
                (Some(&b"TEXT"[..]), None),
                "{open:?}"
            );
        }
    }

    #[test]
    fn names_are_compared_without_case() {
        assert_eq!(*Upper::of(b"Rfc822.Size"), *b"RFC822.SIZE");
        assert_eq!(Upper::of(&[b'x'; 99]).len(), LONGEST);
    }

    #[test]
    fn the_place_of_a_part_is_found_by_address_not_by_content() {
        let whole = b"abab";
        assert_eq!(range_of(whole, &whole[2..]), Some(2..4));
        assert_eq!(range_of(&whole[..2], &whole[1..]), None);
        assert_eq!(range_of(&whole[2..], &whole[..2]), None);
    }

    proptest! {
        #[test]
        fn any_bytes_come_to_an_end(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(tokens(&bytes).len() <= bytes.len());
            let mut reader = Reader::new(&bytes);
            for _ in 0..bytes.len() {
                reader.item_name();
                reader.section();
                reader.origin();
                reader.string();
            }
        }
    }
}
