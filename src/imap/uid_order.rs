//! The order in which messages are wanted: upwards or downwards by their UIDs.
//!
//! The plan of a table says which; what is asked for and how rows come follows.

use super::uid_set::UidSet;

/// The order of UIDs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// The oldest message first.
    #[default]
    Ascending,
    /// The newest message first.
    Descending,
}

/// The UIDs of a set in order.
pub type Uids = Box<dyn Iterator<Item = u32> + Send>;

impl Direction {
    /// The UIDs of `uids` in this order; a set of many costs what its ranges
    /// cost.
    pub fn uids(self, uids: &UidSet) -> Uids {
        let ranges: Vec<_> = uids.ranges().collect();
        match self {
            Self::Ascending => Box::new(ranges.into_iter().flatten()),
            Self::Descending => Box::new(ranges.into_iter().rev().flat_map(Iterator::rev)),
        }
    }

    /// Those of `uids` that come at `uid` or after it.
    pub fn rest(self, uids: &UidSet, uid: u32) -> UidSet {
        let range = match self {
            Self::Ascending => uid..=u32::MAX,
            Self::Descending => 1..=uid,
        };
        uids.intersection(&std::iter::once(range).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uids_are_told_in_either_order() {
        let set = UidSet::parse(b"1:3,7,9:10").unwrap();
        let listed = |direction: Direction| direction.uids(&set).collect::<Vec<_>>();
        assert_eq!(listed(Direction::Ascending), [1, 2, 3, 7, 9, 10]);
        assert_eq!(listed(Direction::Descending), [10, 9, 7, 3, 2, 1]);
        assert_eq!(Direction::Descending.rest(&set, 7).to_string(), "1:3,7");
        assert_eq!(Direction::Ascending.rest(&set, 7).to_string(), "7,9:10");
    }
}
