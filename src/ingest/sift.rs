//! Which of the messages that a server found are meant: the exact check.

use super::selection::Selection;
use super::since::Since;
use super::state::FolderState;
use crate::error::Result;
use crate::imap::download::{Download, Downloaded};
use crate::imap::internal_date::internal_date;
use crate::imap::session::Session;
use crate::imap::uid_order::Direction;
use crate::imap::uid_set::UidSet;
use crate::imap::wanted::{Field, Wanted};
use crate::mail::Headers;

/// Those of the messages `found` in the open folder that are meant, as far as
/// their header and the date of their arrival tell. One that the server does
/// not show stays among them: what is wrong with it is found when it is taken.
///
/// # Errors
/// The session's.
pub fn sift(
    session: &mut Session,
    selection: &Selection,
    state: &FolderState,
    found: &UidSet,
) -> Result<UidSet> {
    let arrival = Arrival::of(selection, state);
    let dated = match &arrival {
        Some(_) => Wanted::INTERNAL_DATE,
        None => Wanted::NONE,
    };
    let sent = match selection.sent_on {
        Some(_) => Wanted::field(Field::Date),
        None => Wanted::NONE,
    };
    let wanted = selection.filter.wanted().and(dated).and(sent);
    if wanted.is_empty() {
        return Ok(found.clone());
    }
    let is_meant = |message: &Downloaded| {
        if !message.refusals.is_empty() {
            return true;
        }
        let header = Headers::parse(message.header.as_deref().unwrap_or_default());
        arrival
            .as_ref()
            .is_none_or(|arrival| arrival.admits(message))
            && selection
                .sent_on
                .is_none_or(|day| header.day() == Some(day))
            && selection.filter.admits_header(&header)
    };
    let mut unwanted = UidSet::new();
    let mut download = Download::new(found.clone(), wanted, None, Direction::Ascending);
    while let Some(message) = download.next(session)? {
        if !is_meant(&message) {
            unwanted.insert(message.uid);
        }
    }
    Ok(found.difference(&unwanted))
}

/// From when on a message is meant.
struct Arrival {
    since_at: i64,
    /// Messages from here on came after that was settled, whatever their date:
    /// clocks differ, and old mail may come in from elsewhere.
    since_uid: u64,
}

impl Arrival {
    fn of(selection: &Selection, state: &FolderState) -> Option<Self> {
        let filtered = state.filtered.as_ref()?;
        Some(Self {
            since_at: filtered.since_at?,
            since_uid: match selection.since.as_ref()? {
                Since::At(_) => u64::MAX,
                Since::Before(_) => filtered.since_uid,
            },
        })
    }

    fn admits(&self, message: &Downloaded) -> bool {
        let received = message.internal_date.as_deref().and_then(internal_date);
        u64::from(message.uid) >= self.since_uid || received.is_none_or(|at| at >= self.since_at)
    }
}
