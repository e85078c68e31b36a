//! The answer to STATUS (RFC 9051 section 7.3.4, RFC 7162 section 3.1.7).
//!
//! Numbers a server does not give are None; items nobody asked for are passed
//! over.

use super::capability::Capabilities;
use super::listed::read_mailbox;
use super::mailbox::Mailbox;
use super::token::Reader;

/// What STATUS is asked for: a set of the items of [`MailboxStatus`].
///
/// | bit | item | where the server has |
/// |---|---|---|
/// | 0x01 | `MESSAGES` | |
/// | 0x02 | `UNSEEN` | |
/// | 0x04 | `UIDNEXT` | |
/// | 0x08 | `UIDVALIDITY` | |
/// | 0x10 | `HIGHESTMODSEQ` | CONDSTORE |
/// | 0x20 | `SIZE` | STATUS=SIZE |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusItems(pub u8);

impl StatusItems {
    /// Every item.
    pub const ALL: Self = Self(0x3f);

    /// The items as a command lists them, without those that the server does
    /// not have; `None` where none is left.
    pub fn list(self, capabilities: &Capabilities) -> Option<String> {
        const ITEMS: [(&str, Option<&str>); 6] = [
            ("MESSAGES", None),
            ("UNSEEN", None),
            ("UIDNEXT", None),
            ("UIDVALIDITY", None),
            ("HIGHESTMODSEQ", Some("CONDSTORE")),
            ("SIZE", Some("STATUS=SIZE")),
        ];
        let asked = ITEMS.iter().enumerate().filter(|(bit, (_, capability))| {
            self.0 >> bit & 1 == 1 && capability.is_none_or(|name| capabilities.has(name))
        });
        let names: Vec<&str> = asked.map(|(_, (name, _))| *name).collect();
        (!names.is_empty()).then(|| format!("({})", names.join(" ")))
    }
}

/// What STATUS tells of a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailboxStatus {
    /// The mailbox; `inbox` is answered as INBOX.
    pub mailbox: Mailbox,
    /// How many messages it holds.
    pub messages: Option<u64>,
    /// How many of them are not `\Seen`.
    pub unseen: Option<u64>,
    /// The UID the next message will have at least.
    pub uidnext: Option<u32>,
    /// UIDs mean the same messages while this stays the same.
    pub uidvalidity: Option<u32>,
    /// Grows with every change (CONDSTORE).
    pub highestmodseq: Option<u64>,
    /// Bytes of all messages (STATUS=SIZE).
    pub size: Option<u64>,
}

impl MailboxStatus {
    /// One of which nothing is known yet.
    pub fn unknown(mailbox: Mailbox) -> Self {
        Self {
            mailbox,
            messages: None,
            unseen: None,
            uidnext: None,
            uidvalidity: None,
            highestmodseq: None,
            size: None,
        }
    }

    /// Takes over what a later answer tells, which may leave out what has not
    /// changed; true where something has.
    pub fn update(&mut self, later: &Self) -> bool {
        fn take<T: Copy + PartialEq>(known: &mut Option<T>, told: Option<T>) -> bool {
            let is_news = told.is_some() && told != *known;
            *known = told.or(*known);
            is_news
        }
        let mut is_news = take(&mut self.messages, later.messages);
        is_news |= take(&mut self.unseen, later.unseen);
        is_news |= take(&mut self.uidnext, later.uidnext);
        is_news |= take(&mut self.uidvalidity, later.uidvalidity);
        is_news |= take(&mut self.highestmodseq, later.highestmodseq);
        is_news | take(&mut self.size, later.size)
    }

    /// Reads what follows STATUS; None without a name or a list.
    ///
    /// ```text
    /// mailbox-data = "STATUS" SP mailbox SP "(" [status-att-list] ")"
    /// ```
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let mailbox = read_mailbox(reader)?;
        let mut status = Self::unknown(mailbox);
        if !reader.enter_list() {
            return None;
        }
        while reader.has_value() {
            let item = reader.string().unwrap_or_default().to_ascii_uppercase();
            let value = reader.number();
            let narrow = value.and_then(|value| u32::try_from(value).ok());
            match &*item {
                b"MESSAGES" => status.messages = value,
                b"UNSEEN" => status.unseen = value,
                b"UIDNEXT" => status.uidnext = narrow,
                b"UIDVALIDITY" => status.uidvalidity = narrow,
                b"HIGHESTMODSEQ" => status.highestmodseq = value,
                b"SIZE" => status.size = value,
                _ => {}
            }
        }
        Some(status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_wanted_and_there_is_asked_for() {
        let list = |bits: u8, capabilities: &str| {
            StatusItems(bits).list(&Capabilities::parse(capabilities.as_bytes()))
        };
        assert_eq!(
            list(0xff, "CONDSTORE STATUS=SIZE").as_deref(),
            Some("(MESSAGES UNSEEN UIDNEXT UIDVALIDITY HIGHESTMODSEQ SIZE)")
        );
        assert_eq!(list(0x21, "IMAP4rev1").as_deref(), Some("(MESSAGES)"));
        assert_eq!(list(0x30, "IMAP4rev1"), None);
    }

    #[test]
    fn numbers_given_are_read_and_the_others_none() {
        let line = b"Sent Items (messages 3 UIDNEXT 4294967296 UIDVALIDITY 4242 X-FOO (a 1) \
            MAILBOXID (F1) SIZE 5000000000 HIGHESTMODSEQ NIL UNSEEN \"2\")\r\n";
        let status = MailboxStatus::read(&mut Reader::new(line)).unwrap();
        assert_eq!(status.mailbox.name(), "Sent Items");
        assert_eq!((status.messages, status.unseen), (Some(3), Some(2)));
        assert_eq!((status.uidnext, status.uidvalidity), (None, Some(4242)));
        assert_eq!(
            (status.highestmodseq, status.size),
            (None, Some(5_000_000_000))
        );
    }

    #[test]
    fn what_a_later_answer_leaves_out_stays_as_it_was() {
        let read = |text: &str| MailboxStatus::read(&mut Reader::new(text.as_bytes())).unwrap();
        let mut known = read("A (MESSAGES 3 UIDNEXT 4)");
        assert!(!known.update(&read("A (MESSAGES 3)")));
        assert!(known.update(&read("A (UNSEEN 0)")));
        assert!(known.update(&read("A (MESSAGES 4 UIDNEXT 4)")));
        assert_eq!(known, read("A (MESSAGES 4 UIDNEXT 4 UNSEEN 0)"));
    }

    #[test]
    fn an_answer_without_a_list_is_none() {
        assert_eq!(MailboxStatus::read(&mut Reader::new(b"INBOX\r\n")), None);
        assert!(MailboxStatus::read(&mut Reader::new(b"{5}\r\ninbox ()\r\n")).is_some());
    }
}
