//! Sets of UIDs, kept as ranges (RFC 9051 sequence-set, without `*`).
//!
//! SEARCH answers become one, plans intersect with one, FETCH commands are cut
//! from one. A set costs what its ranges cost: `1:4000000000` is one range and
//! is never expanded. It knows nothing of servers.

use std::fmt;
use std::ops::RangeInclusive;

/// A set of UIDs: 1 to 4294967295. Zero is no UID and is never in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct UidSet {
    /// Sorted, and neither overlapping nor adjacent.
    ranges: Vec<Range>,
}

/// The first and the last UID, both of the range.
type Range = (u32, u32);

impl UidSet {
    /// The empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Every UID there can be.
    pub fn all() -> Self {
        Self {
            ranges: vec![(1, u32::MAX)],
        }
    }

    /// Reads a server's set: `1:5,7`, in any order, `5:1` meaning `1:5`.
    /// None if it is none; so is one with `*`, which stands for a UID that only
    /// the server knows.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let mut ranges = Vec::new();
        for part in text.split(|&byte| byte == b',') {
            let mut ends = part.split(|&byte| byte == b':');
            let first = uid(ends.next()?)?;
            let last = ends.next().map_or(Some(first), uid)?;
            if ends.next().is_some() {
                return None;
            }
            push(&mut ranges, (first.min(last), first.max(last)));
        }
        Some(Self::from_pushed(ranges))
    }

    /// Adds one UID; cheap where UIDs come in ascending order.
    pub fn insert(&mut self, uid: u32) {
        let Some(before) = uid.checked_sub(1) else {
            return;
        };
        let after = uid.saturating_add(1);
        let from = self.ranges.partition_point(|&(_, last)| last < before);
        let to = from + self.ranges[from..].partition_point(|&(first, _)| first <= after);
        let touched = &self.ranges[from..to];
        let first = touched.first().map_or(uid, |range| range.0.min(uid));
        let last = touched.last().map_or(uid, |range| range.1.max(uid));
        self.ranges.splice(from..to, [(first, last)]);
    }

    /// How many UIDs are in it.
    pub fn len(&self) -> u64 {
        self.ranges.iter().map(|&range| count(range)).sum()
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// The smallest UID.
    pub fn first(&self) -> Option<u32> {
        self.ranges.first().map(|range| range.0)
    }

    /// The largest UID.
    pub fn last(&self) -> Option<u32> {
        self.ranges.last().map(|range| range.1)
    }

    /// True if `uid` is in it.
    pub fn contains(&self, uid: u32) -> bool {
        let at = self.ranges.partition_point(|&(_, last)| last < uid);
        self.ranges.get(at).is_some_and(|&(first, _)| first <= uid)
    }

    /// The UIDs in ascending order, one by one.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = u32> {
        self.ranges().flatten()
    }

    /// The ranges in ascending order; there is a gap between any two.
    pub fn ranges(&self) -> impl DoubleEndedIterator<Item = RangeInclusive<u32>> {
        self.ranges.iter().map(|&(first, last)| first..=last)
    }

    /// The UIDs that are in both.
    pub fn intersection(&self, other: &Self) -> Self {
        let mut common = Vec::new();
        let (mut left, mut right) = (
            self.ranges.iter().peekable(),
            other.ranges.iter().peekable(),
        );
        while let (Some(&&a), Some(&&b)) = (left.peek(), right.peek()) {
            let (first, last) = (a.0.max(b.0), a.1.min(b.1));
            if first <= last {
                common.push((first, last));
            }
            if a.1 < b.1 {
                left.next()
            } else {
                right.next()
            };
        }
        Self { ranges: common }
    }

    /// The UIDs that are in this set and not in the other.
    pub fn difference(&self, other: &Self) -> Self {
        let mut rest = Vec::new();
        let mut others = other.ranges.iter().peekable();
        for &(mut first, last) in &self.ranges {
            while let Some(&&(from, to)) = others.peek().filter(|other| other.0 <= last) {
                if from > first && to >= first {
                    rest.push((first, from - 1));
                }
                // A range that reaches beyond this one may cut the next, too.
                first = first.max(to.saturating_add(1));
                if to > last {
                    break;
                }
                others.next();
            }
            // At the largest UID, `saturating_add` cannot pass what is taken away.
            if first <= last && !other.contains(first) {
                rest.push((first, last));
            }
        }
        Self { ranges: rest }
    }

    /// Cuts the set, in ascending order, into sets of at most `uids` UIDs each,
    /// whose text is at most `text` bytes long (but at least one UID, one
    /// range). Office 365 refuses commands above some 4 KB.
    pub fn chunks(&self, uids: u64, text: usize) -> impl Iterator<Item = Self> {
        let mut ranges = self.ranges.iter().copied().peekable();
        let mut cut: Option<Range> = None;
        std::iter::from_fn(move || {
            let mut chunk = Vec::new();
            let (mut room, mut space) = (uids.max(1), text);
            while let Some(range) = cut.or_else(|| ranges.peek().copied()) {
                let length = text_length(range) + usize::from(!chunk.is_empty());
                if room == 0 || (length > space && !chunk.is_empty()) {
                    break;
                }
                if cut.take().is_none() {
                    ranges.next();
                }
                let (first, last) = range;
                let taken = count(range).min(room);
                // unwrap_or: `taken` is at most the range's count, so the sum fits.
                let end = u32::try_from(u64::from(first) + taken - 1).unwrap_or(last);
                chunk.push((first, end));
                cut = (end < last).then(|| (end + 1, last));
                room -= taken;
                space = space.saturating_sub(length);
            }
            (!chunk.is_empty()).then_some(Self { ranges: chunk })
        })
    }

    /// The last of the set: at most `uids` UIDs, whose text is at most `text`
    /// bytes long (but at least one UID, one range); `None` of the empty set.
    pub fn last_chunk(&self, uids: u64, text: usize) -> Option<Self> {
        let mut chunk = Vec::new();
        let (mut room, mut space) = (uids.max(1), text);
        for &(first, last) in self.ranges.iter().rev() {
            let length = text_length((first, last)) + usize::from(!chunk.is_empty());
            if room == 0 || (length > space && !chunk.is_empty()) {
                break;
            }
            let taken = count((first, last)).min(room);
            // unwrap_or: `taken` is at most the range's count, so it fits.
            let start = u32::try_from(u64::from(last) + 1 - taken).unwrap_or(first);
            chunk.push((start, last));
            room -= taken;
            space = space.saturating_sub(length);
        }
        chunk.reverse();
        (!chunk.is_empty()).then_some(Self { ranges: chunk })
    }

    fn from_pushed(mut ranges: Vec<Range>) -> Self {
        if !ranges.is_sorted_by(|a, b| a.1 < b.0) {
            ranges.sort_unstable();
            let mut merged = Vec::new();
            for range in ranges {
                push(&mut merged, range);
            }
            ranges = merged;
        }
        Self { ranges }
    }
}

