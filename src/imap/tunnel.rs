//! Through a proxy to a server: HTTP CONNECT, with TLS to the proxy or without;
//! `socks` has the other kinds.
//!
//! `dial` hands over a connection to the proxy and gets it back as one to the
//! server; TLS with the server and its checks begin only then, so that a proxy
//! sees what any router sees.

use std::net::SocketAddr;

use zeroize::Zeroizing;

use super::endpoint::Endpoint;
use super::proxy::{Kind, Proxy};
use super::settings::Settings;
use super::socks;
use super::talk::Talk;
use super::tls::Party;
use super::transport::Transport;
use super::trust::Trust;
use crate::error::{Result, quote_bytes};

/// The longest header of an answer to CONNECT.
const HEADER: usize = 16 << 10;

/// Asks the proxy at the other end of `line` for a connection to `endpoint`;
/// `address` is the server's where it was to be resolved here.
///
/// # Errors
/// The proxy's refusal in words, a broken connection, timeout, cancelled.
pub(super) fn open(
    line: Transport,
    proxy: &Proxy,
    endpoint: &Endpoint,
    address: Option<SocketAddr>,
    settings: &Settings,
) -> Result<Transport> {
    let peer = proxy.peer();
    let transport = match proxy.kind {
        Kind::Https => encrypted(line, proxy, &peer, settings)?,
        _ => line,
    };
    let mut talk = Talk::begin(transport, settings, &peer);
    match proxy.kind {
        Kind::Http | Kind::Https => connect(&mut talk, proxy, endpoint)?,
        Kind::Socks4 | Kind::Socks4a => socks::version4(&mut talk, proxy, endpoint, address)?,
        Kind::Socks5 | Kind::Socks5h => socks::version5(&mut talk, proxy, endpoint, address)?,
    }
    Ok(talk.end())
}

/// Begins TLS with the proxy. The account's pins and client certificate are
/// for the server, as is leave not to check certificates.
fn encrypted(line: Transport, proxy: &Proxy, peer: &str, settings: &Settings) -> Result<Transport> {
    let party = Party {
        host: proxy.host.clone(),
        peer: peer.to_owned(),
        without: "use http:// if it is a proxy without TLS".to_owned(),
    };
    let trust = Trust {
        ca_file: settings.trust.ca_file.clone(),
        ..Trust::default()
    };
    line.start_tls(&party, &trust, settings)
}

fn connect(talk: &mut Talk<'_>, proxy: &Proxy, endpoint: &Endpoint) -> Result<()> {
    let target = endpoint.peer();
    let mut request = Zeroizing::new(format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n"));
    if let Some(authorization) = proxy.authorization() {
        request.push_str("Proxy-Authorization: ");
        request.push_str(&authorization);
        request.push_str("\r\n");
    }
    request.push_str("\r\n");
    talk.say(request.as_bytes())?;
    let mut header = Vec::new();
    while !header.ends_with(b"\r\n\r\n") {
        if header.len() == HEADER {
            return Err(talk.failed("it sends what is no HTTP"));
        }
        header.extend(talk.hear::<1>()?);
    }
    let line = header.split(|&b| b == b'\r').next().unwrap_or_default();
    let mut words = line.split(|&b| b == b' ');
    let is_http = words.next().is_some_and(|word| word.starts_with(b"HTTP/"));
    match words.next() {
        Some([b'2', _, _]) if is_http => Ok(()),
        _ => Err(talk.failed(&quote_bytes(line))),
    }
}
