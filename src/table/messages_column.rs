//! The columns of `imap_messages` and what each needs of a message.
//!
//! Names, types and meanings are in `sql/tables/imap_messages.sql`, in the
//! same order; a test holds the two together.

use crate::imap::extra::Extra;
use crate::imap::wanted::{Field, Wanted};
use crate::sqlite::Definition;

/// The table's name and columns.
pub static DEFINITION: Definition = Definition::new(
    "imap_messages",
    include_str!("../../sql/tables/imap_messages.sql"),
);

/// A column of `imap_messages`, in the order of its declaration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    FolderName,
    Uid,
    Uidvalidity,
    Modseq,
    MessageId,
    InReplyTo,
    EmailReferences,
    Subject,
    From,
    FromName,
    Sender,
    ReplyTo,
    To,
    Cc,
    Bcc,
    Addresses,
    Date,
    DateHeader,
    InternalDate,
    Size,
    Flags,
    Status,
    Seen,
    Flagged,
    Answered,
    Deleted,
    Draft,
    Keywords,
    Headers,
    BodyText,
    BodyHtml,
    Parts,
    Attachments,
    Message,
    Raw,
    Sha256,
    Preview,
    GmMsgid,
    GmThrid,
    GmLabels,
    EmailId,
    ThreadId,
    Problems,
    Server,
    User,
    Folder,
    Options,
    Match,
}

/// Every column with its name and what a message must be fetched for.
pub const COLUMNS: [(Column, &str, Wanted); 48] = {
    const NONE: Wanted = Wanted::NONE;
    const FLAGS: Wanted = Wanted::FLAGS;
    const FROM: Wanted = Wanted::field(Field::From);
    const DATE: Wanted = Wanted::field(Field::Date);
    const ADDRESSES: Wanted = FROM
        .and(Wanted::field(Field::Sender))
        .and(Wanted::field(Field::ReplyTo))
        .and(Wanted::field(Field::To))
        .and(Wanted::field(Field::Cc))
        .and(Wanted::field(Field::Bcc));
    [
        (Column::FolderName, "folder_name", NONE),
        (Column::Uid, "uid", NONE),
        (Column::Uidvalidity, "uidvalidity", NONE),
        (Column::Modseq, "modseq", Wanted::MODSEQ),
        (
            Column::MessageId,
            "message_id",
            Wanted::field(Field::MessageId),
        ),
        (
            Column::InReplyTo,
            "in_reply_to",
            Wanted::field(Field::InReplyTo),
        ),
        (
            Column::EmailReferences,
            "email_references",
            Wanted::field(Field::References),
        ),
        (Column::Subject, "subject", Wanted::field(Field::Subject)),
        (Column::From, "from", FROM),
        (Column::FromName, "from_name", FROM),
        (Column::Sender, "sender", Wanted::field(Field::Sender)),
        (Column::ReplyTo, "reply_to", Wanted::field(Field::ReplyTo)),
        (Column::To, "to", Wanted::field(Field::To)),
        (Column::Cc, "cc", Wanted::field(Field::Cc)),
        (Column::Bcc, "bcc", Wanted::field(Field::Bcc)),
        (Column::Addresses, "addresses", ADDRESSES),
        (Column::Date, "date", DATE),
        (Column::DateHeader, "date_header", DATE),
        (Column::InternalDate, "internal_date", Wanted::INTERNAL_DATE),
        (Column::Size, "size", Wanted::SIZE),
        (Column::Flags, "flags", FLAGS),
        (Column::Status, "status", FLAGS),
        (Column::Seen, "seen", FLAGS),
        (Column::Flagged, "flagged", FLAGS),
        (Column::Answered, "answered", FLAGS),
        (Column::Deleted, "deleted", FLAGS),
        (Column::Draft, "draft", FLAGS),
        (Column::Keywords, "keywords", FLAGS),
        (Column::Headers, "headers", Wanted::HEADER),
        (Column::BodyText, "body_text", Wanted::TEXT),
        (Column::BodyHtml, "body_html", Wanted::WHOLE),
        (Column::Parts, "parts", Wanted::STRUCTURE),
        (Column::Attachments, "attachments", Wanted::STRUCTURE),
        (Column::Message, "message", Wanted::WHOLE),
        (Column::Raw, "raw", Wanted::WHOLE),
        (Column::Sha256, "sha256", Wanted::WHOLE),
        (Column::Preview, "preview", Wanted::extra(Extra::Preview)),
        (Column::GmMsgid, "gm_msgid", Wanted::extra(Extra::GmMsgid)),
        (Column::GmThrid, "gm_thrid", Wanted::extra(Extra::GmThrid)),
        (
            Column::GmLabels,
            "gm_labels",
            Wanted::extra(Extra::GmLabels),
        ),
        (Column::EmailId, "email_id", Wanted::extra(Extra::EmailId)),
        (
            Column::ThreadId,
            "thread_id",
            Wanted::extra(Extra::ThreadId),
        ),
        (
            Column::Problems,
            "problems",
            Wanted::WHOLE
                .and(Wanted::STRUCTURE)
                .and(Wanted::INTERNAL_DATE),
        ),
        (Column::Server, "server", NONE),
        (Column::User, "user", NONE),
        (Column::Folder, "folder", NONE),
        (Column::Options, "options", NONE),
        (Column::Match, "imap_messages", NONE),
    ]
};

impl Column {
    /// The column at SQLite's position `index`.
    pub fn at(index: usize) -> Option<Self> {
        COLUMNS.get(index).map(|&(column, _, _)| column)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        COLUMNS[self as usize].1
    }

    /// What a message must be fetched for.
    pub fn wanted(self) -> Wanted {
        COLUMNS[self as usize].2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_those_of_the_declaration() {
        let declared: Vec<_> = DEFINITION
            .columns()
            .iter()
            .map(|column| &column.name[..])
            .collect();
        let known: Vec<_> = COLUMNS.iter().map(|(_, name, _)| *name).collect();
        assert_eq!(declared, known);
        for (position, (column, _, _)) in COLUMNS.iter().enumerate() {
            assert_eq!(*column as usize, position);
            assert_eq!(Column::at(position), Some(*column));
        }
    }
}
