//! The answer to a UID SEARCH, collected from what the server says meanwhile.

use super::response::Response;
use super::uid_set::UidSet;

/// The most runs of UIDs an answer to one search is made of, give or take a line.
const RANGES: usize = 5_000_000;

/// What has come of it.
pub(super) struct SearchAnswer {
    ranges: Vec<std::ops::RangeInclusive<u32>>,
    is_readable: bool,
    /// True once there was any.
    pub(super) is_answered: bool,
}

impl SearchAnswer {
    pub(super) fn new() -> Self {
        Self {
            ranges: Vec::new(),
            is_readable: true,
            is_answered: false,
        }
    }

    /// Takes a response, if it is of the answer.
    pub(super) fn take(&mut self, response: &Response<'_>) {
        let found = match response {
            Response::Search(uids) => Some(uids),
            Response::Esearch(found) => found.all.as_ref(),
            Response::Other(line) => {
                self.is_readable &= !is_search_answer(line);
                return;
            }
            _ => return,
        };
        self.is_answered = true;
        self.is_readable &= self.ranges.len() < RANGES;
        if self.is_readable {
            let ranges = found.into_iter().flat_map(UidSet::ranges);
            self.ranges.extend(ranges);
        }
    }

    /// The UIDs; `None` where some of the answer could not be read, since a part
    /// of the UIDs would pass for all.
    pub(super) fn into_uids(self) -> Option<UidSet> {
        self.is_readable.then(|| self.ranges.into_iter().collect())
    }
}

fn is_search_answer(line: &[u8]) -> bool {
    let mut words = line
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty());
    words.next() == Some(b"*")
        && words.next().is_some_and(|word| {
            word.eq_ignore_ascii_case(b"SEARCH") || word.eq_ignore_ascii_case(b"ESEARCH")
        })
}
