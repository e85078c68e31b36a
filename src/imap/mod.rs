//! (to be written)

pub mod capability;
pub mod fetched;
pub mod flags;
pub mod frame;
pub mod internal_date;
pub mod listed;
pub mod mailbox;
pub mod mailbox_status;
pub mod quoted;
pub mod response;
pub mod search;
pub mod status_line;
pub mod structure;
mod token;
pub mod uid_set;
mod utf7;
