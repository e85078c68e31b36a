//! The `uniform_resource` rows of a message, each with its edge in the graph.

use super::attachment::Attachment;
use super::content::Content;
use super::database::Database;
use super::insert::Insert;
use super::reading::Contents;
use super::record::Record;
use super::{identity, uri};
use crate::error::Result;
use crate::sqlite::{Bind, Field, Statement};

/// The prepared statements of one run.
pub struct Resources {
    insert: Insert,
    edge: Insert,
    find: Statement,
    uri_of: Statement,
    same_uri: Statement,
}

/// What all resources of one message share.
pub struct Owner<'a> {
    /// `device_id`.
    pub device_id: &'a str,
    /// `ingest_session_id`.
    pub session_id: &'a str,
    /// The id of the folder row, for generations that refer to it.
    pub folder_row: &'a str,
    /// The id of the message row.
    pub message_row: &'a str,
    /// The uri of the message.
    pub uri: &'a str,
    /// The message's date, ISO 8601.
    pub date: Option<&'a str>,
}

struct Resource<'a> {
    place: &'a str,
    nature: &'a str,
    content: Bind<'a>,
    /// Bytes of the content.
    size: usize,
    /// SHA-1 of the content.
    digest: &'a str,
    elaboration: Option<&'a str>,
}

impl Resources {
    /// Prepares the statements, once the tables are there.
    ///
    /// # Errors
    /// `Host` where SQLite refuses.
    pub fn open(connection: &Database) -> Result<Self> {
        // Other tools' databases may have the table without its seeds.
        connection.execute(
            "INSERT INTO main.uniform_resource_graph (name, elaboration) VALUES ('imap', '{}')
             ON CONFLICT DO NOTHING",
        )?;
        Ok(Self {
            insert: Insert::prepare(connection, "uniform_resource", &COLUMNS)?,
            edge: Insert::prepare(connection, "uniform_resource_edge", &EDGE_COLUMNS)?,
            uri_of: connection
                .prepare("SELECT uri FROM main.uniform_resource WHERE uniform_resource_id = ?1")?,
            find: connection.prepare(
                "SELECT uniform_resource_id FROM main.uniform_resource
                  WHERE uniform_resource_id = ?1
                 UNION ALL
                 SELECT uniform_resource_id FROM main.uniform_resource
                  WHERE device_id = ?2 AND uri = ?3 AND content_digest = ?4 AND size_bytes = ?5
                  LIMIT 1",
            )?,
            // Without the nature SQLite would prefer to scan the unique index,
            // which covers the rest but has uri behind content_digest.
            same_uri: connection.prepare(
                "SELECT max(nature = 'text' AND content_digest = ?3) FROM main.uniform_resource
                  WHERE device_id = ?1 AND uri = ?2",
            )?,
        })
    }

    /// True where these exact bytes have the resource of that message row.
    ///
    /// # Errors
    /// `Host` where SQLite refuses.
    pub fn holds(&mut self, message_row: &str, sha256: &str) -> Result<bool> {
        let id = identity::resource(message_row, sha256, "");
        self.find.bind_all(&[
            Bind::Text(&id),
            Bind::Null,
            Bind::Null,
            Bind::Null,
            Bind::Null,
        ])?;
        let found = self.find.step()?;
        self.find.reset();
        Ok(found)
    }

    /// The id and the uri of the resource that [`Self::holds`] finds.
    ///
    /// # Errors
    /// `Host` where SQLite refuses.
    pub fn text_of(&mut self, message_row: &str, sha256: &str) -> Result<Option<(String, String)>> {
        let id = identity::resource(message_row, sha256, "");
        self.uri_of.bind(1, Bind::Text(&id))?;
        let found = match self
            .uri_of
            .step()?
            .then(|| self.uri_of.column(0))
            .transpose()?
        {
            Some(Field::Text(uri)) => Some((id, uri.to_owned())),
            _ => None,
        };
        self.uri_of.reset();
        Ok(found)
    }

    /// Writes the resource of an attachment.
    ///
    /// # Errors
    /// `Host` where SQLite refuses.
    pub fn write_attachment(
        &mut self,
        owner: &Owner<'_>,
        record: &Record,
        attachment: &Attachment,
    ) -> Result<()> {
        let resource = Resource {
            place: &attachment.place(),
            nature: &attachment.nature,
            content: Bind::Blob(&attachment.content),
            size: attachment.content.len(),
            digest: &attachment.sha1,
            elaboration: Some(&attachment.elaboration.to_string()),
        };
        self.write(owner, record, &resource).map(drop)
    }

