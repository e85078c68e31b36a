//! The texts of a message's parts, each decoded once, by whoever asks first.
//!
//! Of one message the ingest wants the problems of its texts, the texts, and the
//! JSON that holds them again.

use super::part::Text;
use super::structure::Part;
use std::cell::OnceCell;

/// One place for each part, by its index.
pub(super) struct DecodedTexts<'a> {
    raw: &'a [u8],
    decoded: Vec<OnceCell<Text<'a>>>,
}

impl<'a> DecodedTexts<'a> {
    /// Of the message `raw`, which has so many parts.
    pub fn of(raw: &'a [u8], parts: usize) -> Self {
        Self {
            raw,
            decoded: std::iter::repeat_with(OnceCell::new).take(parts).collect(),
        }
    }

    /// The text of a part.
    pub fn of_part(&self, index: usize, part: &Part) -> &Text<'a> {
        self.decoded[index].get_or_init(|| part.about.decode_text(&self.raw[part.body.clone()]))
    }

    /// The text of a part, taken out.
    pub fn take(mut self, index: usize, part: &Part) -> Text<'a> {
        let known = self.decoded[index].take();
        known.unwrap_or_else(|| part.about.decode_text(&self.raw[part.body.clone()]))
    }
}
