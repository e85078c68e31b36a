//! Messages for tests that need some and do not care which.

/// A message to put into a mailbox.
#[derive(Clone)]
pub struct Mail {
    /// The message, byte for byte.
    pub raw: Vec<u8>,
    /// Its flags and keywords, as IMAP writes them: `\Seen $Junk`.
    pub flags: String,
    /// Its internal date, as IMAP writes it; the server's clock where empty.
    pub internal_date: String,
}

impl Mail {
    /// These bytes, unread, received now.
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            raw: bytes.into(),
            flags: String::new(),
            internal_date: String::new(),
        }
    }

    /// A short plain-text message, every part of it told apart by `number`:
    /// subject `message 7`, Message-ID `7@example.org`, body `body 7`.
    pub fn numbered(number: u32) -> Self {
        let minute = number % 60;
        let hour = number / 60 % 24;
        Self::raw(format!(
            "From: Ada {number} <ada{number}@example.org>\r\n\
             To: alice@example.org\r\n\
             Subject: message {number}\r\n\
             Date: Thu, 1 Jan 2026 {hour:02}:{minute:02}:00 +0000\r\n\
             Message-ID: <{number}@example.org>\r\n\
             \r\n\
             body {number}\r\n"
        ))
    }

    /// [`Mail::numbered`] from 1 to `count`: in an empty mailbox the number is
    /// the UID.
    pub fn many(count: u32) -> Vec<Self> {
        (1..=count).map(Self::numbered).collect()
    }

    /// The same with these flags.
    pub fn flags(mut self, flags: &str) -> Self {
        flags.clone_into(&mut self.flags);
        self
    }

    /// The same with this internal date: `01-Jan-2026 00:00:00 +0000`.
    pub fn received(mut self, internal_date: &str) -> Self {
        internal_date.clone_into(&mut self.internal_date);
        self
    }
}
