//! Ingest into RSSD: the only writer of its tables.
//!
//! [`open`] finds the folders; [`run()`] takes what is new in them from an IMAP
//! session and hands it in batches to the [`Writer`], which knows no IMAP. A batch is
//! downloaded first and written then, rows and state together, so that no
//! network wait holds a lock and a run that is killed goes on where it stopped.

mod clock;
mod device;
mod identity;
mod incoming;
mod insert;
mod intake;
mod location;
mod message;
mod options;
mod place;
mod progress;
mod pull;
mod record;
mod resource;
mod run;
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
pub use options::{LARGEST_MESSAGE, Layout, Options, Progress};
pub use place::Account;
pub use run::{Opening, open, run};
pub use state::Trouble;
pub use status::status;
pub use writer::{Folder, Writer};
