//! The message row of RSSD, and with it everything else about one message.

use std::borrow::Cow;

use super::attachment::{Attachment, AttachmentRows, attachments};
use super::database::Database;
use super::incoming::Incoming;
use super::insert::{Insert, table_columns};
use super::options::{Attachments, Layout, Options};
use super::reading::{Contents, Described, Reading};
use super::record::{Columns, Record};
use super::resource::{Owner, Resources};
use super::schema::MESSAGE_OF_RESOURCE;
use crate::error::Result;
use crate::sqlite::{Bind, Field, Statement};

/// Writes messages; the prepared statements of one run.
pub struct Messages {
    insert: Insert,
    by_id: Statement,
    by_text: Statement,
    foreign: Statement,
    /// Whether other tools have written messages here, once it matters.
    has_foreign: Option<bool>,
    resources: Resources,
    attachments: AttachmentRows,
    order: Order,
    layout: Layout,
}

/// Which of message and resource refers to the other, and so comes second.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    /// Up to gen B.
    ResourceFirst,
    /// From gen C on.
    MessageFirst,
}

/// What the database holds of a message already.
#[derive(Debug, PartialEq, Eq)]
pub enum Held {
    /// Nothing.
    Nothing,
    /// Its row, by this id.
    Whole(String),
    /// A row that we wrote for another message that reads the same: the two
    /// differ in bytes that are no UTF-8 only.
    Twin,
}

/// Where a new message goes.
pub struct Destination<'a> {
    pub device_id: &'a str,
    pub session_id: &'a str,
    /// The id of the session's folder row.
    pub folder_row: &'a str,
    /// The user, for the uri.
    pub user: &'a str,
    /// What is done with attachments.
    pub options: &'a Options,
    /// Of an attached message, the row of the one it came in, and its part.
    pub inside: Option<(&'a str, &'a str)>,
}

impl Destination<'_> {
    /// Whose the resources of a message are.
    fn owner<'a>(&'a self, record: &'a Record, uri: &'a str, date: Option<&'a str>) -> Owner<'a> {
        Owner {
            device_id: self.device_id,
            session_id: self.session_id,
            folder_row: self.folder_row,
            message_row: &record.row_id,
            uri,
            date,
        }
    }
}

impl Messages {
    /// Prepares the statements, once the tables are there.
    ///
    /// # Errors
    /// `Host` where SQLite refuses.
    pub fn open(connection: &Database, layout: Layout) -> Result<Self> {
        let refers = table_columns(connection, "uniform_resource")?
            .iter()
            .any(|c| c == MESSAGE_OF_RESOURCE);
        Ok(Self {
            insert: Insert::prepare(connection, TABLE, &COLUMNS)?,
            by_id: connection
                .prepare(&format!("SELECT 1 FROM main.{TABLE} WHERE {TABLE}_id = ?"))?,
            by_text: connection.prepare(&format!(
                "SELECT {TABLE}_id FROM main.{TABLE} WHERE message = ? AND message_id = ?"
            ))?,
            foreign: connection.prepare(&format!(
                "SELECT 1 FROM main.{TABLE} WHERE {TABLE}_id NOT GLOB '????????-????-8*' LIMIT 1"
            ))?,
            has_foreign: None,
            resources: Resources::open(connection)?,
            attachments: AttachmentRows::open(connection)?,
            order: if refers {
                Order::MessageFirst
            } else {
                Order::ResourceFirst
            },
            layout,
        })
    }

    /// Looks whether a message is there, written by us or by another tool,
    /// whose rows count as they are.
    ///
    /// # Errors
    /// `Host` where SQLite refuses.
    pub fn held(&mut self, record: &Record) -> Result<Held> {
        self.by_id.bind(1, Bind::Text(&record.row_id))?;
        let is_ours = self.by_id.step()?;
        self.by_id.reset();
        if is_ours {
            let row_id = record.row_id.clone();
            let is_whole = self.resources.holds(&row_id, &record.sha256)?;
            return Ok(if is_whole {
                Held::Whole(row_id)
            } else {
                Held::Twin
            });
        }
        if !self.has_foreign()? {
            return Ok(Held::Nothing);
        }
        self.by_text.bind_all(&[
            Bind::Text(&record.content.text()),
            Bind::Text(&record.message_id),
        ])?;
        let held = match self
            .by_text
            .step()?
            .then(|| self.by_text.column(0))
            .transpose()?
        {
            Some(Field::Text(id)) => Held::Whole(id.to_owned()),
            _ => Held::Nothing,
        };
        self.by_text.reset();
        Ok(held)
    }

    /// True where there are messages whose ids are not derived from them. Only
    /// then are they looked for by text, which means to compare whole messages
    /// at each step down the index.
    fn has_foreign(&mut self) -> Result<bool> {
        if let Some(known) = self.has_foreign {
            return Ok(known);
        }
        let found = self.foreign.step()?;
        self.foreign.reset();
        self.has_foreign = Some(found);
        Ok(found)
    }

