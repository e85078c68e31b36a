//! `mail_report(raw, options)`: a message as a STIX 2.1 bundle.
//!
//! ```sql
//! SELECT mail_report(readfile('message.eml'));
//! SELECT mail_report(raw, '{"mode": "opencti", "tlp_level": "green"}') FROM imap_messages;
//! ```
//!
//! `docs/exports.md` lists the options. NULL gives NULL; the same arguments
//! give the same bundle, to the last byte.

use jiff::Timestamp;

use crate::account::Options;
use crate::error::{Error, Kind, Result};
use crate::mail::report::{self, Identity, Mode, Tlp};
use crate::sqlite::{Connection, Trust, Value, register_function};

const KEYS: [&str; 7] = [
    "attachments_mime_types",
    "author",
    "identity",
    "mode",
    "now",
    "received",
    "tlp_level",
];

pub(super) fn register(connection: &Connection) -> Result<()> {
    register_function(
        connection,
        "mail_report",
        1..=2,
        Trust::Innocuous,
        |connection, arguments, cell| {
            let options = options(arguments.get(1)).map_err(Error::in_mail)?;
            let raw = &arguments[0];
            if !raw.is_null() {
                let is_interrupted = || connection.is_interrupted();
                let bundle = report::bundle_unless(raw.bytes(), &options, &is_interrupted);
                cell.json(&bundle.ok_or(Kind::Cancelled)?.to_string());
            }
            Ok(())
        },
    )
}

fn options(argument: Option<&Value<'_>>) -> Result<report::Options> {
    const MODES: [(&str, Mode); 2] = [("opencti", Mode::OpenCti), ("stix", Mode::Stix)];
    const IDENTITIES: [(&str, Identity); 2] = [
        ("name", Identity::NameAndDate),
        ("sha256", Identity::Sha256),
    ];
    let text = argument.map_or(Ok(None), |value| value.given_text("options"))?;
    let options = Options::parse_like(text, &KEYS, "{\"mode\": \"stix\"}")?;
    let defaults = report::Options::default();
    let lower = |types: Vec<String>| types.iter().map(|one| one.to_ascii_lowercase()).collect();
    Ok(report::Options {
        mode: one_of(&options, "mode", &MODES)?.unwrap_or_default(),
        identity: one_of(&options, "identity", &IDENTITIES)?.unwrap_or_default(),
        tlp: one_of(&options, "tlp_level", &Tlp::NAMES)?.unwrap_or_default(),
        types: options
            .texts("attachments_mime_types")?
            .map_or(defaults.types, lower),
        author: options
            .text("author", "a name such as \"Harbour CERT\"")?
            .map_or(defaults.author, str::to_owned),
        now: time(&options, "now")?,
        received: time(&options, "received")?,
    })
}

fn one_of<T: Copy>(options: &Options, key: &str, known: &[(&str, T)]) -> Result<Option<T>> {
    let names: Vec<&str> = known.iter().map(|&(name, _)| name).collect();
    Ok(options.choice(key, &names)?.map(|place| known[place].1))
}

fn time(options: &Options, key: &str) -> Result<Option<i64>> {
    options.parsed(key, "a time such as \"2026-01-31T12:00:00Z\"", |text| {
        text.parse::<Timestamp>().ok().map(Timestamp::as_second)
    })
}
