//! A proxy on loopback that speaks SOCKS5 and HTTP CONNECT, and remembers what
//! it was asked for.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A proxy, until the test process ends.
pub struct Proxy {
    pub port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// A proxy for the user `relay` with the password `p:w@`. Whatever host is
    /// asked for, it connects to 127.0.0.1.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        thread::spawn(move || {
            for client in listener.incoming() {
                let log = Arc::clone(&log);
                thread::spawn(move || serve(client.unwrap(), &log));
            }
        });
        Self { port, asked }
    }

    /// The hosts and ports it was asked for: `socks localhost:993`.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// Ends where the client does not keep to a protocol.
fn serve(mut client: TcpStream, log: &Mutex<Vec<String>>) -> Option<()> {
    let mut first = [0];
    client.peek(&mut first).ok()?;
    let (kind, target, welcome) = match first {
        [5] => (
            "socks",
            socks(&mut client)?,
            &b"\x05\0\0\x01\0\0\0\0\0\0"[..],
        ),
        _ => (
            "http",
            connect(&mut client)?,
            &b"HTTP/1.1 200 go on\r\n\r\n"[..],
        ),
    };
    log.lock().unwrap().push(format!("{kind} {target}"));
    let port: u16 = target.rsplit_once(':')?.1.parse().ok()?;
    let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else {
        let refusal: &[u8] = match kind {
            "socks" => b"\x05\x05\0\x01\0\0\0\0\0\0",
            _ => b"HTTP/1.1 502 nobody there\r\n\r\n",
        };
        return client.write_all(refusal).ok();
    };
    client.write_all(welcome).ok()?;
    let (mut back, mut forth) = (server.try_clone().ok()?, client.try_clone().ok()?);
    thread::spawn(move || {
        let _ = std::io::copy(&mut back, &mut forth);
        forth.shutdown(std::net::Shutdown::Write)
    });
    let mut server = server;
    let _ = std::io::copy(&mut client, &mut server);
    server.shutdown(std::net::Shutdown::Write).ok()
}

fn bytes(client: &mut TcpStream, count: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; count];
    client.read_exact(&mut bytes).ok()?;
    Some(bytes)
}

fn text(client: &mut TcpStream) -> Option<String> {
    let length = bytes(client, 1)?[0];
    String::from_utf8(bytes(client, length.into())?).ok()
}

fn socks(client: &mut TcpStream) -> Option<String> {
    let methods = bytes(client, 2)?[1];
    if !bytes(client, methods.into())?.contains(&2) {
        client.write_all(&[5, 0xff]).ok()?;
        return None;
    }
    client.write_all(&[5, 2]).ok()?;
    bytes(client, 1)?;
    let is_known = (text(client)?, text(client)?) == ("relay".into(), "p:w@".into());
    client.write_all(&[1, u8::from(!is_known)]).ok()?;
    let host = match bytes(client, 4)?[3] {
        1 => std::net::Ipv4Addr::from(<[u8; 4]>::try_from(bytes(client, 4)?).ok()?).to_string(),
        4 => std::net::Ipv6Addr::from(<[u8; 16]>::try_from(bytes(client, 16)?).ok()?).to_string(),
        _ => text(client)?,
    };
    let port = u16::from_be_bytes(bytes(client, 2)?.try_into().ok()?);
    is_known.then(|| format!("{host}:{port}"))
}

fn connect(client: &mut TcpStream) -> Option<String> {
    let mut header = Vec::new();
    while !header.ends_with(b"\r\n\r\n") {
        header.extend(bytes(client, 1)?);
    }
    let header = String::from_utf8(header).ok()?;
    // relay:p:w@
    if !header.contains("\r\nProxy-Authorization: Basic cmVsYXk6cDp3QA==\r\n") {
        client
            .write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
            .ok()?;
        return None;
    }
    let target = header.strip_prefix("CONNECT ")?.split(' ').next()?;
    Some(target.to_owned())
}
