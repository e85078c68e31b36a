//! A message as MAPI has it: properties, recipients, attachments (MS-OXCMSG,
//! MS-OXPROPS).

use crate::mail::charset;
use crate::mail::time::iso8601;
use std::collections::HashMap;

/// The identifiers of the properties that are read (MS-OXPROPS section 2).
pub mod id {
    pub const SUBJECT: u16 = 0x0037;
    pub const CLIENT_SUBMIT_TIME: u16 = 0x0039;
    pub const SENT_REPRESENTING_NAME: u16 = 0x0042;
    pub const SENT_REPRESENTING_EMAIL: u16 = 0x0065;
    pub const TRANSPORT_HEADERS: u16 = 0x007d;
    pub const RECIPIENT_TYPE: u16 = 0x0c15;
    pub const SENDER_NAME: u16 = 0x0c1a;
    pub const SENDER_EMAIL: u16 = 0x0c1f;
    pub const DELIVERY_TIME: u16 = 0x0e06;
    pub const BODY: u16 = 0x1000;
    pub const RTF_COMPRESSED: u16 = 0x1009;
    pub const HTML: u16 = 0x1013;
    pub const MESSAGE_ID: u16 = 0x1035;
    pub const REFERENCES: u16 = 0x1039;
    pub const IN_REPLY_TO: u16 = 0x1042;
    pub const DISPLAY_NAME: u16 = 0x3001;
    pub const EMAIL: u16 = 0x3003;
    pub const ATTACH_DATA: u16 = 0x3701;
    pub const ATTACH_FILENAME: u16 = 0x3704;
    pub const ATTACH_LONG_FILENAME: u16 = 0x3707;
    pub const ATTACH_MIME_TAG: u16 = 0x370e;
    pub const ATTACH_CONTENT_ID: u16 = 0x3712;
    pub const SMTP: u16 = 0x39fe;
    pub const INTERNET_CODEPAGE: u16 = 0x3fde;
    pub const MESSAGE_CODEPAGE: u16 = 0x3ffd;
    pub const SENDER_SMTP: u16 = 0x5d01;
    pub const SENT_REPRESENTING_SMTP: u16 = 0x5d02;
}

/// A property's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Property {
    /// PtypInteger32 and its like.
    Integer(i64),
    /// PtypTime, in unix seconds.
    Time(i64),
    /// PtypString.
    Text(String),
    /// PtypString8, in the message's code page.
    Narrow(Vec<u8>),
    /// PtypBinary.
    Bytes(Vec<u8>),
}

/// The types of MS-OXCDATA section 2.11.1 that are read.
pub mod kind {
    pub const INTEGER16: u16 = 0x0002;
    pub const INTEGER32: u16 = 0x0003;
    pub const BOOLEAN: u16 = 0x000b;
    pub const OBJECT: u16 = 0x000d;
    pub const STRING8: u16 = 0x001e;
    pub const STRING: u16 = 0x001f;
    pub const TIME: u16 = 0x0040;
    pub const BINARY: u16 = 0x0102;
}

impl Property {
    /// A value of fixed size, from its 8 bytes; `None` for the types that are
    /// not read.
    pub fn fixed(kind: u16, value: [u8; 8]) -> Option<Self> {
        let low = i64::from(i32::from_le_bytes([value[0], value[1], value[2], value[3]]));
        match kind {
            kind::INTEGER16 | kind::BOOLEAN => {
                Some(Self::Integer(i64::from(i16::from_le_bytes([
                    value[0], value[1],
                ]))))
            }
            kind::INTEGER32 => Some(Self::Integer(low)),
            kind::TIME => Some(Self::Time(unix_seconds(u64::from_le_bytes(value)))),
            _ => None,
        }
    }

    /// A value of variable size; `None` for the types that are not read.
    pub fn variable(kind: u16, bytes: Vec<u8>) -> Option<Self> {
        match kind {
            kind::STRING => Some(Self::Text(utf16(&bytes))),
            kind::STRING8 => Some(Self::Narrow(bytes)),
            kind::BINARY | kind::OBJECT => Some(Self::Bytes(bytes)),
            _ => None,
        }
    }
}

/// Intervals of 100 ns since 1601 as unix seconds.
fn unix_seconds(intervals: u64) -> i64 {
    const EPOCH: i64 = 11_644_473_600;
    i64::try_from(intervals / 10_000_000).unwrap_or(i64::MAX) - EPOCH
}

/// UTF-16LE without the NUL at its end.
fn utf16(bytes: &[u8]) -> String {
    let (text, _) = encoding_rs::UTF_16LE.decode_without_bom_handling(bytes);
    text.trim_end_matches('\0').to_owned()
}

