//! TNEF streams (MS-OXTNEF), the `winmail.dat` of mail that left Outlook.

use super::compose;
use super::item::{Attachment, Item, Properties, Property, id, kind};

/// The first bytes of every stream.
const SIGNATURE: [u8; 4] = 0x223e_9f78_u32.to_le_bytes();

/// How many messages inside one another are read.
const MAX_DEPTH: usize = 8;

/// The most recipients and attachments of one message.
const MAX_ROWS: usize = 10_000;

/// The attributes that are read (section 2.1.3.3).
mod attribute {
    pub const SUBJECT: u32 = 0x0001_8004;
    pub const MESSAGE_ID: u32 = 0x0001_8009;
    pub const ATTACH_TITLE: u32 = 0x0001_8010;
    pub const BODY: u32 = 0x0002_800c;
    pub const ATTACH_DATA: u32 = 0x0006_800f;
    pub const ATTACH_REND_DATA: u32 = 0x0006_9002;
    pub const MESSAGE_PROPERTIES: u32 = 0x0006_9003;
    pub const RECIPIENTS: u32 = 0x0006_9004;
    pub const ATTACHMENT_PROPERTIES: u32 = 0x0006_9005;
    pub const CODEPAGE: u32 = 0x0006_9007;
}

/// True for what begins as a stream does.
pub fn is_tnef(raw: &[u8]) -> bool {
    raw.starts_with(&SIGNATURE)
}

/// The message as MIME; `None` where there is nothing that can be read.
pub fn to_mime(raw: &[u8]) -> Option<Vec<u8>> {
    let item = item(raw, 0)?;
    let is_empty = item.properties.is_empty() && item.attachments.is_empty();
    (!is_empty).then(|| compose::mime(&item))
}

/// Reads attribute after attribute; at one that is cut off, what came before
/// it stands.
fn item(raw: &[u8], depth: usize) -> Option<Item> {
    let mut input = Input(raw.strip_prefix(&SIGNATURE)?.get(2..)?);
    let mut item = Item::default();
    let mut codepage = None;
    while let Some((attribute, data)) = input.attribute() {
        let narrow = || Property::Narrow(data.to_vec());
        match attribute {
            attribute::SUBJECT => item.properties.add(id::SUBJECT, narrow()),
            attribute::MESSAGE_ID => item.properties.add(id::MESSAGE_ID, narrow()),
            attribute::BODY => item.properties.add(id::BODY, narrow()),
            attribute::CODEPAGE => codepage = Input(data).u32().map(i64::from),
            attribute::MESSAGE_PROPERTIES => {
                Input(data).properties(&mut item.properties);
            }
            attribute::RECIPIENTS => item.recipients = recipients(data),
            attribute::ATTACH_REND_DATA if item.attachments.len() < MAX_ROWS => {
                item.attachments.push(Attachment::default());
            }
            _ => {}
        }
        let Some(attachment) = item.attachments.last_mut() else {
            continue;
        };
        let own = &mut attachment.properties;
        match attribute {
            attribute::ATTACH_TITLE => own.add(id::ATTACH_FILENAME, narrow()),
            attribute::ATTACH_DATA => own.add(id::ATTACH_DATA, Property::Bytes(data.to_vec())),
            attribute::ATTACHMENT_PROPERTIES => {
                // Section 2.1.3.4.3: the object's interface, then its data: a
                // stream, or the file of another program.
                let object = Input(data).properties(own);
                if let Some(raw) = object.and_then(|object| object.get(16..)) {
                    if depth < MAX_DEPTH {
                        attachment.item = self::item(raw, depth + 1);
                    }
                    own.add(id::ATTACH_DATA, Property::Bytes(raw.to_vec()));
                }
            }
            _ => {}
        }
    }
    item.settle_charset(codepage);
    Some(item)
}

/// Rows of properties (section 2.1.3.5.1).
fn recipients(data: &[u8]) -> Vec<Properties> {
    let mut input = Input(data);
    let count = input.u32().unwrap_or(0) as usize;
    let mut rows = Vec::new();
    for _ in 0..count.min(MAX_ROWS) {
        if input.0.is_empty() {
            break;
        }
        let mut row = Properties::default();
        input.properties(&mut row);
        rows.push(row);
    }
    rows
}

