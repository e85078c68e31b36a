//! The columns that come from a message's header, for the tests of `mail` and for
//! its fuzz target, which are crates of their own.

use imap0::mail::{Headers, Role};

/// Each of them; a column that the message has no value for is `None`.
pub fn columns(headers: &Headers<'_>) -> Vec<Option<String>> {
    let mut columns = vec![
        headers.message_id(),
        headers.in_reply_to(),
        headers.email_references(),
        headers.subject(),
        headers.from(),
        headers.from_name(),
        headers.sender(),
        headers.addresses(),
        headers.date().map(|seconds| seconds.to_string()),
        headers.date_header(),
    ];
    columns.extend(Role::ALL.map(|role| headers.bare_addresses(role)));
    columns
}
