//! Outlook item files (MS-OXMSG): a compound file (crate `cfb`) whose streams
//! are named after the properties they hold.

use super::compose;
use super::item::{Attachment, Item, Properties, Property};
use crate::mail::shield::shielded;
use cfb::CompoundFile;
use memchr::memmem;
use std::io::{Cursor, Read};

/// The first bytes of every compound file (MS-CFB section 2.2).
const MAGIC: [u8; 8] = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];

/// How many messages inside one another are read.
const MAX_DEPTH: usize = 8;

/// The most streams and storages that are looked at.
const MAX_ENTRIES: usize = 20_000;

/// The most of one value that is read, bytes.
const MAX_VALUE: u64 = 1 << 30;

/// The stream of properties of fixed size (section 2.4).
const FIXED: &str = "__properties_version1.0";

/// True for any compound file.
pub fn is_compound_file(raw: &[u8]) -> bool {
    raw.starts_with(&MAGIC)
}

/// True for one that has what every item file has; Office documents are
/// compound files too.
pub fn is_message(raw: &[u8]) -> bool {
    let name: Vec<u8> = FIXED.encode_utf16().flat_map(u16::to_le_bytes).collect();
    is_compound_file(raw) && memmem::find(raw, &name).is_some()
}

/// The message as MIME; `None` where it is none that can be read.
pub fn to_mime(raw: &[u8]) -> Option<Vec<u8>> {
    if !is_message(raw) {
        return None;
    }
    let item = shielded(|| {
        let file = CompoundFile::open(Cursor::new(raw)).ok()?;
        let mut reader = Reader {
            file,
            entries: 0,
            // Streams of a broken file may share their sectors.
            left: (raw.len() as u64).saturating_mul(2),
        };
        reader.item("/", 0)
    })?;
    Some(compose::mime(&item))
}

struct Reader<'a> {
    file: CompoundFile<Cursor<&'a [u8]>>,
    entries: usize,
    left: u64,
}

/// A stream or a storage in a storage.
struct Entry {
    name: String,
    is_storage: bool,
}

