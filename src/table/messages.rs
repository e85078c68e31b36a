//! `imap_messages(server, user, folder, options)`: messages, fetched as far as
//! the query needs.
//!
//! ```sql
//! SELECT uid, date, "from", subject
//!   FROM imap_messages('imap.example.org', 'ada', 'INBOX') WHERE uid > 4711;
//! ```
//!
//! Pushed down: the columns used, and every comparison of `uid` with =, <, <=,
//! >, >= and IN; SQLite checks them again. All else SQLite evaluates itself.
//!
//! DIRECTONLY: a hostile database must not make a view or trigger connect to a
//! server of its choice with the secrets of the user who opens it.

use std::sync::Arc;

use super::folder_numbers::FolderNumbers;
use super::messages_column::Column;
use super::messages_plan::{Argument, Comparison, Plan};
use super::messages_scan::Scan;
use super::uid_bound;
use crate::account::Client;
use crate::error::Result;
use crate::sqlite::{
    self, Connection, Constraint, Definition, Index, Operator, Planned, Recheck, Table, Trust,
    register_table,
};

static DEFINITION: Definition = Definition::new(
    "imap_messages",
    include_str!("../../sql/tables/imap_messages.sql"),
);

pub fn register(connection: &Connection, client: &Arc<Client>) -> Result<()> {
    let client = Arc::clone(client);
    let numbers = Arc::new(FolderNumbers::default());
    register_table(connection, &DEFINITION, Trust::DirectOnly, move |_| {
        Messages {
            client: Arc::clone(&client),
            numbers: Arc::clone(&numbers),
        }
    })
}

struct Messages {
    client: Arc<Client>,
    numbers: Arc<FolderNumbers>,
}

impl Table for Messages {
    type Cursor = Scan;

    fn plan(&self, index: &mut Index<'_>) -> Result<Planned> {
        let mut plan = Plan::for_columns(|position| index.uses_column(position));
        let constraints = index.constraints();
        for column in [
            Column::Server,
            Column::User,
            Column::Folder,
            Column::Options,
        ] {
            let mut given = constraints
                .iter()
                .filter(|c| is_on(c, column) && c.operator == Operator::Eq)
                .peekable();
            if given.peek().is_none() {
                continue;
            }
            let Some(argument) = given.find(|c| c.usable) else {
                return Ok(Planned::NotThisWay);
            };
            plan.arguments.push(Argument::Hidden(column));
            index.take(argument.position, plan.arguments.len(), Recheck::Omit);
        }
        let compared = uid_bound::take(index, Column::Uid as usize, plan.arguments.len());
        let comparisons = compared.into_iter().filter_map(Comparison::from_word);
        plan.arguments.extend(comparisons.map(Argument::Uid));
        index.set_rows(plan.rows());
        index.set_cost(plan.cost());
        index.set_plan(plan.number(), plan.text());
        Ok(Planned::Yes)
    }

    fn open(&self) -> Result<Scan> {
        Ok(Scan::new(
            Arc::clone(&self.client),
            Arc::clone(&self.numbers),
        ))
    }
}

fn is_on(constraint: &Constraint, column: Column) -> bool {
    constraint.column == sqlite::Column::At(column as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::messages_column::COLUMNS;

    #[test]
    fn columns_are_those_of_the_declaration() {
        let declared: Vec<_> = DEFINITION
            .columns()
            .iter()
            .map(|column| &column.name[..])
            .collect();
        let known: Vec<_> = COLUMNS.iter().map(|(_, name, _)| *name).collect();
        assert_eq!(declared, known);
        for (position, (column, _, _)) in COLUMNS.iter().enumerate() {
            assert_eq!(*column as usize, position);
            assert_eq!(Column::at(position), Some(*column));
        }
    }
}
