//! One question to one server: over UDP, and over TCP where the answer is too
//! long for that (RFC 7766).

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::Instant;

use super::message::{Question, Reply};
use super::servers::own_address;
use crate::error::{Error, Result};
use crate::imap::watch::Watch;
use crate::imap::{Settings, Stream, is_pause};

/// The step, as messages name it.
const LOOKUP: &str = "DNS lookup";

/// How a question ended.
pub(super) enum Outcome {
    /// The server said this.
    Reply(Reply),
    /// Nothing came before the time was over.
    Silence,
    /// There is nobody; what the system says.
    Unreachable(io::Error),
    /// It failed on the way.
    Broken(Error),
}

/// Asks over UDP, with a port of its own for each question, until `patience`
/// is over.
///
/// # Errors
/// Cancelled, and the deadline's.
pub(super) fn ask(
    question: &Question,
    server: SocketAddr,
    patience: Instant,
    settings: &Settings,
) -> Result<Outcome> {
    let peer = server.to_string();
    let mut watch = Watch::start(settings, &peer, LOOKUP);
    match converse(question, server, patience, &mut watch) {
        Ok(outcome) => outcome,
        Err(error) => Ok(Outcome::Unreachable(error)),
    }
}

fn converse(
    question: &Question,
    server: SocketAddr,
    patience: Instant,
    watch: &mut Watch<'_>,
) -> io::Result<Result<Outcome>> {
    let socket = UdpSocket::bind(own_address(server))?;
    // Nothing is heard any more from whoever else sends to this port.
    socket.connect(server)?;
    socket.set_read_timeout(Some(watch.slice()))?;
    socket.send(question.as_bytes())?;
    let mut bytes = [0; 4096];
    while Instant::now() < patience {
        // The patience bounds this wait; the watch knows the deadline and the
        // user.
        watch.progress();
        if let Err(error) = watch.check() {
            return Ok(Err(error));
        }
        match socket.recv(&mut bytes) {
            Ok(length) => {
                if let Some(reply) = question.reply(&bytes[..length]) {
                    return Ok(Ok(Outcome::Reply(reply)));
                }
            }
            Err(error) if is_pause(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Ok(Outcome::Silence))
}

/// Asks over TCP, where each message has its length in two bytes before it.
///
/// # Errors
/// Everything a connection can fail with, and an answer to something else.
pub(super) fn ask_at_length(
    question: &Question,
    server: SocketAddr,
    settings: &Settings,
) -> Result<Reply> {
    let mut stream = Stream::direct(server, settings)?;
    let asked = question.as_bytes();
    let length = u16::try_from(asked.len()).unwrap_or(u16::MAX);
    stream.send(&[&length.to_be_bytes(), asked].concat(), LOOKUP)?;
    let mut length = [0; 2];
    fill(&mut stream, &mut length)?;
    let mut bytes = vec![0; usize::from(u16::from_be_bytes(length))];
    fill(&mut stream, &mut bytes)?;
    match question.reply(&bytes) {
        None | Some(Reply::Truncated) => Err(Error::misbehaved(format!(
            "{server} does not answer what it was asked ({LOOKUP})"
        ))),
        Some(reply) => Ok(reply),
    }
}

fn fill(stream: &mut Stream, mut into: &mut [u8]) -> Result<()> {
    while !into.is_empty() {
        let count = stream.receive(into, LOOKUP)?;
        if count == 0 {
            let peer = stream.peer();
            return Err(Error::network(format!(
                "{peer} closed the connection ({LOOKUP})"
            )));
        }
        into = &mut into[count..];
    }
    Ok(())
}
