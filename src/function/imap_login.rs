//! `imap_login(server, user, secret)`: gives this SQLite connection a secret,
//! in memory only.
//!
//! ```sql
//! SELECT imap_login('imap.example.org', 'ada', :password);
//! ```
//!
//! Nothing is sent yet: the secret is used by the first table or function that
//! names exactly this server and user. Bind it as a parameter where the host
//! logs the text of statements.

use std::sync::Arc;

use serde_json::json;

use crate::account::Client;
use crate::error::{Error, Result, quote};
use crate::secret::Secret;
use crate::sqlite::{Connection, Trust, Value, register_function};

const NAME: &str = "imap_login";

pub fn register(connection: &Connection, client: &Arc<Client>) -> Result<()> {
    let client = Arc::clone(client);
    register_function(
        connection,
        NAME,
        3..=3,
        Trust::DirectOnly,
        move |_, arguments, cell| {
            let server = required(&arguments[0], "server")?;
            let user = required(&arguments[1], "user")?;
            let secret = required(&arguments[2], "secret")?;
            let endpoint = client.keep(server, user, Secret::new(secret.to_owned()))?;
            cell.json(&json!({ "server": endpoint.to_string(), "user": user }).to_string());
            Ok(())
        },
    )
}

fn required<'a>(argument: &Value<'a>, name: &str) -> Result<&'a str> {
    let text = argument.given_text()?.filter(|text| !text.is_empty());
    let text = text.ok_or_else(|| {
        Error::usage(format!(
            "{NAME} needs a {name}; call {NAME}(server, user, secret)"
        ))
    })?;
    match text.find(['\r', '\n', '\0']) {
        None => Ok(text),
        Some(_) if name == "secret" => Err(Error::usage(
            "the secret holds a line break or NUL, which IMAP cannot carry",
        )),
        Some(_) => Err(Error::usage(format!(
            "{name} '{}' holds a line break or NUL, which IMAP cannot carry",
            quote(text)
        ))),
    }
}
