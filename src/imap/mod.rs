//! The IMAP client: endpoints, connections, sessions and what servers answer.
//!
//! It knows neither SQLite nor MIME. A wait asks the [`settings::Cancel`] it
//! was given, so the host can stop it; everything else is plain blocking I/O
//! on the caller's thread. Reading never changes a mailbox: the commands sent
//! are CAPABILITY, STARTTLS, LOGIN, AUTHENTICATE, COMPRESS, LIST, STATUS, EXAMINE,
//! UID SEARCH, UID FETCH (PEEK), ENABLE, IDLE, NOTIFY, UNSELECT, NOOP and LOGOUT;
//! `imap_log` shows them. The only others are those of [`store`], which deletes after
//! an ingest that was asked to.

mod apart;
mod authenticate;
pub mod capability;
pub mod changes;
mod channel;
pub mod check;
pub mod chunk;
mod compress;
mod deflate;
mod dial;
mod dialogue;
pub mod download;
mod encrypted;
pub mod endpoint;
mod exchange;
pub mod extra;
pub mod fetch_stream;
pub mod fetched;
pub mod flags;
mod flight;
pub mod folders;
mod follower;
pub mod frame;
#[cfg(any(fuzzing, test))]
pub mod fuzz;
mod gauge;
mod greeting;
pub mod idle;
mod inbox;
pub mod internal_date;
pub mod items;
mod line;
pub mod listed;
pub mod log;
pub mod login;
mod lost;
pub mod mailbox;
pub mod mailbox_status;
pub mod message;
pub mod notify;
pub mod ordered;
pub mod pace;
pub mod part;
pub mod pool;
mod preview;
mod proxy;
mod quirks;
pub mod quoted;
mod reason;
mod recorder;
pub mod response;
mod sasl;
mod schedule;
mod scram;
pub mod search;
mod search_answer;
pub mod search_key;
pub mod search_text;
pub mod session;
pub mod settings;
mod sign_in;
mod socks;
pub mod status_line;
pub mod store;
pub mod stream;
pub mod structure;
mod talk;
mod text_part;
mod tls;
mod token;
mod transport;
pub mod trust;
mod tunnel;
pub mod uid_order;
pub mod uid_set;
mod utf7;
pub mod veil;
mod verifier;
pub mod wanted;
pub mod watch;
mod window;
mod wire;

pub use endpoint::Endpoint;
pub(crate) use line::is_pause;
pub use listed::Listed;
pub use log::Log;
pub use login::{Credential, Login, Occasion, Supplier};
pub use mailbox::Mailbox;
pub use pool::{Lease, Pool};
pub(crate) use reason::reason;
pub use session::{Examined, Session};
pub use settings::{Cancel, Deadline, Packing, Settings};
pub use stream::Stream;
pub use trust::Trust;
pub use uid_set::UidSet;
