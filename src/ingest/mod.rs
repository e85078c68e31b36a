//! Ingest into RSSD: the only writer of its tables.
//!
//! [`run`] takes what is new in the folders of an account from an IMAP session
//! and hands it in batches to the [`Writer`], which knows no IMAP. A batch is
//! downloaded first and written then, rows and state together, so that no
//! network wait holds a lock and a run that is killed goes on where it stopped.

mod clock;
mod device;
mod identity;
mod incoming;
mod insert;
mod location;
mod message;
mod options;
mod place;
mod record;
mod resource;
mod schema;
mod session;
mod state;
mod status;
mod summary;
mod transaction;
mod uri;
mod writer;

pub use incoming::IncomingMessage;
pub use location::Failure;
pub use options::{LARGEST_MESSAGE, Options, Progress};
pub use place::Account;
pub use state::Trouble;
pub use status::status;
pub use writer::{Folder, Writer};
