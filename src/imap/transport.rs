//! Bytes to and from the server: in the clear or through TLS, packed or not.
//!
//! The socket blocks for one slice at a time; a read that brings nothing in
//! that time fails with `WouldBlock`, and the caller looks at its watch.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};

use rustls::ClientConnection;

use super::compress::Packed;
use super::dial::{dial, reason};
use super::endpoint::{Endpoint, Security};
use super::settings::Settings;
use super::tls;
use super::watch::{SLICE, Watch};
use crate::error::{Error, Result};

/// How much ciphertext is read at once; rustls itself would read 4 KiB.
const SEALED: usize = 128 << 10;

/// How much rustls is given to encrypt at once; it holds no more than 64 KiB.
const CLEAR: usize = 32 << 10;

/// An open connection.
pub(super) enum Transport {
    /// TCP alone.
    Plain(TcpStream),
    /// TLS over TCP.
    Tls(Box<Tls>),
    /// DEFLATE over one of them.
    Packed(Box<Packed>),
}

/// A TLS connection and the ciphertext read ahead for it.
pub(super) struct Tls {
    socket: TcpStream,
    connection: ClientConnection,
    sealed: Vec<u8>,
    start: usize,
    end: usize,
    /// True once the server has gone without the alert that should come first.
    is_cut: bool,
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
        let transport = Self::plain(socket).map_err(|e| {
            let peer = endpoint.peer();
            Error::network(format!("cannot use the connection to {peer}: {e}"))
        })?;
        match endpoint.security() {
            Security::Tls => transport.start_tls(endpoint, settings),
            Security::StartTls | Security::Plain => Ok(transport),
        }
    }

    /// Begins TLS.
    ///
    /// # Errors
    /// A `ca_file` that cannot be used, and the handshake's.
    pub(super) fn start_tls(self, endpoint: &Endpoint, settings: &Settings) -> Result<Self> {
        let client = tls::client(endpoint, &settings.trust)?;
        let peer = endpoint.peer();
        let mut watch = Watch::start(settings, &peer, "TLS handshake");
        self.secure(client, endpoint, &mut watch)
    }

    /// Takes a connected socket over.
    pub(super) fn plain(socket: TcpStream) -> io::Result<Self> {
        socket.set_read_timeout(Some(SLICE))?;
        socket.set_write_timeout(Some(SLICE))?;
        Ok(Self::Plain(socket))
    }

    /// Gives the socket back where there is nothing but TCP.
    pub(super) fn into_plain(self) -> Option<TcpStream> {
        match self {
            Self::Plain(socket) => Some(socket),
            Self::Tls(_) | Self::Packed(_) => None,
        }
    }

    /// Shakes hands; a transport that has TLS already is left as it is.
    ///
    /// # Errors
    /// What [`tls::failure`] says, a closed connection, or the watch's.
    fn secure(
        self,
        connection: ClientConnection,
        endpoint: &Endpoint,
        watch: &mut Watch<'_>,
    ) -> Result<Self> {
        match self {
            Self::Plain(socket) => {
                let sealed = vec![0; SEALED];
                let mut tls = Tls {
                    socket,
                    connection,
                    sealed,
                    start: 0,
                    end: 0,
                    is_cut: false,
                };
                tls.handshake(endpoint, watch)?;
                Ok(Self::Tls(Box::new(tls)))
            }
            secured => Ok(secured),
        }
    }

    /// The version of TLS, such as `TLSv1.3`; `None` without TLS.
    pub(super) fn encryption(&self) -> Option<String> {
        let tls = match self {
            Self::Plain(_) => return None,
            Self::Tls(tls) => tls,
            Self::Packed(packed) => return packed.below().encryption(),
        };
        let version = tls.connection.protocol_version()?;
        Some(version.as_str()?.replace('_', "."))
    }

    /// Reads what is there, or waits a slice for it. Zero bytes are the end.
    pub(super) fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(into),
            Self::Tls(tls) => tls.read(into),
            Self::Packed(packed) => packed.read(into),
        }
    }

    /// True where the end that was read may be anybody's: TLS has an alert to
    /// say that all has been sent, and it did not come.
    pub(super) fn is_cut(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Tls(tls) => tls.is_cut,
            Self::Packed(packed) => packed.below().is_cut(),
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
        match self {
            Self::Plain(socket) => send(socket, bytes, watch),
            Self::Tls(tls) => {
                for piece in bytes.chunks(CLEAR) {
                    if let Err(error) = tls.connection.writer().write_all(piece) {
                        return Ok(Err(error));
                    }
                    if let Err(error) = tls.flush(watch)? {
                        return Ok(Err(error));
                    }
                }
                Ok(Ok(()))
            }
            Self::Packed(packed) => packed.write_all(bytes, watch),
        }
    }

    /// Says that nothing more will be sent; reading goes on.
    ///
    /// # Errors
    /// As [`Self::write_all`].
    pub(super) fn finish(&mut self, watch: &mut Watch<'_>) -> Result<io::Result<()>> {
        match self {
            Self::Plain(socket) => Ok(socket.shutdown(Shutdown::Write)),
            Self::Tls(tls) => {
                tls.connection.send_close_notify();
                tls.flush(watch)
            }
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

    fn socket(&self) -> &TcpStream {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(tls) => &tls.socket,
            Self::Packed(packed) => packed.below().socket(),
        }
    }
}

