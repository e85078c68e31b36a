//! What a SQLite connection lends to the mail layers: the word that its user
//! wants to stop. The one place where `sqlite` and `imap` meet.

use crate::imap::Cancel;
use crate::sqlite::Connection;

/// Asks SQLite whether the running statement was interrupted.
pub struct Interrupt(Connection);

impl Interrupt {
    /// The interrupts of `connection`.
    pub fn of(connection: &Connection) -> Self {
        Self(connection.clone())
    }
}

impl Cancel for Interrupt {
    fn is_cancelled(&self) -> bool {
        self.0.is_interrupted()
    }
}
