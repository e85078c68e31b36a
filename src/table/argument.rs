//! The arguments of a table-valued function: its hidden columns, carried from
//! xBestIndex to xFilter.
//!
//! idxStr names them in order, separated by commas. A hidden column gives back
//! what it was given, since SQLite compares it again where an argument is given
//! twice and where an OR is split.

use crate::error::Result;
use crate::sqlite::{Cell, Column, Definition, Index, Operator, Recheck, Value};

/// Takes the value of each hidden column that the query gives, in their order;
/// the names of those taken. `None` where one is not known in this plan yet.
pub fn take(index: &mut Index<'_>, definition: &'static Definition) -> Option<Vec<&'static str>> {
    let constraints = index.constraints();
    let mut names = Vec::new();
    let columns = definition.columns().iter().enumerate();
    for (position, column) in columns.filter(|(_, column)| column.hidden) {
        let mut given = constraints
            .iter()
            .filter(|c| c.column == Column::At(position) && c.operator == Operator::Eq)
            .peekable();
        if given.peek().is_none() {
            continue;
        }
        let argument = given.find(|c| c.usable)?;
        names.push(column.name.as_str());
        index.take(argument.position, names.len(), Recheck::Omit);
    }
    Some(names)
}

/// The cost of a scan that is not told an argument which the statement looks
/// at. In `folder = 'a' AND seen = 0 OR folder = 'b'` only the plan that scans
/// for each side of the OR is told the folder, and only that one is right; where
/// an argument is NULL, only the plan that scans once is.
///
/// When SQLite (3.40 at least) compares the two, it shows the sides of the OR
/// nothing of what stands beside the OR, though it will when it runs them: so
/// what varies most within an account weighs most.
pub fn blindness(column: &str) -> f64 {
    match column {
        "folder" => 1e16,
        "user" => 1e15,
        "server" => 1e14,
        _ => 1e13,
    }
}

/// [`blindness`] to every hidden column that is not among `taken`.
pub fn all_blindness(index: &Index<'_>, definition: &Definition, taken: &[&str]) -> f64 {
    let columns = definition.columns().iter().enumerate();
    let missed = columns.filter(|(position, column)| {
        column.hidden && !taken.contains(&&*column.name) && index.uses_column(*position)
    });
    missed.map(|(_, column)| blindness(&column.name)).sum()
}

/// The arguments of one scan by name.
#[derive(Default)]
pub struct Arguments(Vec<(String, Option<String>)>);

impl Arguments {
    /// Takes the values of the arguments that `names` lists.
    ///
    /// # Errors
    /// Text that is no UTF-8.
    pub fn bind(names: Option<&str>, values: &[Value<'_>]) -> Result<Self> {
        let names = names
            .unwrap_or_default()
            .split(',')
            .filter(|n| !n.is_empty());
        let given = names.zip(values).map(|(name, value)| {
            let text = value.given_text(name)?.map(str::to_owned);
            Ok((name.to_owned(), text))
        });
        given.collect::<Result<_>>().map(Self)
    }

    /// The argument of this name; `None` where it is not given, or NULL.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut given = self.0.iter().filter(|(known, _)| known == name);
        given.next().and_then(|(_, text)| text.as_deref())
    }

    /// Gives a hidden column's value.
    pub fn cell(&self, name: &str, cell: Cell<'_>) {
        match self.get(name) {
            Some(text) => cell.text(text),
            None => cell.null(),
        }
    }
}
