//! A table's columns, read from the one place that says them: its SQL text.
//!
//! `sql/tables/NAME.sql` is for people and for SQLite alike:
//!
//! ```sql
//! -- What the table holds, in a few lines.
//! CREATE TABLE imap_messages(
//!   uid INTEGER,           -- the message's UID in its folder
//!   "from" TEXT,           -- the first address of the From field
//!   server TEXT HIDDEN     -- argument 1: where the mailbox is
//! );
//! ```
//!
//! One column a line, each with its meaning. Used by the tables and the tests.

use std::sync::OnceLock;

use crate::error::{Kind, Result};

/// A column of a virtual table.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ColumnDefinition {
    /// The bare name, without quotes.
    pub name: String,
    /// The declared type, such as `INTEGER`; it decides the column's affinity.
    pub declared_type: String,
    /// True for an argument of the table-valued function, which `*` leaves out.
    pub hidden: bool,
    /// One sentence for the documentation.
    pub meaning: String,
}

/// A virtual table's name and columns; make it a `static`.
pub struct Definition {
    /// The name in SQL.
    pub name: &'static str,
    sql: &'static str,
    columns: OnceLock<std::result::Result<Vec<ColumnDefinition>, String>>,
}

impl Definition {
    /// `sql` is the text of `sql/tables/NAME.sql`.
    pub const fn new(name: &'static str, sql: &'static str) -> Self {
        Self {
            name,
            sql,
            columns: OnceLock::new(),
        }
    }

    /// The columns in SQLite's order; none where the text cannot be read, which
    /// [`Definition::declaration`] reports.
    pub fn columns(&self) -> &[ColumnDefinition] {
        self.parsed().map_or(&[], Vec::as_slice)
    }

    /// Where a column is, counted from 0.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.columns().iter().position(|column| column.name == name)
    }

    /// The lines above `CREATE TABLE`, joined.
    pub fn description(&self) -> String {
        let lines = self.sql.lines().map_while(|line| line.strip_prefix("--"));
        lines.map(str::trim).collect::<Vec<_>>().join(" ")
    }

    /// The statement `sqlite3_declare_vtab` wants.
    ///
    /// # Errors
    /// `Internal` where the text is not as this module's example.
    pub fn declaration(&self) -> Result<String> {
        let columns = self.parsed().map_err(|text| Kind::Internal {
            place: format!("the definition of {}", self.name),
            text: text.to_owned(),
        })?;
        let column = |column: &ColumnDefinition| {
            let hidden = if column.hidden { " HIDDEN" } else { "" };
            format!("\"{}\" {}{hidden}", column.name, column.declared_type)
        };
        let columns = columns.iter().map(column).collect::<Vec<_>>().join(", ");
        Ok(format!("CREATE TABLE x({columns})"))
    }

    fn parsed(&self) -> std::result::Result<&Vec<ColumnDefinition>, &str> {
        self.columns
            .get_or_init(|| parse(self.name, self.sql))
            .as_ref()
            .map_err(String::as_str)
    }
}

fn parse(name: &str, sql: &str) -> std::result::Result<Vec<ColumnDefinition>, String> {
    let text = |line: &&str| !line.trim().is_empty() && !line.starts_with("--");
    let mut lines = sql.lines().filter(text);
    let opening = format!("CREATE TABLE {name}(");
    if lines.next() != Some(opening.as_str()) {
        return Err(format!("it does not start with '{opening}'"));
    }
    let lines: Vec<&str> = lines.collect();
    let Some((&");", lines)) = lines.split_last() else {
        return Err("it does not end with ');'".to_owned());
    };
    let mut columns: Vec<ColumnDefinition> = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let column = parse_column(line, index + 1 == lines.len())
            .ok_or_else(|| format!("cannot read the column '{}'", line.trim()))?;
        if columns.iter().any(|other| other.name == column.name) {
            return Err(format!("two columns '{}'", column.name));
        }
        columns.push(column);
    }
    if columns.is_empty() {
        Err("it has no column".to_owned())
    } else {
        Ok(columns)
    }
}

