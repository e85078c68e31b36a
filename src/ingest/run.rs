//! A run over the folders of one account.

use std::collections::HashSet;

use super::database::Database;
use super::folders::Opening;
use super::loss::Losses;
use super::options::Options;
use super::place::Account;
use super::port::Port;
use super::progress::Meter;
use super::pull::Course;
use super::watch;
use super::writer::Writer;
use crate::account;
use crate::account::keeper::{Keeper, is_passing};
use crate::account::patrol::Patrol;
use crate::error::{Error, Result};
use crate::imap::Lease;
use crate::imap::session::Session;

/// Ingests what is new in the folders, in batches, and gives the summary as
/// JSON on one line. A folder that the server refuses does not stop those
/// behind it. Goes on, where that is asked for, until its time is over.
///
/// # Errors
/// The first of what went wrong, after everything else that could be done.
/// What was committed stays, and the session row tells of the error.
pub fn run(
    database: &Database,
    keeper: &Keeper<'_>,
    lease: Lease,
    opening: Opening,
    options: &Options,
) -> Result<String> {
    let asked = Asked::of(keeper.account, &opening, options);
    let mut writer = begin(database, &asked)?;
    let mut course = Course {
        port: Port::Here(&mut writer),
        options,
        meter: Meter::new(options.progress),
        left: options.limit,
        seen: HashSet::new(),
        has_suspected: false,
        owed: None,
    };
    let done = go(&mut course, keeper, lease, opening);
    drop(course);
    finish(&mut writer, done)
}

/// What a run is asked, for its session row.
pub struct Asked {
    account: Account,
    options: Options,
    /// JSON without secrets.
    arguments: String,
}

impl Asked {
    /// What is asked of an account.
    pub fn of(account: &account::Account, opening: &Opening, options: &Options) -> Self {
        let user = account.login.user.clone();
        let account = Account {
            server: account.endpoint.to_string(),
            host: account.endpoint.host().to_owned(),
            user,
        };
        let arguments = serde_json::json!({
            "server": account.server,
            "user": account.user,
            "folder": opening.scope.text(),
            "batch": options.batch,
            "max_size": options.max_size,
            "layout": options.layout.name(),
            "selection": options.selection.name,
            "extract_attachments": options.attachments.word(),
        });
        Self {
            account,
            options: options.clone(),
            arguments: arguments.to_string(),
        }
    }
}

/// Writes the session row of a run over an account.
///
/// # Errors
/// SQLite's.
pub fn begin(database: &Database, asked: &Asked) -> Result<Writer> {
    let account = asked.account.clone();
    Writer::begin(database, account, &asked.options, &asked.arguments)
}

/// Takes what is new, and goes on taking what comes where that is asked for.
///
/// # Errors
/// Those of the folders and of the watch.
pub fn go(
    course: &mut Course<'_>,
    keeper: &Keeper<'_>,
    mut lease: Lease,
    opening: Opening,
) -> Result<()> {
    let (scope, mailboxes) = (opening.scope.clone(), opening.mailboxes.clone());
    let read = folders(course, &mut lease, opening);
    if !watch::goes_on(course.options) {
        return read;
    }
    match read.map_err(watch::passing) {
        // The watch connects anew, and asks again for what was not written.
        Err(error) if is_passing(&error) => {}
        Err(error) if error.is_refused() && lease.is_usable() => {}
        read => read?,
    }
    course.port.wait()?;
    let patrol = Patrol::begin(scope, mailboxes, course.options.period, Some(lease));
    watch::watch(course, keeper, patrol)
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
fn folders(course: &mut Course<'_>, session: &mut Session, opening: Opening) -> Result<()> {
    let mut first = Some(opening.first);
    let mut refused: Option<Error> = None;
    for mailbox in &opening.mailboxes {
        let examined = first.take().unwrap_or_else(|| session.examine(mailbox));
        let mut pulled = examined.and_then(|examined| course.pull(session, mailbox, examined));
        let mut losses = Losses::default();
        while let Err(error) = &pulled
            && losses.recover(course, session, error)?
        {
            let examined = session.examine(mailbox);
            pulled = examined.and_then(|examined| course.pull(session, mailbox, examined));
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
