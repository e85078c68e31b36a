//! TLS over a line: rustls on the one side, ciphertext on the other.
//!
//! `tls` says whom to trust and what went wrong; `transport` puts this over TCP,
//! or over the TLS of a proxy.

use std::io::{self, ErrorKind, Read, Write};

use rustls::ClientConnection;

use super::line::{Line, is_pause};
use super::reason::reason;
use super::tls::{self, Party};
use super::watch::Watch;
use crate::error::{Error, Result};

/// How much ciphertext is read at once; rustls itself would read 4 KiB.
const SEALED: usize = 128 << 10;

/// How much rustls is given to encrypt at once; it holds no more than 64 KiB.
const CLEAR: usize = 32 << 10;

/// A TLS connection and the ciphertext read ahead for it.
pub(super) struct Tls<L> {
    below: L,
    connection: ClientConnection,
    sealed: Vec<u8>,
    start: usize,
    end: usize,
    /// True once the server has gone without the alert that should come first.
    is_cut: bool,
}

impl<L: Line> Tls<L> {
    /// Shakes hands.
    ///
    /// # Errors
    /// What [`tls::failure`] says, a closed connection, or the watch's.
    pub(super) fn begin(
        below: L,
        connection: ClientConnection,
        party: &Party,
        watch: &mut Watch<'_>,
    ) -> Result<Self> {
        let mut tls = Self {
            below,
            connection,
            sealed: vec![0; SEALED],
            start: 0,
            end: 0,
            is_cut: false,
        };
        tls.handshake(party, watch)?;
        Ok(tls)
    }

    fn handshake(&mut self, party: &Party, watch: &mut Watch<'_>) -> Result<()> {
        let broke = |error: &io::Error| {
            // A server that has not read all of ours resets instead of closing.
            let why = match error.kind() {
                ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset => {
                    "it closed the connection".to_owned()
                }
                _ => reason(error),
            };
            Error::network(format!("TLS with {} failed: {why}", party.peer))
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
                    let _ = self.answer();
                    return Err(match error.get_ref().and_then(|e| e.downcast_ref()) {
                        Some(error) => tls::failure(party, error, &heard),
                        None => broke(&error),
                    });
                }
            }
        }
    }

    /// What it goes over.
    pub(super) fn below(&self) -> &L {
        &self.below
    }

    /// True once the end was read without the alert that should come first.
    pub(super) fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// `TLSv1.3`.
    pub(super) fn version(&self) -> Option<String> {
        let version = self.connection.protocol_version()?;
        Some(version.as_str()?.replace('_', "."))
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
            // An answer to a key update: small, so that it goes at once.
            self.answer()?;
        }
        self.plaintext(into)
    }

    /// Sends all of `bytes`.
    ///
    /// # Errors
    /// As [`Line::write_all`].
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

    /// Says that nothing more will be sent; reading goes on.
    ///
    /// # Errors
    /// As [`Line::write_all`].
    pub(super) fn finish(&mut self, watch: &mut Watch<'_>) -> Result<io::Result<()>> {
        self.connection.send_close_notify();
        self.flush(watch)
    }

    /// Sends what goes at once.
    pub(super) fn offer(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.connection.writer().write(bytes)?;
        self.answer()?;
        Ok(taken)
    }

    /// Sends what rustls has to say, as far as that goes at once.
    fn answer(&mut self) -> io::Result<()> {
        struct Offer<'a, L>(&'a mut L);
        impl<L: Line> Write for Offer<'_, L> {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.offer(bytes)
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        self.connection
            .write_tls(&mut Offer(&mut self.below))
            .map(drop)
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
        let read = self.below.read(&mut self.sealed)?;
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
        self.below.write_all(&sealed, watch)
    }
}
