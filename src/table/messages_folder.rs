//! The messages of one folder that a query wants, one by one.
//!
//! One SEARCH tells which messages there may be. Where the rest is dear, or
//! where the server refused to search, some of each message is fetched first,
//! a window of messages at a time, and only those that pass are downloaded.

use std::sync::Arc;

use super::conditions::{Conditions, TrustSearch};
use super::folder_numbers::rowid;
use super::judge::Judge;
use super::messages_column::Column;
use super::messages_plan::Plan;
use super::messages_row::Row;
use super::messages_term::{Reach, Searched};
use super::uid_bound::{are_few, criteria, find};
use crate::error::{Kind, Result};
use crate::imap::download::Downloaded;
use crate::imap::ordered::Ordered;
use crate::imap::uid_order::{Direction, Uids};
use crate::imap::wanted::Wanted;
use crate::imap::{Examined, Mailbox, Session, UidSet};
use crate::sqlite::{Connection, Owned};

/// Messages that are looked at before those that pass are downloaded: few at
/// first, so that LIMIT 1 is cheap.
const WINDOWS: [u64; 3] = [200, 2_000, 20_000];

/// What is the same for every folder of a scan.
pub struct Query {
    pub plan: Plan,
    pub conditions: Conditions,
    pub trust: TrustSearch,
    pub max_size: Option<u64>,
    pub connection: Connection,
    /// True once the server has refused to search for what was pushed down.
    pub is_refused: bool,
}

/// A folder as it was opened.
pub struct Opened {
    /// Its name.
    pub name: Arc<str>,
    /// Its number among the folders of this connection.
    pub number: i64,
    /// What EXAMINE said.
    pub examined: Examined,
    /// The messages that meet the conditions, where they were asked for along
    /// with it.
    pub found: Option<UidSet>,
}

/// The folder being read.
pub struct Folder {
    opened: Opened,
    direction: Direction,
    max_size: Option<u64>,
    wanted: Wanted,
    is_late: bool,
    /// Messages not yet looked at.
    waiting: UidSet,
    first_phase: Option<FirstPhase>,
    rows: Rows,
}

/// What is fetched of messages that may yet fail, and who decides.
struct FirstPhase {
    wanted: Wanted,
    judges: Vec<(Column, Judge)>,
    windows: usize,
}

/// Where the next row comes from.
enum Rows {
    /// A download.
    Fetched(Box<Ordered>),
    /// The UIDs alone; what the query reads of them after all comes from
    /// `late`, which runs along from the first message it was read of.
    Late {
        uids: UidSet,
        turns: Uids,
        late: Option<Box<Ordered>>,
        early: Option<Box<Downloaded>>,
    },
}

impl Folder {
    /// Asks which messages of the folder, which is open in the session, there
    /// are.
    ///
    /// # Errors
    /// The session's; a refused SEARCH only where it was for what the caller
    /// asked for in so many words.
    pub fn open(query: &mut Query, session: &mut Session, opened: Opened) -> Result<Self> {
        let wanted = (query.plan.wanted).offered(session.capabilities(), &opened.examined);
        let found = if opened.examined.exists == 0 || query.conditions.are_impossible() {
            Found::exactly(UidSet::new())
        } else if let Some(uids) = &opened.found {
            Found::exactly(uids.intersection(&query.conditions.uids))
        } else {
            query.find(session, &opened.examined, wanted)?
        };
        let wanted = session.previewed(wanted, &found.uids)?;
        let (exact, inexact) = (!found.is_exact, query.plan.first_phase());
        let exact_wanted = if exact {
            query.exact_wanted()
        } else {
            Wanted::NONE
        };
        let judges = query
            .conditions
            .judges(&query.connection, exact, inexact.is_some())?;
        let looked_at = (exact_wanted | inexact.unwrap_or(Wanted::NONE))
            .offered(session.capabilities(), &opened.examined);
        let looked_at = session.previewed(looked_at, &found.uids)?;
        let first_phase = (!judges.is_empty()).then_some(FirstPhase {
            wanted: looked_at,
            judges,
            windows: 0,
        });
        let mut folder = Self {
            opened,
            direction: query.plan.direction,
            max_size: query.max_size,
            wanted,
            is_late: query.plan.is_late,
            waiting: UidSet::new(),
            first_phase,
            rows: Rows::Fetched(Box::new(Ordered::new(
                UidSet::new(),
                Wanted::NONE,
                None,
                Direction::Ascending,
            ))),
        };
        if folder.first_phase.is_some() {
            folder.waiting = found.uids;
        } else {
            folder.begin(found.uids);
        }
        Ok(folder)
    }

