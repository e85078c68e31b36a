//! Bytes through TLS, over a socket that blocks for a slice at a time.
//!
//! The transport reads and writes through it; whom to trust is decided in
//! [`tls`].

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;

use rustls::ClientConnection;

use super::endpoint::Endpoint;
use super::io_reason::reason;
use super::socket::{is_pause, send};
use super::tls;
use super::watch::Watch;
use crate::error::{Error, Result};

/// How much ciphertext is read at once; rustls itself would read 4 KiB.
const SEALED: usize = 128 << 10;

/// How much rustls is given to encrypt at once; it holds no more than 64 KiB.
const CLEAR: usize = 32 << 10;

/// A TLS connection and the ciphertext read ahead for it.
pub(super) struct TlsStream {
    socket: TcpStream,
    connection: ClientConnection,
    sealed: Vec<u8>,
    start: usize,
    end: usize,
    is_cut: bool,
}

impl TlsStream {
    /// A connection that has not shaken hands.
    pub(super) fn new(socket: TcpStream, connection: ClientConnection) -> Self {
        Self {
            socket,
            connection,
            sealed: vec![0; SEALED],
            start: 0,
            end: 0,
            is_cut: false,
        }
    }

    /// The socket below.
    pub(super) fn socket(&self) -> &TcpStream {
        &self.socket
    }

    /// The version, such as `TLSv1.3`.
    pub(super) fn version(&self) -> Option<String> {
        let version = self.connection.protocol_version()?;
        Some(version.as_str()?.replace('_', "."))
    }

    /// True once the server has gone without the alert that should come first.
    pub(super) fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Shakes hands.
    ///
    /// # Errors
    /// What [`tls::failure`] says, a closed connection, or the watch's.
    pub(super) fn handshake(&mut self, endpoint: &Endpoint, watch: &mut Watch<'_>) -> Result<()> {
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
    pub(super) fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
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

    /// Sends all of `bytes`.
    ///
    /// # Errors
    /// I/O as it is; the outer error is the watch's.
    pub(super) fn write_all(
        &mut self,
        bytes: &[u8],
        watch: &mut Watch<'_>,
    ) -> Result<io::Result<()>> {
        for piece in bytes.chunks(CLEAR) {
            if let Err(error) = self.connection.writer().write_all(piece) {
                return Ok(Err(error));
            }
            if let Err(error) = self.flush(watch)? {
                return Ok(Err(error));
            }
        }
        Ok(Ok(()))
    }

    /// Sends the alert that says that nothing more will be sent.
    ///
    /// # Errors
    /// As [`Self::write_all`].
    pub(super) fn finish(&mut self, watch: &mut Watch<'_>) -> Result<io::Result<()>> {
        self.connection.send_close_notify();
        self.flush(watch)
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
