//! Bytes to and from the server: in the clear or through TLS, packed or not.
//!
//! A read that brings nothing in a slice of time fails with `WouldBlock`, and
//! the caller looks at its watch.

use std::io::{self, Read};
use std::net::{Shutdown, TcpStream};

use super::deflate::Deflate;
use super::dial::dial;
use super::endpoint::{Endpoint, Security};
use super::io_reason::reason;
use super::settings::Settings;
use super::socket;
use super::tls;
use super::tls_stream::TlsStream;
use super::watch::Watch;
use crate::error::{Error, Result};

/// An open connection.
pub(super) struct Transport {
    line: Line,
    /// What packs and unpacks, where both sides have agreed to.
    deflate: Option<Box<Deflate>>,
}

enum Line {
    /// TCP alone.
    Plain(TcpStream),
    /// TLS over TCP.
    Tls(Box<TlsStream>),
}

impl Transport {
    /// Connects, with TLS if the endpoint says so from the start.
    ///
    /// # Errors
    /// Everything between name resolution and the TLS handshake.
    pub(super) fn open(endpoint: &Endpoint, settings: &Settings) -> Result<Self> {
        Self::over(dial(endpoint, settings)?, endpoint, settings)
    }

    /// Takes over a connected socket, with TLS if the endpoint says so from the
    /// start.
    ///
    /// # Errors
    /// The TLS handshake's.
    pub(super) fn over(
        socket: TcpStream,
        endpoint: &Endpoint,
        settings: &Settings,
    ) -> Result<Self> {
        socket::slice(&socket).map_err(|e| {
            let peer = endpoint.peer();
            Error::network(format!("cannot use the connection to {peer}: {e}"))
        })?;
        let transport = Self {
            line: Line::Plain(socket),
            deflate: None,
        };
        match endpoint.security() {
            Security::Tls => transport.start_tls(endpoint, settings),
            Security::StartTls | Security::Plain => Ok(transport),
        }
    }

    /// Begins TLS; a connection that has it already is left as it is.
    ///
    /// # Errors
    /// A `ca_file` that cannot be used, and the handshake's.
    pub(super) fn start_tls(self, endpoint: &Endpoint, settings: &Settings) -> Result<Self> {
        let Line::Plain(socket) = self.line else {
            return Ok(self);
        };
        let client = tls::client(endpoint, &settings.trust)?;
        let peer = endpoint.peer();
        let mut watch = Watch::start(settings, &peer, "TLS handshake");
        let mut stream = TlsStream::new(socket, client);
        stream.handshake(endpoint, &mut watch)?;
        Ok(Self {
            line: Line::Tls(Box::new(stream)),
            deflate: self.deflate,
        })
    }

    /// Packs everything from now on; `early` has been read already.
    pub(super) fn pack(&mut self, early: Vec<u8>) {
        self.deflate = Some(Box::new(Deflate::new(early)));
    }

    /// The version of TLS, such as `TLSv1.3`; `None` without TLS.
    pub(super) fn encryption(&self) -> Option<String> {
        match &self.line {
            Line::Plain(_) => None,
            Line::Tls(tls) => tls.version(),
        }
    }

    /// Reads what is there, or waits a slice for it. Zero bytes are the end.
    pub(super) fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match &mut self.deflate {
            None => self.line.read(into),
            Some(deflate) => deflate.read(into, |packed| self.line.read(packed)),
        }
    }

    /// True where the end that was read may be anybody's: TLS has an alert to
    /// say that all has been sent, and it did not come.
    pub(super) fn is_cut(&self) -> bool {
        match &self.line {
            Line::Plain(_) => false,
            Line::Tls(tls) => tls.is_cut(),
        }
    }

    /// Sends all of `bytes`.
    ///
    /// # Errors
    /// I/O as it is; the outer error is the watch's.
    pub(super) fn write_all(
        &mut self,
        bytes: &[u8],
        watch: &mut Watch<'_>,
    ) -> Result<io::Result<()>> {
        match &mut self.deflate {
            None => self.line.write_all(bytes, watch),
            Some(deflate) => match deflate.packed(bytes) {
                Ok(packed) => self.line.write_all(&packed, watch),
                Err(error) => Ok(Err(error)),
            },
        }
    }

    /// Says that nothing more will be sent; reading goes on.
    ///
    /// # Errors
    /// As [`Self::write_all`].
    pub(super) fn finish(&mut self, watch: &mut Watch<'_>) -> Result<io::Result<()>> {
        // What has been packed so far is sent already.
        match &mut self.line {
            Line::Plain(socket) => Ok(socket.shutdown(Shutdown::Write)),
            Line::Tls(tls) => tls.finish(watch),
        }
    }

    /// Reads what is there without waiting at all.
    pub(super) fn peek(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.line.socket().set_nonblocking(true)?;
        let read = self.read(into);
        self.line.socket().set_nonblocking(false)?;
        read
    }

    /// True where no line lies between us and the server.
    pub(super) fn is_loopback(&self) -> bool {
        let peer = self.line.socket().peer_addr();
        peer.is_ok_and(|peer| peer.ip().to_canonical().is_loopback())
    }
}

impl Line {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(into),
            Self::Tls(tls) => tls.read(into),
        }
    }

    fn write_all(&mut self, bytes: &[u8], watch: &mut Watch<'_>) -> Result<io::Result<()>> {
        match self {
            Self::Plain(socket) => socket::send(socket, bytes, watch),
            Self::Tls(tls) => tls.write_all(bytes, watch),
        }
    }

    fn socket(&self) -> &TcpStream {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(tls) => tls.socket(),
        }
    }
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
