//! Where a response ends: a line, and the literals its runs of text open.
//!
//! The wire feeds a [`Framer`] what it has read so far, and reads on until the
//! response is complete. Bodies of literals are skipped, never looked at, and
//! no byte of text is looked at twice, however the input is cut up. It knows
//! nothing of sockets, and of the response only whether it may open literals.

use memchr::memchr;

use crate::error::{Error, Kind, Result, quote_bytes};

/// Bytes of one literal: what the largest value may have that SQLite takes by
/// default.
pub const LITERAL: u64 = 1_000_000_000;

/// What a server may send in one response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one run of text: up to a line's end, or from a literal's end on.
    pub line: usize,
    /// Bytes of one literal.
    pub literal: u64,
    /// Bytes of the whole response.
    pub response: u64,
    /// Literals in one response.
    pub literals: usize,
}

impl Default for Limits {
    /// A line holds the answer to a SEARCH, which without ESEARCH (Office 365,
    /// Courier) names every UID: 16 MiB are about two million messages. A
    /// response may be larger than a literal by what surrounds it.
    fn default() -> Self {
        Self {
            line: 16 << 20,
            literal: LITERAL,
            response: 1_100_000_000,
            literals: 10_000,
        }
    }
}

/// What [`Framer::advance`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The response is the first so many bytes of the buffer.
    Complete(usize),
    /// The response cannot end before `at_least` more bytes have come. Inside
    /// a literal this is what the server announced: read towards it, but do
    /// not allocate it at once.
    NeedMore {
        /// One or more.
        at_least: usize,
    },
}

/// Finds the end of one response; [`reset`](Framer::reset) before the next.
///
/// ```text
/// response = *(text literal) text (CRLF / LF)
/// literal  = ["~"] "{" number64 ["+"] "}" (CRLF / LF) *CHAR8
/// ```
/// (RFC 9051 section 4.3, RFC 7888, RFC 3516.) A status response, one with a
/// tag, and a continuation request end in human-readable text, which may well
/// end in `{5}`: they never open a literal.
#[derive(Debug)]
pub struct Framer {
    limits: Limits,
    /// Where the run of text being read begins; beyond the end of the buffer
    /// while a literal is incomplete.
    run: usize,
    /// The first byte not looked at yet.
    at: usize,
    literals: usize,
}

impl Framer {
    /// A framer at the start of a response.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            run: 0,
            at: 0,
            literals: 0,
        }
    }

    /// Forgets the response found, to begin with the next.
    pub fn reset(&mut self) {
        *self = Self::new(self.limits);
    }

    /// Goes on looking for the end of the response `buffer` begins with, which
    /// holds what it held at the last call, and more.
    ///
    /// # Errors
    ///
    /// A limit is passed: `TooBig` for a literal or the whole, `Misbehaved` for
    /// a line or the number of literals. The response cannot be skipped, so
    /// the connection is of no further use.
    pub fn advance(&mut self, buffer: &[u8]) -> Result<Progress> {
        loop {
            if buffer.len() < self.run {
                return Ok(Progress::NeedMore {
                    at_least: self.run - buffer.len() + 1,
                });
            }
            let unseen = buffer.get(self.at..).unwrap_or_default();
            let Some(line_feed) = memchr(b'\n', unseen).map(|found| self.at + found) else {
                self.check_text(buffer.len())?;
                self.at = buffer.len();
                return Ok(Progress::NeedMore { at_least: 1 });
            };
            self.check_text(line_feed)?;
            let text = &buffer[self.run..line_feed];
            let text = text.strip_suffix(b"\r").unwrap_or(text);
            let length = match literal_length(text) {
                Some(digits) if opens_literals(buffer) => digits,
                _ => return Ok(Progress::Complete(line_feed + 1)),
            };
            self.skip_literal(line_feed + 1, length)?;
        }
    }

    fn check_text(&self, end: usize) -> Result<()> {
        let most = self.limits.line;
        if end.saturating_sub(self.run) > most {
            return Err(Error::misbehaved(format!(
                "server sent a line of more than {most} bytes"
            )));
        }
        self.check_response(end as u64)
    }

    fn check_response(&self, end: u64) -> Result<()> {
        let most = self.limits.response;
        if end > most {
            let text = format!("server sent a response of more than the {most} bytes allowed");
            return Err(Kind::TooBig(text).into());
        }
        Ok(())
    }

    fn skip_literal(&mut self, start: usize, digits: &[u8]) -> Result<()> {
        let most = self.limits.literal;
        let length = match number(digits) {
            Some(length) if length <= most => length,
            _ => {
                let text = format!(
                    "server announced a literal of {} bytes, more than the {most} allowed",
                    quote_bytes(digits)
                );
                return Err(Kind::TooBig(text).into());
            }
        };
        if self.literals == self.limits.literals {
            return Err(Error::misbehaved(format!(
                "server sent a response with more than {} literals",
                self.limits.literals
            )));
        }
        self.check_response((start as u64).saturating_add(length))?;
        self.literals += 1;
        let end = start.saturating_add(usize::try_from(length).unwrap_or(usize::MAX));
        (self.run, self.at) = (end, end);
        Ok(())
    }
}

/// The digits of the literal that `text`, a line without its end, announces.
fn literal_length(text: &[u8]) -> Option<&[u8]> {
    let text = text.strip_suffix(b"}")?;
    let text = text.strip_suffix(b"+").unwrap_or(text);
    let digits = text
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let (before, digits) = text.split_at(text.len() - digits);
    (before.ends_with(b"{") && !digits.is_empty()).then_some(digits)
}

