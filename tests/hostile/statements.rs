//! Functions that run SQL on the connection that calls them.

use imap0::error::Result;
use imap0::sqlite::{Bind, Connection, Trust, Value, ValueKind, register_function};

fn bind<'a>(value: &Value<'a>) -> Result<Bind<'a>> {
    Ok(match value.kind() {
        ValueKind::Null => Bind::Null,
        ValueKind::Integer => Bind::Integer(value.as_i64()),
        ValueKind::Real => Bind::Real(value.as_f64()),
        ValueKind::Text => Bind::Text(value.text()?),
        ValueKind::Blob => Bind::Blob(value.bytes()),
    })
}

/// `query(sql, a, b)`: the rows, twice, by `bind_all` and `step`.
/// `change(sql, a, b)`: the rows changed, by `run_with`, twice.
/// `script(sql)`: by `execute`. `connection_state()`.
pub fn register(connection: &Connection) -> Result<()> {
    register_function(
        connection,
        "query",
        1..=3,
        Trust::DirectOnly,
        |connection, values, cell| {
            let mut statement = connection.prepare(values[0].text()?)?;
            let binds = values[1..].iter().map(bind).collect::<Result<Vec<_>>>()?;
            statement.bind_all(&binds)?;
            let mut out = String::new();
            for _ in 0..2 {
                while statement.step()? {
                    out += &format!("{:?} {:?};", statement.column(0)?, statement.column(1)?);
                }
                statement.reset();
            }
            cell.text_owned(out);
            Ok(())
        },
    )?;
    register_function(
        connection,
        "change",
        1..=3,
        Trust::DirectOnly,
        |connection, values, cell| {
            let mut statement = connection.prepare(values[0].text()?)?;
            let binds = values[1..].iter().map(bind).collect::<Result<Vec<_>>>()?;
            statement.run_with(&binds)?;
            let changed = connection.changes();
            // The second time, the parameters are NULL again.
            statement.run()?;
            cell.integer(changed + connection.changes());
            Ok(())
        },
    )?;
    register_function(
        connection,
        "script",
        1..=1,
        Trust::DirectOnly,
        |connection, values, _| connection.execute(values[0].text()?),
    )?;
    register_function(
        connection,
        "connection_state",
        0..=0,
        Trust::DirectOnly,
        |connection, _, cell| {
            cell.text_owned(format!(
                "{} {} {} {} {}",
                connection.is_autocommit(),
                connection.is_interrupted(),
                connection.has_function("length", 1),
                connection.has_function("length", 2),
                connection.has_function("no\"such", 1),
            ));
            Ok(())
        },
    )
}