/// Adds a range to the end, merged with the last one where it continues it.
fn push(ranges: &mut Vec<Range>, (first, last): Range) {
    match ranges.last_mut() {
        Some(end) if end.0 <= first && first <= end.1.saturating_add(1) => end.1 = end.1.max(last),
        _ => ranges.push((first, last)),
    }
}

fn uid(digits: &[u8]) -> Option<u32> {
    let uid = super::token::number(digits)?;
    u32::try_from(uid).ok().filter(|&uid| uid > 0)
}

fn count((first, last): Range) -> u64 {
    u64::from(last - first) + 1
}

fn text_length((first, last): Range) -> usize {
    let digits = |uid: u32| uid.checked_ilog10().map_or(1, |log| log as usize + 1);
    digits(first) + if first == last { 0 } else { 1 + digits(last) }
}

impl FromIterator<u32> for UidSet {
    fn from_iter<I: IntoIterator<Item = u32>>(uids: I) -> Self {
        uids.into_iter().map(|uid| uid..=uid).collect()
    }
}

impl FromIterator<RangeInclusive<u32>> for UidSet {
    /// Ranges whose start is beyond their end are empty, as ranges are in Rust.
    fn from_iter<I: IntoIterator<Item = RangeInclusive<u32>>>(ranges: I) -> Self {
        let mut pushed = Vec::new();
        for range in ranges {
            let (first, last) = ((*range.start()).max(1), *range.end());
            if first <= last && !range.is_empty() {
                push(&mut pushed, (first, last));
            }
        }
        Self::from_pushed(pushed)
    }
}

