//! A run over the folders of one account.

use super::options::Options;
use super::place::Account;
use super::progress::Meter;
use super::pull::pull;
use super::writer::Writer;
use crate::error::{Error, Result, quote};
use crate::imap::mailbox::Mailbox;
use crate::imap::session::{Examined, Session};
use crate::sqlite::Connection;

/// The folders of a run, the first of them open.
pub struct Opening {
    pattern: String,
    mailboxes: Vec<Mailbox>,
    first: Result<Examined>,
}

/// Finds the folders that `pattern` names, in the order of their names, and
/// opens the first. Nothing is written yet, so that a wrong name or password
/// leaves no trace in the database.
///
/// # Errors
/// No folder matches, the only one cannot be opened, or the session fails.
pub fn open(session: &mut Session, pattern: &str) -> Result<Opening> {
    let mailboxes = session.mailboxes(pattern)?;
    let Some(first) = mailboxes.first() else {
        let pattern = quote(pattern);
        return Err(Error::usage(format!(
            "cannot ingest '{pattern}': no folder matches"
        )));
    };
    let first = session.examine(first);
    if mailboxes.len() == 1 || !session.is_usable() {
        return Ok(Opening {
            pattern: pattern.to_owned(),
            mailboxes,
            first: Ok(first?),
        });
    }
    Ok(Opening {
        pattern: pattern.to_owned(),
        mailboxes,
        first,
    })
}

/// Ingests what is new in the folders, in batches, and gives the summary as
/// JSON on one line. A folder that the server refuses does not stop those
/// behind it.
///
/// # Errors
/// The first of what went wrong, after everything else that could be done.
/// What was committed stays, and the session row tells of the error.
pub fn run(
    connection: &Connection,
    session: &mut Session,
    user: &str,
    opening: Opening,
    options: &Options,
) -> Result<String> {
    let endpoint = session.endpoint();
    let account = Account {
        server: endpoint.to_string(),
        host: endpoint.host().to_owned(),
        user: user.to_owned(),
    };
    let arguments = serde_json::json!({
        "server": account.server,
        "user": user,
        "folder": opening.pattern,
        "batch": options.batch,
        "max_size": options.max_size,
        "layout": options.layout.name(),
    });
    let arguments = arguments.to_string();
    let mut writer = Writer::begin(connection, account, options.layout, &arguments)?;
    match folders(&mut writer, session, opening, options) {
        Ok(()) => writer.finish(None),
        Err(error) => {
            // Fails where the host interrupts or the database is at fault; the
            // first error is the one to tell.
            writer.finish(Some(&error)).ok();
            Err(error)
        }
    }
}

fn folders(
    writer: &mut Writer,
    session: &mut Session,
    opening: Opening,
    options: &Options,
) -> Result<()> {
    let meter = Meter::new(options.progress);
    let mut first = Some(opening.first);
    let mut refused = None;
    for mailbox in &opening.mailboxes {
        let examined = first.take().unwrap_or_else(|| session.examine(mailbox));
        let mut pulled = examined
            .and_then(|examined| pull(writer, session, mailbox.name(), examined, options, &meter));
        // A server ends a session with the token that opened it. A new one must
        // bring something before it is replaced in its turn.
        let mut fetched = None;
        while pulled.as_ref().is_err_and(Error::is_network)
            && fetched != Some(writer.fetched())
            && session.renew()?
        {
            fetched = Some(writer.fetched());
            pulled = session.examine(mailbox).and_then(|examined| {
                pull(writer, session, mailbox.name(), examined, options, &meter)
            });
        }
        match pulled {
            Err(error) if error.is_refused() && session.is_usable() => {
                refused.get_or_insert(error);
            }
            pulled => pulled?,
        }
    }
    refused.map_or(Ok(()), Err)
}
