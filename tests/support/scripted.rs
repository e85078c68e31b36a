//! A server that follows a script: says lines, expects lines, stalls, drips
//! and hangs up, on a loopback port of its own, in the clear or over TLS.
//!
//! ```text
//! S: * OK [CAPABILITY IMAP4rev1] ready      said, CRLF added
//! C: LOGIN "ada" "secret"                   the rest of the next line after its tag
//! R: AGFkYQBzZWNyZXQ=                       the next line, which has no tag
//! S: $ OK done                              $ is the tag of the last command, $$ of the one before
//! ```
//! Other steps are methods of [`Script`]. [`Scripted::finish`] tells where
//! the client left the script.

use std::fmt::Write as _;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::until::{PATIENCE, until};
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// What a server says to a command: lines, `$` the tag.
pub type Answer = fn(&str) -> String;

enum Step {
    Say(String),
    Bytes(Vec<u8>),
    Drip(Vec<u8>, Duration),
    Repeat(Vec<u8>, usize),
    Expect(String),
    /// The next command, whatever it is.
    Hear,
    /// A line without a tag: the answer to a continuation request.
    ExpectRaw(String),
    Pause(Duration),
    /// Waits until the client hangs up.
    Stall,
    Answer(Answer),
    Act(Box<dyn FnOnce() + Send>),
    StartTls(Arc<ServerConfig>),
    Deflate,
    /// Sends bytes that the packing below does not touch.
    Packed(Vec<u8>),
}

/// What happens on one connection.
#[derive(Default)]
pub struct Script(Vec<Step>);

/// INBOX with three messages, once `ada` has signed in.
pub const THREE_MESSAGES: &str = r#"
    C: EXAMINE "INBOX"
    S: * 3 EXISTS
    S: * OK [UIDVALIDITY 7] valid
    S: $ OK [READ-ONLY] done
"#;

/// The lines of [`Script::open`].
pub fn opened(messages: u32) -> String {
    let next = messages + 1;
    format!(
        "S: * OK [CAPABILITY IMAP4rev1] ready\n\
         C: LOGIN \"ada\" \"secret\"\n\
         S: $ OK [CAPABILITY IMAP4rev1] done\n\
         C: EXAMINE \"INBOX\"\n\
         S: * {messages} EXISTS\n\
         S: * OK [UIDVALIDITY 7] uids\n\
         S: * OK [UIDNEXT {next}] next\n\
         S: $ OK [READ-ONLY] done\n"
    )
}

impl Script {
    /// A script of `S:` and `C:` lines.
    pub fn new(lines: &str) -> Self {
        Self::default().then(lines)
    }

    /// `ada` signs in and opens INBOX, which has these UIDs from 1 on.
    pub fn open(messages: u32) -> Self {
        Self::new(&opened(messages))
    }

    /// More lines.
    pub fn then(mut self, lines: &str) -> Self {
        for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let text = line.get(2..).unwrap_or_default().trim_start().to_owned();
            self.0.push(match line.get(..2) {
                Some("S:") => Step::Say(text),
                Some("C:") => Step::Expect(text),
                Some("R:") => Step::ExpectRaw(text),
                _ => panic!("no line of a script: {line}"),
            });
        }
        self
    }

    /// The steps of another script.
    pub fn join(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    fn step(mut self, step: Step) -> Self {
        self.0.push(step);
        self
    }

    /// Takes as many commands, whatever they are.
    pub fn hear(self, commands: usize) -> Self {
        (0..commands).fold(self, |script, _| script.step(Step::Hear))
    }

    /// Sends bytes as they are.
    pub fn bytes(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.step(Step::Bytes(bytes.into()))
    }

    /// Sends bytes one by one, with a pause after each.
    pub fn drip(self, bytes: impl Into<Vec<u8>>, pause: Duration) -> Self {
        self.step(Step::Drip(bytes.into(), pause))
    }

    /// Sends bytes many times, or until the client hangs up.
    pub fn repeat(self, bytes: impl Into<Vec<u8>>, times: usize) -> Self {
        self.step(Step::Repeat(bytes.into(), times))
    }

    /// Does nothing for a while.
    pub fn pause(self, pause: Duration) -> Self {
        self.step(Step::Pause(pause))
    }

    /// Answers every command by a function until the client hangs up, however
    /// many there are.
    pub fn answer(self, answer: Answer) -> Self {
        self.step(Step::Answer(answer))
    }

    /// Does what the test wants done when the conversation has come here, such as
    /// to stop the client.
    pub fn act(self, act: impl FnOnce() + Send + 'static) -> Self {
        self.step(Step::Act(Box::new(act)))
    }

    /// Does nothing until the client hangs up.
    pub fn stall(self) -> Self {
        self.step(Step::Stall)
    }

    /// Goes on in TLS.
    pub fn start_tls(self, config: Arc<ServerConfig>) -> Self {
        self.step(Step::StartTls(config))
    }

    /// Goes on packed, both ways (COMPRESS=DEFLATE).
    pub fn deflate(self) -> Self {
        self.step(Step::Deflate)
    }

    /// Sends bytes that are packed already, or claim to be.
    pub fn packed(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.step(Step::Packed(bytes.into()))
    }
}

