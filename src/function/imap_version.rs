//! `imap_version()`: the version of this extension, as a text.
//!
//! ```sql
//! SELECT imap_version();   -- v0.1.0
//! ```

use crate::error::Result;
use crate::sqlite::{Connection, Trust, register_function};

pub(super) fn register(connection: &Connection) -> Result<()> {
    register_function(
        connection,
        "imap_version",
        0..=0,
        Trust::Innocuous,
        |_, _, cell| {
            cell.text(concat!("v", env!("CARGO_PKG_VERSION")));
            Ok(())
        },
    )
}