/// The properties of a message, a recipient or an attachment.
#[derive(Debug, Default)]
pub struct Properties {
    values: HashMap<u16, Property>,
    /// The label of the code page of narrow strings.
    pub charset: String,
}

impl Properties {
    /// Keeps a property; the first of an identifier counts.
    pub fn add(&mut self, id: u16, property: Property) {
        self.values.entry(id).or_insert(property);
    }

    /// A text that is not empty.
    pub fn text(&self, id: u16) -> Option<String> {
        let text = match self.values.get(&id)? {
            Property::Text(text) => text.clone(),
            Property::Narrow(bytes) => {
                let bytes = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
                let declared = charset::declared(self.charset.as_bytes(), bytes);
                declared
                    .unwrap_or_else(|| charset::undeclared(bytes))
                    .into_owned()
            }
            _ => return None,
        };
        let text = text.replace('\0', "");
        (!text.trim().is_empty()).then_some(text)
    }

    /// The first of several that is there.
    pub fn first_text(&self, ids: &[u16]) -> Option<String> {
        ids.iter().find_map(|&id| self.text(id))
    }

    /// Bytes, of a narrow string too.
    pub fn bytes(&self, id: u16) -> Option<&[u8]> {
        match self.values.get(&id)? {
            Property::Bytes(bytes) | Property::Narrow(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// A number.
    pub fn integer(&self, id: u16) -> Option<i64> {
        match self.values.get(&id)? {
            Property::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// A time as a Date field has it.
    pub fn date(&self, id: u16) -> Option<String> {
        let Property::Time(seconds) = self.values.get(&id)? else {
            return None;
        };
        iso8601(*seconds)?;
        let time = jiff::Timestamp::from_second(*seconds).ok()?;
        Some(time.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string())
    }

    /// True where nothing is known.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

/// A message with what hangs on it.
#[derive(Debug, Default)]
pub struct Item {
    /// Its own properties.
    pub properties: Properties,
    /// Whom it is for.
    pub recipients: Vec<Properties>,
    /// What is attached.
    pub attachments: Vec<Attachment>,
}

/// A file, or a message inside the message.
#[derive(Debug, Default)]
pub struct Attachment {
    /// Its properties, its content among them.
    pub properties: Properties,
    /// The attached message.
    pub item: Option<Item>,
}

impl Item {
    /// Tells all parts the code page of narrow strings, once it is known;
    /// attached messages have their own.
    pub fn settle_charset(&mut self, fallback: Option<i64>) {
        let pages = [id::MESSAGE_CODEPAGE, id::INTERNET_CODEPAGE];
        let own = pages.iter().find_map(|&id| self.properties.integer(id));
        let label = charset_of(own.or(fallback).unwrap_or(1252));
        for attachment in &mut self.attachments {
            attachment.properties.charset.clone_from(&label);
        }
        for recipient in &mut self.recipients {
            recipient.charset.clone_from(&label);
        }
        self.properties.charset = label;
    }
}

/// The label of a Windows code page.
pub fn charset_of(page: i64) -> String {
    match page {
        932 => "shift_jis".into(),
        936 => "gbk".into(),
        949 => "euc-kr".into(),
        950 => "big5".into(),
        1200 => "utf-16le".into(),
        1250..=1258 => format!("windows-{page}"),
        20127 => "us-ascii".into(),
        20866 => "koi8-r".into(),
        21866 => "koi8-u".into(),
        28591..=28606 => format!("iso-8859-{}", page - 28590),
        50220..=50222 => "iso-2022-jp".into(),
        51932 => "euc-jp".into(),
        51949 => "euc-kr".into(),
        54936 => "gb18030".into(),
        65001 => "utf-8".into(),
        _ => format!("cp{page}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_by_their_type() {
        let time = 133_000_000_000_000_000_u64.to_le_bytes();
        assert_eq!(
            Property::fixed(kind::TIME, time),
            Some(Property::Time(1_655_526_400))
        );
        assert_eq!(
            Property::fixed(kind::INTEGER32, [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]),
            Some(Property::Integer(-1))
        );
        assert_eq!(
            Property::variable(kind::STRING, b"a\0\xe9\0\0\0".to_vec()),
            Some(Property::Text("aé".into()))
        );
        assert_eq!(Property::variable(0x1003, vec![]), None);
    }

    #[test]
    fn narrow_text_is_in_the_messages_code_page() {
        let mut item = Item::default();
        item.properties
            .add(id::MESSAGE_CODEPAGE, Property::Integer(1251));
        item.properties
            .add(id::SUBJECT, Property::Narrow(b"\xcf\xf0\0junk".to_vec()));
        item.settle_charset(None);
        assert_eq!(item.properties.text(id::SUBJECT).as_deref(), Some("Пр"));
        assert_eq!(item.properties.text(id::BODY), None);
    }
}