/// A running server.
pub struct Scripted {
    pub port: u16,
    /// What all connections have heard so far.
    heard: Arc<Mutex<String>>,
    thread: JoinHandle<Vec<String>>,
}

impl Scripted {
    /// Plays one script per connection, in the order the connections come in.
    pub fn play(scripts: impl IntoIterator<Item = Script>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
        let port = listener.local_addr().expect("its address").port();
        let scripts: Vec<Script> = scripts.into_iter().collect();
        let heard = Arc::new(Mutex::new(String::new()));
        let told = Arc::clone(&heard);
        let thread = thread::spawn(move || {
            let mut players = Vec::new();
            for script in scripts {
                let (socket, _) = listener.accept().expect("a connection");
                let player = Player::new(socket, Arc::clone(&told));
                players.push(thread::spawn(move || player.play(script.0)));
            }
            drop(listener);
            players
                .into_iter()
                .map(|player| player.join().expect("a player"))
                .collect()
        });
        Self {
            port,
            heard,
            thread,
        }
    }

    /// Waits until its clients have said this so many times.
    #[track_caller]
    pub fn hears(&self, words: &str, times: usize) {
        until(|| (self.heard.lock().unwrap().matches(words).count() >= times).then_some(()));
    }

    /// Waits for the end of every script and gives what each connection heard,
    /// as the lines of the client, tags taken off.
    ///
    /// Panics where the client said something else than the script expects.
    pub fn finish(self) -> Vec<String> {
        let heard = self.thread.join().expect("the server");
        for lines in &heard {
            assert!(
                !lines.contains("!!"),
                "the client left the script:\n{lines}"
            );
        }
        heard
    }
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
}

struct Player {
    stream: Option<Stream>,
    packing: Option<(Compress, Decompress)>,
    unread: Vec<u8>,
    tags: Vec<String>,
    heard: String,
    told: Arc<Mutex<String>>,
}

impl Player {
    fn new(socket: TcpStream, told: Arc<Mutex<String>>) -> Self {
        socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        socket.set_nodelay(true).expect("no delay");
        Self {
            stream: Some(Stream::Plain(socket)),
            packing: None,
            unread: Vec::new(),
            tags: Vec::new(),
            heard: String::new(),
            told,
        }
    }

    fn play(mut self, steps: Vec<Step>) -> String {
        for step in steps {
            if let Err(why) = self.step(step) {
                // A client may hang up when it has heard enough; what it said is what counts.
                if !why.is_empty() {
                    let _ = writeln!(self.heard, "!! {why}");
                }
                break;
            }
        }
        self.heard
    }

