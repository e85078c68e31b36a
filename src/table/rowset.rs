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
//! idxNum is a set of bits: bit n stands for the hidden column n, counted from
//! the first; the arguments come in their order.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::error::{Error, Result};
use crate::sqlite::{
    Cell, Column, Connection, Constraint, Cursor, Definition, Index, Operator, Planned, Recheck,
    Table, Trust, Value, ValueKind, register_table,
};

/// One of these tables: how a message becomes rows.
pub trait Rowset: 'static {
    /// What a row is made from.
    type Row: 'static;

    /// The columns; the hidden ones, all behind the others, are the arguments.
    const DEFINITION: &'static Definition;

    /// The rows of a message; `options` is the second argument.
    ///
    /// # Errors
    /// Options that make no sense.
    fn rows(raw: &[u8], options: Option<&str>) -> Result<Vec<Self::Row>>;

    /// Gives the value of the column of that name.
    fn cell(row: &Self::Row, column: &str, out: Cell<'_>);
}

/// Makes the table known to the connection.
///
/// # Errors
/// What SQLite says where it refuses.
pub fn register<R: Rowset>(connection: &Connection) -> Result<()> {
    register_table(connection, R::DEFINITION, Trust::Innocuous, |_| {
        Registered::<R>(std::marker::PhantomData)
    })
}

struct Registered<R>(std::marker::PhantomData<R>);

impl<R: Rowset> Table for Registered<R> {
    type Cursor = Rows<R>;

    fn plan(&self, index: &mut Index<'_>) -> Result<Planned> {
        /// About the reading of a message's own table by SQLite, which makes
        /// it the inner loop of every join.
        const COST: f64 = 100.0;
        const ROWS: i64 = 25;
        let constraints = index.constraints();
        let (mut taken, mut count) = (0, 0);
        for (bit, column) in hidden(R::DEFINITION).enumerate() {
            let is_given =
                |c: &&Constraint| c.column == Column::At(column) && c.operator == Operator::Eq;
            let mut given = constraints.iter().filter(is_given).peekable();
            if given.peek().is_none() {
                continue;
            }
            let Some(argument) = given.find(|constraint| constraint.usable) else {
                return Ok(Planned::NotThisWay);
            };
            count += 1;
            taken |= 1 << bit;
            index.take(argument.position, count, Recheck::Omit);
        }
        // Without its message the table cannot be read, which is said when it is
        // tried: under OR, SQLite asks for such a plan only to find a better
        // one for each term.
        index.set_cost(if taken & 1 == 1 { COST } else { f64::MAX });
        index.set_rows(ROWS);
        index.set_plan(taken, "");
        Ok(Planned::Yes)
    }

    fn open(&self) -> Result<Rows<R>> {
        Ok(Rows {
            arguments: Vec::new(),
            rows: Vec::new(),
            at: 0,
            message: 0,
        })
    }
}

/// What to say to a call without its first argument.
fn missing(definition: &Definition) -> String {
    let name = definition.name;
    let arguments = hidden(definition).map(|position| definition.columns()[position].name.as_str());
    let arguments: Vec<_> = arguments.collect();
    format!(
        "{name} needs the argument {}; call {name}({})",
        arguments.first().copied().unwrap_or_default(),
        arguments.join(", ")
    )
}

/// The positions of the hidden columns.
fn hidden(definition: &Definition) -> impl Iterator<Item = usize> {
    let columns = definition.columns().iter().enumerate();
    columns
        .filter(|(_, column)| column.hidden)
        .map(|(position, _)| position)
}

/// One open cursor.
pub struct Rows<R: Rowset> {
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
    fn scan(&mut self, number: i32, _: Option<&str>, arguments: &[Value<'_>]) -> Result<()> {
        if number & 1 == 0 {
            return Err(Error::mail(missing(R::DEFINITION)));
        }
        let mut given = arguments.iter();
        let argument = |(bit, _)| match number >> bit & 1 {
            1 => given.next().map_or(Argument::Null, Argument::of),
            _ => Argument::Null,
        };
        self.arguments = hidden(R::DEFINITION).enumerate().map(argument).collect();
        self.at = 0;
        self.rows = match self.arguments.first().and_then(Argument::bytes) {
            Some(raw) => R::rows(raw, self.options()?)?,
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

/// A text, or NULL for none.
pub fn text(out: Cell<'_>, text: Option<&str>) {
    match text {
        Some(text) => out.text(text),
        None => out.null(),
    }
}

/// A count, or NULL for none.
pub fn count(out: Cell<'_>, count: Option<usize>) {
    match count.and_then(|count| i64::try_from(count).ok()) {
        Some(count) => out.integer(count),
        None => out.null(),
    }
}
