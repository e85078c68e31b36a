//! `imap_oauth_finish(provider, user)`: waits for the end of the sign-in that
//! `imap_oauth_start` began on this connection, and keeps it.
//!
//! It returns JSON on one line: user, server, and when the token ends; it is
//! renewed by itself. From then on, here and in every later process of this
//! machine's user, the account needs no secret.

use std::sync::Arc;

use super::imap_login::required;
use crate::account::Client;
use crate::error::Result;
use crate::sqlite::{Connection, Trust, register_function};

const NAME: &str = "imap_oauth_finish";

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
        1..=2,
        Trust::DirectOnly,
        move |_, arguments, cell| {
            let usage = "imap_oauth_finish(provider, user)";
            let provider = required(&arguments[0], usage, "provider")?;
            let user = arguments
                .get(1)
                .map_or(Ok(None), |value| value.given_text("user"))?;
            cell.json(&client.finish_sign_in(provider, user)?);
            Ok(())
        },
    )
}
