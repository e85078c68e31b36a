//! Bytes to and from the server: in the clear or through TLS, packed or not.
//!
//! The socket blocks for one slice at a time; a read that brings nothing in
//! that time fails with `WouldBlock`, and the caller looks at its watch.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};

use super::deflate::Packed;
use super::encrypted::Tls;
use super::endpoint::{Endpoint, Security};
use super::line::{Line, is_pause};
use super::reason::reason;
use super::settings::Settings;
use super::tls::{self, Party};
use super::trust::Trust;
use super::watch::{SLICE, Watch};
use crate::error::{Error, Result};

/// An open connection.
pub(super) enum Transport {
    /// TCP alone.
    Plain(TcpStream),
    /// TLS over TCP, or over the TLS of a proxy.
    Tls(Box<Tls<Self>>),
    /// DEFLATE over one of them.
    Packed(Box<Packed<Self>>),
}

impl Transport {
    /// Takes a connected socket over.
    ///
    /// # Errors
    /// A socket that cannot be used.
    pub(super) fn over(socket: TcpStream, peer: &str) -> Result<Self> {
        let timed = socket
            .set_read_timeout(Some(SLICE))
            .and_then(|()| socket.set_write_timeout(Some(SLICE)));
        timed.map_err(|e| Error::network(format!("cannot use the connection to {peer}: {e}")))?;
        Ok(Self::Plain(socket))
    }

    /// Begins TLS with the server if the endpoint says so from the start.
    ///
    /// # Errors
    /// As [`Transport::start_tls`].
    pub(super) fn begin(self, endpoint: &Endpoint, settings: &Settings) -> Result<Self> {
        match endpoint.security() {
            Security::Tls => self.start_tls(&Party::server(endpoint), &settings.trust, settings),
            Security::StartTls | Security::Plain => Ok(self),
        }
    }

    /// Begins TLS.
    ///
    /// # Errors
    /// A `ca_file` that cannot be used, and the handshake's.
    pub(super) fn start_tls(
        self,
        party: &Party,
        trust: &Trust,
        settings: &Settings,
    ) -> Result<Self> {
        let client = tls::client(party, trust)?;
        let mut watch = Watch::start(settings, &party.peer, "TLS handshake");
        let tls = Tls::begin(self, client, party, &mut watch)?;
        Ok(Self::Tls(Box::new(tls)))
    }

    /// The version of TLS, such as `TLSv1.3`; `None` without TLS.
    pub(super) fn encryption(&self) -> Option<String> {
        let tls = match self {
            Self::Plain(_) => return None,
            Self::Tls(tls) => tls,
            Self::Packed(packed) => return packed.below().encryption(),
        };
        tls.version()
    }

    /// True where the end that was read may be anybody's: TLS has an alert to
    /// say that all has been sent, and it did not come.
    pub(super) fn is_cut(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Tls(tls) => tls.is_cut(),
            Self::Packed(packed) => packed.below().is_cut(),
        }
    }

    /// Says that nothing more will be sent; reading goes on.
    ///
    /// # Errors
    /// As [`Line::write_all`].
    pub(super) fn finish(&mut self, watch: &mut Watch<'_>) -> Result<io::Result<()>> {
        match self {
            Self::Plain(socket) => Ok(socket.shutdown(Shutdown::Write)),
            Self::Tls(tls) => tls.finish(watch),
            // What has been packed so far is sent already.
            Self::Packed(packed) => packed.below_mut().finish(watch),
        }
    }

    /// Reads what is there without waiting at all.
    pub(super) fn peek(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.socket().set_nonblocking(true)?;
        let read = self.read(into);
        self.socket().set_nonblocking(false)?;
        read
    }

    /// True where no line lies between us and the server.
    pub(super) fn is_loopback(&self) -> bool {
        let peer = self.socket().peer_addr();
        peer.is_ok_and(|peer| peer.ip().to_canonical().is_loopback())
    }

    /// What it goes over in the end.
    pub(super) fn socket(&self) -> &TcpStream {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(tls) => tls.below().socket(),
            Self::Packed(packed) => packed.below().socket(),
        }
    }
}

impl Line for Transport {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(into),
            Self::Tls(tls) => tls.read(into),
            Self::Packed(packed) => packed.read(into),
        }
    }

    fn write_all(&mut self, bytes: &[u8], watch: &mut Watch<'_>) -> Result<io::Result<()>> {
        match self {
            Self::Plain(socket) => send(socket, bytes, watch),
            Self::Tls(tls) => tls.write_all(bytes, watch),
            Self::Packed(packed) => packed.write_all(bytes, watch),
        }
    }

    fn offer(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.write(bytes),
            Self::Tls(tls) => tls.offer(bytes),
            Self::Packed(_) => Err(ErrorKind::Unsupported.into()),
        }
    }
}

fn send(socket: &mut TcpStream, mut bytes: &[u8], watch: &mut Watch<'_>) -> Result<io::Result<()>> {
    while !bytes.is_empty() {
        match socket.write(bytes) {
            Ok(0) => return Ok(Err(ErrorKind::WriteZero.into())),
            Ok(written) => {
                bytes = &bytes[written..];
                watch.progress();
            }
            Err(error) if is_pause(&error) => watch.check()?,
            Err(error) => return Ok(Err(error)),
        }
    }
    Ok(Ok(()))
}

/// A failed read or write in words.
pub(super) fn failure(error: &io::Error, peer: &str, during: &str) -> Error {
    let why = match error
        .get_ref()
        .and_then(|e| e.downcast_ref::<rustls::Error>())
    {
        Some(error) => tls::reason(error),
        None => reason(error),
    };
    Error::network(format!("connection to {peer} failed ({during}): {why}"))
}
