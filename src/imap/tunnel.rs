//! Through a proxy to a server: SOCKS5 (RFC 1928, RFC 1929) and HTTP CONNECT.
//!
//! `dial` hands over a connection to the proxy and gets it back as one to the
//! server; TLS and its checks begin only then, so that a proxy sees what any
//! router sees.

use std::net::{IpAddr, SocketAddr, TcpStream};

use zeroize::Zeroizing;

use super::dial::reason;
use super::endpoint::Endpoint;
use super::proxy::{Kind, Proxy};
use super::settings::Settings;
use super::transport::{Transport, is_pause};
use super::watch::Watch;
use crate::error::{Error, Result, quote_bytes};

/// The longest header of an answer to CONNECT.
const HEADER: usize = 16 << 10;

/// Asks the proxy at the other end of `socket` for a connection to `endpoint`;
/// `address` is the server's where it was to be resolved here.
///
/// # Errors
/// The proxy's refusal in words, a broken connection, timeout, cancelled.
pub(super) fn open(
    socket: TcpStream,
    proxy: &Proxy,
    endpoint: &Endpoint,
    address: Option<SocketAddr>,
    settings: &Settings,
) -> Result<TcpStream> {
    let peer = proxy.peer();
    let mut talk = Talk {
        transport: Transport::plain(socket).map_err(|e| failed(&peer, &reason(&e)))?,
        watch: Watch::start(settings, &peer, "connection through the proxy"),
        peer: &peer,
    };
    match proxy.kind {
        Kind::Http => connect(&mut talk, proxy, endpoint)?,
        Kind::Socks5 | Kind::Socks5h => socks(&mut talk, proxy, endpoint, address)?,
    }
    talk.transport
        .into_plain()
        .ok_or_else(|| failed(&peer, "the connection is gone"))
}

struct Talk<'a> {
    transport: Transport,
    watch: Watch<'a>,
    peer: &'a str,
}

impl Talk<'_> {
    fn say(&mut self, bytes: &[u8]) -> Result<()> {
        let said = self.transport.write_all(bytes, &mut self.watch)?;
        said.map_err(|e| failed(self.peer, &reason(&e)))
    }

    /// Reads exactly as much: what follows belongs to the server.
    fn hear<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut heard = [0; N];
        let mut filled = 0;
        while filled < N {
            match self.transport.read(&mut heard[filled..]) {
                Ok(0) => return Err(failed(self.peer, "it closed the connection")),
                Ok(count) => {
                    filled += count;
                    self.watch.progress();
                }
                Err(error) if is_pause(&error) => {}
                Err(error) => return Err(failed(self.peer, &reason(&error))),
            }
            self.watch.check()?;
        }
        Ok(heard)
    }
}

fn failed(peer: &str, why: &str) -> Error {
    Error::network(format!("cannot connect through {peer}: {why}"))
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
            return Err(failed(talk.peer, "it sends what is no HTTP"));
        }
        header.extend(talk.hear::<1>()?);
    }
    let line = header.split(|&b| b == b'\r').next().unwrap_or_default();
    let mut words = line.split(|&b| b == b' ');
    let is_http = words.next().is_some_and(|word| word.starts_with(b"HTTP/"));
    match words.next() {
        Some([b'2', _, _]) if is_http => Ok(()),
        _ => Err(failed(talk.peer, &quote_bytes(line))),
    }
}

/// The methods of RFC 1928 section 3 that are offered.
const NO_LOGIN: u8 = 0;
const USER_AND_PASSWORD: u8 = 2;

fn socks(
    talk: &mut Talk<'_>,
    proxy: &Proxy,
    endpoint: &Endpoint,
    address: Option<SocketAddr>,
) -> Result<()> {
    match &proxy.login {
        None => talk.say(&[5, 1, NO_LOGIN])?,
        Some(_) => talk.say(&[5, 2, NO_LOGIN, USER_AND_PASSWORD])?,
    }
    match (talk.hear()?, &proxy.login) {
        ([5, NO_LOGIN], _) => {}
        ([5, USER_AND_PASSWORD], Some((user, password))) => {
            let mut request = Zeroizing::new(vec![1]);
            for text in [user.as_str(), password.declassify()] {
                let length = u8::try_from(text.len())
                    .map_err(|_| failed(talk.peer, "user or password is too long for SOCKS5"))?;
                request.push(length);
                request.extend(text.as_bytes());
            }
            talk.say(&request)?;
            if talk.hear::<2>()?[1] != 0 {
                return Err(failed(talk.peer, "it refuses the user or password"));
            }
        }
        ([5, _], _) => return Err(failed(talk.peer, "it wants another sign-in")),
        _ => return Err(failed(talk.peer, "it is no SOCKS5 proxy")),
    }
    let mut request = vec![5, 1, 0];
    match address
        .map(|address| address.ip())
        .or(endpoint.host().parse().ok())
    {
        Some(IpAddr::V4(address)) => {
            request.push(1);
            request.extend(address.octets());
        }
        Some(IpAddr::V6(address)) => {
            request.push(4);
            request.extend(address.octets());
        }
        None => {
            // An endpoint's host has 253 bytes at most.
            request.extend([3, u8::try_from(endpoint.host().len()).unwrap_or(u8::MAX)]);
            request.extend(endpoint.host().as_bytes());
        }
    }
    request.extend(endpoint.port().to_be_bytes());
    talk.say(&request)?;
    let [version, reply, _, kind] = talk.hear()?;
    if version != 5 || reply != 0 {
        return Err(failed(talk.peer, refusal(reply)));
    }
    // The address the proxy connects from; of no use, but in the way.
    let length = match kind {
        1 => 4,
        4 => 16,
        _ => usize::from(talk.hear::<1>()?[0]),
    };
    for _ in 0..length + 2 {
        talk.hear::<1>()?;
    }
    Ok(())
}

/// RFC 1928 section 6.
fn refusal(reply: u8) -> &'static str {
    match reply {
        2 => "its rules do not allow it",
        3 => "network unreachable",
        4 => "host unreachable",
        5 => "connection refused",
        6 => "it took too long",
        _ => "it failed",
    }
}