/// The value of ASCII digits, if it fits.
fn number(digits: &[u8]) -> Option<u64> {
    str::from_utf8(digits).ok()?.parse().ok()
}

/// Whether a response may open literals: `*` and then no status.
fn opens_literals(response: &[u8]) -> bool {
    let Some(rest) = response.strip_prefix(b"*") else {
        return false;
    };
    let rest = rest.trim_ascii_start();
    let end = rest
        .iter()
        .position(u8::is_ascii_whitespace)
        .unwrap_or(rest.len());
    let statuses: [&[u8]; 5] = [b"OK", b"NO", b"BAD", b"BYE", b"PREAUTH"];
    !statuses
        .iter()
        .any(|status| rest[..end].eq_ignore_ascii_case(status))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What a framer finds when the input comes in pieces of the given sizes.
    fn framed(
        input: &[u8],
        mut pieces: impl Iterator<Item = usize>,
    ) -> (Vec<usize>, Option<String>) {
        let mut framer = Framer::new(Limits {
            line: 100,
            literal: 500,
            ..Limits::default()
        });
        let (mut start, mut end, mut found) = (0, 0, Vec::new());
        loop {
            match framer.advance(&input[start..end]) {
                Ok(Progress::Complete(length)) => {
                    found.push(length);
                    start += length;
                    framer.reset();
                }
                Ok(Progress::NeedMore { at_least }) => {
                    assert!(at_least > 0);
                    if end == input.len() {
                        return (found, None);
                    }
                    end = input.len().min(end + pieces.next().unwrap_or(1));
                }
                Err(error) => return (found, Some(error.to_string())),
            }
        }
    }

    const SAMPLE: &[u8] = b"* OK [CAPABILITY IMAP4rev1] ready {5}\r\n\
        * 1 FETCH (UID 7 BODY[] {12}\r\nhi {3}\r\n * OK BODY[HEADER] {0}\r\n FLAGS ())\r\n\
        * LIST () \"/\" {3+}\na{9\n* 2 FETCH (BINARY[1] ~{4}\r\n\0\r\n) UID 1)\r\n\
        x1 OK done {7}\r\n+ go {3}\r\n* bye {4}\r\n* NO [ALERT] {1}\n\r\n\n* SEARCH\r\n";

    #[test]
    fn every_cut_of_the_input_finds_the_same_responses() {
        let (whole, error) = framed(SAMPLE, std::iter::once(SAMPLE.len()));
        assert_eq!((whole.iter().sum::<usize>(), error), (SAMPLE.len(), None));
        assert_eq!(whole.len(), 11);
        assert_eq!(framed(SAMPLE, std::iter::repeat(1)).0, whole);
        for cut in 0..SAMPLE.len() {
            assert_eq!(
                framed(SAMPLE, [cut, SAMPLE.len()].into_iter()).0,
                whole,
                "cut at {cut}"
            );
        }
    }

    #[test]
    fn a_literal_is_waited_for() {
        let mut framer = Framer::new(Limits::default());
        let head = b"* 1 FETCH (X {2}\r\nab BODY[] {1000}\r\n";
        let more = framer.advance(head).unwrap();
        assert_eq!(more, Progress::NeedMore { at_least: 1001 });
        let whole = [&head[..], &[b'\n'; 1000], b")\r\n"].concat();
        assert_eq!(
            framer.advance(&whole).unwrap(),
            Progress::Complete(whole.len())
        );
    }

    #[test]
    fn limits_are_refused_in_words() {
        let refused = |limits: Limits, input: &[u8]| {
            Framer::new(limits).advance(input).unwrap_err().to_string()
        };
        let limits = Limits::default();
        assert_eq!(
            refused(limits, b"* 1 FETCH (BODY[] {3221225472}\r\n"),
            "imap: server announced a literal of 3221225472 bytes, more than the 1000000000 allowed"
        );
        assert_eq!(
            refused(limits, b"* 1 FETCH (BODY[] {99999999999999999999}\r\n"),
            "imap: server announced a literal of 99999999999999999999 bytes, \
             more than the 1000000000 allowed"
        );
        assert_eq!(
            refused(Limits { line: 10, ..limits }, b"* 1 EXISTS and on"),
            "imap: server sent a line of more than 10 bytes"
        );
        assert_eq!(
            refused(Limits { line: 10, ..limits }, b"* 1 EXISTS and on\r\n"),
            "imap: server sent a line of more than 10 bytes"
        );
        assert_eq!(
            refused(
                Limits {
                    literals: 1,
                    ..limits
                },
                b"* X {0}\r\n {0}\r\n"
            ),
            "imap: server sent a response with more than 1 literals"
        );
        assert_eq!(
            refused(
                Limits {
                    response: 20,
                    ..limits
                },
                b"* X {9}\r\n123456789{9}\r\n"
            ),
            "imap: server sent a response of more than the 20 bytes allowed"
        );
    }

    proptest! {
        #[test]
        fn random_cuts_of_random_input_change_nothing(
            input in proptest::collection::vec(
                proptest::sample::select(vec![
                    "* ", "{", "3", "}", "}\r\n", "\n", "\r", "+", "OK", "x", "{200}\r\n",
                ]),
                0..60),
            cuts in proptest::collection::vec(1usize..9, 0..200),
        ) {
            let input = input.concat().into_bytes();
            let whole = framed(&input, std::iter::once(input.len()));
            prop_assert_eq!(framed(&input, cuts.into_iter()), whole);
        }
    }
}
