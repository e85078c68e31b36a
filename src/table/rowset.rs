//! What the `mail_*` tables have in common: a message goes in as the first
//! hidden column, rows come out.
//!
//! ```sql
//! SELECT m.uid, h.value FROM mail AS m, mail_headers(m.raw) AS h WHERE h.name = 'Received';
//! ```
//!
//! Everything is computed in xFilter, since a message is in memory already;
//! nothing is pushed down but the arguments. NULL as the message gives no row.
//!
//! idxStr names the arguments that a plan takes ([`argument`]). Unlike those of
//! the other tables they may be BLOBs.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::marker::PhantomData;

use super::argument;
use crate::error::{Error, Result};
use crate::sqlite::{
    Cell, Connection, Cursor, Definition, Index, Planned, Table, Trust, Value, ValueKind,
    register_table,
};

/// One of these tables: how a message becomes rows.
pub trait Rowset: 'static {
    /// What a row is made from.
    type Row: 'static;

    /// The columns; the hidden ones, all behind the others, are the arguments.
    const DEFINITION: &'static Definition;

    /// How many of the arguments a call must give.
    const NEEDED: usize = 1;

    /// The rows of a message; `options` is the second argument, and what takes
    /// long asks the host whether it `is_interrupted`.
    ///
    /// # Errors
    /// Options that make no sense, and an interrupt.
    fn rows(
        raw: &[u8],
        options: Option<&str>,
        is_interrupted: &dyn Fn() -> bool,
    ) -> Result<Vec<Self::Row>>;

    /// Gives the value of the column of that name.
    fn cell(row: &Self::Row, column: &str, out: Cell<'_>);
}

/// Makes the table known to the connection.
///
/// # Errors
/// What SQLite says where it refuses.
pub fn register<R: Rowset>(connection: &Connection) -> Result<()> {
    register_table(connection, R::DEFINITION, Trust::Innocuous, |connection| {
        Registered::<R> {
            connection: connection.clone(),
            kind: PhantomData,
        }
    })
}

struct Registered<R> {
    connection: Connection,
    kind: PhantomData<R>,
}

impl<R: Rowset> Table for Registered<R> {
    type Cursor = Rows<R>;

    fn plan(&self, index: &mut Index<'_>) -> Result<Planned> {
        /// About the reading of a message's own table by SQLite, which makes
        /// it the inner loop of every join.
        const COST: f64 = 100.0;
        const ROWS: i64 = 25;
        let Some(names) = argument::take(index, R::DEFINITION) else {
            return Ok(Planned::NotThisWay);
        };
        let is_given = missing::<R>(&names).is_none();
        // Without what it needs the table cannot be read, which is said when it is
        // tried: under OR, SQLite asks for such a plan only to find a better
        // one for each term.
        index.set_cost(if is_given { COST } else { f64::MAX });
        index.set_rows(ROWS);
        index.set_plan(0, names.join(","));
        Ok(Planned::Yes)
    }

    fn open(&self) -> Result<Rows<R>> {
        Ok(Rows {
            connection: self.connection.clone(),
            arguments: Vec::new(),
            rows: Vec::new(),
            at: 0,
            message: 0,
        })
    }
}

/// The first argument that is needed and not among `names`.
fn missing<R: Rowset>(names: &[&str]) -> Option<&'static str> {
    let mut needed = hidden(R::DEFINITION).take(R::NEEDED);
    needed.find(|name| !names.contains(name))
}

/// The names of the hidden columns.
fn hidden(definition: &'static Definition) -> impl Iterator<Item = &'static str> {
    let columns = definition.columns().iter();
    columns
        .filter(|column| column.hidden)
        .map(|column| column.name.as_str())
}

/// One open cursor.
pub struct Rows<R: Rowset> {
    connection: Connection,
    /// What the hidden columns give back, in their order.
    arguments: Vec<Argument>,
    rows: Vec<R::Row>,
    at: usize,
    /// The upper half of the rowids: what the rows follow from.
    message: i64,
}

/// An argument as SQLite gave it.
#[derive(Hash)]
enum Argument {
    Null,
    Text(String),
    Blob(Vec<u8>),
}

impl Argument {
    fn of(value: &Value<'_>) -> Self {
        match (value.kind(), value.text()) {
            (ValueKind::Null, _) => Self::Null,
            (ValueKind::Blob, _) | (_, Err(_)) => Self::Blob(value.bytes().to_vec()),
            (_, Ok(text)) => Self::Text(text.to_owned()),
        }
    }

    fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Null => None,
            Self::Text(text) => Some(text.as_bytes()),
            Self::Blob(bytes) => Some(bytes),
        }
    }
}

impl<R: Rowset> Rows<R> {
    fn options(&self) -> Result<Option<&str>> {
        let Some(bytes) = self.arguments.get(1).and_then(Argument::bytes) else {
            return Ok(None);
        };
        let text = std::str::from_utf8(bytes);
        text.map(Some).map_err(|_| {
            Error::mail(format!(
                "{} cannot read its second argument: it is not UTF-8 text",
                R::DEFINITION.name
            ))
        })
    }
}

impl<R: Rowset> Cursor for Rows<R> {
    fn scan(&mut self, _: i32, names: Option<&str>, values: &[Value<'_>]) -> Result<()> {
        let names: Vec<&str> = names.unwrap_or_default().split(',').collect();
        if let Some(missing) = missing::<R>(&names) {
            let name = R::DEFINITION.name;
            let arguments: Vec<_> = hidden(R::DEFINITION).collect();
            let arguments = arguments.join(", ");
            return Err(Error::mail(format!(
                "{name} needs the argument {missing}; call {name}({arguments})"
            )));
        }
        let argument = |name| {
            let mut given = names.iter().zip(values);
            given
                .find(|(given, _)| **given == name)
                .map_or(Argument::Null, |(_, value)| Argument::of(value))
        };
        self.arguments = hidden(R::DEFINITION).map(argument).collect();
        self.at = 0;
        self.rows = match self.arguments.first().and_then(Argument::bytes) {
            Some(raw) => R::rows(raw, self.options()?, &|| self.connection.is_interrupted())?,
            None => Vec::new(),
        };
        // Plans for OR read the table once for each term and merge by rowid:
        // the same row must have the same one, another row another.
        let mut hasher = DefaultHasher::new();
        self.arguments.hash(&mut hasher);
        self.message = (hasher.finish() >> 33).cast_signed();
        Ok(())
    }

    fn advance(&mut self) -> Result<()> {
        self.at += 1;
        Ok(())
    }

    fn is_at_end(&self) -> bool {
        self.at >= self.rows.len()
    }

    fn cell(&mut self, column: usize, out: Cell<'_>) -> Result<()> {
        let columns = R::DEFINITION.columns();
        let visible = columns.iter().filter(|column| !column.hidden).count();
        if column >= visible {
            match self.arguments.get(column - visible) {
                None | Some(Argument::Null) => out.null(),
                Some(Argument::Text(text)) => out.text(text),
                Some(Argument::Blob(bytes)) => out.blob(bytes),
            }
        } else if let Some(row) = self.rows.get(self.at) {
            R::cell(row, &columns[column].name, out);
        }
        Ok(())
    }

    fn rowid(&self) -> Result<i64> {
        let at = i64::try_from(self.at).unwrap_or(i64::MAX);
        Ok(self.message << 32 | at)
    }
}
