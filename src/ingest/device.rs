//! The `device` row that sessions and resources belong to.

use super::database::Database;
use super::identity;
use crate::error::Result;
use crate::sqlite::{Bind, Field};

/// What the incumbent writes for a machine of its own.
const STATE: &str = "\"SINGLETON\"";
const BOUNDARY: &str = "UNKNOWN";

/// The id of this machine's device row, or of the one by a name of the caller's
/// choice, which is written if there is none.
///
/// Inside surveilr its own device is used, by the functions it gives its SQL.
/// Elsewhere it is the row of this host name, whoever wrote it: a second row
/// would violate the table's unique index, and another id for it would leave
/// the rows of one of two databases without a parent when they are merged.
///
/// # Errors
/// `Host` where SQLite refuses.
pub fn device(connection: &Database, given_name: Option<&str>) -> Result<String> {
    // A name that the caller gives is the device that is meant.
    let host_device = match given_name {
        Some(_) => None,
        None => surveilr_device(connection)?,
    };
    if let Some(id) = &host_device {
        let known = "SELECT device_id FROM main.device WHERE device_id = ?1";
        if let Some(id) = text(connection, known, &[Bind::Text(id)])? {
            return Ok(id);
        }
    }
    let name = match given_name {
        Some(name) => name.to_owned(),
        None => gethostname::gethostname().to_string_lossy().into_owned(),
    };
    let values = [Bind::Text(&name), Bind::Text(STATE), Bind::Text(BOUNDARY)];
    let same = "SELECT device_id FROM main.device WHERE name = ?1 AND state = ?2 AND boundary = ?3";
    if let Some(id) = text(connection, same, &values)? {
        return Ok(id);
    }
    let id = host_device.unwrap_or_else(|| identity::derived("device", &[&name, STATE, BOUNDARY]));
    connection
        .prepare("INSERT INTO main.device (name, state, boundary, device_id) VALUES (?, ?, ?, ?)")?
        .run_with(&[values[0], values[1], values[2], Bind::Text(&id)])?;
    Ok(id)
}

/// The device surveilr works for, where its functions are there.
fn surveilr_device(connection: &Database) -> Result<Option<String>> {
    if connection.has_function("surveilr_device_id", 0) {
        let id = text(connection, "SELECT surveilr_device_id()", &[])?;
        if id.is_some() {
            return Ok(id);
        }
    }
    if connection.has_function("surveilr_ingest_session_id", 0) {
        let of_session = "SELECT device_id FROM main.ur_ingest_session \
                          WHERE ur_ingest_session_id = surveilr_ingest_session_id()";
        return text(connection, of_session, &[]);
    }
    Ok(None)
}

/// The one text a query gives, if it gives one that is not empty.
pub(super) fn text(
    connection: &Database,
    sql: &str,
    values: &[Bind<'_>],
) -> Result<Option<String>> {
    let mut statement = connection.prepare(sql)?;
    statement.bind_all(values)?;
    if statement.step()?
        && let Field::Text(text) = statement.column(0)?
        && !text.is_empty()
    {
        return Ok(Some(text.to_owned()));
    }
    Ok(None)
}
