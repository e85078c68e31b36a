//! The one error type: whose fault it is, and one sentence a person can act on.
//!
//! Every layer returns [`Error`]; only `src/sqlite` turns it into a result
//! code, by [`Error::code`]. The sentence has one grammar:
//! `imap: <what failed>[ '<object>'][ (where)]: <why>[; <what to do>]`, one
//! line, lower case, no full stop, the server's words verbatim but for control
//! characters, and never a secret. The pure functions say `mail: ` in front.

use std::fmt;
use std::time::Duration;

/// What every fallible function here returns.
pub type Result<T> = std::result::Result<T, Error>;

/// An error, one word wide; see [`Kind`] for whose fault it is.
pub struct Error(Box<Kind>);

/// Whose fault an error is; it decides the SQLite result code.
#[derive(Debug)]
#[non_exhaustive]
pub enum Kind {
    /// The host asked the statement to stop (Ctrl-C, `sqlite3_interrupt`).
    Cancelled,
    /// Some of several accounts failed, after the others were done with.
    Accounts {
        /// The result code of the first of them.
        code: i32,
        /// Each with its reason.
        text: String,
    },
    /// An account, a secret or a file the configuration names is missing or wrong.
    Config(String),
    /// SQLite, as the host provides it, refused a statement of ours.
    Host {
        /// The (extended) result code SQLite gave, passed on as it is.
        code: i32,
        /// What we were doing and what SQLite said.
        text: String,
    },
    /// A defect of this extension, a caught panic for one.
    Internal {
        /// The SQLite method or function it happened in.
        place: String,
        /// The panic's text.
        text: String,
    },
    /// The SQL is wrong in a call of a `mail_*` function.
    Mail(String),
    /// The server answered something the protocol does not allow.
    Misbehaved(String),
    /// The network or TLS failed, or the server closed the connection.
    Network(String),
    /// The server understood and said no.
    Refused {
        /// What was refused, on what: `login refused for 'ada' at mail.example.org`.
        what: String,
        /// True where the refusal is of the sign-in itself.
        login: bool,
        /// The server's status word, response code and text: `NO [NONEXISTENT] no such mailbox`.
        answer: String,
        /// What the user can do, if anything.
        advice: Option<&'static str>,
    },
    /// The server made no progress for the time allowed, or the statement's deadline passed.
    TimedOut {
        /// `host:port`.
        peer: String,
        /// How long we waited.
        waited: Duration,
        /// The step that stalled: `connect`, `TLS handshake`, `greeting`, `UID FETCH`.
        during: String,
    },
    /// Something is larger than this extension or SQLite takes.
    TooBig(String),
    /// The server (or the SQLite library) lacks something that is needed.
    Unsupported(String),
    /// The SQL is wrong: a missing, malformed or unknown argument.
    Usage(String),
}

impl Error {
    /// Whose fault it is.
    pub fn kind(&self) -> &Kind {
        &self.0
    }

    /// A wrong argument, said in one sentence.
    pub fn usage(text: impl Into<String>) -> Self {
        Kind::Usage(text.into()).into()
    }

    /// A wrong argument of a `mail_*` function, said in one sentence.
    pub fn mail(text: impl Into<String>) -> Self {
        Kind::Mail(text.into()).into()
    }

    /// A wrong argument as the pure functions say it: `mail: ` in front.
    pub fn in_mail(self) -> Self {
        match *self.0 {
            Kind::Usage(text) => Self::mail(text),
            other => other.into(),
        }
    }

    /// The same, with a defect's place said to be in the table `name`.
    pub fn in_table(self, name: &str) -> Self {
        match *self.0 {
            Kind::Internal { place, text } => Kind::Internal {
                place: format!("{name} ({place})"),
                text,
            }
            .into(),
            other => other.into(),
        }
    }

    /// A wrong or missing setting, said in one sentence.
    pub fn config(text: impl Into<String>) -> Self {
        Kind::Config(text.into()).into()
    }

    /// A failed or closed connection, said in one sentence.
    pub fn network(text: impl Into<String>) -> Self {
        Kind::Network(text.into()).into()
    }

    /// A breach of the protocol by the server, said in one sentence.
    pub fn misbehaved(text: impl Into<String>) -> Self {
        Kind::Misbehaved(text.into()).into()
    }

    /// True where the connection went away, so that a reused session may be
    /// replaced by a new one.
    pub fn is_network(&self) -> bool {
        matches!(*self.0, Kind::Network(_))
    }

    /// True where the server refused the sign-in, so that another credential may do.
    pub fn is_refused_login(&self) -> bool {
        matches!(*self.0, Kind::Refused { login: true, .. })
    }

    /// True where the server said no, which says nothing against its session.
    pub fn is_refused(&self) -> bool {
        matches!(*self.0, Kind::Refused { .. })
    }

    /// True where the user stopped the statement.
    pub fn is_cancelled(&self) -> bool {
        matches!(*self.0, Kind::Cancelled)
    }

