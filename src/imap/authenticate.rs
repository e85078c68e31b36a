//! AUTHENTICATE (RFC 9051 section 6.2.2): a SASL mechanism over the wire.
//!
//! On our own exchange, not the `imap` crate's: the crate has no initial
//! response (RFC 4959), which costs a round trip at every sign-in; its callback
//! cannot fail, so that a server that does not prove itself could not be left
//! with `*`; and it must decode each challenge, where servers send `+ go on`.

use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use super::capability::Capabilities;
use super::exchange::{Arrival, Ended, Exchange};
use super::sasl::Mechanism;
use super::status_line::Status;
use crate::error::{Error, Result, quote_bytes};

/// Long tokens do not go on the command's own line, for which old servers
/// have 8,192 bytes.
const LINE: usize = 8_000;

/// More challenges than any mechanism has.
const CHALLENGES: usize = 10;

const VERB: &str = "AUTHENTICATE";

/// Carries the exchange out and says how it ended; `offered` is what the
/// server could do before it.
///
/// # Errors
/// The wire's, and the mechanism's, after which the connection is given up.
pub(super) fn authenticate(
    exchange: &mut Exchange,
    mechanism: &mut dyn Mechanism,
    offered: &Capabilities,
) -> Result<Ended> {
    let mut command = Zeroizing::new(format!("AUTHENTICATE {}", mechanism.name()));
    let mut unsaid = mechanism.initial();
    if offered.has("SASL-IR")
        && let Some(initial) = &unsaid
        && initial.len() < LINE / 4 * 3
    {
        command.push(' ');
        // An empty one, told from none (RFC 4959 section 3).
        command.push_str(if initial.is_empty() { "=" } else { "" });
        STANDARD.encode_string(&**initial, &mut command);
        unsaid = None;
    }
    let tag = exchange.launch_secret(VERB, command.as_bytes())?;
    let mut challenges = 0;
    loop {
        match exchange.arrive(VERB, &mut |_| {})? {
            Arrival::Ended(ended) if ended.tag == tag => {
                return finished(exchange, mechanism, ended);
            }
            Arrival::Continuation(text) => {
                challenges += 1;
                let answer = match unsaid.take() {
                    Some(initial) => Ok(initial),
                    None if challenges > CHALLENGES => Err(endless(exchange)),
                    // What is no base64 is for people.
                    None => mechanism.respond(&STANDARD.decode(text).unwrap_or_default()),
                };
                match answer {
                    Ok(answer) => {
                        let mut line = Zeroizing::new(STANDARD.encode(&*answer));
                        line.push_str("\r\n");
                        exchange.wire.send(line.as_bytes(), VERB)?;
                    }
                    Err(error) => {
                        // It hears that we leave; its answer no longer matters.
                        exchange.wire.send(b"*\r\n", VERB)?;
                        return Err(exchange.wire.breaking(error));
                    }
                }
            }
            _ => {}
        }
    }
}

fn finished(exchange: &mut Exchange, mechanism: &dyn Mechanism, mut ended: Ended) -> Result<Ended> {
    if ended.status != Status::Ok {
        if let Some(why) = mechanism.explanation() {
            let why = quote_bytes(&exchange.veil.cover(why.as_bytes()));
            ended.answer = format!("{} ({why})", ended.answer);
        }
    } else if !mechanism.is_complete() {
        let text = format!(
            "cannot sign in by {}: {} says OK before it has proven that it knows the password; \
             somebody may be tampering with the connection",
            mechanism.name(),
            exchange.wire.peer()
        );
        return Err(exchange.wire.breaking(Error::misbehaved(text)));
    }
    Ok(ended)
}

fn endless(exchange: &Exchange) -> Error {
    Error::misbehaved(format!(
        "cannot sign in at {}: it never has enough of challenges",
        exchange.wire.peer()
    ))
}