    /// The next row, `None` after the last one.
    ///
    /// # Errors
    /// The session's.
    pub fn next(&mut self, session: &mut Session) -> Result<Option<Row>> {
        loop {
            let message = match &mut self.rows {
                Rows::Fetched(download) => download.next(session)?,
                Rows::Late { turns, .. } => turns.next().map(|uid| Downloaded {
                    uid,
                    ..Downloaded::default()
                }),
            };
            if let Some(message) = message {
                return Ok(Some(self.row(message)));
            }
            if let Rows::Late {
                late: Some(late), ..
            } = &mut self.rows
            {
                // The next command has to wait for the end of this one.
                while late.next(session)?.is_some() {}
            }
            match self.survivors(session)? {
                Some(uids) => self.begin(uids),
                None => return Ok(None),
            }
        }
    }

    /// Fetches what was left out of the row, if anything was.
    ///
    /// # Errors
    /// The session's.
    pub fn complete(&mut self, session: &mut Session, row: &mut Row) -> Result<()> {
        let Rows::Late {
            uids, late, early, ..
        } = &mut self.rows
        else {
            return Ok(());
        };
        if row.is_complete {
            return Ok(());
        }
        row.is_complete = true;
        let uid = row.uid();
        let direction = self.direction;
        let download = late.get_or_insert_with(|| {
            let rest = direction.rest(uids, uid);
            Box::new(Ordered::new(rest, self.wanted, self.max_size, direction))
        });
        while let Some(message) = match early.take() {
            Some(message) => Some(*message),
            None => download.next(session)?,
        } {
            if message.uid == uid {
                row.replace(message);
                break;
            }
            let is_ahead = direction.rest(uids, uid).contains(message.uid);
            if is_ahead {
                // The row's own message is gone.
                *early = Some(Box::new(message));
                break;
            }
        }
        Ok(())
    }

    fn begin(&mut self, uids: UidSet) {
        self.rows = if self.is_late {
            Rows::Late {
                turns: self.direction.uids(&uids),
                uids,
                late: None,
                early: None,
            }
        } else {
            let download = Ordered::new(uids, self.wanted, self.max_size, self.direction);
            Rows::Fetched(Box::new(download))
        };
    }

    fn row(&self, message: Downloaded) -> Row {
        Row::new(
            Arc::clone(&self.opened.name),
            self.opened.examined.uidvalidity,
            rowid(self.opened.number, message.uid),
            message,
        )
    }

    /// Of the next window of messages that has any, those that pass.
    fn survivors(&mut self, session: &mut Session) -> Result<Option<UidSet>> {
        while let Some(window) = self.next_window() {
            let Some(mut phase) = self.first_phase.take() else {
                return Ok(None);
            };
            let mut passed = UidSet::new();
            let mut download =
                Ordered::new(window, phase.wanted, self.max_size, Direction::Ascending);
            while let Some(message) = download.next(session)? {
                let row = self.row(message);
                if passes(&mut phase.judges, &row)? {
                    passed.insert(row.uid());
                }
            }
            self.first_phase = Some(phase);
            if !passed.is_empty() {
                return Ok(Some(passed));
            }
        }
        Ok(None)
    }

    fn next_window(&mut self) -> Option<UidSet> {
        let phase = self.first_phase.as_mut()?;
        let size = WINDOWS[phase.windows.min(WINDOWS.len() - 1)];
        phase.windows += 1;
        let window = match self.direction {
            Direction::Ascending => self.waiting.chunks(size, usize::MAX).next(),
            Direction::Descending => self.waiting.last_chunk(size, usize::MAX),
        }?;
        self.waiting = self.waiting.difference(&window);
        Some(window)
    }
}