impl Tls {
    fn handshake(&mut self, endpoint: &Endpoint, watch: &mut Watch<'_>) -> Result<()> {
        let broke = |error: &io::Error| {
            // A server that has not read all of ours resets instead of closing.
            let why = match error.kind() {
                ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset => {
                    "it closed the connection".to_owned()
                }
                _ => reason(error),
            };
            Error::network(format!("TLS with {} failed: {why}", endpoint.peer()))
        };
        let mut heard = Vec::new();
        loop {
            // Also where bytes keep coming: they may be many and lead nowhere.
            watch.check()?;
            self.flush(watch)?.map_err(|e| broke(&e))?;
            if !self.connection.is_handshaking() {
                return Ok(());
            }
            match self.fill() {
                Ok(0) => return Err(broke(&ErrorKind::UnexpectedEof.into())),
                Ok(_) => watch.progress(),
                Err(error) if is_pause(&error) => continue,
                Err(error) => return Err(broke(&error)),
            }
            if heard.is_empty() {
                heard.extend_from_slice(&self.sealed[self.start..self.end.min(self.start + 200)]);
            }
            while self.start < self.end {
                if let Err(error) = self.feed() {
                    // The alert that tells the server why; it matters to its log only.
                    let _ = self.connection.write_tls(&mut self.socket);
                    return Err(match error.get_ref().and_then(|e| e.downcast_ref()) {
                        Some(error) => tls::failure(endpoint, error, &heard),
                        None => broke(&error),
                    });
                }
            }
        }
    }

    /// Reads what is there, or takes in one portion of ciphertext. One at a
    /// time: records without data may follow each other for ever, and the
    /// caller is to look up in between.
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.plaintext(into) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            other => return other,
        }
        if self.start == self.end {
            self.fill()?;
        }
        self.feed()?;
        if self.connection.wants_write() {
            // An answer to a key update: small, so that the socket takes it at once.
            self.connection.write_tls(&mut self.socket)?;
        }
        self.plaintext(into)
    }

    fn plaintext(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.connection.reader().read(into) {
            // Many servers close without the alert that should come first;
            // what is framed tells whether anything is missing.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                self.is_cut = true;
                Ok(0)
            }
            other => other,
        }
    }

    /// Reads ciphertext; only called when there is none left.
    fn fill(&mut self) -> io::Result<usize> {
        let read = self.socket.read(&mut self.sealed)?;
        (self.start, self.end) = (0, read);
        Ok(read)
    }

    /// Hands ciphertext to rustls; none means that the connection has ended.
    fn feed(&mut self) -> io::Result<()> {
        let mut sealed = &self.sealed[self.start..self.end];
        let taken = self.connection.read_tls(&mut sealed)?;
        self.start += taken;
        self.connection
            .process_new_packets()
            .map_err(io::Error::other)?;
        Ok(())
    }

    fn flush(&mut self, watch: &mut Watch<'_>) -> Result<io::Result<()>> {
        let mut sealed = Vec::new();
        while self.connection.wants_write() {
            if let Err(error) = self.connection.write_tls(&mut sealed) {
                return Ok(Err(error));
            }
        }
        send(&mut self.socket, &sealed, watch)
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

/// True where nothing happened in a slice, as opposed to something bad.
pub(super) fn is_pause(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
    )
}
