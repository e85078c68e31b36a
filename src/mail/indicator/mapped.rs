//! A text derived from another, which still knows where each byte came from.
//!
//! HTML shown as text and text with its defanging undone are both read from a
//! copy; what is found there is reported with its place in the original.

/// The derived text, and where its runs begin in the original.
#[derive(Debug, Default)]
pub struct Mapped {
    text: String,
    /// Pairs of a place in `text` and the place in the original; between two
    /// pairs both move on together. In order.
    runs: Vec<(usize, usize)>,
}

impl Mapped {
    /// The text itself.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Appends `piece`, which stands at `origin` in the original.
    pub fn push(&mut self, piece: &str, origin: usize) {
        if piece.is_empty() {
            return;
        }
        let at = self.text.len();
        let goes_on = |&(start, from): &(usize, usize)| at - start + from == origin;
        if !self.runs.last().is_some_and(goes_on) {
            self.runs.push((at, origin));
        }
        self.text.push_str(piece);
    }

    /// Where the byte at `at` is in the original.
    pub fn origin(&self, at: usize) -> usize {
        let after = self.runs.partition_point(|&(start, _)| start <= at);
        let run = after.checked_sub(1).and_then(|index| self.runs.get(index));
        run.map_or(at, |&(start, origin)| origin + (at - start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_traced_back() {
        let mut mapped = Mapped::default();
        mapped.push("ab", 5);
        mapped.push("", 6);
        mapped.push("&", 7);
        mapped.push("cd", 12);
        assert_eq!(mapped.text(), "ab&cd");
        let origins: Vec<_> = (0..5).map(|at| mapped.origin(at)).collect();
        assert_eq!(origins, [5, 6, 7, 12, 13]);
        assert_eq!(Mapped::default().origin(3), 3);
    }
}
