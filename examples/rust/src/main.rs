//! `newest LIBRARY`: prints the five newest messages of the account that
//! `IMAP_SERVER`, `IMAP_USER` and `IMAP_PASSWORD` name.

use rusqlite::{Connection, LoadExtensionGuard};
use std::env;
use std::error::Error;

const NEWEST: &str = r#"
    SELECT concat_ws(' | ', uid, date, "from", subject)
      FROM imap_messages
     ORDER BY date DESC
     LIMIT 5"#;

fn main() -> Result<(), Box<dyn Error>> {
    let library = env::args().nth(1).ok_or("usage: newest LIBRARY")?;
    let connection = Connection::open_in_memory()?;
    // SAFETY: the library is the one the user names; no other code runs on this
    // connection while loading is allowed.
    unsafe {
        let _guard = LoadExtensionGuard::new(&connection)?;
        connection.load_extension(library, None::<&str>)?;
    }
    let mut statement = connection.prepare(NEWEST)?;
    for line in statement.query_map([], |row| row.get::<_, String>(0))? {
        println!("{}", line?);
    }
    Ok(())
}
