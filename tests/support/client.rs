//! A small IMAP client of the tests' own: fills mailboxes, and says what the
//! server holds without asking the library.

use super::mail::Mail;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Messages in one APPEND: enough that the round trips do not matter.
const BATCH: usize = 500;

/// A signed-in connection without TLS.
pub struct Client {
    reader: BufReader<TcpStream>,
    writer: TcpStream,
}

impl Client {
    /// Connects to 127.0.0.1 and signs in.
    pub fn login(port: u16, user: &str, password: &str) -> Self {
        let writer = TcpStream::connect(("127.0.0.1", port)).unwrap();
        writer
            .set_read_timeout(Some(Duration::from_secs(30)))
            .unwrap();
        let reader = BufReader::new(writer.try_clone().unwrap());
        let mut client = Self { reader, writer };
        client.line();
        client.command(format!("LOGIN {} {}", literal(user), literal(password)).as_bytes());
        client
    }

    /// Sends one command and gives its untagged responses, literals and all.
    /// The server must say OK.
    #[track_caller]
    pub fn command(&mut self, command: &[u8]) -> Vec<Vec<u8>> {
        self.writer
            .write_all(&[b"t ", command, b"\r\n"].concat())
            .unwrap();
        let mut responses = Vec::new();
        loop {
            let response = self.response();
            if let Some(answer) = response.strip_prefix(b"t ") {
                assert!(
                    answer.starts_with(b"OK"),
                    "{}",
                    String::from_utf8_lossy(answer)
                );
                return responses;
            }
            responses.push(response);
        }
    }

    /// Appends the messages in this order (LITERAL+, MULTIAPPEND). `mailbox`
    /// is the name on the wire: modified UTF-7.
    pub fn append(&mut self, mailbox: &str, mails: &[Mail]) {
        for batch in mails.chunks(BATCH) {
            let mut command = format!("APPEND \"{mailbox}\"").into_bytes();
            for mail in batch {
                let date = match mail.internal_date.as_str() {
                    "" => String::new(),
                    date => format!(" \"{date}\""),
                };
                let head = format!(" ({}){date} {{{}+}}\r\n", mail.flags, mail.raw.len());
                command.extend_from_slice(head.as_bytes());
                command.extend_from_slice(&mail.raw);
            }
            self.command(&command);
        }
    }

    /// Every message of a mailbox by its UID, byte for byte.
    pub fn raw_messages(&mut self, mailbox: &str) -> BTreeMap<u32, Vec<u8>> {
        self.command(format!("EXAMINE \"{mailbox}\"").as_bytes());
        self.command(b"UID FETCH 1:* (UID BODY.PEEK[])")
            .iter()
            .filter_map(|r| body(r))
            .collect()
    }

    /// A response: a line with its literals.
    fn response(&mut self) -> Vec<u8> {
        let mut response = self.line();
        while let Some(length) = announced_literal(&response) {
            let start = response.len();
            response.resize(start + length, 0);
            self.reader.read_exact(&mut response[start..]).unwrap();
            let rest = self.line();
            response.extend_from_slice(&rest);
        }
        response
    }

    fn line(&mut self) -> Vec<u8> {
        let mut line = Vec::new();
        self.reader.read_until(b'\n', &mut line).unwrap();
        assert!(line.ends_with(b"\n"), "the server closed the connection");
        line
    }
}

/// Any text as an IMAP argument.
fn literal(text: &str) -> String {
    format!("{{{}+}}\r\n{text}", text.len())
}

/// The length of the literal that a line's `{n}` announces.
fn announced_literal(line: &[u8]) -> Option<usize> {
    let line = line.strip_suffix(b"}\r\n")?;
    let start = line.iter().rposition(|&byte| byte == b'{')?;
    std::str::from_utf8(&line[start + 1..]).ok()?.parse().ok()
}

/// UID and body of `* 1 FETCH (UID 1 BODY[] {n}...)`, the order Dovecot keeps.
fn body(response: &[u8]) -> Option<(u32, Vec<u8>)> {
    let head = response.iter().position(|&byte| byte == b'\n')? + 1;
    let line = std::str::from_utf8(&response[..head]).ok()?;
    let uid = line
        .split_once("(UID ")?
        .1
        .split(' ')
        .next()?
        .parse()
        .ok()?;
    let length = announced_literal(&response[..head])?;
    Some((uid, response[head..head + length].to_vec()))
}