    fn step(&mut self, step: Step) -> Result<(), String> {
        match step {
            Step::Say(line) => {
                let tag = |back: usize| {
                    self.tags
                        .iter()
                        .rev()
                        .nth(back)
                        .cloned()
                        .unwrap_or_default()
                };
                let line = match line.strip_prefix("$$ ") {
                    Some(rest) => format!("{} {rest}", tag(1)),
                    None => match line.strip_prefix("$ ") {
                        Some(rest) => format!("{} {rest}", tag(0)),
                        None => line,
                    },
                };
                self.send(format!("{line}\r\n").as_bytes())
            }
            Step::Bytes(bytes) => self.send(&bytes),
            Step::Drip(bytes, pause) => bytes.iter().try_for_each(|byte| {
                self.send(&[*byte])?;
                thread::sleep(pause);
                Ok(())
            }),
            Step::Repeat(bytes, times) => (0..times).try_for_each(|_| self.send(&bytes)),
            Step::Hear => self.command().map(drop),
            Step::Expect(expected) => same(&self.command()?, &expected),
            Step::ExpectRaw(expected) => {
                let line = self.line()?;
                self.note(&line);
                same(&line, &expected)
            }
            Step::Pause(pause) => {
                thread::sleep(pause);
                Ok(())
            }
            Step::Act(act) => {
                act();
                Ok(())
            }
            Step::Answer(answer) => {
                while let Ok(line) = self.line() {
                    let (tag, command) = line.split_once(' ').unwrap_or(("", &line));
                    self.note(command);
                    for said in answer(command).lines() {
                        let said = match said.strip_prefix("$ ") {
                            Some(rest) => format!("{tag} {rest}"),
                            None => said.to_owned(),
                        };
                        self.send(format!("{said}\r\n").as_bytes())?;
                    }
                }
                Ok(())
            }
            Step::Stall => {
                while let Ok(line) = self.line() {
                    self.note(&line);
                }
                Ok(())
            }
            Step::Deflate => {
                let pack = Compress::new(Compression::default(), false);
                self.packing = Some((pack, Decompress::new(false)));
                Ok(())
            }
            Step::Packed(bytes) => self.send_as_it_is(&bytes),
            Step::StartTls(config) => {
                let Some(Stream::Plain(socket)) = self.stream.take() else {
                    return Err("TLS in TLS".into());
                };
                let connection = ServerConnection::new(config).map_err(|e| e.to_string())?;
                self.stream = Some(Stream::Tls(Box::new(StreamOwned::new(connection, socket))));
                Ok(())
            }
        }
    }

    /// Fails with no words where the client has hung up.
    fn send(&mut self, bytes: &[u8]) -> Result<(), String> {
        let Some((pack, _)) = &mut self.packing else {
            return self.send_as_it_is(bytes);
        };
        let mut packed = Vec::with_capacity(bytes.len() * 2 + 100);
        pack.compress_vec(bytes, &mut packed, FlushCompress::Sync)
            .map_err(|e| e.to_string())?;
        self.send_as_it_is(&packed)
    }

    fn send_as_it_is(&mut self, bytes: &[u8]) -> Result<(), String> {
        let sent = match &mut self.stream {
            Some(Stream::Plain(socket)) => socket.write_all(bytes),
            Some(Stream::Tls(tls)) => tls.write_all(bytes).and_then(|()| tls.flush()),
            None => Ok(()),
        };
        sent.map_err(|_| String::new())
    }

    fn note(&mut self, said: &str) {
        let _ = writeln!(self.heard, "{said}");
        let _ = writeln!(self.told.lock().unwrap(), "{said}");
    }

    /// The next command without its tag, which is kept.
    fn command(&mut self) -> Result<String, String> {
        let line = self.line()?;
        let (tag, command) = line.split_once(' ').unwrap_or(("", &line));
        self.note(command);
        self.tags.push(tag.to_owned());
        Ok(command.to_owned())
    }

    /// The next line of the client. Fails with no words where it has hung up.
    fn line(&mut self) -> Result<String, String> {
        loop {
            if let Some(end) = self.unread.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = self.unread.drain(..=end).collect();
                return Ok(String::from_utf8_lossy(&line)
                    .trim_end_matches(['\r', '\n'])
                    .to_owned());
            }
            let mut buffer = [0; 4096];
            let read = match &mut self.stream {
                Some(Stream::Plain(socket)) => socket.read(&mut buffer),
                Some(Stream::Tls(tls)) => tls.read(&mut buffer),
                None => Ok(0),
            };
            match read {
                Ok(0) => return Err(String::new()),
                Ok(count) => match &mut self.packing {
                    None => self.unread.extend_from_slice(&buffer[..count]),
                    Some((_, unpack)) => {
                        self.unread.reserve(1 << 20);
                        unpack
                            .decompress_vec(
                                &buffer[..count],
                                &mut self.unread,
                                FlushDecompress::None,
                            )
                            .map_err(|e| e.to_string())?;
                    }
                },
                // Whoever was stopped and goes on, by Ctrl-Z for one.
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    return Err("the client said nothing".into());
                }
                Err(_) => return Err(String::new()),
            }
        }
    }
}

fn same(said: &str, expected: &str) -> Result<(), String> {
    if said == expected {
        return Ok(());
    }
    Err(format!("expected: {expected}\n   heard: {said}"))
}