impl Reader<'_> {
    fn item(&mut self, place: &str, depth: usize) -> Option<Item> {
        let mut item = Item {
            // Section 2.4.1: the header before the entries is longer at the top.
            properties: self.properties(place, if depth == 0 { 32 } else { 24 })?,
            ..Item::default()
        };
        for entry in self
            .entries(place)?
            .into_iter()
            .filter(|entry| entry.is_storage)
        {
            let inside = format!("{place}{}/", entry.name);
            if entry.name.starts_with("__recip_version1.0_") {
                item.recipients.extend(self.properties(&inside, 8));
            } else if entry.name.starts_with("__attach_version1.0_") {
                let properties = self.properties(&inside, 8).unwrap_or_default();
                let message = format!("{inside}__substg1.0_3701000D/");
                let is_message = self.file.is_storage(&message);
                let attached = if is_message && depth < MAX_DEPTH {
                    self.item(&message, depth + 1)
                } else {
                    None
                };
                item.attachments.push(Attachment {
                    properties,
                    item: attached,
                });
            }
        }
        item.settle_charset(None);
        Some(item)
    }

    /// The properties of a storage; `None` where it has no stream of fixed
    /// ones, and so is none of MAPI.
    fn properties(&mut self, place: &str, header: usize) -> Option<Properties> {
        let mut properties = Properties::default();
        let fixed = self.stream(&format!("{place}{FIXED}"))?;
        for entry in fixed.get(header..).unwrap_or_default().chunks_exact(16) {
            let kind = u16::from_le_bytes([entry[0], entry[1]]);
            let id = u16::from_le_bytes([entry[2], entry[3]]);
            let value = entry[8..].try_into().unwrap_or_default();
            if let Some(property) = Property::fixed(kind, value) {
                properties.add(id, property);
            }
        }
        for entry in self
            .entries(place)?
            .into_iter()
            .filter(|entry| !entry.is_storage)
        {
            let Some(tag) = entry.name.strip_prefix("__substg1.0_") else {
                continue;
            };
            let number = |digits| u16::from_str_radix(tag.get(digits)?, 16).ok();
            let (Some(id), Some(kind)) = (number(0..4), number(4..8)) else {
                continue;
            };
            let Some(bytes) = self.stream(&format!("{place}{}", entry.name)) else {
                continue;
            };
            if let Some(property) = Property::variable(kind, bytes) {
                properties.add(id, property);
            }
        }
        Some(properties)
    }

    fn entries(&mut self, place: &str) -> Option<Vec<Entry>> {
        let listed = self.file.read_storage(place).ok()?;
        let room = MAX_ENTRIES.saturating_sub(self.entries);
        let entries: Vec<Entry> = listed
            .take(room)
            .map(|entry| Entry {
                name: entry.name().to_owned(),
                is_storage: entry.is_storage(),
            })
            .collect();
        self.entries += entries.len();
        Some(entries)
    }

    fn stream(&mut self, path: &str) -> Option<Vec<u8>> {
        if !self.file.is_stream(path) {
            return None;
        }
        let stream = self.file.open_stream(path).ok()?;
        if stream.len() > self.left.min(MAX_VALUE) {
            return None;
        }
        self.left -= stream.len();
        let mut bytes = Vec::new();
        stream.take(MAX_VALUE).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::Message;
    use crate::mail::outlook::item::id;
    use std::io::Write;

    /// An item file with one attached item.
    fn file() -> Vec<u8> {
        let mut file = CompoundFile::create(Cursor::new(Vec::new())).expect("in memory");
        let mut put = |path: &str, bytes: &[u8]| {
            let mut stream = file.create_stream(path).expect("a new stream");
            stream.write_all(bytes).expect("in memory");
        };
        let wide =
            |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
        put("/__properties_version1.0", &[0; 32]);
        put(
            &format!("/__substg1.0_{:04X}001F", id::SUBJECT),
            &wide("outer"),
        );
        put(&format!("/__substg1.0_{:04X}001F", id::BODY), &wide("text"));
        file.create_storage("/__attach_version1.0_#00000000")
            .expect("a new storage");
        file.create_storage("/__attach_version1.0_#00000000/__substg1.0_3701000D")
            .expect("a new storage");
        let mut put = |path: &str, bytes: &[u8]| {
            let mut stream = file.create_stream(path).expect("a new stream");
            stream.write_all(bytes).expect("in memory");
        };
        let attached = "/__attach_version1.0_#00000000";
        put(&format!("{attached}/__properties_version1.0"), &[0; 8]);
        let inner = format!("{attached}/__substg1.0_3701000D");
        put(&format!("{inner}/__properties_version1.0"), &[0; 24]);
        put(
            &format!("{inner}/__substg1.0_{:04X}001F", id::SUBJECT),
            &wide("inner"),
        );
        file.flush().expect("in memory");
        file.into_inner().into_inner()
    }

    #[test]
    fn an_item_file_becomes_mime_with_its_attached_item() {
        let mime = to_mime(&file()).expect("an item");
        let message = Message::parse(&mime);
        assert_eq!(message.headers().subject().as_deref(), Some("outer"));
        assert_eq!(message.body_text(), Some("text"));
        assert_eq!(message.attachments()[0].content_type, "message/rfc822");
        let mut subjects = Vec::new();
        crate::mail::entity::walk(&file(), |entity| {
            if entity.place.is_root {
                subjects.extend(crate::mail::Headers::parse(entity.header).subject());
            }
        });
        assert_eq!(subjects, ["outer", "inner"]);
    }

    #[test]
    fn broken_files_are_none_or_less_and_never_a_panic() {
        let whole = file();
        for cut in (0..whole.len()).step_by(97) {
            let _ = to_mime(&whole[..cut]);
            let mut flipped = whole.clone();
            flipped[cut] ^= 0x5a;
            let _ = to_mime(&flipped);
        }
        assert_eq!(to_mime(&MAGIC), None);
    }
}
