//! One row of `imap_attachments`: what BODYSTRUCTURE says of a part, and its
//! content once it is asked for.

use std::sync::Arc;

use super::cell;
use super::oversize::{bound, not_fetched};
use super::structure_json::{content_id, content_type, filename};
use crate::error::Result;
use crate::imap::Session;
use crate::imap::part::PartContent;
use crate::imap::structure::Part;
use crate::mail::digest::{md5_hex, sha1_hex, sha256_hex};
use crate::mail::problem::{Problem, to_json};
use crate::mail::transfer::Transfer;
use crate::sqlite::Cell;

/// An attachment.
pub struct Row {
    pub rowid: i64,
    folder: Arc<str>,
    uidvalidity: Option<u32>,
    uid: u32,
    /// The section; `None` for a message whose parts cannot be listed.
    part: Option<String>,
    filename: Option<String>,
    content_type: Option<String>,
    size: Option<u64>,
    disposition: Option<String>,
    content_id: Option<String>,
    encoding: Option<String>,
    /// The content, once it was asked for.
    content: Option<Content>,
}

/// What has come of a part.
pub struct Content {
    bytes: Option<Arc<Vec<u8>>>,
    problem: Option<Problem>,
}

impl Row {
    /// `place` is the folder's number, the message's UID, and which of its
    /// attachments this is.
    pub fn new(
        folder: Arc<str>,
        uidvalidity: Option<u32>,
        place: (i64, u32, usize),
        part: &Part,
    ) -> Self {
        let (number, uid, index) = place;
        Self {
            rowid: rowid(number, uid, index),
            folder,
            uidvalidity,
            uid,
            part: Some(part.section.clone()),
            filename: filename(part),
            content_type: content_type(part),
            size: part.size,
            disposition: part.disposition.clone(),
            content_id: content_id(part),
            encoding: part.encoding.clone(),
            content: None,
        }
    }

    /// The row that stands for the attachments of a message which the server
    /// does not tell, and why.
    pub fn unlisted(
        folder: Arc<str>,
        uidvalidity: Option<u32>,
        (number, uid): (i64, u32),
        why: &str,
    ) -> Self {
        let content = Content {
            bytes: None,
            problem: Some(Problem::new("parts", why)),
        };
        Self {
            part: None,
            content: Some(content),
            ..Self::new(folder, uidvalidity, (number, uid, 0), &Part::default())
        }
    }

    /// Gives what is known without the content.
    pub fn cell(&self, column: &str, cell: Cell<'_>) {
        match column {
            "folder_name" => cell.text(&self.folder),
            "uid" => cell.integer(self.uid.into()),
            "uidvalidity" => cell::number(cell, self.uidvalidity),
            "part" => cell::text(cell, self.part.as_deref()),
            "filename" => cell::text(cell, self.filename.as_deref()),
            "content_type" => cell::text(cell, self.content_type.as_deref()),
            "size" => cell::number(cell, self.size),
            "disposition" => cell::text(cell, self.disposition.as_deref()),
            "content_id" => cell::text(cell, self.content_id.as_deref()),
            _ => cell.null(),
        }
    }

    /// The content, fetched from the open folder the first time.
    ///
    /// # Errors
    /// As [`Session::part`].
    pub fn content(&mut self, session: &mut Session, max_size: Option<u64>) -> Result<&Content> {
        let content = match self.content.take() {
            Some(content) => content,
            None => self.fetch(session, max_size)?,
        };
        Ok(self.content.insert(content))
    }

    fn fetch(&self, session: &mut Session, max_size: Option<u64>) -> Result<Content> {
        if let Some(size) = self.size.filter(|size| *size > bound(max_size)) {
            return Ok(Content::lacking(not_fetched(size)));
        }
        let section = self.part.as_deref().unwrap_or_default();
        let encoding = self.encoding.as_deref();
        Ok(match session.part(self.uid, section, encoding)? {
            PartContent::Decoded(bytes) => Content {
                bytes: Some(Arc::new(bytes)),
                problem: None,
            },
            PartContent::Encoded(bytes) => {
                let encoding = encoding.unwrap_or_default().as_bytes();
                let decoded = Transfer::named(encoding).decode(&bytes);
                Content {
                    problem: decoded.problem.map(|text| Problem::new("content", text)),
                    bytes: Some(Arc::new(decoded.bytes.into_owned())),
                }
            }
            PartContent::Refused(answer) => Content::lacking(format!("refused: {answer}")),
            PartContent::Nothing => Content::lacking("the server gave no content".to_owned()),
        })
    }
}

impl Content {
    fn lacking(why: String) -> Self {
        Self {
            bytes: None,
            problem: Some(Problem::new("content", why)),
        }
    }

    /// Gives it, a digest of it, or what is wrong with it.
    pub fn cell(&self, column: &str, cell: Cell<'_>) {
        let problems = self.problem.as_ref().map(std::slice::from_ref);
        match (column, &self.bytes) {
            ("problems", _) => match problems.and_then(to_json) {
                Some(problems) => cell.json(&problems),
                None => cell.null(),
            },
            (_, None) => cell.null(),
            ("content", Some(bytes)) => cell.blob_shared(bytes),
            ("md5", Some(bytes)) => cell.text_owned(md5_hex(bytes)),
            ("sha1", Some(bytes)) => cell.text_owned(sha1_hex(bytes)),
            (_, Some(bytes)) => cell.text_owned(sha256_hex(bytes)),
        }
    }
}

/// Unique over the attachments a connection sees: 14 bits for the attachment,
/// of which a structure has 10,000 at most, 32 for the UID, the rest for the
/// folder.
fn rowid(folder: i64, uid: u32, index: usize) -> i64 {
    let index = i64::try_from(index).unwrap_or_default() & 0x3fff;
    folder << 46 | i64::from(uid) << 14 | index
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rowids_are_unique() {
        let places = [
            (0, 1, 0),
            (0, 1, 1),
            (0, 2, 0),
            (1, 1, 0),
            (99_999, u32::MAX, 9_999),
        ];
        let mut ids: Vec<i64> = places.map(|(f, u, i)| rowid(f, u, i)).to_vec();
        assert!(ids.iter().all(|id| *id > 0));
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), places.len());
    }
}
