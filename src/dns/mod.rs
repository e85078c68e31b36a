//! The DNS client: TXT records by name, as DKIM keys are published.
//!
//! Used by `function::imap_dkim_keys`. It asks the resolvers of this machine, or
//! the one the caller names, over UDP and, for what does not fit there, over
//! `imap`'s connections, and leaves the rest of resolving to them. It knows no
//! SQLite and no mail.
//!
//! What a name has, or that it has nothing, or that nobody could tell, is an
//! [`Answer`]; an error is only what concerns every other name as well.

mod cache;
mod exchange;
#[cfg(any(fuzzing, test))]
pub mod fuzz;
mod message;
mod resolver;
mod servers;

pub use resolver::Resolver;
pub use servers::{PORT, of_this_machine};

/// What the DNS says about a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Its TXT records, each with its strings joined (RFC 7208 section 3.3),
    /// in the order of their bytes.
    Found(Vec<String>),
    /// It has none, or does not exist.
    Absent,
    /// Nobody could tell for now; why.
    Failed(String),
}
