//! The hpfeeds client: one message to one channel of a broker, and the
//! certainty that the broker has it.
//!
//! Used by `function::hpfeeds_publish`. It goes through `imap`'s connections,
//! so that TLS, timeouts, deadlines and interrupts are the same, and knows no
//! SQLite and no mail.
//!
//! The protocol has no acknowledgement: silence means yes, and a refusal is an
//! ERROR frame. So each message has a connection of its own, which is closed
//! for writing behind the message; the broker reads to that end, having dealt
//! with the message, and closes its side. An ERROR before that is the refusal,
//! a connection that breaks leaves the message unconfirmed.

pub mod broker;
pub mod environment;
mod frame;
#[cfg(any(fuzzing, test))]
pub mod fuzz;
mod publish;

pub use broker::Broker;
pub use environment::Environment;
pub use publish::{Message, publish};

use crate::secret::Secret;

/// Who publishes, and the secret the broker knows.
pub struct Identity {
    /// The name, at most 255 bytes.
    pub ident: String,
    /// The secret; only a digest of it with the broker's nonce is sent.
    pub secret: Secret,
}
