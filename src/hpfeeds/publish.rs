//! The conversation with a broker: greeting, proof, message, end.

use super::frame::{self, Said};
use super::{Broker, Identity};
use crate::error::{Error, Kind, Result, quote, quote_bytes};
use crate::imap::{Settings, Stream};

/// What is published where.
#[derive(Clone, Copy)]
pub struct Message<'a> {
    /// The channel, at most 255 bytes.
    pub channel: &'a str,
    /// The bytes that subscribers get.
    pub payload: &'a [u8],
}

/// Publishes a message and gives the broker's name once it has taken it.
///
/// # Errors
/// `Usage` and `TooBig` for what no frame carries, `Refused` in the broker's
/// words, everything between name resolution and a broken connection; after
/// none of which the message counts as delivered.
pub fn publish(
    broker: &Broker,
    identity: &Identity,
    message: Message<'_>,
    settings: &Settings,
) -> Result<String> {
    let ident = &identity.ident;
    let Message { channel, payload } = message;
    check_name("ident", ident)?;
    check_name("channel", channel)?;
    let limit = frame::payload_limit(ident, channel);
    if payload.len() > limit {
        return Err(Kind::TooBig(format!(
            "cannot publish to '{}': the payload has {} bytes, and hpfeeds carries {limit}",
            quote(channel),
            payload.len()
        ))
        .into());
    }
    let mut talk = Talk {
        stream: Stream::open(broker.endpoint(), settings)?,
        unread: Vec::new(),
    };
    let (name, nonce) = talk.greeting()?;
    let auth = frame::auth(ident, identity.secret.declassify(), &nonce);
    let frames = [auth, frame::publish(ident, channel, payload)].concat();
    // A broker that refuses closes at once, so that sending may fail before
    // its reason has been read.
    let sent = talk
        .stream
        .send(&frames, PUBLISH)
        .and_then(|()| talk.stream.finish(PUBLISH));
    match (sent, talk.end()) {
        (_, Ok(Some(reason))) => Err(refused(&reason, channel, talk.stream.peer())),
        (Err(error), _) | (Ok(()), Err(error)) => Err(error),
        (Ok(()), Ok(None)) => Ok(String::from_utf8_lossy(&name).into_owned()),
    }
}

/// The steps, as messages name them.
const GREETING: &str = "greeting";
const PUBLISH: &str = "PUBLISH";
const CONFIRMATION: &str = "confirmation";

struct Talk {
    stream: Stream,
    unread: Vec<u8>,
}

impl Talk {
    /// The broker's name and nonce.
    fn greeting(&mut self) -> Result<(Vec<u8>, Vec<u8>)> {
        match self.next(GREETING)? {
            Some(Said::Info { name, nonce }) => Ok((name, nonce)),
            Some(Said::Error(reason)) => Err(Kind::Refused {
                what: format!("{} refused the connection", self.stream.peer()),
                login: false,
                answer: quote_bytes(&reason),
                advice: None,
            }
            .into()),
            Some(Said::Other(opcode)) => {
                Err(self.strange(&format!("it began with frame {opcode}")))
            }
            None => Err(Error::network(format!(
                "{} closed the connection ({GREETING})",
                self.stream.peer()
            ))),
        }
    }

    /// Reads to the end of what the broker says: the reason of a refusal, if
    /// there is one.
    fn end(&mut self) -> Result<Option<Vec<u8>>> {
        let mut refusal = None;
        loop {
            match self.next(CONFIRMATION) {
                Ok(Some(Said::Error(reason))) => refusal = refusal.or(Some(reason)),
                Ok(Some(Said::Info { .. } | Said::Other(_))) => {}
                // After a refusal it does not matter how the connection ends.
                Ok(None) | Err(_) if refusal.is_some() => return Ok(refusal),
                Ok(None) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }

    /// The next frame, or `None` at the end.
    fn next(&mut self, during: &str) -> Result<Option<Said>> {
        loop {
            match frame::parse(&self.unread) {
                Err(why) => return Err(self.strange(why)),
                Ok(Some((said, length))) => {
                    self.unread.drain(..length);
                    return Ok(Some(said));
                }
                Ok(None) => {}
            }
            let mut bytes = [0; 4096];
            let count = self.stream.receive(&mut bytes, during)?;
            if count == 0 {
                return if self.unread.is_empty() {
                    Ok(None)
                } else {
                    Err(self.strange("it closed the connection amid a frame"))
                };
            }
            self.unread.extend_from_slice(&bytes[..count]);
        }
    }

    fn strange(&self, why: &str) -> Error {
        let peer = self.stream.peer();
        Error::misbehaved(format!("{peer} does not speak hpfeeds as expected: {why}"))
    }
}

fn refused(reason: &[u8], channel: &str, peer: &str) -> Error {
    let login = reason.starts_with(b"Authentication failed");
    let what = if login {
        format!("login refused at {peer}")
    } else {
        format!("cannot publish to '{}' at {peer}", quote(channel))
    };
    Kind::Refused {
        what,
        login,
        answer: quote_bytes(reason),
        advice: None,
    }
    .into()
}

fn check_name(argument: &str, name: &str) -> Result<()> {
    if (1..=255).contains(&name.len()) {
        return Ok(());
    }
    Err(Error::usage(format!(
        "{argument} '{}' has {} bytes; hpfeeds takes 1 to 255",
        quote(name),
        name.len()
    )))
}
