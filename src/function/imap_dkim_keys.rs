//! `imap_dkim_keys(raw, options)`: the public keys that a message's DKIM and ARC
//! signatures name, as the DNS has them now.
//!
//! ```sql
//! SELECT mail_auth(raw, imap_dkim_keys(raw)) FROM imap_messages WHERE uid = 7;
//! ```
//!
//! It returns the JSON object that `mail_auth` takes, so that what was found can
//! be kept beside the message as evidence: a name's record, null where it has
//! none, or an object with an error where nobody could tell. NULL as the
//! message gives NULL.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Map, Value as Json, json};

use crate::account::{Client, Options};
use crate::dns::{self, Answer, Resolver};
use crate::error::Result;
use crate::imap::Settings;
use crate::mail::auth;
use crate::sqlite::{Connection, Trust, register_function};

const NAME: &str = "imap_dkim_keys";

const KEYS: [&str; 3] = ["deadline", "dns", "timeout"];

/// How long the lookups of a message may take where `timeout` does not say otherwise: longer
/// than resolvers themselves try.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Adds the function to `connection`.
///
/// # Errors
///
/// What SQLite says where it refuses.
pub fn register(connection: &Connection, client: &Arc<Client>) -> Result<()> {
    let client = Arc::clone(client);
    let resolver = Resolver::default();
    register_function(
        connection,
        NAME,
        1..=2,
        Trust::DirectOnly,
        move |_, arguments, cell| {
            let options = arguments
                .get(1)
                .map_or(Ok(None), |value| value.given_text("options"))?;
            let lookup = Lookup::new(&client, options)?;
            let raw = &arguments[0];
            if !raw.is_null() {
                let keys = lookup.keys(&resolver, &auth::key_names(raw.bytes()))?;
                cell.json(&Json::from(keys).to_string());
            }
            Ok(())
        },
    )
}

/// How one call looks names up.
struct Lookup {
    settings: Settings,
    /// The server that was named; else this machine's are asked.
    server: Option<SocketAddr>,
}

impl Lookup {
    fn new(client: &Client, options: Option<&str>) -> Result<Self> {
        let options = Options::parse(options, &KEYS)?;
        let mut settings = client.settings(&options, Instant::now())?;
        settings.timeout = options.seconds("timeout")?.unwrap_or(TIMEOUT);
        let server = options.address("dns", dns::PORT)?;
        Ok(Self { settings, server })
    }

    fn keys(&self, resolver: &Resolver, names: &[String]) -> Result<Map<String, Json>> {
        if names.is_empty() {
            return Ok(Map::new());
        }
        let servers = match self.server {
            Some(server) => vec![server],
            None => dns::of_this_machine()?,
        };
        let mut keys = Map::new();
        // What one name does not need is there for those behind it, and one that
        // nobody answers leaves them their share.
        let mut left = self.settings.timeout;
        let places = (1..=u32::try_from(names.len()).unwrap_or(u32::MAX)).rev();
        for (name, places) in names.iter().zip(places) {
            let share = (left / places).as_millis();
            let settings = Settings {
                timeout: Duration::from_millis(u64::try_from(share).unwrap_or(u64::MAX)),
                ..self.settings.clone()
            };
            let begun = Instant::now();
            let value = match resolver.txt(name, &servers, &settings)? {
                Answer::Found(records) => json!(auth::best_record(records)),
                Answer::Absent => Json::Null,
                Answer::Failed(why) => json!({ "error": why }),
            };
            left = left.saturating_sub(begun.elapsed());
            keys.insert(name.clone(), value);
        }
        Ok(keys)
    }
}
