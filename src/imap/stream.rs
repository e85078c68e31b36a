//! A connection for protocols that are not IMAP: bytes both ways, protected
//! and bounded in time like every other connection here.
//!
//! It is what the hpfeeds and DNS clients talk through; it knows nothing of what
//! is said.

use std::net::SocketAddr;

use super::dial;
use super::endpoint::Endpoint;
use super::line::{Line, is_pause};
use super::settings::Settings;
use super::transport::{Transport, failure};
use super::watch::Watch;
use crate::error::{Error, Result};

/// An open connection.
pub struct Stream {
    transport: Transport,
    peer: String,
    settings: Settings,
}

impl Stream {
    /// Connects, with TLS if the endpoint says so.
    ///
    /// # Errors
    /// Everything between name resolution and the TLS handshake.
    pub fn open(endpoint: &Endpoint, settings: &Settings) -> Result<Self> {
        Ok(Self {
            transport: dial::open(endpoint, settings)?,
            peer: endpoint.peer(),
            settings: settings.clone(),
        })
    }

    /// Connects to an address itself, without TLS and past every proxy.
    ///
    /// # Errors
    /// Refused or unreachable port, timeout, deadline, cancelled.
    pub fn direct(address: SocketAddr, settings: &Settings) -> Result<Self> {
        let peer = address.to_string();
        let socket = dial::connect(&[address], &peer, settings)?;
        let transport = Transport::over(socket, &peer)?;
        Ok(Self {
            transport,
            peer,
            settings: settings.clone(),
        })
    }

    /// `host:port`, as messages name it.
    pub fn peer(&self) -> &str {
        &self.peer
    }

    /// Sends all of `bytes` in the step `during`.
    ///
    /// # Errors
    /// A broken connection, timeout, deadline, cancelled.
    pub fn send(&mut self, bytes: &[u8], during: &str) -> Result<()> {
        let mut watch = Watch::start(&self.settings, &self.peer, during);
        watch.check()?;
        let sent = self.transport.write_all(bytes, &mut watch)?;
        sent.map_err(|error| failure(&error, &self.peer, during))
    }

    /// Says that nothing more will be sent, in the step `during`.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub fn finish(&mut self, during: &str) -> Result<()> {
        let mut watch = Watch::start(&self.settings, &self.peer, during);
        let sent = self.transport.finish(&mut watch)?;
        sent.map_err(|error| failure(&error, &self.peer, during))
    }

    /// Waits for bytes in the step `during`; none are the end, over TLS only
    /// where the peer has said so.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub fn receive(&mut self, into: &mut [u8], during: &str) -> Result<usize> {
        let mut watch = Watch::start(&self.settings, &self.peer, during);
        loop {
            watch.check()?;
            match self.transport.read(into) {
                Err(error) if is_pause(&error) => {}
                Ok(0) if self.transport.is_cut() => {
                    let peer = &self.peer;
                    return Err(Error::network(format!(
                        "{peer} closed the connection without ending TLS ({during})"
                    )));
                }
                read => return read.map_err(|error| failure(&error, &self.peer, during)),
            }
        }
    }
}
