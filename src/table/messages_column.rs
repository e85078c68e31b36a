//! The columns of `imap_messages` and what each needs of a message.
//!
//! Names, types and meanings are in `sql/tables/imap_messages.sql`, in the
//! same order; a test holds the two together.

use crate::imap::items::{Field, Items};

/// A column of `imap_messages`, in the order of its declaration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "sql/tables/imap_messages.sql gives each its meaning")]
pub enum Column {
    FolderName,
    Uid,
    Uidvalidity,
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
    Problems,
    Server,
    User,
    Folder,
    Options,
}

/// Every column with its name and what a message must be fetched for.
pub const COLUMNS: [(Column, &str, Items); 40] = {
    const NONE: Items = Items::NONE;
    const FLAGS: Items = Items::FLAGS;
    const FROM: Items = Items::field(Field::From);
    const DATE: Items = Items::field(Field::Date);
    const ADDRESSES: Items = FROM
        .and(Items::field(Field::Sender))
        .and(Items::field(Field::ReplyTo))
        .and(Items::field(Field::To))
        .and(Items::field(Field::Cc))
        .and(Items::field(Field::Bcc));
    [
        (Column::FolderName, "folder_name", NONE),
        (Column::Uid, "uid", NONE),
        (Column::Uidvalidity, "uidvalidity", NONE),
        (Column::MessageId, "message_id", Items::field(Field::MessageId)),
        (Column::InReplyTo, "in_reply_to", Items::field(Field::InReplyTo)),
        (Column::EmailReferences, "email_references", Items::field(Field::References)),
        (Column::Subject, "subject", Items::field(Field::Subject)),
        (Column::From, "from", FROM),
        (Column::FromName, "from_name", FROM),
        (Column::Sender, "sender", Items::field(Field::Sender)),
        (Column::ReplyTo, "reply_to", Items::field(Field::ReplyTo)),
        (Column::To, "to", Items::field(Field::To)),
        (Column::Cc, "cc", Items::field(Field::Cc)),
        (Column::Bcc, "bcc", Items::field(Field::Bcc)),
        (Column::Addresses, "addresses", ADDRESSES),
        (Column::Date, "date", DATE),
        (Column::DateHeader, "date_header", DATE),
        (Column::InternalDate, "internal_date", Items::INTERNAL_DATE),
        (Column::Size, "size", Items::SIZE),
        (Column::Flags, "flags", FLAGS),
        (Column::Status, "status", FLAGS),
        (Column::Seen, "seen", FLAGS),
        (Column::Flagged, "flagged", FLAGS),
        (Column::Answered, "answered", FLAGS),
        (Column::Deleted, "deleted", FLAGS),
        (Column::Draft, "draft", FLAGS),
        (Column::Keywords, "keywords", FLAGS),
        (Column::Headers, "headers", Items::HEADER),
        (Column::BodyText, "body_text", Items::TEXT),
        (Column::BodyHtml, "body_html", Items::WHOLE),
        (Column::Parts, "parts", Items::STRUCTURE),
        (Column::Attachments, "attachments", Items::STRUCTURE),
        (Column::Message, "message", Items::WHOLE),
        (Column::Raw, "raw", Items::WHOLE),
        (Column::Sha256, "sha256", Items::WHOLE),
        (Column::Problems, "problems", Items::WHOLE.and(Items::STRUCTURE).and(Items::INTERNAL_DATE)),
        (Column::Server, "server", NONE),
        (Column::User, "user", NONE),
        (Column::Folder, "folder", NONE),
        (Column::Options, "options", NONE),
    ]
};

impl Column {
    /// The column at SQLite's position `index`.
    pub fn at(index: usize) -> Option<Self> {
        COLUMNS.get(index).map(|&(column, _, _)| column)
    }

    /// Its name, without quotes.
    pub fn name(self) -> &'static str {
        COLUMNS[self as usize].1
    }
}
