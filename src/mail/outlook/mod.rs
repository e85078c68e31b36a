//! Outlook's own forms of a message, `.msg` files and TNEF streams, made MIME.
//!
//! Both are bags of MAPI properties in different wrappings: [`msg`] and
//! [`tnef`] unwrap them into an item, and `compose` writes that as a message that
//! every other module reads.

mod compose;
mod item;
mod lzfu;
pub mod msg;
mod rtf;
pub mod tnef;
