//! A run over the folders of one account.

use super::database::Database;
use super::folders::Opening;
use super::options::Options;
use super::place::Account;
use super::port::Port;
use super::progress::Meter;
use super::pull::Course;
use super::writer::Writer;
use crate::error::{Error, Result};
use crate::imap::session::Session;

/// Ingests what is new in the folders, in batches, and gives the summary as
/// JSON on one line. A folder that the server refuses does not stop those
/// behind it.
///
/// # Errors
/// The first of what went wrong, after everything else that could be done.
/// What was committed stays, and the session row tells of the error.
pub fn run(
    database: &Database,
    session: &mut Session,
    user: &str,
    opening: Opening,
    options: &Options,
) -> Result<String> {
    let mut writer = begin(database, session, user, &opening.pattern, options)?;
    let mut course = Course {
        port: Port::Here(&mut writer),
        options,
        meter: Meter::new(options.progress),
        left: options.limit,
    };
    let done = folders(&mut course, session, opening);
    drop(course);
    finish(&mut writer, done)
}

/// Writes the session row of a run over an account.
///
/// # Errors
/// SQLite's.
pub fn begin(
    database: &Database,
    session: &Session,
    user: &str,
    pattern: &str,
    options: &Options,
) -> Result<Writer> {
    let endpoint = session.endpoint();
    let account = Account {
        server: endpoint.to_string(),
        host: endpoint.host().to_owned(),
        user: user.to_owned(),
    };
    let arguments = serde_json::json!({
        "server": account.server,
        "user": user,
        "folder": pattern,
        "batch": options.batch,
        "max_size": options.max_size,
        "selection": options.selection.name,
        "extract_attachments": options.attachments.word(),
    });
    Writer::begin(database, account, options, &arguments.to_string())
}

/// Ends a run that came to `done`, and gives its summary.
///
/// # Errors
/// What ended it early, and SQLite's.
pub fn finish(writer: &mut Writer, done: Result<()>) -> Result<String> {
    match done {
        Ok(()) => writer.finish(None),
        Err(error) => {
            // Fails where the host interrupts or the database is at fault; the
            // first error is the one to tell.
            writer.finish(Some(&error)).ok();
            Err(error)
        }
    }
}

/// Takes what is new in each of the folders.
///
/// # Errors
/// The first refusal, after the other folders; any other error at once.
pub fn folders(course: &mut Course<'_>, session: &mut Session, opening: Opening) -> Result<()> {
    let mut first = Some(opening.first);
    let mut refused: Option<Error> = None;
    for mailbox in &opening.mailboxes {
        let examined = first.take().unwrap_or_else(|| session.examine(mailbox));
        match examined.and_then(|examined| course.pull(session, mailbox, examined)) {
            Err(error) if error.is_refused() && session.is_usable() => {
                refused.get_or_insert(error);
            }
            pulled => pulled?,
        }
    }
    refused.map_or(Ok(()), Err)
}
