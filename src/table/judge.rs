//! Asks SQLite itself whether a value meets a term, before the rest of its row
//! is fetched: its own LIKE and GLOB, whatever the host has made of them, its
//! affinities and collations.

use super::comparison::Comparison;
use super::condition::Condition;
use crate::error::Result;
use crate::sqlite::{Bind, Connection, Field, Owned, Statement};

/// A condition as a statement.
pub struct Judge {
    statement: Statement,
    values: Vec<Owned>,
}

impl Judge {
    /// The judge of `condition`, whose column is declared as `declared_type`.
    ///
    /// # Errors
    /// SQLite's, for one where an authorizer of the host forbids a function.
    pub fn new(
        connection: &Connection,
        condition: &Condition,
        declared_type: &str,
    ) -> Result<Self> {
        let term = condition.term;
        let operator = match term.comparison {
            Comparison::In => "=",
            other => other.word(),
        };
        // The cast gives the value the column's affinity.
        let collation = term.collation.word();
        let sql = format!("SELECT CAST(?1 AS {declared_type}) COLLATE {collation} {operator} ?2");
        Ok(Self {
            statement: connection.prepare(&sql)?,
            values: condition.values.clone(),
        })
    }

    /// True where SQLite may accept a row with this value.
    ///
    /// # Errors
    /// That the statement was interrupted. Any other error is SQLite's to
    /// report when it comes to the same comparison.
    pub fn admits(&mut self, value: &Owned) -> Result<bool> {
        for other in &self.values {
            match verdict(&mut self.statement, value, other) {
                Ok(false) => {}
                Err(error) if error.is_cancelled() => return Err(error),
                Ok(true) | Err(_) => return Ok(true),
            }
        }
        Ok(false)
    }
}

fn verdict(statement: &mut Statement, value: &Owned, other: &Owned) -> Result<bool> {
    // What is compared with a text may bring an affinity of its own, which
    // shows in values that are no text.
    let is_text = matches!(value, Owned::Text(_));
    if is_text && matches!(other, Owned::Integer(_) | Owned::Real(_) | Owned::Blob(_)) {
        return Ok(true);
    }
    statement.reset();
    statement.bind_all(&[bind(value), bind(other)])?;
    let is_row = statement.step()?;
    let is_met = is_row && matches!(statement.column(0)?, Field::Integer(met) if met != 0);
    statement.reset();
    Ok(is_met)
}

fn bind(value: &Owned) -> Bind<'_> {
    match value {
        Owned::Null => Bind::Null,
        Owned::Integer(number) => Bind::Integer(*number),
        Owned::Real(number) => Bind::Real(*number),
        Owned::Text(text) => Bind::Text(text),
        Owned::Blob(bytes) => Bind::Blob(bytes),
    }
}