/// One line: `name TYPE [HIDDEN][,] -- meaning`.
fn parse_column(line: &str, is_last: bool) -> Option<ColumnDefinition> {
    let (column, meaning) = line.split_once("--")?;
    let column = column.trim();
    let column = if is_last {
        column
    } else {
        column.strip_suffix(',')?
    };
    let mut words = column.split_whitespace();
    let name = words.next()?;
    let name = name
        .strip_prefix('"')
        .map_or(Some(name), |name| name.strip_suffix('"'))?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let declared_type = words.next()?;
    let hidden = match words.next() {
        None => false,
        Some("HIDDEN") => true,
        Some(_) => return None,
    };
    let meaning = meaning.trim();
    let is_sound = words.next().is_none()
        && !name.is_empty()
        && name.chars().all(plain)
        && declared_type.chars().all(|c| c.is_ascii_uppercase())
        && !meaning.is_empty();
    is_sound.then(|| ColumnDefinition {
        name: name.to_owned(),
        declared_type: declared_type.to_owned(),
        hidden,
        meaning: meaning.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: &str = "-- What it\n-- holds.\nCREATE TABLE t(\n  uid INTEGER, -- the UID\n\n  \
                         \"from\" TEXT,-- who -- or what\n  server TEXT HIDDEN  -- where\n);\n";

    #[test]
    fn columns_come_with_type_visibility_and_meaning() {
        let definition = Definition::new("t", SOUND);
        let seen: Vec<_> = definition
            .columns()
            .iter()
            .map(|c| {
                (
                    c.name.as_str(),
                    c.declared_type.as_str(),
                    c.hidden,
                    c.meaning.as_str(),
                )
            })
            .collect();
        let expected = [
            ("uid", "INTEGER", false, "the UID"),
            ("from", "TEXT", false, "who -- or what"),
            ("server", "TEXT", true, "where"),
        ];
        assert_eq!(seen, expected);
        assert_eq!(definition.position("server"), Some(2));
        assert_eq!(definition.position("uidvalidity"), None);
        assert_eq!(definition.description(), "What it holds.");
    }

    #[test]
    fn the_declaration_quotes_every_name() {
        let declaration = Definition::new("t", SOUND)
            .declaration()
            .expect("it is sound");
        let expected = "CREATE TABLE x(\"uid\" INTEGER, \"from\" TEXT, \"server\" TEXT HIDDEN)";
        assert_eq!(declaration, expected);
    }

    #[test]
    fn a_text_that_cannot_be_read_is_reported_and_has_no_columns() {
        for (sql, problem) in [
            ("", "it does not start with 'CREATE TABLE t('"),
            (
                "CREATE TABLE u(\n);",
                "it does not start with 'CREATE TABLE t('",
            ),
            ("CREATE TABLE t(\n", "it does not end with ');'"),
            ("CREATE TABLE t(\n);", "it has no column"),
            (
                "CREATE TABLE t(\n a TEXT\n);",
                "cannot read the column 'a TEXT'",
            ),
            (
                "CREATE TABLE t(\n a TEXT, -- x\n);",
                "cannot read the column 'a TEXT, -- x'",
            ),
            (
                "CREATE TABLE t(\n a -- x\n);",
                "cannot read the column 'a -- x'",
            ),
            (
                "CREATE TABLE t(\n \"a TEXT -- x\n);",
                "cannot read the column '\"a TEXT -- x'",
            ),
            (
                "CREATE TABLE t(\n a TEXT, -- x\n a TEXT -- y\n);",
                "two columns 'a'",
            ),
        ] {
            let definition = Definition::new("t", sql);
            let error = definition.declaration().expect_err("it is not sound");
            let expected =
                format!("imap: internal error in the definition of t: {problem} (please report)");
            assert_eq!(error.to_string(), expected);
            assert!(definition.columns().is_empty());
        }
    }
}
