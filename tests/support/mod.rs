//! What the integration tests share: a private Dovecot, the hosts that load
//! the library, and folders that clean up after themselves.
//!
//! `mod support;` in a test file brings it in. It knows the built library only
//! as a file, as its users do, and talks IMAP by its own small client, so that
//! a test never checks the library against itself.

#![allow(
    dead_code,
    reason = "every test binary compiles this module and uses its own part of it"
)]

pub mod authorization;
pub mod broker;
pub mod client;
pub mod columns;
pub mod corpus;
pub mod cpu;
pub mod dovecot;
pub mod holder;
pub mod http;
pub mod keyring;
pub mod launcher;
pub mod library;
pub mod line;
pub mod mail;
pub mod nsd;
pub mod port;
pub mod process;
pub mod proxies;
pub mod proxy;
pub mod python;
pub mod scratch;
pub mod scripted;
pub mod shell;
pub mod skipped;
pub mod traffic;
pub mod until;
pub mod user;
