//! The connection: commands out, whole responses in, every wait bounded.
//!
//! The first error breaks a wire for good, since what follows it in the stream
//! cannot be told apart any more; every later call fails at once. It knows
//! where responses end, not what they say.

use std::io;
use std::time::{Duration, Instant};

use super::deflate::Packed;
use super::dial;
use super::endpoint::Endpoint;
use super::frame::Limits;
use super::inbox::{Frame, Inbox};
use super::line::{Line, is_pause};
use super::settings::{Packing, Settings};
use super::tls::Party;
use super::transport::{self, Transport};
use super::watch::Watch;
use crate::error::{Error, Result};

/// A connection to an IMAP server.
pub(super) struct Wire {
    /// None while it changes from one to the other, and once it is broken.
    transport: Option<Transport>,
    endpoint: Endpoint,
    peer: String,
    settings: Settings,
    inbox: Inbox,
}

impl Wire {
    /// Connects, with TLS if the endpoint says so from the start.
    ///
    /// # Errors
    /// Everything between name resolution and the TLS handshake.
    pub(super) fn open(endpoint: &Endpoint, settings: &Settings) -> Result<Self> {
        Ok(Self::over(
            dial::open(endpoint, settings)?,
            endpoint,
            settings,
        ))
    }

    /// Goes on over a connection that is there.
    pub(super) fn over(transport: Transport, endpoint: &Endpoint, settings: &Settings) -> Self {
        Self {
            transport: Some(transport),
            endpoint: endpoint.clone(),
            peer: endpoint.peer(),
            settings: settings.clone(),
            inbox: Inbox::new(Limits::default()),
        }
    }

    /// Begins TLS after STARTTLS.
    ///
    /// # Errors
    /// The handshake's, or that the server had sent more before it: what came
    /// unprotected must not be taken for an answer that came protected.
    pub(super) fn secure(&mut self) -> Result<()> {
        if !self.inbox.is_empty() {
            return Err(self.breaking(Error::misbehaved(format!(
                "{} sent data between STARTTLS and TLS; somebody may be tampering with the connection",
                self.peer
            ))));
        }
        let transport = self.transport.take().ok_or_else(|| broken(&self.peer))?;
        let party = Party::server(&self.endpoint);
        let trust = &self.settings.trust;
        self.transport = Some(transport.start_tls(&party, trust, &self.settings)?);
        Ok(())
    }

    /// Packs everything from now on; what has come behind the last response is
    /// packed already.
    pub(super) fn pack(&mut self) {
        if let Some(below) = self.transport.take() {
            let packed = Packed::new(below, self.inbox.drain());
            self.transport = Some(Transport::Packed(Box::new(packed)));
        }
    }

    /// When the statement wants it packed.
    pub(super) fn packing(&self) -> Packing {
        self.settings.packing
    }

    /// True where no line lies between us and the server.
    pub(super) fn is_loopback(&self) -> bool {
        let transport = self.transport.as_ref();
        transport.is_some_and(Transport::is_loopback)
    }

    /// The server.
    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// What encrypts the connection, `TLSv1.3` for one; `None` in the clear.
    pub(super) fn encryption(&self) -> Option<String> {
        self.transport.as_ref().and_then(Transport::encryption)
    }

    /// `host:port`, as messages name it.
    pub(super) fn peer(&self) -> &str {
        &self.peer
    }

    /// The limits of the statement that uses the wire.
    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The limits of the statement that uses the wire from now on.
    pub(super) fn set_settings(&mut self, settings: Settings) {
        self.settings = settings;
    }

    /// False once anything has gone wrong.
    pub(super) fn is_whole(&self) -> bool {
        self.transport.is_some()
    }

    /// Gives the connection up without another byte sent.
    pub(super) fn break_off(&mut self) {
        self.transport = None;
    }

    /// Breaks the wire for the reason given, which is passed through.
    pub(super) fn breaking(&mut self, error: Error) -> Error {
        self.break_off();
        error
    }

