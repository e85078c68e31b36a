//! A password or token: never shown, zeroed when dropped.

use zeroize::Zeroizing;

/// Text that no `Debug`, `Display` or message can show. It goes nowhere but
/// through [`Secret::declassify`], which is easy to find in a review.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text over; the caller keeps no copy.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself, for the one place that puts it on the wire.
    pub fn declassify(&self) -> &str {
        &self.0
    }
}
