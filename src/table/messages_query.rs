//! What a scan of `imap_messages` asks of every folder, and the one SEARCH that
//! tells which of its messages there may be.

use super::conditions::{Conditions, TrustSearch};
use super::messages_plan::Plan;
use super::messages_term::{Reach, Searched};
use super::uid_bound::{are_few, find};
use crate::error::{Kind, Result};
use crate::imap::wanted::Wanted;
use crate::imap::{Examined, Session, UidSet};
use crate::sqlite::Connection;

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

/// What SEARCH has told.
pub struct Found {
    /// The messages that may meet the conditions.
    pub uids: UidSet,
    /// True where all of them meet the exact conditions.
    pub is_exact: bool,
}

impl Found {
    /// These, which meet all of them.
    pub fn exactly(uids: UidSet) -> Self {
        Self {
            uids,
            is_exact: true,
        }
    }
}

impl Query {
    /// Asks for the messages that may meet the conditions; `wanted` will be
    /// fetched of them.
    ///
    /// # Errors
    /// The session's; a refused SEARCH only where it was for what the caller
    /// asked for in so many words.
    pub fn find(
        &mut self,
        session: &mut Session,
        examined: &Examined,
        wanted: Wanted,
    ) -> Result<Found> {
        let uids = &self.conditions.uids;
        let has_exact = self.conditions.have_exact();
        let is_named = !wanted.is_empty() && are_few(uids);
        if is_named && !has_exact && self.conditions.own.is_empty() {
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
            is_exact: !has_exact,
        })
    }

    /// What has to be fetched to check the exact conditions.
    pub fn exact_wanted(&self) -> Wanted {
        let exact = self
            .plan
            .terms()
            .filter(|term| term.reach() == Reach::Exact);
        exact.fold(Wanted::NONE, |wanted, term| wanted | term.column.wanted())
    }
}
