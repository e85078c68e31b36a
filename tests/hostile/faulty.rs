//! Tables and functions that panic or fail in one chosen callback.

use imap0::error::{Error, Kind, Result};
use imap0::sqlite::{
    Cell, Connection, Cursor, Index, Planned, Table, Trust, Value, ValueKind, register_function,
    register_table,
};

use crate::{Witness, definition};

/// Server text at its worst: conversions, a NUL, 8-bit characters, a great length.
fn nasty() -> String {
    format!("%s%n%d {} caf\u{e9} \0 end", "x".repeat(5000))
}

#[derive(Clone, Copy)]
enum Fault {
    Panic,
    Error,
}

#[derive(Clone, Copy)]
struct Faulty {
    place: &'static str,
    fault: Fault,
}

impl Faulty {
    fn reach(self, place: &str) -> Result<()> {
        if self.place != place {
            return Ok(());
        }
        match self.fault {
            Fault::Panic => panic!("%s%n in {place}"),
            Fault::Error => Err(Error::network(nasty())),
        }
    }
}

struct FaultyTable(Faulty);
struct FaultyCursor(Faulty, i64);

impl Table for FaultyTable {
    type Cursor = FaultyCursor;

    fn plan(&self, _: &mut Index<'_>) -> Result<Planned> {
        self.0.reach("xBestIndex").map(|()| Planned::Yes)
    }

    fn open(&self) -> Result<FaultyCursor> {
        self.0.reach("xOpen").map(|()| FaultyCursor(self.0, 0))
    }
}

impl Cursor for FaultyCursor {
    fn scan(&mut self, _: i32, _: Option<&str>, _: &[Value<'_>]) -> Result<()> {
        self.1 = 1;
        self.0.reach("xFilter")
    }

    fn advance(&mut self) -> Result<()> {
        self.1 += 1;
        self.0.reach("xNext")
    }

    fn is_at_end(&self) -> bool {
        self.0
            .reach("xEof")
            .expect("only a panic is asked for here");
        self.1 > 3
    }

    fn cell(&mut self, _: usize, out: Cell<'_>) -> Result<()> {
        self.0.reach("xColumn")?;
        out.integer(self.1);
        Ok(())
    }

    fn rowid(&self) -> Result<i64> {
        self.0.reach("xRowid").map(|()| self.1)
    }
}

impl Drop for FaultyTable {
    fn drop(&mut self) {
        self.0
            .reach("xDisconnect")
            .expect("only a panic is asked for here");
    }
}

impl Drop for FaultyCursor {
    fn drop(&mut self) {
        self.0
            .reach("xClose")
            .expect("only a panic is asked for here");
    }
}

/// Tables `panic_PLACE` and `error_PLACE`, functions `fails(kind, text)` and
/// `panics(text)`.
pub fn register(connection: &Connection) -> Result<()> {
    let failing = [
        "xBestIndex",
        "xOpen",
        "xFilter",
        "xNext",
        "xColumn",
        "xRowid",
    ];
    for place in failing {
        register_faulty(
            connection,
            Faulty {
                place,
                fault: Fault::Error,
            },
        )?;
    }
    for place in failing
        .into_iter()
        .chain(["xConnect", "xEof", "xClose", "xDisconnect"])
    {
        register_faulty(
            connection,
            Faulty {
                place,
                fault: Fault::Panic,
            },
        )?;
    }
    let witness = Witness("function");
    register_function(
        connection,
        "fails",
        2..=2,
        Trust::Innocuous,
        move |_, values, _| {
            let _kept = &witness;
            let text = match values[1].kind() {
                ValueKind::Null => nasty(),
                _ => values[1].text()?.to_owned(),
            };
            Err(match values[0].text()? {
                "cancelled" => Kind::Cancelled,
                "network" => Kind::Network(text),
                "success" => Kind::Host { code: 0, text },
                "too big" => Kind::TooBig(text),
                "unique" => Kind::Host { code: 2067, text },
                _ => Kind::Usage(text),
            }
            .into())
        },
    )?;
    register_function(
        connection,
        "panics",
        1..=1,
        Trust::DirectOnly,
        |_, values, _| panic!("{}", values[0].text()?),
    )
}

fn register_faulty(connection: &Connection, faulty: Faulty) -> Result<()> {
    let verb = match faulty.fault {
        Fault::Panic => "panic",
        Fault::Error => "error",
    };
    let definition = definition(
        &format!("{verb}_{}", faulty.place),
        "  a INTEGER -- 1, 2, 3",
    );
    let witness = Witness("table");
    register_table(connection, definition, Trust::DirectOnly, move |_| {
        let _kept = &witness;
        faulty
            .reach("xConnect")
            .expect("only a panic is asked for here");
        FaultyTable(faulty)
    })
}
