//! What is said to a proxy before the server is behind it: so many bytes there,
//! exactly so many back, within the limits of the statement.

use super::line::{Line, is_pause};
use super::reason::reason;
use super::settings::Settings;
use super::transport::Transport;
use super::watch::Watch;
use crate::error::{Error, Result};

/// What is said to a proxy, and what it says.
pub(super) struct Talk<'a> {
    line: Transport,
    watch: Watch<'a>,
    peer: &'a str,
}

impl<'a> Talk<'a> {
    /// A conversation with the proxy `peer` at the other end of `line`.
    pub(super) fn begin(line: Transport, settings: &'a Settings, peer: &'a str) -> Self {
        Self {
            line,
            watch: Watch::start(settings, peer, "connection through the proxy"),
            peer,
        }
    }

    /// The line, on which the server is heard from now on.
    pub(super) fn end(self) -> Transport {
        self.line
    }

    /// Says all of it.
    pub(super) fn say(&mut self, bytes: &[u8]) -> Result<()> {
        let said = self.line.write_all(bytes, &mut self.watch)?;
        said.map_err(|e| self.failed(&reason(&e)))
    }

    /// Reads exactly as much: what follows belongs to the server.
    pub(super) fn hear<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut heard = [0; N];
        let mut filled = 0;
        while filled < N {
            match self.line.read(&mut heard[filled..]) {
                Ok(0) => return Err(self.failed("it closed the connection")),
                Ok(count) => {
                    filled += count;
                    self.watch.progress();
                }
                Err(error) if is_pause(&error) => {}
                Err(error) => return Err(self.failed(&reason(&error))),
            }
            self.watch.check()?;
        }
        Ok(heard)
    }

    /// The error of a connection that does not come about.
    pub(super) fn failed(&self, why: &str) -> Error {
        Error::network(format!("cannot connect through {}: {why}", self.peer))
    }
}