impl fmt::Display for UidSet {
    /// As a command holds it: `1:5,7`; nothing for the empty set, which no
    /// command can name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, &(first, last)) in self.ranges.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(f, "{comma}{first}")?;
            if first != last {
                write!(f, ":{last}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn server_sets_are_read_in_any_order_and_written_in_one() {
        let set = UidSet::parse(b"9,5:3,1,2,4000000000:4294967295,8").unwrap();
        assert_eq!(set.to_string(), "1:5,8:9,4000000000:4294967295");
        assert_eq!(
            (set.len(), set.first(), set.last()),
            (294_967_303, Some(1), Some(u32::MAX))
        );
        assert!(set.contains(u32::MAX) && !set.contains(6) && !set.contains(0));
    }

    #[test]
    fn what_only_the_server_could_resolve_is_no_set() {
        for text in [
            "",
            "*",
            "1:*",
            "0",
            "0:5",
            "1,,2",
            "1:2:3",
            "4294967296",
            "+1",
            "a",
            "1 ",
        ] {
            assert_eq!(UidSet::parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_huge_range_is_cut_without_being_expanded() {
        let set = UidSet::parse(b"1:4000000000").unwrap();
        let texts: Vec<_> = set
            .chunks(500, 4_000)
            .take(2)
            .map(|set| set.to_string())
            .collect();
        assert_eq!(texts, ["1:500", "501:1000"]);
        assert_eq!(set.chunks(u64::MAX, 4_000).count(), 1);
        assert_eq!(set.chunks(1 << 30, 0).count(), 4);
    }

    #[test]
    fn the_largest_uid_is_taken_away_like_any_other() {
        let all: UidSet = [1..=u32::MAX].into_iter().collect();
        let last: UidSet = [u32::MAX].into_iter().collect();
        assert_eq!(all.difference(&last).to_string(), "1:4294967294");
        assert!(last.difference(&all).is_empty());
        let mut set = all.difference(&last);
        set.insert(u32::MAX);
        assert_eq!(set, all);
    }

    fn uids() -> impl Strategy<Value = Vec<u32>> {
        proptest::collection::vec(prop_oneof![0..40u32, u32::MAX - 20..=u32::MAX], 0..60)
    }

    fn model(uids: &[u32]) -> BTreeSet<u32> {
        uids.iter().copied().filter(|&uid| uid > 0).collect()
    }

    #[test]
    fn the_last_chunk_is_cut_from_the_end() {
        let set = UidSet::parse(b"1:5,7,9:12").unwrap();
        let cut = |uids, text| set.last_chunk(uids, text).unwrap().to_string();
        assert_eq!(cut(6, 100), "5,7,9:12");
        assert_eq!(cut(2, 100), "11:12");
        assert_eq!(cut(100, 8), "7,9:12");
        assert_eq!(cut(100, 1), "9:12");
        assert_eq!(UidSet::new().last_chunk(5, 100), None);
    }

    proptest! {
        #[test]
        fn it_is_a_set_of_numbers(a in uids(), b in uids()) {
            let (left, right): (UidSet, UidSet) =
                (a.iter().copied().collect(), b.iter().copied().collect());
            let (a_model, b_model) = (model(&a), model(&b));
            prop_assert_eq!(left.iter().collect::<Vec<_>>(), Vec::from_iter(a_model.clone()));
            prop_assert_eq!(left.len(), a_model.len() as u64);
            prop_assert!((0..45).all(|uid| left.contains(uid) == a_model.contains(&uid)));
            let mut inserted = UidSet::new();
            a.iter().for_each(|&uid| inserted.insert(uid));
            prop_assert_eq!(&inserted, &left);
            let both = a_model.intersection(&b_model).copied().collect::<UidSet>();
            prop_assert_eq!(left.intersection(&right), both);
            let rest = a_model.difference(&b_model).copied().collect::<UidSet>();
            prop_assert_eq!(left.difference(&right), rest);
            if !left.is_empty() {
                prop_assert_eq!(UidSet::parse(left.to_string().as_bytes()), Some(left));
            }
        }

        #[test]
        fn chunks_are_small_and_lose_nothing(a in uids(), most in 1..9u64, text in 21..60usize) {
            let set: UidSet = a.into_iter().collect();
            let chunks: Vec<_> = set.chunks(most, text).collect();
            for chunk in &chunks {
                prop_assert!((1..=most).contains(&chunk.len()));
                prop_assert!(chunk.to_string().len() <= text);
            }
            prop_assert_eq!(chunks.iter().flat_map(UidSet::iter).collect::<UidSet>(), set);
        }
    }
}
