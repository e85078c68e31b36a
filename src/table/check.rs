//! `imap_check(server, user, options)`: the settings of an account, tested step
//! by step.
//!
//! ```sql
//! SELECT step, ok, detail FROM imap_check('imap.example.org', 'ada');
//! ```
//!
//! A step that fails is a row, and the last one: its detail is the error any
//! other table would give, and what to do. Each row is a step taken when SQLite
//! asks for it, on a connection of its own. DIRECTONLY, as `imap_messages` is.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use super::argument::{self, Arguments};
use crate::account::{Client, Options, is_address};
use crate::error::Result;
use crate::imap::Endpoint;
use crate::imap::check::{Check, Step};
use crate::sqlite::{
    Cell, Connection, Cursor, Definition, Index, Planned, Table, Trust, Value, register_table,
};

static DEFINITION: Definition = Definition::new(
    "imap_check",
    include_str!("../../sql/tables/imap_check.sql"),
);

/// The options that concern a sign-in.
const OPTIONS: [&str; 4] = ["ca_file", "deadline", "timeout", "tls_pin"];

pub fn register(connection: &Connection, client: &Arc<Client>) -> Result<()> {
    let client = Arc::clone(client);
    let rows = Arc::new(AtomicI64::new(0));
    register_table(connection, &DEFINITION, Trust::DirectOnly, move |_| {
        Checks {
            client: Arc::clone(&client),
            rows: Arc::clone(&rows),
        }
    })
}

struct Checks {
    client: Arc<Client>,
    /// Counts the rows of all scans, which must not share a rowid.
    rows: Arc<AtomicI64>,
}

impl Table for Checks {
    type Cursor = Scan;

    fn plan(&self, index: &mut Index<'_>) -> Result<Planned> {
        let Some(arguments) = argument::take(index, &DEFINITION) else {
            return Ok(Planned::NotThisWay);
        };
        index.set_rows(6);
        index.set_cost(50_000.0);
        index.set_plan(0, arguments.join(","));
        Ok(Planned::Yes)
    }

    fn open(&self) -> Result<Scan> {
        Ok(Scan {
            client: Arc::clone(&self.client),
            rows: Arc::clone(&self.rows),
            arguments: Arguments::default(),
            opened: Instant::now(),
            check: None,
            warnings: Vec::new(),
            row: None,
        })
    }
}

struct Scan {
    client: Arc<Client>,
    rows: Arc<AtomicI64>,
    arguments: Arguments,
    /// When the statement began with it; its deadline counts from here.
    opened: Instant,
    check: Option<Check>,
    /// What a person should know of the account, told with the TLS step.
    warnings: Vec<&'static str>,
    row: Option<Row>,
}

struct Row {
    id: i64,
    step: Step,
    outcome: std::result::Result<String, String>,
    took: Duration,
}

impl Scan {
    /// The server to test, how to reach it, and what to warn of. That there is
    /// no secret for the user is found out by the login.
    fn begin(&self) -> Result<(Check, Vec<&'static str>)> {
        let options = Options::parse(self.arguments.get("options"), &OPTIONS)?;
        let settings = self.client.settings(&options, self.opened)?;
        let (server, user) = (self.arguments.get("server"), self.arguments.get("user"));
        let shown = user.unwrap_or_default();
        match (self.client.account("imap_check", server, user), server) {
            (Ok(account), _) => {
                let settings = account.apply(&settings)?;
                let warnings = account.warnings();
                Ok((Check::new(account.endpoint, shown, settings), warnings))
            }
            (Err(_), Some(server)) if is_address(server) => Ok((
                Check::new(Endpoint::parse(server)?, shown, settings),
                Vec::new(),
            )),
            (Err(error), _) => Err(error),
        }
    }
}

/// An error with what to do, which it may say itself.
fn advised(error: &str, step: Step) -> String {
    match error.contains("; ") {
        true => error.to_owned(),
        false => format!("{}; {}", error.trim_end_matches('.'), step.advice()),
    }
}

impl Cursor for Scan {
    fn scan(&mut self, _: i32, names: Option<&str>, values: &[Value<'_>]) -> Result<()> {
        self.check = None;
        self.arguments = Arguments::bind(names, values)?;
        let (check, warnings) = self.begin()?;
        (self.check, self.warnings) = (Some(check), warnings);
        self.advance()
    }

    fn advance(&mut self) -> Result<()> {
        self.row = None;
        let Some((check, step)) = self.check.as_mut().and_then(|check| {
            let step = check.step()?;
            Some((check, step))
        }) else {
            return Ok(());
        };
        let (client, arguments) = (&self.client, &self.arguments);
        let login = || {
            let (server, user) = (arguments.get("server"), arguments.get("user"));
            let account = client.account("imap_check", server, user)?;
            Ok(account.login)
        };
        let started = Instant::now();
        let outcome = check.take(login);
        let took = started.elapsed();
        let outcome = match outcome {
            // Whoever stops the statement does not ask about the server.
            Err(error) if error.is_cancelled() => return Err(error),
            Ok(detail) if step == Step::Tls => {
                let parts = [&[&*detail][..], &self.warnings].concat();
                Ok(parts.join("; warning: "))
            }
            outcome => outcome.map_err(|error| advised(&error.to_string(), step)),
        };
        self.row = Some(Row {
            id: self.rows.fetch_add(1, Ordering::Relaxed),
            step,
            outcome,
            took,
        });
        Ok(())
    }

    fn is_at_end(&self) -> bool {
        self.row.is_none()
    }

    fn cell(&mut self, position: usize, cell: Cell<'_>) -> Result<()> {
        let Some((row, column)) = self.row.as_ref().zip(DEFINITION.columns().get(position)) else {
            cell.null();
            return Ok(());
        };
        match &column.name[..] {
            "step" => cell.text(row.step.name()),
            "ok" => cell.integer(row.outcome.is_ok().into()),
            "detail" => match &row.outcome {
                Ok(detail) | Err(detail) => cell.text(detail),
            },
            "milliseconds" => cell.real(row.took.as_secs_f64() * 1e3),
            hidden => self.arguments.cell(hidden, cell),
        }
        Ok(())
    }

    fn rowid(&self) -> Result<i64> {
        Ok(self.row.as_ref().map_or(0, |row| row.id))
    }
}
