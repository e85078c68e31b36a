//! Writes down what one session says, for [`Log`].

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::endpoint::Endpoint;
use super::log::{Entry, Log};
use crate::error::{Error, one_line};

/// Bytes of a command that are kept; UID sets make the longest.
const LENGTH: usize = 4_096;

/// The commands of one session that have not ended, and where they are logged.
pub(super) struct Recorder {
    log: Arc<Log>,
    server: String,
    user: String,
    open: VecDeque<Open>,
}

struct Open {
    tag: Vec<u8>,
    number: u64,
    since: Instant,
    bytes_in: u64,
}

impl Recorder {
    pub(super) fn new(log: &Arc<Log>, endpoint: &Endpoint, user: &str) -> Self {
        Self {
            log: Arc::clone(log),
            server: endpoint.to_string(),
            user: user.to_owned(),
            open: VecDeque::new(),
        }
    }

    /// A command was sent, `bytes` with its tag and line ends.
    pub(super) fn sent(&mut self, tag: &[u8], command: &[u8], bytes: usize) {
        self.begin(tag, line(command), Some(bytes as u64));
    }

    /// The next stretch of a command with literals was sent.
    pub(super) fn went_on(&mut self, tag: &[u8], stretch: &[u8], bytes: usize) {
        let open = self.open.iter().find(|open| open.tag == tag);
        if let Some(open) = open {
            let text = format!("\\r\\n{}", line(stretch));
            self.log.extend(open.number, &text, bytes as u64);
        }
    }

    /// LOGIN or AUTHENTICATE was sent; what with is nobody's business.
    pub(super) fn signed_in(&mut self, tag: &[u8], verb: &str) {
        self.begin(tag, verb.to_owned(), None);
    }

    /// Writes down, in parentheses between the commands, why those to come are
    /// other than before.
    pub(super) fn note(&mut self, text: &str) {
        self.log.add(Entry {
            command: format!("({})", one_line(text, LENGTH)),
            bytes_out: Some(0),
            took: Some(Duration::ZERO),
            ..self.entry()
        });
    }

    fn begin(&mut self, tag: &[u8], command: String, bytes_out: Option<u64>) {
        let number = self.log.add(Entry {
            command,
            bytes_out,
            ..self.entry()
        });
        self.open.push_back(Open {
            tag: tag.to_vec(),
            number,
            since: Instant::now(),
            bytes_in: 0,
        });
    }

    fn entry(&self) -> Entry {
        Entry {
            number: 0,
            at: SystemTime::now(),
            server: self.server.clone(),
            user: self.user.clone(),
            command: String::new(),
            bytes_out: None,
            bytes_in: 0,
            took: None,
            result: None,
        }
    }

    /// A response has come. Servers answer commands in their order, so it
    /// counts for the oldest one.
    pub(super) fn received(&mut self, bytes: usize) {
        if let Some(oldest) = self.open.front_mut() {
            oldest.bytes_in += bytes as u64;
        }
    }

    /// A command has ended with these words.
    pub(super) fn ended(&mut self, tag: &[u8], answer: &str) {
        let Some(index) = self.open.iter().position(|open| open.tag == tag) else {
            return;
        };
        if let Some(open) = self.open.remove(index) {
            self.finish(&open, answer);
        }
    }

    /// The connection is lost, and every command with it.
    pub(super) fn failed(&mut self, error: &Error) {
        for open in std::mem::take(&mut self.open) {
            self.finish(&open, &error.to_string());
        }
    }

    fn finish(&self, open: &Open, result: &str) {
        self.log
            .finish(open.number, open.since.elapsed(), open.bytes_in, result);
    }
}

/// A command as one bounded line: the line ends of literals, and whatever else
/// is no text, escaped.
fn line(command: &[u8]) -> String {
    let text = String::from_utf8_lossy(command);
    let text = text.strip_suffix("\r\n").unwrap_or(&text);
    one_line(text, LENGTH)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorder(log: &Arc<Log>) -> Recorder {
        let endpoint = Endpoint::parse("mail.example.org").expect("a server");
        Recorder::new(log, &endpoint, "ada")
    }

    #[test]
    fn answers_count_for_the_oldest_command() {
        let log = Arc::new(Log::default());
        let mut recorder = recorder(&log);
        recorder.sent(b"x1", b"UID FETCH 1 (UID)", 22);
        recorder.sent(b"x2", b"UID FETCH 2 (UID)", 22);
        recorder.received(10);
        recorder.ended(b"x1", "OK done");
        recorder.received(7);
        recorder.failed(&Error::network("the line is cut"));
        recorder.received(1);
        let said: Vec<_> = log
            .entries()
            .into_iter()
            .map(|entry| (entry.bytes_out, entry.bytes_in, entry.result))
            .collect();
        let result = |text: &str| Some(text.to_owned());
        assert_eq!(
            said,
            [
                (Some(22), 10, result("OK done")),
                (Some(22), 7, result("imap: the line is cut"))
            ]
        );
    }

    #[test]
    fn a_command_in_stretches_is_one_command() {
        let log = Arc::new(Log::default());
        let mut recorder = recorder(&log);
        recorder.sent(b"x1", b"UID SEARCH TEXT {2}", 24);
        recorder.went_on(b"x1", b"\xc3\xbc SEEN", 9);
        let entry = log.entries().remove(0);
        assert_eq!(entry.command, "UID SEARCH TEXT {2}\\r\\n\u{fc} SEEN");
        assert_eq!(entry.bytes_out, Some(33));
    }

    #[test]
    fn a_command_is_one_bounded_line() {
        assert_eq!(
            line(b"SEARCH TEXT {3+}\r\n\xe9\0c\r\n"),
            "SEARCH TEXT {3+}\\r\\n\u{fffd}\\u{0}c"
        );
        assert_eq!(line(&b"x".repeat(10_000)).len(), LENGTH + 3);
    }
}
