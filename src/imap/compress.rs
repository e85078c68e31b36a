//! COMPRESS=DEFLATE (RFC 4978): when a connection is packed, and the command.
//!
//! The session begins it once it has signed in; `deflate` does it from then on.
//! Mail packs to a half or a third, so over a line that is slower than the
//! server packs, it saves time.

use super::exchange::Exchange;
use super::settings::Packing;
use super::status_line::Status;
use crate::error::Result;

/// Asks the server to pack, where the settings and the server say so.
///
/// # Errors
/// The wire's. A refusal is none: then nothing is packed.
pub(super) fn begin(exchange: &mut Exchange) -> Result<()> {
    let is_wanted = match exchange.wire.packing() {
        // Without a line in between, packing only costs.
        Packing::Auto => !exchange.wire.is_loopback(),
        Packing::Always => true,
        Packing::Never => false,
    };
    if !is_wanted || !exchange.capabilities.has("COMPRESS=DEFLATE") {
        return Ok(());
    }
    let ended = exchange.command("COMPRESS", b"COMPRESS DEFLATE", &mut |_| {})?;
    if ended.status == Status::Ok {
        exchange.wire.pack();
    }
    Ok(())
}
