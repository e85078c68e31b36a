//! How large messages are, and FETCH commands cut by it.

use std::sync::Arc;

use super::run::is_refusal;
use crate::error::Result;
use crate::imap::fetch_stream::{Chunk, FetchStream};
use crate::imap::items::{Item, Items};
use crate::imap::session::Session;
use crate::imap::uid_set::UidSet;

/// The messages of a window, ascending, with RFC822.SIZE where the server
/// tells.
pub type Sizes = Vec<(u32, Option<u64>)>;

/// What one FETCH may ask for: a stop in the middle costs as much.
const CHUNK_BYTES: u64 = 16 << 20;
/// The first one is small, so that the first messages come soon.
const FIRST_CHUNK_BYTES: u64 = 1 << 20;

/// Asks for the sizes of these messages. A refusal costs no more than the
/// sizes: the messages are asked for all the same.
///
/// # Errors
/// The wire's.
pub fn sizes(session: &mut Session, uids: &UidSet) -> Result<Sizes> {
    let chunk = Chunk { uids: uids.clone(), items: Arc::new(Items::new(vec![Item::Size])?) };
    let mut stream = FetchStream::new(std::iter::once(chunk));
    let mut sizes: Sizes = uids.iter().map(|uid| (uid, None)).collect();
    loop {
        match stream.next(session) {
            Ok(Some(message)) => {
                if let Ok(at) = sizes.binary_search_by_key(&message.uid, |(uid, _)| *uid) {
                    sizes[at].1 = message.size;
                }
            }
            Ok(None) => return Ok(sizes),
            Err(error) if is_refusal(&error) => {}
            Err(error) => return Err(error),
        }
    }
}

/// The messages cut into commands by their sizes.
pub fn by_size(sizes: &[(u32, Option<u64>)], items: &Arc<Items>) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    let mut uids = UidSet::new();
    let mut room = FIRST_CHUNK_BYTES;
    for &(uid, size) in sizes {
        let size = size.unwrap_or(0);
        if size > room && !uids.is_empty() {
            chunks.push(Chunk { uids: std::mem::take(&mut uids), items: Arc::clone(items) });
            room = CHUNK_BYTES;
        }
        uids.insert(uid);
        room = room.saturating_sub(size);
    }
    if !uids.is_empty() {
        chunks.push(Chunk { uids, items: Arc::clone(items) });
    }
    chunks
}

/// Each message in a command of its own.
pub fn one_by_one(uids: &UidSet, items: &Arc<Items>) -> Vec<Chunk> {
    let alone = |uid| Chunk { uids: [uid].into_iter().collect(), items: Arc::clone(items) };
    uids.iter().map(alone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_cut_by_bytes_the_first_one_small() {
        const MEGABYTE: u64 = 1 << 20;
        let sizes = [1, 2, 3, 4, 5].map(|uid| (uid, Some(MEGABYTE * u64::from(uid) * 2)));
        let items = Arc::new(Items::new(vec![Item::Body]).unwrap());
        let chunks = by_size(&sizes, &items);
        let texts: Vec<String> = chunks.iter().map(|chunk| chunk.uids.to_string()).collect();
        assert_eq!(texts, ["1", "2:3", "4", "5"]);
    }

    #[test]
    fn messages_of_unknown_size_are_asked_for_too() {
        let items = Arc::new(Items::new(vec![Item::Body]).unwrap());
        assert_eq!(by_size(&[(1, None), (9, None)], &items)[0].uids.to_string(), "1,9");
        assert_eq!(one_by_one(&[3, 4].into_iter().collect(), &items).len(), 2);
    }
}