    /// Sends `bytes`, whole commands, in the step `during`.
    ///
    /// # Errors
    /// A broken connection, timeout, deadline, cancelled.
    pub(super) fn send(&mut self, bytes: &[u8], during: &str) -> Result<()> {
        let transport = self.transport.as_mut().ok_or_else(|| broken(&self.peer))?;
        let mut watch = Watch::start(&self.settings, &self.peer, during);
        let sent = watch
            .check()
            .and_then(|()| transport.write_all(bytes, &mut watch));
        match sent {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(self.failed(&error, during)),
            Err(error) => Err(self.breaking(error)),
        }
    }

    /// The next response, waited for in the step `during`.
    ///
    /// # Errors
    /// A broken or closed connection, timeout, deadline, cancelled, or a
    /// response beyond the limits.
    pub(super) fn receive(&mut self, during: &str) -> Result<Frame<'_>> {
        if let Err(error) = self.wait(during) {
            return Err(self.breaking(error));
        }
        // A scan has just found it, so only a defect of the inbox could lose it.
        self.inbox.take().ok_or_else(|| broken(&self.peer))
    }

    fn wait(&mut self, during: &str) -> Result<()> {
        let transport = self.transport.as_mut().ok_or_else(|| broken(&self.peer))?;
        let mut watch = Watch::start(&self.settings, &self.peer, during);
        while let Some(at_least) = self.inbox.scan()? {
            match transport.read(self.inbox.room(at_least)) {
                Ok(0) => {
                    let partial = if self.inbox.is_empty() {
                        ""
                    } else {
                        " amid a response"
                    };
                    let peer = &self.peer;
                    let text = format!("{peer} closed the connection{partial} ({during})");
                    return Err(Error::network(text));
                }
                Ok(count) => {
                    self.inbox.filled(count);
                    watch.progress();
                }
                Err(error) if is_pause(&error) => {}
                Err(error) => return Err(self.failed(&error, during)),
            }
            watch.check()?;
        }
        Ok(())
    }

    /// Does nothing for a while, but hears interrupts and the deadline.
    ///
    /// # Errors
    /// Theirs; the wire stays whole.
    pub(super) fn rest(&self, pause: Duration, during: &str) -> Result<()> {
        let mut watch = Watch::start(&self.settings, &self.peer, during);
        let until = Instant::now() + pause;
        loop {
            watch.progress();
            watch.check()?;
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            std::thread::sleep(left.min(watch.slice()));
        }
    }

    /// The longest the server may go without progress.
    pub(super) fn timeout(&self) -> Duration {
        self.settings.timeout
    }

    /// The next response that is there already, or can be read without
    /// waiting; `None` where there is none. The wire is broken after an error
    /// or when the server has closed it.
    pub(super) fn poll(&mut self, limit: usize) -> Option<Frame<'_>> {
        let mut bytes = 0;
        loop {
            let transport = self.transport.as_mut()?;
            let at_least = match self.inbox.scan() {
                Ok(None) => break,
                Ok(Some(at_least)) => at_least,
                Err(_) => 0,
            };
            match transport.peek(self.inbox.room(at_least)) {
                Ok(count) if count > 0 && at_least > 0 && bytes < limit => {
                    bytes += count;
                    self.inbox.filled(count);
                }
                Err(error) if is_pause(&error) && at_least > 0 => return None,
                _ => self.break_off(),
            }
        }
        self.inbox.take()
    }

    /// True if a part of a response has been received, but not its end.
    pub(super) fn is_amid_response(&self) -> bool {
        !self.inbox.is_empty()
    }

    fn failed(&mut self, error: &io::Error, during: &str) -> Error {
        self.breaking(transport::failure(error, &self.peer, during))
    }
}

fn broken(peer: &str) -> Error {
    Error::network(format!(
        "connection to {peer} is broken since an earlier error"
    ))
}