    /// Writes all rows of a message of which [`Self::held`] does not know the
    /// whole, and gives how many attachments it wrote.
    ///
    /// # Errors
    /// `Host` where SQLite refuses; some rows may then have been written.
    pub fn write(
        &mut self,
        destination: &Destination<'_>,
        record: &Record,
        described: &Described,
        contents: Option<&Contents<'_>>,
        incoming: &Incoming,
    ) -> Result<u64> {
        let Described {
            columns,
            elaboration,
        } = described;
        let uri = self
            .resources
            .uri(destination.device_id, destination.user, record)?;
        let owner = destination.owner(record, &uri, columns.date.as_deref());
        let text = match self.order {
            Order::MessageFirst => {
                self.write_row(&owner, record, columns, None)?;
                self.resources.write_text(&owner, record, elaboration)?
            }
            Order::ResourceFirst => {
                let text = self.resources.write_text(&owner, record, elaboration)?;
                self.write_row(&owner, record, columns, Some(&text))?;
                text
            }
        };
        if let Some(contents) = contents {
            self.resources.write_derived(&owner, record, contents)?;
        }
        self.write_attachments(destination, &owner, &text, record, incoming)
    }

    /// Writes the attachments of a message that [`Self::held`] knows, as a run
    /// without them left it; gives how many are new.
    ///
    /// # Errors
    /// `Host` where SQLite refuses.
    pub fn attach(
        &mut self,
        destination: &Destination<'_>,
        record: &Record,
        incoming: &Incoming,
    ) -> Result<u64> {
        if destination.options.attachments == Attachments::No {
            return Ok(0);
        }
        let Some((text, uri)) = self.resources.text_of(&record.row_id, &record.sha256)? else {
            // Another tool wrote the message, and its attachments as it does.
            return Ok(0);
        };
        let owner = destination.owner(record, &uri, None);
        self.write_attachments(destination, &owner, &text, record, incoming)
    }

    /// Writes the attachments of a message, `text` its resource; those that are
    /// messages as messages too.
    fn write_attachments(
        &mut self,
        destination: &Destination<'_>,
        owner: &Owner<'_>,
        text: &str,
        record: &Record,
        incoming: &Incoming,
    ) -> Result<u64> {
        let options = destination.options;
        // What is inside of an attached message comes with the outermost one.
        if options.attachments == Attachments::No || destination.inside.is_some() {
            return Ok(0);
        }
        let mut written = 0;
        for attachment in attachments(record.content.bytes(), &options.attachment_types) {
            written += u64::from(self.attachments.write(text, owner.uri, &attachment)?);
            if options.attachments == Attachments::UniformResource {
                self.resources
                    .write_attachment(owner, record, &attachment)?;
            }
            if attachment.is_message() {
                self.write_inner(destination, record, attachment, incoming)?;
            }
        }
        Ok(written)
    }

    fn write_inner(
        &mut self,
        destination: &Destination<'_>,
        outer: &Record,
        attachment: Attachment,
        incoming: &Incoming,
    ) -> Result<()> {
        let (part, record) = (attachment.part, Record::read(attachment.content));
        if matches!(self.held(&record)?, Held::Whole(_)) {
            return Ok(());
        }
        let destination = Destination {
            inside: Some((&outer.row_id, &part)),
            ..*destination
        };
        let incoming = Incoming {
            flags: incoming.flags.clone(),
            ..Incoming::default()
        };
        let Reading {
            described,
            contents,
        } = Reading::of(&record, &incoming, self.layout, destination.inside);
        let contents = contents.as_ref();
        self.write(&destination, &record, &described, contents, &incoming)
            .map(drop)
    }

    /// Writes the message row; of a twin, it is there.
    fn write_row(
        &mut self,
        owner: &Owner<'_>,
        record: &Record,
        columns: &Columns,
        resource: Option<&str>,
    ) -> Result<()> {
        let text = Bind::Text;
        let content = match self.layout {
            Layout::Surveilr => record.content.text(),
            Layout::Compact => Cow::Owned(record.reference(owner.uri)),
        };
        let values = [
            text(&record.row_id),
            text(owner.session_id),
            text(owner.folder_row),
            resource.map_or(Bind::Null, text),
            text(&content),
            text(&record.message_id),
            text(&columns.subject),
            text(&columns.from),
            text(&columns.cc),
            text(&columns.bcc),
            text(&columns.status),
            columns.date.as_deref().map_or(Bind::Null, text),
            text(&columns.email_references),
        ];
        self.insert.run(&values).map(drop)
    }
}

const TABLE: &str = "ur_ingest_session_imap_acct_folder_message";

const COLUMNS: [&str; 13] = [
    "ur_ingest_session_imap_acct_folder_message_id",
    "ingest_session_id",
    "ingest_imap_acct_folder_id",
    "uniform_resource_id",
    "message",
    "message_id",
    "subject",
    "from",
    "cc",
    "bcc",
    "status",
    "date",
    "email_references",
];
