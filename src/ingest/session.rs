//! The `ur_ingest_session` row: one for each run, whatever it found.

use super::database::Database;
use super::device::text;
use super::insert::Insert;
use super::{clock, identity};
use crate::error::{Kind, Result};
use crate::sqlite::{Bind, code};

/// The session of a run.
pub struct Session {
    connection: Database,
    /// Its id, a UUID of version 7.
    pub id: String,
    /// Whose row it is.
    owner: Owner,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner {
    /// This run's.
    Run,
    /// surveilr's, which writes it itself.
    Host,
}

/// The session surveilr runs in, where its function is there and its row here.
fn of_host(connection: &Database) -> Result<Option<String>> {
    if !connection.has_function("surveilr_ingest_session_id", 0) {
        return Ok(None);
    }
    let known = "SELECT ur_ingest_session_id FROM main.ur_ingest_session \
                  WHERE ur_ingest_session_id = surveilr_ingest_session_id()";
    text(connection, known, &[])
}

impl Session {
    /// Goes on with surveilr's session inside of surveilr, unless another device
    /// is asked for. Else writes the row of a run that begins; `arguments` is what it was asked,
    /// as a JSON object without secrets.
    ///
    /// # Errors
    /// `Host` where SQLite refuses.
    pub fn begin(
        connection: &Database,
        device_id: &str,
        device_name: Option<&str>,
        arguments: &str,
    ) -> Result<Self> {
        if device_name.is_none()
            && let Some(id) = of_host(connection)?
        {
            return Ok(Self {
                connection: connection.clone(),
                id,
                owner: Owner::Host,
            });
        }
        let id = identity::fresh();
        let agent = serde_json::json!({ "agent": AGENT, "version": crate::VERSION }).to_string();
        let started = clock::now();
        let mut insert = Insert::prepare(connection, "ur_ingest_session", &COLUMNS)?;
        // (device_id, created_at) is unique, and runs can begin together.
        for created_at in clock::created_at().take(10_000) {
            let values = [&id, device_id, arguments, &started, &agent, &created_at];
            if insert.run(&values.map(Bind::Text))? {
                return Ok(Self {
                    connection: connection.clone(),
                    id,
                    owner: Owner::Run,
                });
            }
        }
        let text = "cannot write the session: others hold every created_at of these 10 s".into();
        Err(Kind::Host {
            code: code::ERROR,
            text,
        }
        .into())
    }

    /// Notes how far the run is, as a JSON object.
    pub fn note(&self, elaboration: &str) -> Result<()> {
        self.update("elaboration = ?2", &[elaboration])
    }

    /// Marks the run as finished, with its last note.
    pub fn finish(&self, elaboration: &str) -> Result<()> {
        let now = clock::now();
        self.update(
            "elaboration = ?2, ingest_finished_at = ?3",
            &[elaboration, &now],
        )
    }

    fn update(&self, assignments: &str, values: &[&str]) -> Result<()> {
        if self.owner == Owner::Host {
            return Ok(());
        }
        let sql = format!(
            "UPDATE main.ur_ingest_session SET {assignments} WHERE ur_ingest_session_id = ?1"
        );
        let values: Vec<Bind<'_>> = [self.id.as_str()]
            .iter()
            .chain(values)
            .map(|text| Bind::Text(text))
            .collect();
        self.connection.prepare(&sql)?.run_with(&values)
    }
}

const AGENT: &str = "sqlite-imap";

const COLUMNS: [&str; 6] = [
    "ur_ingest_session_id",
    "device_id",
    "behavior_json",
    "ingest_started_at",
    "session_agent",
    "created_at",
];
