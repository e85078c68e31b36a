//! What the system says of an I/O error, in a message's words: for whoever
//! connects, here and in the clients of other protocols.

use std::io;

use crate::error::quote;

/// What an I/O error says, as a message puts it: without the library's prefix
/// and the error number, in lower case.
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text
        .strip_prefix("failed to lookup address information: ")
        .unwrap_or(&text);
    let text = text.split(" (os error ").next().unwrap_or(text);
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_ascii_lowercase());
    quote(&first.into_iter().chain(chars).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_words_are_kept_without_their_wrapping() {
        let error = io::Error::other(
            "failed to lookup address information: Name or service not known (os error 7)",
        );
        assert_eq!(reason(&error), "name or service not known");
    }
}