/// The bytes that are still to be read.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn u16(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes(self.take(2)?.try_into().ok()?))
    }

    fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    /// As long as is said, then on to the next multiple of four.
    fn padded(&mut self) -> Option<&'a [u8]> {
        let length = self.u32()? as usize;
        let value = self.take(length)?;
        // The last value of a stream may have lost its padding.
        let padding = (4 - length % 4) % 4;
        self.take(padding.min(self.0.len()))?;
        Some(value)
    }

    /// An attribute and its data (section 2.1.3.1); the checksum after it is
    /// passed over, since mailers get it wrong.
    fn attribute(&mut self) -> Option<(u32, &'a [u8])> {
        self.take(1)?;
        let attribute = self.u32()?;
        let length = self.u32()? as usize;
        let data = self.take(length)?;
        self.u16()?;
        Some((attribute, data))
    }

    /// A list of properties (section 2.1.3.4). Returns the object among them,
    /// if there is one; what follows a value that cannot be read is lost.
    fn properties(&mut self, out: &mut Properties) -> Option<&'a [u8]> {
        let mut object = None;
        for _ in 0..self.u32()? {
            let Some((id, kind, value)) = self.property() else {
                break;
            };
            match value {
                Value::Object(bytes) if id == id::ATTACH_DATA => object = Some(bytes),
                Value::Object(_) | Value::Several => {}
                Value::Fixed(value) => {
                    if let Some(property) = Property::fixed(kind, value) {
                        out.add(id, property);
                    }
                }
                Value::Variable(bytes) => {
                    if let Some(property) = Property::variable(kind, bytes.to_vec()) {
                        out.add(id, property);
                    }
                }
            }
        }
        object
    }

    fn property(&mut self) -> Option<(u16, u16, Value<'a>)> {
        /// The bit of a type that has several values.
        const SEVERAL: u16 = 0x1000;
        let kind = self.u16()?;
        let id = self.u16()?;
        if id >= 0x8000 {
            self.name()?;
        }
        let single = kind & !SEVERAL;
        let is_variable = matches!(
            single,
            kind::STRING8 | kind::STRING | kind::BINARY | kind::OBJECT
        );
        let count = if is_variable || kind != single {
            self.u32()?
        } else {
            1
        };
        let mut value = Value::Several;
        for _ in 0..count {
            value = if is_variable {
                let bytes = self.padded()?;
                if single == kind::OBJECT {
                    Value::Object(bytes)
                } else {
                    Value::Variable(bytes)
                }
            } else {
                self.fixed(single)?
            };
        }
        // Of several values none is read.
        Some((id, single, if count == 1 { value } else { Value::Several }))
    }

    /// The name of a property that has one: a set, then a number or a text.
    fn name(&mut self) -> Option<()> {
        self.take(16)?;
        if self.u32()? == 0 {
            self.take(4)?;
        } else {
            self.padded()?;
        }
        Some(())
    }

    fn fixed(&mut self, kind: u16) -> Option<Value<'a>> {
        let size = match kind {
            // NULL, numbers of 2 and 4 bytes, all padded to 4.
            0x0001..=0x0004 | 0x000a | 0x000b => 4,
            // Numbers and times of 8 bytes.
            0x0005..=0x0007 | 0x0014 | 0x0040 => 8,
            // GUID.
            0x0048 => 16,
            _ => return None,
        };
        let bytes = self.take(size)?;
        let mut value = [0; 8];
        let length = size.min(8);
        value[..length].copy_from_slice(&bytes[..length]);
        Some(Value::Fixed(value))
    }
}

/// A value as it is written.
enum Value<'a> {
    Fixed([u8; 8]),
    Object(&'a [u8]),
    Several,
    Variable(&'a [u8]),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::Message;

    fn attribute(level: u8, id: u32, data: &[u8]) -> Vec<u8> {
        let length = u32::try_from(data.len()).expect("small");
        [
            &[level][..],
            &id.to_le_bytes(),
            &length.to_le_bytes(),
            data,
            &[0, 0],
        ]
        .concat()
    }

    fn stream() -> Vec<u8> {
        let name = "b\u{fc}.txt";
        let wide: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut properties = vec![1, 0, 0, 0];
        properties.extend([0x1f, 0, 0x07, 0x37, 1, 0, 0, 0]);
        properties.extend(u32::try_from(wide.len()).expect("small").to_le_bytes());
        properties.extend(&wide);
        [
            SIGNATURE.to_vec(),
            vec![1, 0],
            attribute(1, attribute::SUBJECT, b"hello\0"),
            attribute(1, attribute::BODY, b"text\0"),
            attribute(2, attribute::ATTACH_REND_DATA, &[0; 14]),
            attribute(2, attribute::ATTACH_TITLE, b"B.TXT\0"),
            attribute(2, attribute::ATTACH_DATA, b"content"),
            attribute(2, attribute::ATTACHMENT_PROPERTIES, &properties),
        ]
        .concat()
    }

    #[test]
    fn a_stream_becomes_mime_with_its_files() {
        let mime = to_mime(&stream()).expect("a stream");
        let message = Message::parse(&mime);
        assert_eq!(message.headers().subject().as_deref(), Some("hello"));
        assert_eq!(message.body_text(), Some("text"));
        let files = message.attachments();
        assert_eq!(files[0].filename.as_deref(), Some("b\u{fc}.txt"));
        assert_eq!(files[0].size, 7);
    }

    #[test]
    fn an_object_of_another_program_is_the_content() {
        let mut properties = vec![1, 0, 0, 0, 0x0d, 0, 0x01, 0x37, 1, 0, 0, 0, 20, 0, 0, 0];
        properties.extend([0x0b; 16]);
        properties.extend(b"OLE\0");
        let stream = [
            SIGNATURE.to_vec(),
            vec![1, 0],
            attribute(2, attribute::ATTACH_REND_DATA, &[0; 14]),
            attribute(2, attribute::ATTACHMENT_PROPERTIES, &properties),
        ]
        .concat();
        let mime = to_mime(&stream).expect("a stream");
        assert_eq!(Message::parse(&mime).attachments()[0].size, 4);
    }

    #[test]
    fn broken_streams_keep_what_came_before_and_never_panic() {
        let whole = stream();
        for cut in 0..whole.len() {
            let _ = to_mime(&whole[..cut]);
            let mut flipped = whole.clone();
            flipped[cut] ^= 0xff;
            let _ = to_mime(&flipped);
        }
        assert_eq!(to_mime(&SIGNATURE), None);
    }
}
