//! Tables that show what they were asked, and that answer in every way.

use imap0::error::Result;
use imap0::sqlite::{
    Cell, Column, Connection, Cursor, Definition, Index, Operator, Planned, Recheck, Table, Trust,
    Value, register_table,
};

use crate::{Witness, definition};

/// The numbers 1 to 9, with the question and the arguments of the scan.
struct Numbers {
    _witness: Witness,
}

struct NumbersCursor {
    _witness: Witness,
    plan: String,
    arguments: String,
    scans: i64,
    rows: Vec<i64>,
}

const ID: usize = 0;
const REQUIRED: usize = 5;
/// Bit of the plan's number: the rows come in descending order.
const DESCENDING: i32 = 1;

fn numbers() -> &'static Definition {
    definition(
        "numbers",
        "  id INTEGER,         -- 1 to 9
  plan TEXT,          -- xBestIndex's question
  arguments TEXT,     -- xFilter's arguments
  scans INTEGER,      -- how often this cursor has been scanned
  other TEXT,         -- NULL
  required TEXT HIDDEN -- an argument that a plan must be able to use",
    )
}

impl Table for Numbers {
    type Cursor = NumbersCursor;

    fn plan(&self, index: &mut Index<'_>) -> Result<Planned> {
        let mut text = String::new();
        let mut arguments = 0;
        for constraint in index.constraints() {
            let collation = index.collation(constraint.position).unwrap_or_default();
            text += &format!(
                "{:?} {:?} {collation}",
                constraint.column, constraint.operator
            );
            if constraint.column == Column::At(REQUIRED) && !constraint.usable {
                return Ok(Planned::NotThisWay);
            }
            let is_argument = match constraint.column {
                Column::At(ID) => constraint.operator == Operator::Eq,
                Column::At(REQUIRED) => constraint.operator == Operator::Eq,
                _ => false,
            };
            if !constraint.usable {
                text += " unusable";
            } else if is_argument {
                arguments += 1;
                let recheck = match constraint.column {
                    Column::At(ID) => Recheck::Keep,
                    _ => Recheck::Omit,
                };
                index.take(constraint.position, arguments, recheck);
                if constraint.in_list && index.take_in_list(constraint.position) {
                    text += " list";
                }
            }
            text += "; ";
        }
        text += &format!("order {:?}; used", index.order_by());
        for column in (0..=REQUIRED).filter(|column| index.uses_column(*column)) {
            text += &format!(" {column}");
        }
        let mut number = 0;
        if let [order] = index.order_by()[..]
            && order.column == Column::At(ID)
        {
            index.consume_order();
            number = if order.descending { DESCENDING } else { 0 };
        }
        index.set_cost(10.0);
        index.set_rows(9);
        index.set_plan(number, text);
        Ok(Planned::Yes)
    }

    fn open(&self) -> Result<NumbersCursor> {
        let (plan, arguments) = (String::new(), String::new());
        let _witness = Witness("cursor");
        Ok(NumbersCursor {
            _witness,
            plan,
            arguments,
            scans: 0,
            rows: Vec::new(),
        })
    }
}

impl Cursor for NumbersCursor {
    fn scan(&mut self, number: i32, text: Option<&str>, arguments: &[Value<'_>]) -> Result<()> {
        self.scans += 1;
        self.plan = text.unwrap_or("none").to_owned();
        let mut shown = Vec::new();
        for value in arguments {
            shown.push(match value.in_list()? {
                Some(list) => format!("{list:?}"),
                None => format!("{:?}", value.to_owned()?),
            });
        }
        self.arguments = shown.join(" ");
        self.rows = (1..=9).collect();
        if number != DESCENDING {
            self.rows.reverse();
        }
        Ok(())
    }

    fn advance(&mut self) -> Result<()> {
        self.rows.pop();
        Ok(())
    }

    fn is_at_end(&self) -> bool {
        self.rows.is_empty()
    }

    fn cell(&mut self, column: usize, out: Cell<'_>) -> Result<()> {
        match column {
            ID => out.integer(self.rowid()?),
            1 => out.text(&self.plan),
            2 => out.text(&self.arguments),
            3 => out.integer(self.scans),
            _ => out.null(),
        }
        Ok(())
    }

    fn rowid(&self) -> Result<i64> {
        Ok(self.rows.last().copied().unwrap_or(0))
    }
}

/// A table whose plan cannot be handed to SQLite.
struct Nul;

impl Table for Nul {
    type Cursor = NumbersCursor;

    fn plan(&self, index: &mut Index<'_>) -> Result<Planned> {
        index.set_plan(0, "a\0b");
        Ok(Planned::Yes)
    }

    fn open(&self) -> Result<NumbersCursor> {
        Numbers {
            _witness: Witness("unused"),
        }
        .open()
    }
}

/// The tables `numbers`, which is innocuous, and `nul_plan`.
pub fn register(connection: &Connection) -> Result<()> {
    register_table(connection, numbers(), Trust::Innocuous, |_| Numbers {
        _witness: Witness("connected"),
    })?;
    let definition = definition("nul_plan", "  a INTEGER -- nothing");
    register_table(connection, definition, Trust::DirectOnly, |_| Nul)
}
