//! What carries bytes to and from a server, as the layers of a connection see
//! what is below them: TLS, DEFLATE and a proxy each go over a [`Line`] and know
//! no more of it.

use std::io::{self, ErrorKind};

use super::watch::Watch;
use crate::error::Result;

/// Bytes both ways, a slice of time at once.
pub(super) trait Line {
    /// Reads what is there, or waits a slice for it; see [`is_pause`]. Zero bytes
    /// are the end.
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize>;

    /// Sends all of `bytes`.
    ///
    /// # Errors
    /// I/O as it is; the outer error is the watch's.
    fn write_all(&mut self, bytes: &[u8], watch: &mut Watch<'_>) -> Result<io::Result<()>>;

    /// Sends what goes at once, for what is small and does not have to arrive.
    fn offer(&mut self, bytes: &[u8]) -> io::Result<usize>;
}

/// True where nothing happened in a slice, as opposed to something bad.
pub fn is_pause(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
    )
}