fn passes(judges: &mut [(Column, Judge)], row: &Row) -> Result<bool> {
    for (column, judge) in judges {
        let mut value = Owned::Null;
        row.cell(*column, &mut value);
        if !judge.admits(&value)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What SEARCH has told.
struct Found {
    uids: UidSet,
    /// True where all of them meet the exact conditions.
    is_exact: bool,
}

impl Found {
    fn exactly(uids: UidSet) -> Self {
        Self {
            uids,
            is_exact: true,
        }
    }
}

impl Query {
    /// Opens a folder, and asks at once for the messages that meet the conditions
    /// where that can be said before it is open.
    ///
    /// # Errors
    /// As [`Session::examine`].
    pub fn examine(
        &self,
        session: &mut Session,
        mailbox: &Mailbox,
    ) -> Result<(Examined, Option<UidSet>)> {
        let conditions = &self.conditions;
        let is_named = self.are_named(self.plan.wanted);
        let is_settled = is_named || conditions.are_impossible() || self.is_refused;
        // Whether these can be asked for depends on the server, or the folder.
        let depends = conditions.look_for_texts() || conditions.look_for_sizes();
        // What the caller words may take long, and a refusal of it is final; one
        // amid an EXAMINE would have to be asked for again.
        let is_worded = !conditions.own.is_empty();
        if is_settled || is_worded || depends || conditions.look_for_modseq() {
            return Ok((session.examine(mailbox)?, None));
        }
        let pushed = conditions.keys(|searched| match searched {
            Searched::SentDate => self.can_ask_for_dates(session),
            _ => self.trust != TrustSearch::Never,
        });
        session.examine_searching(mailbox, criteria(&conditions.uids, &pushed))
    }

    /// True where the server finds every message of a day by its Date header.
    fn can_ask_for_dates(&self, session: &Session) -> bool {
        self.trust == TrustSearch::Always
            || (self.trust == TrustSearch::Auto && !session.misreads_dates())
    }

    /// True where the UIDs alone tell which messages to ask for.
    fn are_named(&self, wanted: Wanted) -> bool {
        let is_named = !wanted.is_empty() && are_few(&self.conditions.uids);
        is_named && !self.conditions.have_exact() && self.conditions.own.is_empty()
    }

    /// Asks for the messages that may meet the conditions; `wanted` will be
    /// fetched of them.
    fn find(
        &mut self,
        session: &mut Session,
        examined: &Examined,
        wanted: Wanted,
    ) -> Result<Found> {
        let uids = &self.conditions.uids;
        if self.are_named(wanted) {
            return Ok(Found::exactly(uids.clone()));
        }
        let is_misled = self.conditions.look_for_huge_sizes()
            || (self.conditions.look_for_sizes() && session.miscounts_sizes());
        if !self.is_refused && !is_misled {
            let with_texts = match self.trust {
                TrustSearch::Always => true,
                TrustSearch::Never => false,
                TrustSearch::Auto => {
                    self.conditions.look_for_texts() && session.searches_substrings()?
                }
            };
            let has_modseq = !Wanted::MODSEQ
                .offered(session.capabilities(), examined)
                .is_empty();
            let pushed = self.conditions.keys(|searched| match searched {
                Searched::Text(..) => with_texts,
                Searched::Modseq => has_modseq,
                Searched::SentDate => self.can_ask_for_dates(session),
                _ => self.trust != TrustSearch::Never,
            });
            let keys = [&self.conditions.own[..], &pushed].concat();
            match find(session, uids, &keys) {
                Ok(uids) => return Ok(Found::exactly(uids)),
                Err(error)
                    if !pushed.is_empty() && matches!(error.kind(), Kind::Refused { .. }) =>
                {
                    // Whatever it was that the server would not search for can
                    // be found out here, from what is fetched.
                    self.is_refused = true;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Found {
            uids: find(session, uids, &self.conditions.own)?,
            is_exact: !self.conditions.have_exact(),
        })
    }

    /// What has to be fetched to check the exact conditions.
    fn exact_wanted(&self) -> Wanted {
        let exact = self
            .plan
            .terms()
            .filter(|term| term.reach() == Reach::Exact);
        exact.fold(Wanted::NONE, |wanted, term| wanted | term.column.wanted())
    }
}
