//! An INSERT that suits the columns a table really has.
//!
//! RSSD has had several generations, and a database keeps the shape it was
//! created with: columns come and go between them. Writers here name every
//! column any generation has; those this database lacks fall out.

use super::database::Database;
use crate::error::Result;
use crate::sqlite::{Bind, Field, Statement};

/// A prepared `INSERT ... ON CONFLICT DO NOTHING`.
pub struct Insert {
    connection: Database,
    statement: Statement,
    /// For each column named, whether the table has it.
    present: Vec<bool>,
}

impl Insert {
    /// Prepares an insert of those of `columns` that `table` has.
    ///
    /// # Errors
    /// `Host`: there is no such table, or it has none of the columns.
    pub fn prepare(connection: &Database, table: &str, columns: &[&str]) -> Result<Self> {
        let existing = table_columns(connection, table)?;
        let present: Vec<bool> = columns
            .iter()
            .map(|column| existing.iter().any(|name| name == column))
            .collect();
        let statement = connection.prepare(&sql(table, columns, &present))?;
        Ok(Self {
            connection: connection.clone(),
            statement,
            present,
        })
    }

    /// Inserts a row of values, one for each column named; false where a row
    /// with the same unique values is there already, which stays as it is.
    ///
    /// # Errors
    /// `Host` where SQLite refuses the row for another reason.
    pub fn run(&mut self, values: &[Bind<'_>]) -> Result<bool> {
        let kept: Vec<Bind<'_>> = values
            .iter()
            .zip(&self.present)
            .filter(|(_, kept)| **kept)
            .map(|(v, _)| *v)
            .collect();
        self.statement.run_with(&kept)?;
        Ok(self.connection.changes() > 0)
    }
}

/// The columns of a table of the database, in order; none where there is
/// no such table.
pub fn table_columns(connection: &Database, table: &str) -> Result<Vec<String>> {
    let mut columns = Vec::new();
    let mut statement =
        connection.prepare("SELECT name FROM pragma_table_info(?1) WHERE schema = ?2")?;
    statement.bind_all(&[Bind::Text(table), Bind::Text(connection.schema())])?;
    while statement.step()? {
        if let Field::Text(name) = statement.column(0)? {
            columns.push(name.to_owned());
        }
    }
    Ok(columns)
}

/// The statement for the columns that are `present`.
fn sql(table: &str, columns: &[&str], present: &[bool]) -> String {
    let names: Vec<String> = columns
        .iter()
        .zip(present)
        .filter(|(_, present)| **present)
        .map(|(column, _)| format!("\"{column}\""))
        .collect();
    let values = vec!["?"; names.len()].join(", ");
    let names = names.join(", ");
    format!("INSERT INTO main.{table} ({names}) VALUES ({values}) ON CONFLICT DO NOTHING")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_the_table_lacks_fall_out() {
        assert_eq!(
            sql("t", &["a", "from", "status"], &[true, true, false]),
            "INSERT INTO main.t (\"a\", \"from\") VALUES (?, ?) ON CONFLICT DO NOTHING"
        );
    }
}
