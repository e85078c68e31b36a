//! `imap_messages(server, user, folder, options)`: messages, fetched as far as
//! the query needs.
//!
//! ```sql
//! SELECT uid, date, "from", subject
//!   FROM imap_messages('imap.example.org', 'ada', 'INBOX') WHERE uid > 4711;
//! ```
//!
//! What SQLite offers is put into a [`Plan`]: the columns used, comparisons of
//! `uid`, of flags and sizes, of times and header fields, MATCH, the order by
//! `uid`. Exact terms SQLite need not look at again; the others it does.
//!
//! DIRECTONLY: a hostile database must not make a view or trigger connect to a
//! server of its choice with the secrets of the user who opens it.

use std::sync::Arc;

use super::argument::blindness;
use super::comparison::{Collation, Comparison};
use super::folder_numbers::FolderNumbers;
use super::messages_column::{Column, DEFINITION};
use super::messages_plan::{Argument, HIDDEN, Plan};
use super::messages_scan::Scan;
use super::messages_term::{Reach, Term};
use crate::account::Client;
use crate::error::Result;
use crate::imap::Mailbox;
use crate::imap::uid_order::Direction;
use crate::sqlite::{
    self, Connection, Constraint, Grouping, Index, Operator, Owned, Planned, Recheck, Table, Trust,
    register_table,
};

pub fn register(connection: &Connection, client: &Arc<Client>) -> Result<()> {
    let client = Arc::clone(client);
    let numbers = Arc::new(FolderNumbers::default());
    register_table(
        connection,
        &DEFINITION,
        Trust::DirectOnly,
        move |connection| Messages {
            client: Arc::clone(&client),
            numbers: Arc::clone(&numbers),
            connection: connection.clone(),
        },
    )
}

struct Messages {
    client: Arc<Client>,
    numbers: Arc<FolderNumbers>,
    connection: Connection,
}

impl Table for Messages {
    type Cursor = Scan;

    const MATCH_REFUSED: Option<&'static str> = Some(
        "cannot evaluate MATCH: SQLite could not hand it to imap_messages; write it as \
         imap_messages MATCH 'text', joined to the other conditions by AND, not under OR or NOT",
    );

    fn plan(&self, index: &mut Index<'_>) -> Result<Planned> {
        let constraints = index.constraints();
        let mut arguments = Vec::new();
        let mut blind = 0.0;
        for column in HIDDEN {
            let mut given = on(&constraints, column)
                .filter(|c| c.operator == Operator::Eq)
                .peekable();
            if given.peek().is_none() {
                if index.uses_column(column as usize) {
                    blind += blindness(column.name());
                }
                continue;
            }
            let Some(argument) = given.find(|c| c.usable) else {
                return Ok(Planned::NotThisWay);
            };
            arguments.push(Argument::Hidden(column));
            index.take(argument.position, arguments.len(), Recheck::Omit);
        }
        for constraint in on(&constraints, Column::Match) {
            // As in FTS5, `=` is another way to say MATCH.
            if matches!(constraint.operator, Operator::Match | Operator::Eq) {
                if !constraint.usable {
                    return Ok(Planned::NotThisWay);
                }
                arguments.push(Argument::Match);
                index.take(constraint.position, arguments.len(), Recheck::Omit);
            }
        }
        for constraint in constraints.iter().filter(|c| c.usable) {
            if let Some((argument, recheck)) = argument(index, constraint) {
                arguments.push(argument);
                index.take(constraint.position, arguments.len(), recheck);
            }
        }
        let is_single = is_single_folder(index, &constraints)?;
        let order = order(index, is_single);
        if order.is_some() {
            index.consume_order();
        }
        if is_single && arguments.contains(&Argument::Uid(Comparison::Equal)) {
            index.set_unique();
        }
        let direction = order.unwrap_or_default();
        let plan = Plan::new(|position| index.uses_column(position), arguments, direction);
        let messages = self.numbers.expected_messages();
        index.set_rows(plan.rows(messages));
        index.set_cost(plan.cost(messages) + blind);
        index.set_plan(plan.number(), plan.text());
        Ok(Planned::Yes)
    }

    fn open(&self) -> Result<Scan> {
        Ok(Scan::new(
            Arc::clone(&self.client),
            Arc::clone(&self.numbers),
            self.connection.clone(),
        ))
    }
}

fn on(constraints: &[Constraint], column: Column) -> impl Iterator<Item = &Constraint> {
    let column = sqlite::Column::At(column as usize);
    constraints.iter().filter(move |c| c.column == column)
}

/// What a usable constraint becomes, if it is taken, and whether SQLite is to
/// look at it again.
fn argument(index: &mut Index<'_>, constraint: &Constraint) -> Option<(Argument, Recheck)> {
    let sqlite::Column::At(position) = constraint.column else {
        return None;
    };
    let column = Column::at(position)?;
    let comparison = Comparison::of(constraint.operator)?;
    let is_pattern = matches!(comparison, Comparison::Like | Comparison::Glob);
    let is_uid = column == Column::Uid && !is_pattern;
    let collation = match index.collation(constraint.position) {
        Some(name) if !is_pattern => Collation::from_word(&name)?,
        _ => Collation::Binary,
    };
    if !is_uid {
        Term::new(column, comparison, collation)?;
    }
    let comparison = match constraint.in_list && index.take_in_list(constraint.position) {
        true => Comparison::In,
        false => comparison,
    };
    if is_uid {
        return Some((Argument::Uid(comparison), Recheck::Keep));
    }
    let term = Term::new(column, comparison, collation)?;
    let recheck = match term.reach() {
        Reach::Exact => Recheck::Omit,
        Reach::Superset | Reach::Local => Recheck::Keep,
    };
    Some((Argument::Term(term), recheck))
}

/// True where one folder is read, whatever the statement is run with.
fn is_single_folder(index: &Index<'_>, constraints: &[Constraint]) -> Result<bool> {
    for constraint in on(constraints, Column::Folder) {
        let is_name = match index.constant(constraint.position)? {
            Some(Owned::Text(name)) => !Mailbox::is_pattern(&name),
            Some(Owned::Null) => true,
            _ => false,
        };
        if constraint.operator != Operator::Eq
            || !constraint.usable
            || constraint.in_list
            || !is_name
        {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The order of UIDs by which the rows come as SQLite wants them; `None` where
/// it has to sort. Rows come folder by folder, the folders by name.
fn order(index: &Index<'_>, is_single: bool) -> Option<Direction> {
    let terms = index.order_by();
    let is_grouped = index.grouping() == Grouping::Grouped;
    let mut terms = terms.iter().peekable();
    terms.peek()?;
    let folder = sqlite::Column::At(Column::FolderName as usize);
    let by_folder = |term: &&sqlite::Order| {
        term.column == folder && (is_single || is_grouped || !term.descending)
    };
    let is_by_folder = terms.next_if(by_folder).is_some();
    let uid = sqlite::Column::At(Column::Uid as usize);
    match terms.next() {
        None => Some(Direction::Ascending),
        Some(term) if term.column == uid || term.column == sqlite::Column::Rowid => {
            // Nothing behind a UID makes a difference within a folder.
            let is_sorted = is_single || (is_by_folder && term.column == uid);
            let direction = match term.descending && !is_grouped {
                true => Direction::Descending,
                false => Direction::Ascending,
            };
            is_sorted.then_some(direction)
        }
        Some(_) => None,
    }
}
