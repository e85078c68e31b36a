//! `imap_login(server, user, secret, options)`: gives this SQLite connection a
//! secret, in memory only.
//!
//! ```sql
//! SELECT imap_login('imap.example.org', 'ada', :password);
//! SELECT imap_login('imap.gmail.com', 'ada@gmail.com', :token, '{"kind": "access-token"}');
//! ```
//!
//! Nothing is sent yet: the secret is used by the first table or function that
//! names exactly this server and user. Bind it as a parameter where the host
//! logs the text of statements.

use std::sync::Arc;

use serde_json::json;

use crate::account::{Client, Options};
use crate::error::{Error, Result, quote};
use crate::imap::Credential;
use crate::secret::Secret;
use crate::sqlite::{Connection, Trust, Value, register_function};

const NAME: &str = "imap_login";
const USAGE: &str = "imap_login(server, user, secret)";

pub fn register(connection: &Connection, client: &Arc<Client>) -> Result<()> {
    let client = Arc::clone(client);
    register_function(
        connection,
        NAME,
        3..=4,
        Trust::DirectOnly,
        move |_, arguments, cell| {
            let server = required(&arguments[0], USAGE, "server")?;
            let user = required(&arguments[1], USAGE, "user")?;
            let secret = required(&arguments[2], USAGE, "secret")?;
            let secret = Secret::new(secret.to_owned());
            let options = arguments
                .get(3)
                .map_or(Ok(None), |value| value.given_text("options"))?;
            let example = "{\"kind\": \"access-token\"}";
            let options = Options::parse_like(options, &["kind"], example)?;
            let credential = match options.choice("kind", &["password", "access-token"])? {
                Some(1) => Credential::AccessToken(secret),
                _ => Credential::Password(secret),
            };
            let endpoint = client.keep(server, user, credential)?;
            cell.json(&json!({ "server": endpoint.to_string(), "user": user }).to_string());
            Ok(())
        },
    )
}

/// An argument that must be given; `usage` shows the whole call.
pub(super) fn required<'a>(argument: &Value<'a>, usage: &str, name: &str) -> Result<&'a str> {
    let text = argument.given_text(name)?.filter(|text| !text.is_empty());
    let function = usage.split('(').next().unwrap_or_default();
    let text =
        text.ok_or_else(|| Error::usage(format!("{function} needs a {name}; call {usage}")))?;
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
