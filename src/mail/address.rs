//! Address fields (RFC 5322 section 3.4): parsed by mail-parser, encoded words
//! repaired first.

use super::charset::trimmed;
use super::shield::shielded;
use super::words::repair;
use mail_parser::parsers::MessageStream;
use mail_parser::{Addr, HeaderValue};

/// One mailbox of an address field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// The display name, decoded, with comments as mail-parser adds them.
    pub name: Option<String>,
    /// The bare address; `None` where the field gives only a name.
    pub address: Option<String>,
}

/// The address fields that have a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// From.
    From,
    /// Sender.
    Sender,
    /// Reply-To.
    ReplyTo,
    /// To.
    To,
    /// Cc.
    Cc,
    /// Bcc.
    Bcc,
}

impl Role {
    /// All roles, in the order in which `addresses` lists them.
    pub const ALL: [Self; 6] = [
        Self::From,
        Self::Sender,
        Self::ReplyTo,
        Self::To,
        Self::Cc,
        Self::Bcc,
    ];

    /// The column, and the key in `addresses`.
    pub fn column(self) -> &'static str {
        match self {
            Self::From => "from",
            Self::Sender => "sender",
            Self::ReplyTo => "reply_to",
            Self::To => "to",
            Self::Cc => "cc",
            Self::Bcc => "bcc",
        }
    }

    /// The header field.
    pub fn field(self) -> &'static str {
        match self {
            Self::From => "From",
            Self::Sender => "Sender",
            Self::ReplyTo => "Reply-To",
            Self::To => "To",
            Self::Cc => "Cc",
            Self::Bcc => "Bcc",
        }
    }
}

/// The mailboxes of one field, those of groups included in their place.
pub(super) fn parse(value: &[u8]) -> Vec<Address> {
    let mailboxes = parsed(value, |parsed| match parsed {
        mail_parser::Address::List(list) => list.into_iter().filter_map(mailbox).collect(),
        mail_parser::Address::Group(groups) => groups
            .into_iter()
            .flat_map(|group| group.addresses)
            .filter_map(mailbox)
            .collect(),
    });
    mailboxes.unwrap_or_default()
}

/// One field as mail-parser gives it, groups kept; `None` where there is
/// nothing in it.
pub(super) fn parse_grouped(value: &[u8]) -> Option<mail_parser::Address<'static>> {
    parsed(value, |parsed| parsed.into_owned())
}

/// What `read` makes of a field as mail-parser gives it; `None` where there is
/// nothing in it.
fn parsed<T>(value: &[u8], read: impl FnOnce(mail_parser::Address<'_>) -> T) -> Option<T> {
    let mut line = repair(value);
    drop_comment_after_group(&mut line);
    shielded(|| match MessageStream::new(&line).parse_address() {
        HeaderValue::Address(address) => Some(read(address)),
        _ => None,
    })
}

/// What may follow a group is a comment (RFC 5322 section 3.4), which
/// mail-parser would take for the name of one more mailbox.
fn drop_comment_after_group(line: &mut Vec<u8>) {
    let Some(end) = line.iter().rposition(|&byte| byte == b';') else {
        return;
    };
    let (group, rest) = line.split_at(end + 1);
    let rest = rest.trim_ascii();
    if group.contains(&b':') && rest.starts_with(b"(") && rest.ends_with(b")") {
        line.truncate(end + 1);
        line.push(b'\n');
    }
}

/// True for a group without mailboxes, as in `undisclosed-recipients:;`.
pub(super) fn is_empty_group(value: &[u8]) -> bool {
    match parse_grouped(value) {
        Some(mail_parser::Address::Group(groups)) => {
            groups.iter().all(|group| group.addresses.is_empty())
        }
        _ => false,
    }
}

fn mailbox(addr: Addr<'_>) -> Option<Address> {
    let mailbox = Address {
        name: addr.name.and_then(trimmed),
        address: addr.address.and_then(trimmed),
    };
    (mailbox != Address::default()).then_some(mailbox)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(value: &[u8]) -> Vec<(String, String)> {
        let list = parse(value).into_iter();
        list.map(|a| (a.name.unwrap_or_default(), a.address.unwrap_or_default()))
            .collect()
    }

    fn pair(name: &str, address: &str) -> (String, String) {
        (name.into(), address.into())
    }

    #[test]
    fn mailboxes_groups_and_comments_are_flat() {
        assert_eq!(
            pairs(b" Ada <ada@x.org>, list: b@x.org, \"C, D\" <c@x.org>;\r\n e@x.org (E)"),
            [
                pair("Ada", "ada@x.org"),
                pair("", "b@x.org"),
                pair("C, D", "c@x.org"),
                pair("E", "e@x.org")
            ]
        );
        assert_eq!(pairs(b"undisclosed-recipients:;"), []);
        assert_eq!(pairs(b"unlisted:; (no To-header\r\n on input)"), []);
        assert_eq!(pairs(b"list: a@x.org; (all)"), [pair("", "a@x.org")]);
        assert_eq!(pairs(b"<>"), []);
        assert_eq!(pairs(b""), []);
    }

    #[test]
    fn names_are_decoded_and_repaired() {
        let split = "=?utf-8?B?4pg=?= =?utf-8?B?ug==?= <a@x.org>";
        for value in [split, "\"☺\" <a@x.org>"] {
            assert_eq!(pairs(value.as_bytes()), [pair("☺", "a@x.org")]);
        }
        assert_eq!(pairs(b"Caf\xe9 <a@x.org>"), [pair("Café", "a@x.org")]);
        // Bytes that a word should have encoded are in its character set too.
        assert_eq!(
            pairs(b"\xd6 =?iso-8859-2?q?\xb1?= <a@x.org>"),
            [pair("Ö ą", "a@x.org")]
        );
        assert_eq!(
            pairs(b"=?x?q?Caf=E9=2C?= <a@x.org>"),
            [pair("Café,", "a@x.org")]
        );
        assert_eq!(
            pairs(b"\"=?utf-8?q?Caf=C3=A9?=\" <a@x.org>"),
            [pair("Café", "a@x.org")]
        );
    }

    #[test]
    fn a_name_alone_is_no_address() {
        assert_eq!(pairs(b"MAILER-DAEMON"), [pair("MAILER-DAEMON", "")]);
        assert_eq!(pairs(b"<root>"), [pair("", "root")]);
    }
}
