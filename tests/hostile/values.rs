//! Values on their way in and out.

use std::sync::Arc;

use imap0::error::Result;
use imap0::sqlite::{
    Cell, Connection, Cursor, Index, Planned, Table, Trust, Value, register_function,
    register_table,
};

use crate::definition;

/// `describe(v)`: everything a `Value` says. `address(v)`: where its bytes are.
/// `give(what, size)`: one result of each kind. Table `lent`: a large blob.
pub fn register(connection: &Connection) -> Result<()> {
    register_function(
        connection,
        "describe",
        1..=3,
        Trust::Innocuous,
        |_, values, cell| {
            let describe = |value: &Value<'_>| {
                let text = match value.text() {
                    Ok(text) => format!("'{text}'"),
                    Err(error) => error.to_string(),
                };
                let (kind, bytes) = (value.kind(), value.bytes());
                format!(
                    "{kind:?} {} {} {text} {bytes:?}",
                    value.as_i64(),
                    value.as_f64()
                )
            };
            cell.text_owned(values.iter().map(describe).collect::<Vec<_>>().join(" | "));
            Ok(())
        },
    )?;
    register_function(
        connection,
        "address",
        1..=1,
        Trust::Innocuous,
        |_, values, cell| {
            cell.integer(values[0].bytes().as_ptr().addr() as i64);
            Ok(())
        },
    )?;
    register_function(
        connection,
        "give",
        2..=2,
        Trust::DirectOnly,
        |_, values, cell| {
            let size = usize::try_from(values[1].as_i64()).unwrap_or(0);
            match values[0].text()? {
                "text" => cell.text(&"é".repeat(size)),
                "text_owned" => cell.text_owned("é".repeat(size)),
                "json" => cell.json("[1,2]"),
                "blob" => cell.blob(&vec![0; size]),
                "blob_shared" => cell.blob_shared(&Arc::new(vec![0; size])),
                "real" => cell.real(0.5),
                "null" => cell.null(),
                _ => (),
            }
            Ok(())
        },
    )?;
    let definition = definition(
        "lent",
        "  data BLOB, -- 1 MB\n  home INTEGER -- where the bytes are",
    );
    register_table(connection, definition, Trust::DirectOnly, |_| Lent)
}

/// Two rows, each with a large blob that is read as often as SQLite likes.
struct Lent;
struct LentCursor(i64, Arc<Vec<u8>>);

impl Table for Lent {
    type Cursor = LentCursor;

    fn plan(&self, _: &mut Index<'_>) -> Result<Planned> {
        Ok(Planned::Yes)
    }

    fn open(&self) -> Result<LentCursor> {
        Ok(LentCursor(0, Arc::default()))
    }
}

impl Cursor for LentCursor {
    fn scan(&mut self, _: i32, _: Option<&str>, _: &[Value<'_>]) -> Result<()> {
        self.0 = 0;
        self.advance()
    }

    fn advance(&mut self) -> Result<()> {
        self.0 += 1;
        self.1 = Arc::new(vec![self.0 as u8; 1_000_000]);
        Ok(())
    }

    fn is_at_end(&self) -> bool {
        self.0 > 2
    }

    fn cell(&mut self, column: usize, out: Cell<'_>) -> Result<()> {
        match column {
            0 => out.blob_shared(&self.1),
            _ => out.integer(self.1.as_ptr().addr() as i64),
        }
        Ok(())
    }

    fn rowid(&self) -> Result<i64> {
        Ok(self.0)
    }
}
