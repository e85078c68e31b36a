//! The database an ingest writes to: `main`, or one that is attached.
//!
//! SQL here says `main.` before every table, and [`Database`] puts the schema
//! that is meant in its place, so that a statement reads the same wherever it
//! goes.

use std::borrow::Cow;
use std::ops::Deref;

use crate::error::{Error, Result, quote};
use crate::sqlite::{Bind, Connection, Statement};

/// A connection and the schema in it.
#[derive(Clone)]
pub struct Database {
    connection: Connection,
    /// As `pragma_database_list` names it.
    schema: String,
}

impl Database {
    /// The database `schema` names: `main`, or what ATTACH called it.
    ///
    /// # Errors
    /// There is no such database.
    pub fn open(connection: &Connection, schema: &str) -> Result<Self> {
        let mut known = connection
            .prepare("SELECT 1 FROM pragma_database_list WHERE lower(name) = lower(?1)")?;
        known.bind(1, Bind::Text(schema))?;
        if !known.step()? || schema.eq_ignore_ascii_case("temp") {
            return Err(Error::usage(format!(
                "option schema names no attached database: '{}'; ATTACH 'file.db' AS name first",
                quote(schema)
            )));
        }
        Ok(Self {
            connection: connection.clone(),
            schema: schema.to_owned(),
        })
    }

    /// The name of the schema.
    pub fn schema(&self) -> &str {
        &self.schema
    }

    /// [`Connection::prepare`] for SQL that says `main.`.
    ///
    /// # Errors
    /// `Host` where SQLite refuses.
    pub fn prepare(&self, sql: &str) -> Result<Statement> {
        self.connection.prepare(&self.placed(sql))
    }

    /// [`Connection::execute`] for SQL that says `main.`.
    ///
    /// # Errors
    /// `Host` where SQLite refuses.
    pub fn execute(&self, sql: &str) -> Result<()> {
        self.connection.execute(&self.placed(sql))
    }

    /// Runs a script of `sql/rssd`, which names no schema.
    ///
    /// # Errors
    /// `Host` where SQLite refuses.
    pub fn create(&self, script: &str) -> Result<()> {
        let schema = self.quoted();
        // Only what is created is named with its schema: what a view or an
        // index then refers to is looked for beside it.
        let script = script
            .replace("IF NOT EXISTS ", &format!("IF NOT EXISTS {schema}."))
            .replace(
                "INSERT OR IGNORE INTO ",
                &format!("INSERT OR IGNORE INTO {schema}."),
            );
        self.connection.execute(&script)
    }

    fn placed<'a>(&self, sql: &'a str) -> Cow<'a, str> {
        if self.schema == "main" {
            Cow::Borrowed(sql)
        } else {
            Cow::Owned(sql.replace("main.", &format!("{}.", self.quoted())))
        }
    }

    /// The name of the schema, as SQL has it whatever it is.
    pub fn quoted(&self) -> String {
        format!("\"{}\"", self.schema.replace('"', "\"\""))
    }
}

impl Deref for Database {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}