    /// The uri for a message: the plain one, unless another message has it.
    ///
    /// # Errors
    /// `Host` where SQLite refuses.
    pub fn uri(&mut self, device_id: &str, user: &str, record: &Record) -> Result<String> {
        let base = uri::base(user, &record.message_id, &record.sha256);
        self.same_uri
            .bind_all(&[device_id, &base, &record.sha1].map(Bind::Text))?;
        let is_taken = self.same_uri.step()? && self.same_uri.column(0)? == Field::Integer(0);
        self.same_uri.reset();
        Ok(if is_taken {
            uri::distinct(&base, &record.sha256)
        } else {
            base
        })
    }

    /// Writes the `text` resource, the message's exact bytes, and gives its id.
    ///
    /// # Errors
    /// `Host` where SQLite refuses.
    pub fn write_text(
        &mut self,
        owner: &Owner<'_>,
        record: &Record,
        elaboration: &str,
    ) -> Result<String> {
        let resource = Resource {
            place: "",
            nature: "text",
            content: match &record.content {
                Content::Text(text) => exact(text),
                Content::Bytes(bytes) => Bind::Blob(bytes),
            },
            size: record.content.bytes().len(),
            digest: &record.sha1,
            elaboration: Some(elaboration),
        };
        self.write(owner, record, &resource)
    }

    /// Writes what is derived from the message.
    ///
    /// # Errors
    /// `Host` where SQLite refuses.
    pub fn write_derived(
        &mut self,
        owner: &Owner<'_>,
        record: &Record,
        contents: &Contents<'_>,
    ) -> Result<()> {
        for derived in contents.derived() {
            let resource = Resource {
                place: &uri::body_place(derived.nature, derived.nth),
                nature: derived.nature,
                content: exact(derived.content),
                size: derived.content.len(),
                digest: derived.digest,
                elaboration: None,
            };
            self.write(owner, record, &resource)?;
        }
        Ok(())
    }

    /// Writes one resource and its edge, and gives its id.
    fn write(
        &mut self,
        owner: &Owner<'_>,
        record: &Record,
        resource: &Resource<'_>,
    ) -> Result<String> {
        let mut id = identity::resource(owner.message_row, &record.sha256, resource.place);
        let uri = format!("{}{}", owner.uri, resource.place);
        let size = i64::try_from(resource.size).unwrap_or(i64::MAX);
        let is_new = self.insert.run(&[
            Bind::Text(&id),
            Bind::Text(owner.device_id),
            Bind::Text(owner.session_id),
            Bind::Text(owner.message_row),
            Bind::Text(owner.folder_row),
            Bind::Text(&uri),
            Bind::Text(resource.digest),
            resource.content,
            Bind::Text(resource.nature),
            Bind::Integer(size),
            owner.date.map_or(Bind::Null, Bind::Text),
            resource.elaboration.map_or(Bind::Null, Bind::Text),
        ])?;
        if !is_new {
            let [device, uri, digest] = [owner.device_id, &uri, resource.digest].map(Bind::Text);
            self.find
                .bind_all(&[Bind::Text(&id), device, uri, digest, Bind::Integer(size)])?;
            if self.find.step()?
                && let Field::Text(existing) = self.find.column(0)?
            {
                id = existing.to_owned();
            }
            self.find.reset();
        }
        self.edge
            .run(&["imap", EDGE_NATURE, owner.message_row, &id].map(Bind::Text))?;
        Ok(id)
    }
}

/// Text as TEXT wherever that keeps it exactly: without NUL, at which SQLite's
/// text functions stop, and without U+FFFE and U+FFFF, which SQLite replaces
/// where the database is in UTF-16.
fn exact(text: &str) -> Bind<'_> {
    let bytes = text.as_bytes();
    // Both noncharacters begin with the same two bytes, and little else does.
    let may_be_changed = memchr::memchr(0, bytes).is_some()
        || (memchr::memmem::find(bytes, b"\xef\xbf").is_some()
            && text.contains(['\u{fffe}', '\u{ffff}']));
    if may_be_changed {
        Bind::Blob(bytes)
    } else {
        Bind::Text(text)
    }
}

/// One constant: the views join every edge of the graph, whatever its nature.
const EDGE_NATURE: &str = "message";

const EDGE_COLUMNS: [&str; 4] = ["graph_name", "nature", "node_id", "uniform_resource_id"];

const COLUMNS: [&str; 12] = [
    "uniform_resource_id",
    "device_id",
    "ingest_session_id",
    "ingest_session_imap_acct_folder_message",
    "ingest_imap_acct_folder_id",
    "uri",
    "content_digest",
    "content",
    "nature",
    "size_bytes",
    "last_modified_at",
    "elaboration",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_text_only_where_that_loses_nothing() {
        assert_eq!(exact("é\u{fffd}"), Bind::Text("é\u{fffd}"));
        assert_eq!(exact("a\0b"), Bind::Blob(b"a\0b"));
        let noncharacter = "a\u{ffff}";
        assert_eq!(exact(noncharacter), Bind::Blob(noncharacter.as_bytes()));
    }
}
