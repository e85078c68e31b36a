//! A small IMAP client of the tests' own: fills mailboxes, and says what the
//! server holds without asking the library.

use super::mail::Mail;
use super::until::PATIENCE;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

/// Messages in one APPEND: enough that the round trips do not matter.
const BATCH: usize = 500;

/// How a client sends literals.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Literals {
    /// At once (LITERAL+), and several messages in one APPEND (MULTIAPPEND).
    Plus,
    /// When the server says that it is ready, as every server takes them.
    Synchronising,
}

/// A signed-in connection without TLS.
pub struct Client {
    reader: BufReader<TcpStream>,
    writer: TcpStream,
    literals: Literals,
}

impl Client {
    /// Connects to 127.0.0.1 and signs in.
    pub fn login(port: u16, user: &str, password: &str) -> Self {
        let mut client = Self::connect(port, Literals::Plus);
        client.command(format!("LOGIN {} {}", literal(user), literal(password)).as_bytes());
        client
    }

    /// The same for a server that may not have LITERAL+; both names are plain.
    pub fn plain_login(port: u16, user: &str, password: &str) -> Self {
        let mut client = Self::connect(port, Literals::Synchronising);
        client.command(format!("LOGIN \"{user}\" \"{password}\"").as_bytes());
        client
    }

    fn connect(port: u16, literals: Literals) -> Self {
        let writer = TcpStream::connect(("127.0.0.1", port)).unwrap();
        writer.set_read_timeout(Some(PATIENCE)).unwrap();
        let reader = BufReader::new(writer.try_clone().unwrap());
        let mut client = Self {
            reader,
            writer,
            literals,
        };
        client.line();
        client
    }

    /// Sends one command and gives its untagged responses, literals and all.
    /// The server must say OK.
    #[track_caller]
    pub fn command(&mut self, command: &[u8]) -> Vec<Vec<u8>> {
        self.writer
            .write_all(&[b"t ", command, b"\r\n"].concat())
            .unwrap();
        self.end()
    }

    /// Reads on to the end of the command.
    #[track_caller]
    fn end(&mut self) -> Vec<Vec<u8>> {
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

    /// Appends the messages in this order. `mailbox` is the name on the wire:
    /// modified UTF-7.
    pub fn append(&mut self, mailbox: &str, mails: &[Mail]) {
        if self.literals == Literals::Synchronising {
            mails.iter().for_each(|mail| self.append_one(mailbox, mail));
            return;
        }
        for batch in mails.chunks(BATCH) {
            let mut command = format!("APPEND \"{mailbox}\"").into_bytes();
            for mail in batch {
                let head = format!(" {}{{{}+}}\r\n", attributes(mail), mail.raw.len());
                command.extend_from_slice(head.as_bytes());
                command.extend_from_slice(&mail.raw);
            }
            self.command(&command);
        }
    }

    fn append_one(&mut self, mailbox: &str, mail: &Mail) {
        let (attributes, size) = (attributes(mail), mail.raw.len());
        let head = format!("t APPEND \"{mailbox}\" {attributes}{{{size}}}\r\n");
        self.writer.write_all(head.as_bytes()).unwrap();
        let ready = self.line();
        assert!(ready.starts_with(b"+"), "{ready:?}");
        self.writer
            .write_all(&[&mail.raw, &b"\r\n"[..]].concat())
            .unwrap();
        self.end();
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

/// A message's flags and internal date as APPEND takes them.
fn attributes(mail: &Mail) -> String {
    match mail.internal_date.as_str() {
        "" => format!("({}) ", mail.flags),
        date => format!("({}) \"{date}\" ", mail.flags),
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
