//! Which messages a run takes, as its options say.
//!
//! What has been dealt with is remembered for each selection on its own, so
//! that another filter in a later run starts from the beginning and nothing
//! that it wants is passed over; see `state`.

use jiff::civil::Date;

use super::filter::Filter;
use super::since::{Since, search_date, search_day};
use crate::imap::search_key::Key;

/// Which messages a run takes; all that are new, if nothing is said.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// The options that make it, as JSON; empty where it takes all.
    pub name: String,
    /// What of that is taken by this run.
    pub fetch: Fetch,
    /// From when on they were received.
    pub since: Option<Since>,
    /// The day that the Date header names.
    pub sent_on: Option<Date>,
    /// One of these has to hold; all where there is none.
    pub status: Vec<Status>,
    /// The caller's own keys.
    pub search: Vec<Key>,
    /// What has to be written in them.
    pub filter: Filter,
}

/// `fetch`: which of the messages a selection means are downloaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fetch {
    /// Those not ingested yet.
    #[default]
    New,
    /// All, those ingested before too.
    All,
    /// Those not ingested yet that are unread now.
    Unseen,
    /// In the first run those that are unread, later those that have come since.
    UnseenFirst,
}

/// `status`: surveilr's words for flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Without `\Seen`.
    Unread,
    /// `\Seen`.
    Read,
    /// `\Flagged`.
    Starred,
    /// `\Answered`.
    Answered,
    /// `\Deleted`.
    Deleted,
    /// `\Draft`.
    Draft,
}

impl Status {
    /// The words of the option; `all` is none of these.
    pub const WORDS: [(&str, Self); 6] = [
        ("unread", Self::Unread),
        ("read", Self::Read),
        ("starred", Self::Starred),
        ("answered", Self::Answered),
        ("deleted", Self::Deleted),
        ("draft", Self::Draft),
    ];

    fn key(self) -> Key {
        Key::plain(match self {
            Self::Unread => "UNSEEN",
            Self::Read => "SEEN",
            Self::Starred => "FLAGGED",
            Self::Answered => "ANSWERED",
            Self::Deleted => "DELETED",
            Self::Draft => "DRAFT",
        })
    }
}

impl Selection {
    /// True where a message that is not meant today may be meant tomorrow: its
    /// flags change. Then no message is ever dealt with but by ingesting it.
    pub fn is_changing(&self) -> bool {
        !self.status.is_empty() || !self.search.is_empty() || self.fetch == Fetch::Unseen
    }

    /// True where it means all messages there are.
    pub fn is_everything(&self) -> bool {
        self.name.is_empty()
    }

    /// What the server is asked for: every message that is meant meets all of
    /// these. `cutoff` is the moment of [`Self::since`] in Unix seconds.
    pub fn keys(&self, cutoff: Option<i64>, asks: Asks) -> Vec<Key> {
        let mut keys = Vec::new();
        let is_unseen = match self.fetch {
            Fetch::Unseen => true,
            Fetch::UnseenFirst => asks.is_first,
            Fetch::New | Fetch::All => false,
        };
        keys.extend(is_unseen.then(|| Status::Unread.key()));
        keys.extend(Key::any(
            self.status.iter().map(|status| status.key()).collect(),
        ));
        // Days are the server's, whose time zone nobody knows.
        keys.extend(cutoff.map(|at| Key::plain(format!("SINCE {}", search_date(at, -1)))));
        // Not all servers leave the zone of a Date header aside, as RFC 9051 says.
        let asked = self.sent_on.filter(|_| asks.reads_dates);
        keys.extend(asked.map(|day| {
            let (from, to) = (search_day(day, -1), search_day(day, 2));
            Key::plain(format!("SENTSINCE {from} SENTBEFORE {to}"))
        }));
        keys.extend(self.search.iter().cloned());
        if asks.searches_substrings {
            keys.extend(self.filter.keys());
        }
        keys
    }
}

/// The circumstances of a search.
#[derive(Clone, Copy, Debug)]
pub struct Asks {
    /// No run of this selection has read the folder before.
    pub is_first: bool,
    /// The server finds a text wherever it stands.
    pub searches_substrings: bool,
    /// The server goes by the Date header of every message.
    pub reads_dates: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(selection: &Selection, is_first: bool) -> String {
        let asks = Asks {
            is_first,
            searches_substrings: true,
            reads_dates: true,
        };
        format!("{:?}", selection.keys(Some(86_400 * 10), asks))
    }

    #[test]
    fn flags_and_dates_become_keys() {
        let selection = Selection {
            fetch: Fetch::UnseenFirst,
            status: vec![Status::Read, Status::Starred],
            sent_on: Some(jiff::civil::date(1994, 2, 1)),
            ..Selection::default()
        };
        let first = spelled(&selection, true);
        assert!(first.starts_with("[Plain(\"UNSEEN\"), Or("), "{first}");
        assert!(
            first.contains("SINCE 10-Jan-1970")
                && first.contains("SENTSINCE 31-Jan-1994 SENTBEFORE 3-Feb-1994")
        );
        assert!(!spelled(&selection, false).contains("UNSEEN"));
        let elsewhere = Asks {
            is_first: false,
            searches_substrings: true,
            reads_dates: false,
        };
        assert!(!format!("{:?}", selection.keys(None, elsewhere)).contains("SENT"));
        assert!(selection.is_changing());
        assert!(!Selection::default().is_changing());
    }
}
