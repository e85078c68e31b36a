//! One answer to LIST: a mailbox, its attributes and its delimiter (RFC 9051
//! section 7.3.1, RFC 6154).
//!
//! Extended data (RFC 5258) is passed over.

use super::flags::text;
use super::mailbox::Mailbox;
use super::token::{Reader, Token};

/// A mailbox as LIST names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The attributes, as sent: `\HasNoChildren`, `\Sent`.
    pub attributes: Vec<String>,
    /// What separates the levels of the hierarchy; None where there are none.
    pub delimiter: Option<char>,
    /// The mailbox.
    pub mailbox: Mailbox,
}

/// More attributes than any mailbox has; a longer list is cut.
const MOST: usize = 100;

impl Listed {
    /// Reads what follows LIST; None without a name.
    ///
    /// ```text
    /// mailbox-list = "(" [mbx-list-flags] ")" SP (DQUOTE QUOTED-CHAR DQUOTE / nil) SP mailbox
    /// ```
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let mut attributes = Vec::new();
        if reader.enter_list() {
            while reader.has_value() {
                let attribute = reader.string();
                attributes.extend(
                    attribute
                        .filter(|_| attributes.len() < MOST)
                        .map(|a| text(&a)),
                );
            }
            reader.leave_list();
        }
        let delimiter = reader
            .string()
            .and_then(|bytes| text(&bytes).chars().next());
        let mailbox = read_mailbox(reader)?;
        Some(Self {
            attributes,
            delimiter,
            mailbox,
        })
    }

    /// True if it has the attribute, in any case.
    pub fn has(&self, attribute: &str) -> bool {
        self.attributes
            .iter()
            .any(|has| has.eq_ignore_ascii_case(attribute))
    }

    /// False for a name that is only a level of the hierarchy, or gone, and
    /// cannot be opened (RFC 9051 `\NonExistent` implies `\Noselect`).
    pub fn is_selectable(&self) -> bool {
        !self.has("\\Noselect") && !self.has("\\NonExistent")
    }
}

/// Reads the name of a mailbox. Servers that leave a name with blanks unquoted
/// are understood: it ends where a list begins, or with the line.
pub(super) fn read_mailbox(reader: &mut Reader<'_>) -> Option<Mailbox> {
    Some(match reader.clone().token()? {
        Token::Quoted(_) | Token::Literal(_) => Mailbox::from_spelling(&reader.string()?),
        _ => Mailbox::from_spelling(reader.words()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(line: &[u8]) -> Option<(String, Option<char>, usize)> {
        let listed = Listed::read(&mut Reader::new(line))?;
        Some((
            listed.mailbox.name().to_owned(),
            listed.delimiter,
            listed.attributes.len(),
        ))
    }

    fn found(
        name: &str,
        delimiter: Option<char>,
        attributes: usize,
    ) -> Option<(String, Option<char>, usize)> {
        Some((name.to_owned(), delimiter, attributes))
    }

    #[test]
    fn names_of_many_servers_are_read() {
        let dovecot =
            b"(\\HasNoChildren \\UnMarked \\Trash) \"/\" \"Entw&APw-rfe/a \\\"b\\\"\"\r\n";
        assert_eq!(listed(dovecot), found("Entwürfe/a \"b\"", Some('/'), 3));
        assert_eq!(listed(b"() NIL imap4d\r\n"), found("imap4d", None, 0));
        assert_eq!(
            listed(b"(\\Noselect) \"\\\\\" {5}\r\nA (b)\r\n"),
            found("A (b)", Some('\\'), 1)
        );
        assert_eq!(
            listed(b"(\\Marked) \".\" Sent Items \r\n"),
            found("Sent Items", Some('.'), 1)
        );
        assert_eq!(listed(b"() \"/\" ~x\r\n"), found("~x", Some('/'), 0));
        assert_eq!(listed(b"() \"/\" NIL\r\n"), found("NIL", Some('/'), 0));
        assert_eq!(
            listed("() \"/\" \"Входящие\"\r\n".as_bytes()),
            found("\u{fffd}Входящие", Some('/'), 0)
        );
        let extended = b"(\\NonExistent) \"/\" a (\"CHILDINFO\" (\"SUBSCRIBED\"))\r\n";
        assert_eq!(listed(extended), found("a", Some('/'), 1));
    }

    #[test]
    fn a_line_without_a_name_names_nothing() {
        assert_eq!(listed(b"() \"/\"\r\n"), None);
        assert_eq!(listed(b""), None);
    }

    #[test]
    fn levels_of_the_hierarchy_are_not_selectable() {
        let level = Listed::read(&mut Reader::new(b"(\\NOSELECT) \".\" x")).unwrap();
        assert!(!level.is_selectable() && level.has("\\Noselect"));
        assert!(
            Listed::read(&mut Reader::new(b"(\\Sent) \".\" x"))
                .unwrap()
                .is_selectable()
        );
    }
}
