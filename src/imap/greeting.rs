//! From a connection to one that is ready for the sign-in: the greeting, the
//! capabilities, STARTTLS.
//!
//! Nothing that came before TLS is believed after it (RFC 9051 section 6.2.1).

use super::capability::Capabilities;
use super::endpoint::{Endpoint, Security};
use super::exchange::Exchange;
use super::recorder::Recorder;
use super::response::{Response, parse};
use super::settings::Settings;
use super::status_line::Status;
use super::wire::Wire;
use crate::error::{Error, Kind, Result, quote_bytes};

/// Connects, reads the greeting, and has TLS where the endpoint asks for it.
///
/// # Errors
/// Whatever keeps a server from being signed in to, in its own words if it
/// has any.
pub(super) fn open(endpoint: &Endpoint, user: &str, settings: &Settings) -> Result<Exchange> {
    receive(Wire::open(endpoint, settings)?, user, settings)
}

/// The same over a connection that is there.
///
/// # Errors
/// As [`open`], from the greeting on.
pub(super) fn receive(wire: Wire, user: &str, settings: &Settings) -> Result<Exchange> {
    let endpoint = wire.endpoint().clone();
    let recorder = Recorder::new(&settings.log, &endpoint, user);
    let mut exchange = Exchange::new(wire, recorder);
    greeting(&mut exchange)?;
    if endpoint.security() == Security::StartTls {
        start_tls(&mut exchange)?;
    }
    ask_capabilities(&mut exchange)?;
    Ok(exchange)
}

/// Asks for the capabilities, unless the server has told them unasked.
pub(super) fn ask_capabilities(exchange: &mut Exchange) -> Result<()> {
    if exchange.capabilities.is_empty() {
        let ended = exchange.command("CAPABILITY", b"CAPABILITY", &mut |_| {})?;
        let peer = exchange.wire.peer();
        ended.accepted(|| format!("cannot ask {peer} what it can do"))?;
    }
    Ok(())
}

fn greeting(exchange: &mut Exchange) -> Result<()> {
    let endpoint = exchange.wire.endpoint().clone();
    let peer = endpoint.peer();
    let frame = exchange.wire.receive(&step(&endpoint))?;
    let error: Error = match parse(&frame.bytes) {
        Response::Status(status) => match status.status {
            Status::Ok => {
                let told = status.code.and_then(|code| code.capabilities());
                exchange.greeting = String::from_utf8_lossy(status.text).into_owned();
                exchange.capabilities = told.unwrap_or_default();
                return Ok(());
            }
            Status::Preauth => Kind::Unsupported(format!(
                "cannot sign in at {peer}: it greets with PREAUTH, signed in already as whom it does not say"
            ))
            .into(),
            _ => Kind::Refused {
                what: format!("connection refused by {peer}"),
                login: false,
                answer: status.answer(),
                advice: None,
            }
            .into(),
        },
        _ => {
            let line = frame.bytes.split(|&b| b == b'\r' || b == b'\n').next().unwrap_or_default();
            let advice = if looks_like_tls(&frame.bytes) {
                format!("; use imaps://{peer} if this is a TLS port")
            } else {
                String::new()
            };
            let line = quote_bytes(line);
            Error::misbehaved(format!("{peer} is no IMAP server: it greets with '{line}'{advice}"))
        }
    };
    Err(exchange.wire.breaking(error))
}

/// A TLS port keeps silent towards a client that does.
fn step(endpoint: &Endpoint) -> String {
    match endpoint.security() {
        Security::Tls => "greeting".to_owned(),
        Security::StartTls | Security::Plain => {
            format!(
                "greeting; use imaps://{} if this is a TLS port",
                endpoint.peer()
            )
        }
    }
}

/// A TLS record of an alert or a handshake.
fn looks_like_tls(bytes: &[u8]) -> bool {
    matches!(bytes, [0x15 | 0x16, 0x03, ..])
}

fn start_tls(exchange: &mut Exchange) -> Result<()> {
    ask_capabilities(exchange)?;
    let endpoint = exchange.wire.endpoint().clone();
    let (peer, host) = (endpoint.peer(), endpoint.host());
    if !exchange.capabilities.has("STARTTLS") {
        let text =
            format!("{peer} does not offer STARTTLS; use imaps://{host} if it has a TLS port");
        return Err(exchange.wire.breaking(Kind::Unsupported(text).into()));
    }
    let ended = exchange.command("STARTTLS", b"STARTTLS", &mut |_| {})?;
    ended.accepted(|| format!("STARTTLS refused by {peer}"))?;
    exchange.wire.secure()?;
    exchange.capabilities = Capabilities::default();
    Ok(())
}