    /// The SQLite result code, the only place one is chosen:
    ///
    /// | kind | code | why |
    /// |---|---|---|
    /// | Accounts | that of the first | |
    /// | Cancelled | `SQLITE_INTERRUPT` (9) | as SQLite's own interrupt |
    /// | Config, Mail, Misbehaved, Unsupported, Usage | `SQLITE_ERROR` (1) | |
    /// | Host | as SQLite gave it | |
    /// | Internal | `SQLITE_INTERNAL` (2) | |
    /// | Network, TimedOut | `SQLITE_CANTOPEN` (14) | `SQLITE_IOERR` would make SQLite roll the caller's whole transaction back |
    /// | Refused | `SQLITE_AUTH` (23) for the login, else `SQLITE_ERROR` | |
    /// | TooBig | `SQLITE_TOOBIG` (18) | |
    ///
    /// Never `SQLITE_BUSY`, `SQLITE_LOCKED` or `SQLITE_SCHEMA`, on which hosts
    /// and SQLite itself try again, unless SQLite said so itself.
    pub fn code(&self) -> i32 {
        match *self.0 {
            Kind::Cancelled => 9,
            Kind::Config(_)
            | Kind::Mail(_)
            | Kind::Misbehaved(_)
            | Kind::Unsupported(_)
            | Kind::Usage(_) => 1,
            Kind::Accounts { code, .. } | Kind::Host { code, .. } => code,
            Kind::Internal { .. } => 2,
            Kind::Network(_) | Kind::TimedOut { .. } => 14,
            Kind::Refused { login: true, .. } => 23,
            Kind::Refused { login: false, .. } => 1,
            Kind::TooBig(_) => 18,
        }
    }
}

impl From<Kind> for Error {
    fn from(kind: Kind) -> Self {
        Self(Box::new(kind))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Kind::Cancelled => f.write_str("imap: interrupted"),
            Kind::Mail(text) => write!(f, "mail: {text}"),
            Kind::Config(text)
            | Kind::Misbehaved(text)
            | Kind::Network(text)
            | Kind::TooBig(text)
            | Kind::Unsupported(text)
            | Kind::Usage(text)
            | Kind::Accounts { text, .. }
            | Kind::Host { text, .. } => write!(f, "imap: {text}"),
            Kind::Internal { place, text } => {
                let prefix = if place.starts_with("mail_") {
                    "mail"
                } else {
                    "imap"
                };
                write!(
                    f,
                    "{prefix}: internal error in {place}: {} (please report)",
                    quote(text)
                )
            }
            Kind::Refused {
                what,
                answer,
                advice,
                ..
            } => match advice {
                None => write!(f, "imap: {what}: {answer}"),
                Some(advice) => {
                    let answer = answer.trim_end_matches('.');
                    write!(f, "imap: {what}: {answer}; {advice}")
                }
            },
            Kind::TimedOut {
                peer,
                waited,
                during,
            } => {
                write!(
                    f,
                    "imap: {peer} did not answer within {} s ({during})",
                    waited.as_secs_f64()
                )
            }
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Error {}

/// The most of somebody else's text that goes into a message, in bytes.
const FOREIGN_TEXT: usize = 200;

/// Foreign text made fit for one line of a message: [`one_line`] of at most
/// 200 bytes.
pub fn quote(text: &str) -> String {
    one_line(text, FOREIGN_TEXT)
}

/// Text as one line: control characters (C1 ones too, which terminals obey) and
/// those that turn the direction of writing escaped, cut after `most` bytes.
pub fn one_line(text: &str, most: usize) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if out.len() >= most {
            out.push_str("...");
            break;
        }
        if c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

/// [`quote`] for bytes that may be no UTF-8, as servers send them.
pub fn quote_bytes(bytes: &[u8]) -> String {
    quote(&String::from_utf8_lossy(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_word_wide() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
    }

    #[test]
    fn foreign_text_is_one_bounded_line() {
        assert_eq!(quote("a\r\nb\u{9b}31m"), "a\\r\\nb\\u{9b}31m");
        assert_eq!(quote("fdp.\u{202e}exe"), "fdp.\\u{202e}exe");
        assert_eq!(quote(&"x".repeat(1000)).len(), FOREIGN_TEXT + 3);
        assert_eq!(quote_bytes(b"caf\xe9 %s%n"), "caf\u{fffd} %s%n");
    }

    #[test]
    fn the_pure_functions_say_mail_in_front() {
        assert_eq!(Error::mail("no message").to_string(), "mail: no message");
        let internal = |place: &str| {
            let (place, text) = (place.to_owned(), "gone".to_owned());
            Error::from(Kind::Internal { place, text })
        };
        assert_eq!(
            internal("mail_parse").to_string(),
            "mail: internal error in mail_parse: gone (please report)"
        );
        assert_eq!(
            internal("xNext").in_table("mail_parts").to_string(),
            "mail: internal error in mail_parts (xNext): gone (please report)"
        );
    }

    #[test]
    fn network_errors_never_roll_the_callers_transaction_back() {
        let ioerr = 10;
        assert_ne!(Error::network("x").code(), ioerr);
    }
}
