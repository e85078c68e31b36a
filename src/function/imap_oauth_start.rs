//! `imap_oauth_start(provider, user, options)`: begins a sign-in by OAuth 2.
//!
//! ```sql
//! SELECT imap_oauth_start('microsoft-365', 'ada@example.org') ->> 'message';
//! SELECT imap_oauth_finish('microsoft-365', 'ada@example.org');
//! ```
//!
//! It returns JSON on one line: what the user has to open and to enter. The
//! provider is `microsoft-365`, `google`, an issuer's URL, or an account of the
//! accounts file that signs in so, whose user may then be left out.

use std::sync::Arc;

use super::imap_login::required;
use crate::account::{CONNECTION_KEYS, Client, Options, oauth};
use crate::error::Result;
use crate::sqlite::{Connection, Trust, register_function};

const NAME: &str = "imap_oauth_start";

/// Adds the function to `connection`.
///
/// # Errors
///
/// What SQLite says where it refuses.
pub fn register(connection: &Connection, client: &Arc<Client>) -> Result<()> {
    let client = Arc::clone(client);
    register_function(
        connection,
        NAME,
        1..=3,
        Trust::DirectOnly,
        move |_, arguments, cell| {
            let usage = "imap_oauth_start(provider, user, options)";
            let provider = required(&arguments[0], usage, "provider")?;
            let text = |index: usize, name| match arguments.get(index) {
                Some(argument) => argument.given_text(name),
                None => Ok(None),
            };
            let own = ["flow", "port", "redirect_uri", "server"];
            let mut keys = [&CONNECTION_KEYS[..], &oauth::KEYS, &own].concat();
            keys.retain(|key| *key != "max_size" && *key != "tls_pin");
            let options = Options::parse(text(2, "options")?, &keys)?;
            cell.json(&client.start_sign_in(provider, text(1, "user")?, &options)?);
            Ok(())
        },
    )
}
