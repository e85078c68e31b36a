//! `mail_received(raw)`: the hops of a message, the sender's server first.
//!
//! ```sql
//! SELECT hop, "from", ip, at, delay FROM mail_received(readfile('message.eml'));
//! ```

use super::cell::{number, text};
use super::rowset::Rowset;
use crate::error::Result;
use crate::mail::hop::{Hop, hops};
use crate::mail::time::iso8601;
use crate::mail::{Headers, accepted};
use crate::sqlite::{Cell, Definition};

static DEFINITION: Definition = Definition::new(
    "mail_received",
    include_str!("../../sql/tables/mail_received.sql"),
);

/// The table.
pub struct Hops;

impl Rowset for Hops {
    type Row = (usize, Hop);
    const DEFINITION: &'static Definition = &DEFINITION;

    fn rows(raw: &[u8], _: Option<&str>, _: &dyn Fn() -> bool) -> Result<Vec<(usize, Hop)>> {
        let mime = accepted::mime(raw);
        Ok((1..).zip(hops(&Headers::parse(&mime))).collect())
    }

    fn cell((position, hop): &(usize, Hop), column: &str, out: Cell<'_>) {
        match column {
            "hop" => number(out, Some(*position)),
            "from" => text(out, hop.from.as_deref()),
            "by" => text(out, hop.by.as_deref()),
            "with" => text(out, hop.with.as_deref()),
            "ip" => text(out, hop.ip.map(|ip| ip.to_string()).as_deref()),
            "at" => text(out, hop.at.and_then(iso8601).as_deref()),
            "delay" => number(out, hop.delay),
            "id" => text(out, hop.id.as_deref()),
            "for" => text(out, hop.recipient.as_deref()),
            "value" => out.text(&hop.text),
            _ => out.null(),
        }
    }
}
