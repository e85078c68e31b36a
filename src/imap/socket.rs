//! TCP that blocks for one slice of time at most: whoever reads or writes looks
//! at its watch in between.

use std::io::{self, ErrorKind, Write};
use std::net::TcpStream;

use super::watch::{SLICE, Watch};
use crate::error::Result;

/// Has reads and writes end after a slice, with an error that
/// [`is_pause`] knows.
pub(super) fn slice(socket: &TcpStream) -> io::Result<()> {
    socket.set_read_timeout(Some(SLICE))?;
    socket.set_write_timeout(Some(SLICE))
}

/// Sends all of `bytes`.
///
/// # Errors
/// I/O as it is; the outer error is the watch's.
pub(super) fn send(
    socket: &mut TcpStream,
    mut bytes: &[u8],
    watch: &mut Watch<'_>,
) -> Result<io::Result<()>> {
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

/// True where nothing happened in a slice, as opposed to something bad.
pub(super) fn is_pause(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
    )
}
