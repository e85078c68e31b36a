//! `hpfeeds_publish(broker, ident, secret, channel, payload, options)`:
//! publishes a payload on a channel of an hpfeeds broker and returns once the
//! broker has taken it.
//!
//! ```sql
//! SELECT hpfeeds_publish('traps.example.org', 'writer', :secret, 'spam.mails', mail_feed(raw))
//!   FROM imap_messages WHERE uid = 7;
//! SELECT hpfeeds_publish(NULL, NULL, NULL, 'spam.mails', 'hello');   -- the environment's
//! ```
//!
//! It returns a JSON object: broker, name (the broker's own), channel, bytes.
//! An error means that the message was not delivered, or not surely.

use std::sync::Arc;
use std::time::Instant;

use serde_json::json;

use crate::account::{Client, Options};
use crate::error::{Error, Result};
use crate::hpfeeds::{Broker, Environment, Identity, Message, publish};
use crate::secret::Secret;
use crate::sqlite::{Connection, Trust, Value, register_function};

const NAME: &str = "hpfeeds_publish";

/// What is needed of the options of a connection.
const KEYS: [&str; 3] = ["ca_file", "deadline", "timeout"];

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
        5..=6,
        Trust::DirectOnly,
        move |_, arguments, cell| {
            cell.json(&run(&client, arguments)?);
            Ok(())
        },
    )
}

fn run(client: &Client, arguments: &[Value<'_>]) -> Result<String> {
    let options = arguments
        .get(5)
        .map_or(Ok(None), |value| value.given_text("options"))?;
    let settings = client.settings(&Options::parse(options, &KEYS)?, Instant::now())?;
    let (broker, identity) = publisher(&arguments[..3])?;
    let channel = arguments[3]
        .given_text("channel")?
        .ok_or_else(|| missing("a channel"))?;
    let payload = &arguments[4];
    if payload.is_null() {
        return Err(missing("a payload"));
    }
    let payload = payload.bytes();
    let name = publish(&broker, &identity, Message { channel, payload }, &settings)?;
    Ok(json!({
        "broker": broker.to_string(),
        "name": name,
        "channel": channel,
        "bytes": payload.len(),
    })
    .to_string())
}

/// Who publishes where: the arguments, or the environment for what they leave
/// out, whose secret goes only to its own broker and ident.
fn publisher(arguments: &[Value<'_>]) -> Result<(Broker, Identity)> {
    let broker = arguments[0]
        .given_text("broker")?
        .map(Broker::parse)
        .transpose()?;
    let ident = arguments[1].given_text("ident")?;
    let secret = arguments[2].given_text("secret")?;
    if let (Some(broker), Some(ident), Some(secret)) = (&broker, ident, secret) {
        let (ident, secret) = (ident.to_owned(), Secret::new(secret.to_owned()));
        return Ok((broker.clone(), Identity { ident, secret }));
    }
    let fits = |environment: &Environment| {
        broker
            .as_ref()
            .is_none_or(|broker| *broker == environment.broker)
            && ident.is_none_or(|ident| ident == environment.identity.ident)
            && secret.is_none()
    };
    match Environment::read(|name| std::env::var(name).ok())?.filter(fits) {
        Some(environment) => Ok((environment.broker, environment.identity)),
        None => Err(missing("a broker, an ident and a secret")),
    }
}

fn missing(what: &str) -> Error {
    Error::usage(format!(
        "{NAME} needs {what}; call {NAME}(broker, ident, secret, channel, payload), or set \
         HPFEEDS_BROKER, HPFEEDS_IDENT and HPFEEDS_SECRET and give NULL for the first three"
    ))
}
