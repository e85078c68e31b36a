//! OAuth 2 against real parts: an OpenID provider, a Dovecot that takes its
//! tokens, browsers, a keyring, and the stock shell.

mod keyring;
mod lasting;
mod sign_in;
#[path = "../support/mod.rs"]
mod support;
mod world;
