//! One row of `imap_attachments`: what BODYSTRUCTURE says of a part, and its
//! content once it is asked for.

use std::sync::Arc;

use super::cell;
use super::structure_json::{content_id, content_type, filename};
use crate::error::Result;
use crate::imap::Session;
use crate::imap::structure::Part;
use crate::mail::digest::{md5_hex, sha1_hex, sha256_hex};
use crate::mail::transfer::Transfer;
use crate::sqlite::Cell;

/// An attachment.
pub struct Row {
    pub rowid: i64,
    folder: Arc<str>,
    uidvalidity: Option<u32>,
    uid: u32,
    part: String,
    filename: Option<String>,
    content_type: Option<String>,
    size: Option<u64>,
    disposition: Option<String>,
    content_id: Option<String>,
    encoding: Option<String>,
    /// The content, once it was asked for; `None` in it where there is none.
    content: Option<Option<Arc<Vec<u8>>>>,
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
            part: part.section.clone(),
            filename: filename(part),
            content_type: content_type(part),
            size: part.size,
            disposition: part.disposition.clone(),
            content_id: content_id(part),
            encoding: part.encoding.clone(),
            content: None,
        }
    }

    /// Gives what is known without the content.
    pub fn cell(&self, column: &str, cell: Cell<'_>) {
        match column {
            "folder_name" => cell.text(&self.folder),
            "uid" => cell.integer(self.uid.into()),
            "uidvalidity" => cell::number(cell, self.uidvalidity),
            "part" => cell.text(&self.part),
            "filename" => cell::text(cell, self.filename.as_deref()),
            "content_type" => cell::text(cell, self.content_type.as_deref()),
            "size" => cell::number(cell, self.size),
            "disposition" => cell::text(cell, self.disposition.as_deref()),
            "content_id" => cell::text(cell, self.content_id.as_deref()),
            _ => cell.null(),
        }
    }

    /// The content, fetched from the open folder the first time; `None` where
    /// it is larger than `max_size` or the message is gone.
    ///
    /// # Errors
    /// As [`Session::part`].
    pub fn content(
        &mut self,
        session: &mut Session,
        max_size: Option<u64>,
    ) -> Result<Option<&Arc<Vec<u8>>>> {
        if self.content.is_none() {
            let is_oversized =
                matches!((self.size, max_size), (Some(size), Some(max)) if size > max);
            let fetched = if is_oversized {
                None
            } else {
                session.part(self.uid, &self.part, self.encoding.as_deref())?
            };
            let transfer = Transfer::named(self.encoding.as_deref().unwrap_or_default().as_bytes());
            let content = fetched.map(|part| {
                Arc::new(if part.is_decoded {
                    part.bytes
                } else {
                    transfer.decode(&part.bytes).bytes.into_owned()
                })
            });
            self.content = Some(content);
        }
        Ok(self.content.as_ref().and_then(Option::as_ref))
    }

    /// Gives the content, or a digest of it.
    pub fn content_cell(content: Option<&Arc<Vec<u8>>>, column: &str, cell: Cell<'_>) {
        let Some(bytes) = content else {
            cell.null();
            return;
        };
        match column {
            "content" => cell.blob_shared(bytes),
            "md5" => cell.text_owned(md5_hex(bytes)),
            "sha1" => cell.text_owned(sha1_hex(bytes)),
            _ => cell.text_owned(sha256_hex(bytes)),
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
