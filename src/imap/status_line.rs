//! A status response: OK, NO, BAD, BYE or PREAUTH, with its response code
//! (RFC 9051 section 7.1).
//!
//! The session learns from it how a command ended and what the server added;
//! errors show it in the server's words. It does not decide what to do.

use crate::error::quote_bytes;

use super::capability::Capabilities;
use super::token::number;

/// The status words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Done, or information.
    Ok,
    /// Refused, or a warning.
    No,
    /// Not understood.
    Bad,
    /// The connection closes.
    Bye,
    /// A greeting: signed in already.
    Preauth,
}

impl Status {
    /// The status a word names, in any case.
    pub fn from_word(word: &[u8]) -> Option<Self> {
        [Self::Ok, Self::No, Self::Bad, Self::Bye, Self::Preauth]
            .into_iter()
            .find(|status| word.eq_ignore_ascii_case(status.word().as_bytes()))
    }

    /// The word as the RFCs write it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::No => "NO",
            Self::Bad => "BAD",
            Self::Bye => "BYE",
            Self::Preauth => "PREAUTH",
        }
    }
}

/// A response code, `[NAME argument]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code<'a> {
    /// The name as sent; compare with [`Code::is`].
    pub name: &'a [u8],
    /// What follows the name, trimmed; mostly empty.
    pub argument: &'a [u8],
}

impl Code<'_> {
    /// True if this is the code `name`, in any case.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    /// The number that UIDVALIDITY, UIDNEXT or HIGHESTMODSEQ carries.
    pub fn number(&self) -> Option<u64> {
        number(self.argument)
    }

    /// The capabilities, if this is a CAPABILITY code.
    pub fn capabilities(&self) -> Option<Capabilities> {
        self.is("CAPABILITY")
            .then(|| Capabilities::parse(self.argument))
    }
}

/// A status response without its tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusLine<'a> {
    /// The status word.
    pub status: Status,
    /// The response code, if there is one.
    pub code: Option<Code<'a>>,
    /// The text for humans after it.
    pub text: &'a [u8],
    said: &'a [u8],
}

impl<'a> StatusLine<'a> {
    /// Reads what follows the status word on the line.
    ///
    /// ```text
    /// resp-text = ["[" resp-text-code "]" SP] text
    /// ```
    /// A code without its bracket is text.
    pub fn parse(status: Status, said: &'a [u8]) -> Self {
        let said = said.trim_ascii();
        let coded = said
            .strip_prefix(b"[")
            .and_then(|rest| Some((rest, closing_bracket(rest)?)));
        let (code, text) = match coded {
            Some((rest, end)) => {
                let inside = rest[..end].trim_ascii();
                let name = inside
                    .iter()
                    .position(|&byte| byte == b' ')
                    .unwrap_or(inside.len());
                let argument = inside[name..].trim_ascii();
                (
                    Some(Code {
                        name: &inside[..name],
                        argument,
                    }),
                    rest[end + 1..].trim_ascii(),
                )
            }
            None => (None, said),
        };
        Self {
            status,
            code,
            text,
            said,
        }
    }

    /// The number carried by the code `name`, if this line has that code.
    pub fn code_number(&self, name: &str) -> Option<u64> {
        self.code.filter(|code| code.is(name))?.number()
    }

    /// True for a refusal that means "not now": too much was asked for at once
    /// or in a short time, or something is in the way.
    pub fn asks_for_patience(&self) -> bool {
        // LIMIT, INUSE, UNAVAILABLE: RFC 9051 section 7.1; THROTTLED: Gmail,
        // Yahoo. Office 365 says it in words.
        const CODES: [&str; 4] = ["INUSE", "LIMIT", "THROTTLED", "UNAVAILABLE"];
        let is_refusal = matches!(self.status, Status::No | Status::Bad);
        let is_coded = |code: Code<'_>| CODES.iter().any(|name| code.is(name));
        is_refusal
            && (self.code.is_some_and(is_coded)
                || memchr::memmem::find(&self.said.to_ascii_lowercase(), b"throttled").is_some())
    }

    /// What follows the status word: the code and the text.
    pub fn said(&self) -> &'a [u8] {
        self.said
    }

    /// The line as errors quote it: `NO [NONEXISTENT] no such mailbox`.
    pub fn answer(&self) -> String {
        self.answer_with(self.said)
    }

    /// [`Self::answer`], with other words in the place of what was said.
    pub fn answer_with(&self, said: &[u8]) -> String {
        let word = self.status.word();
        if said.is_empty() {
            return word.to_owned();
        }
        format!("{word} {}", quote_bytes(said))
    }
}

/// The first `]` outside of quotes, or the first of all where a quote never ends.
fn closing_bracket(text: &[u8]) -> Option<usize> {
    let mut quoted = false;
    let outside = text.iter().position(|&byte| {
        quoted ^= byte == b'"';
        byte == b']' && !quoted
    });
    outside.or_else(|| text.iter().position(|&byte| byte == b']'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_told_from_text() {
        let line = StatusLine::parse(Status::Ok, b" [UIDVALIDITY 1700000000] UIDs valid");
        assert_eq!(line.code_number("uidvalidity"), Some(1_700_000_000));
        assert_eq!(
            (line.code_number("UIDNEXT"), line.text),
            (None, &b"UIDs valid"[..])
        );
        let line = StatusLine::parse(Status::No, b"[X \"a]b\" c] d");
        assert_eq!(line.code.map(|code| code.argument), Some(&b"\"a]b\" c"[..]));
        let line = StatusLine::parse(Status::No, b"[open text");
        assert_eq!((line.code, line.text), (None, &b"[open text"[..]));
        let line = StatusLine::parse(Status::No, b"[ALERT]");
        assert!(line.code.unwrap().is("alert") && line.text.is_empty());
    }

    #[test]
    fn a_refusal_for_now_is_told_from_one_for_good() {
        let asks = |status, said: &'static str| {
            StatusLine::parse(status, said.as_bytes()).asks_for_patience()
        };
        assert!(asks(Status::No, "[THROTTLED] Account exceeded bandwidth"));
        assert!(asks(Status::No, "[inuse] another session has it"));
        assert!(asks(
            Status::Bad,
            "Request is throttled. Suggested Backoff Time: 9 milliseconds"
        ));
        assert!(!asks(Status::Ok, "[LIMIT] done"));
        assert!(!asks(Status::No, "[SERVERBUG] cannot read"));
        assert!(!asks(Status::Bad, "unknown command"));
    }

    #[test]
    fn capabilities_come_with_the_greeting() {
        let line = StatusLine::parse(Status::Ok, b"[CAPABILITY IMAP4rev1 IDLE] Dovecot ready.");
        assert!(line.code.unwrap().capabilities().unwrap().has("idle"));
    }

    #[test]
    fn an_answer_is_the_servers_words_made_safe() {
        let line = StatusLine::parse(
            Status::No,
            b"[NONEXISTENT] no such mailbox %s%n\x1b[2J \xe9",
        );
        let answer = "NO [NONEXISTENT] no such mailbox %s%n\\u{1b}[2J \u{fffd}";
        assert_eq!(line.answer(), answer);
        assert_eq!(StatusLine::parse(Status::Bye, b"").answer(), "BYE");
    }
}
