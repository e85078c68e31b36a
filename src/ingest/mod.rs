//! Ingest into RSSD: the only writer of its tables.
//!
//! [`one`] and [`side_by_side()`] read accounts, each in a thread, which takes what is
//! new in its folders from an IMAP session and hands it in batches to the [`Writer`],
//! which knows no IMAP and runs on the host's thread. A batch is downloaded first
//! and written then, rows and state together, so that no network wait holds a lock
//! and a run that is killed goes on where it stopped.

mod asked;
mod attachment;
mod batch;
mod clock;
mod content;
mod crew;
mod database;
mod device;
mod filter;
mod folder;
mod folders;
mod identity;
mod incoming;
mod insert;
mod intake;
mod known;
mod location;
mod loss;
mod message;
mod options;
mod patience;
mod place;
mod port;
mod progress;
mod pull;
mod readers;
mod reading;
mod record;
mod refresh;
mod remove;
mod resource;
mod run;
mod schema;
mod search;
mod selection;
mod session;
mod side_by_side;
mod sift;
pub mod since;
mod state;
mod status;
mod summary;
mod terms;
mod transaction;
mod tuning;
mod uri;
mod watch;
mod writer;

pub use crew::Errand;
pub use database::Database;
pub use filter::Filter;
pub use folder::Folder;
pub use incoming::{Incoming, IncomingMessage};
pub use location::Failure;
pub use options::{Afterwards, Attachments, LARGEST_MESSAGE, Layout, Options, Progress};
pub use patience::Patience;
pub use place::Account;
pub use selection::{Fetch, Selection, Status};
pub use side_by_side::{one, side_by_side};
pub use state::Trouble;
pub use status::status;
pub use terms::{AddressTerm, Terms};
pub use writer::Writer;
