//! An Outlook item written as a MIME message.
//!
//! Where the item kept the header it came with, that header stands; else the
//! fields are made from the properties. Every body is base64, so that no
//! content can be taken for a boundary and its bytes stay exact.

use super::item::{Attachment, Item, Properties, charset_of, id};
use super::{lzfu, rtf};
use crate::mail::headers::Headers;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The item as a message.
pub fn mime(item: &Item) -> Vec<u8> {
    let mut out = header(item).into_bytes();
    out.extend_from_slice(entity(item).as_bytes());
    out
}

/// The fields but for those of MIME.
fn header(item: &Item) -> String {
    if let Some(kept) = item.properties.text(id::TRANSPORT_HEADERS) {
        let headers = Headers::parse(kept.as_bytes());
        if headers.is_message() {
            let fields = headers.fields().iter().filter(|field| !is_mime(field.name));
            return fields
                .map(|field| {
                    let end = field.value_offset + field.value.len();
                    format!("{}\r\n", kept.get(field.offset..end).unwrap_or_default())
                })
                .collect();
        }
    }
    let own = &item.properties;
    let sender = [
        (
            id::SENT_REPRESENTING_NAME,
            [id::SENT_REPRESENTING_SMTP, id::SENT_REPRESENTING_EMAIL],
        ),
        (id::SENDER_NAME, [id::SENDER_SMTP, id::SENDER_EMAIL]),
    ];
    let from = sender
        .iter()
        .find_map(|(name, addresses)| mailbox(own, *name, addresses));
    let mut out = String::new();
    let mut field = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            out += &format!("{name}: {}\r\n", one_line(&value));
        }
    };
    field("From", from);
    for (kind, name) in [(1, "To"), (2, "Cc"), (3, "Bcc")] {
        let of_kind = |recipient: &&Properties| {
            recipient.integer(id::RECIPIENT_TYPE).unwrap_or(1) & 0xf == kind
        };
        let list: Vec<String> = item
            .recipients
            .iter()
            .filter(of_kind)
            .filter_map(|recipient| mailbox(recipient, id::DISPLAY_NAME, &[id::SMTP, id::EMAIL]))
            .collect();
        field(name, (!list.is_empty()).then(|| list.join(", ")));
    }
    field("Subject", own.text(id::SUBJECT));
    field(
        "Date",
        own.date(id::CLIENT_SUBMIT_TIME)
            .or_else(|| own.date(id::DELIVERY_TIME)),
    );
    field("Message-ID", own.text(id::MESSAGE_ID));
    field("In-Reply-To", own.text(id::IN_REPLY_TO));
    field("References", own.text(id::REFERENCES));
    out
}

fn is_mime(name: &str) -> bool {
    let content = name
        .get(..8)
        .is_some_and(|front| front.eq_ignore_ascii_case("content-"));
    content || name.eq_ignore_ascii_case("MIME-Version")
}

/// A name and an address; an address of Exchange's directory, which is no
/// address of the mail, is left out.
fn mailbox(properties: &Properties, name: u16, addresses: &[u16]) -> Option<String> {
    let mut found = addresses.iter().filter_map(|&id| properties.text(id));
    let address = found.find(|address| address.contains('@'));
    let name = properties
        .text(name)
        .filter(|name| Some(name) != address.as_ref());
    let quoted = name.map(|name| format!("\"{}\"", name.replace(['"', '\\'], "")));
    match (quoted, address) {
        (Some(name), Some(address)) => Some(format!("{name} <{}>", address.trim())),
        (None, Some(address)) => Some(format!("<{}>", address.trim())),
        (name, None) => name,
    }
}

fn one_line(text: &str) -> String {
    text.replace(['\r', '\n', '\0'], " ").trim().to_owned()
}

/// The fields of MIME, an empty line and the body.
fn entity(item: &Item) -> String {
    let body = body(item);
    if item.attachments.is_empty() {
        return format!("MIME-Version: 1.0\r\n{body}");
    }
    let attachments = item.attachments.iter().map(attachment);
    let parts: Vec<String> = std::iter::once(body).chain(attachments).collect();
    format!("MIME-Version: 1.0\r\n{}", multipart("mixed", &parts))
}

/// A multipart. No base64 line begins with a hyphen, so no boundary can be
/// met by chance.
fn multipart(subtype: &str, parts: &[String]) -> String {
    let mut out = format!("Content-Type: multipart/{subtype}; boundary=\"={subtype}\"\r\n\r\n");
    for part in parts {
        out += &format!("--={subtype}\r\n{part}\r\n");
    }
    out + &format!("--={subtype}--\r\n")
}

/// The forms of the text that there are.
fn body(item: &Item) -> String {
    let own = &item.properties;
    let mut text = own.text(id::BODY);
    let mut html = html(own);
    if html.is_none() {
        let rtf = own.bytes(id::RTF_COMPRESSED).and_then(lzfu::decompressed);
        match rtf.map(|rtf| rtf::read(&rtf)) {
            Some(rtf::Content::Html(found)) => html = Some(("utf-8".into(), found.into_bytes())),
            Some(rtf::Content::Text(found)) if text.is_none() => text = Some(found),
            _ => {}
        }
    }
    let mut parts = Vec::new();
    if text.is_some() || html.is_none() {
        let text = text.unwrap_or_default();
        parts.push(leaf(
            "Content-Type: text/plain; charset=utf-8\r\n",
            text.as_bytes(),
        ));
    }
    if let Some((charset, html)) = html {
        let kind = format!("Content-Type: text/html; charset={charset}\r\n");
        parts.push(leaf(&kind, &html));
    }
    match &parts[..] {
        [only] => only.clone(),
        _ => multipart("alternative", &parts),
    }
}

/// The HTML with its character set; it comes as bytes or as text.
fn html(own: &Properties) -> Option<(String, Vec<u8>)> {
    if let Some(bytes) = own.bytes(id::HTML).filter(|bytes| !bytes.is_empty()) {
        let page = own.integer(id::INTERNET_CODEPAGE);
        let charset = page.map_or_else(|| own.charset.clone(), charset_of);
        return Some((charset, bytes.to_vec()));
    }
    Some(("utf-8".into(), own.text(id::HTML)?.into_bytes()))
}

fn attachment(attachment: &Attachment) -> String {
    let own = &attachment.properties;
    let name = own.first_text(&[
        id::ATTACH_LONG_FILENAME,
        id::ATTACH_FILENAME,
        id::DISPLAY_NAME,
    ]);
    let declared = own
        .text(id::ATTACH_MIME_TAG)
        .filter(|kind| is_media_type(kind));
    let declared = declared.unwrap_or_else(|| "application/octet-stream".into());
    let (kind, content) = match &attachment.item {
        Some(item) => ("message/rfc822".to_owned(), mime(item)),
        None => (
            declared,
            own.bytes(id::ATTACH_DATA).unwrap_or_default().to_vec(),
        ),
    };
    let content_id = own.text(id::ATTACH_CONTENT_ID);
    let disposition = if content_id.is_some() {
        "inline"
    } else {
        "attachment"
    };
    let mut fields = format!("Content-Type: {kind}\r\nContent-Disposition: {disposition}");
    if let Some(name) = name {
        fields += &format!(";\r\n filename*=utf-8''{}", percent(&one_line(&name)));
    }
    fields += "\r\n";
    if let Some(id) = content_id {
        fields += &format!("Content-ID: <{}>\r\n", one_line(&id));
    }
    leaf(&fields, &content)
}

fn is_media_type(kind: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+/".contains(&byte);
    kind.bytes().all(allowed) && kind.split('/').count() == 2 && !kind.starts_with("multipart/")
}

/// RFC 2231: everything but letters and digits escaped.
fn percent(text: &str) -> String {
    let escaped = text.bytes().map(|byte| {
        if byte.is_ascii_alphanumeric() || b"-._".contains(&byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    });
    escaped.collect()
}

/// A part's fields and its content.
fn leaf(fields: &str, content: &[u8]) -> String {
    let encoded = STANDARD.encode(content);
    let mut out = String::with_capacity(fields.len() + encoded.len() / 38 * 39 + 64);
    out += fields;
    out += "Content-Transfer-Encoding: base64\r\n\r\n";
    for at in (0..encoded.len()).step_by(76) {
        out += &encoded[at..encoded.len().min(at + 76)];
        out += "\r\n";
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::Message;
    use crate::mail::outlook::item::Property;

    fn text(text: &str) -> Property {
        Property::Text(text.into())
    }

    #[test]
    fn an_item_reads_as_the_message_it_was() {
        let mut item = Item::default();
        item.properties
            .add(id::SUBJECT, text("Grüße\r\nBcc: x@y.example"));
        item.properties.add(id::SENDER_NAME, text("Ada \"A\""));
        item.properties.add(id::SENDER_SMTP, text("ada@x.example"));
        item.properties
            .add(id::CLIENT_SUBMIT_TIME, Property::Time(1_769_860_800));
        item.properties.add(id::BODY, text("Hallo"));
        item.properties
            .add(id::HTML, Property::Bytes(b"<p>Hallo</p>".to_vec()));
        let mut recipient = Properties::default();
        recipient.add(id::RECIPIENT_TYPE, Property::Integer(2));
        recipient.add(id::SMTP, text("bob@x.example"));
        item.recipients.push(recipient);
        let mut file = Attachment::default();
        file.properties
            .add(id::ATTACH_LONG_FILENAME, text("ä b.pdf"));
        file.properties
            .add(id::ATTACH_DATA, Property::Bytes(b"--=mixed--".to_vec()));
        item.attachments.push(file);
        item.settle_charset(None);
        let raw = mime(&item);
        let message = Message::parse(&raw);
        let headers = message.headers();
        assert_eq!(
            headers.subject().as_deref(),
            Some("Grüße  Bcc: x@y.example")
        );
        assert_eq!(headers.from().as_deref(), Some("ada@x.example"));
        assert_eq!(headers.date(), Some(1_769_860_800));
        assert_eq!(
            headers.bare_addresses(crate::mail::Role::Cc).as_deref(),
            Some(r#"["bob@x.example"]"#)
        );
        assert_eq!(message.body_text(), Some("Hallo"));
        assert_eq!(message.body_html(), Some("<p>Hallo</p>"));
        let files = message.attachments();
        assert_eq!(files[0].filename.as_deref(), Some("ä b.pdf"));
        assert_eq!((files.len(), files[0].size), (1, 10));
    }

    #[test]
    fn the_header_it_came_with_stands() {
        let mut item = Item::default();
        let kept = "Received: by x\r\nFrom: a@b.example\r\nContent-Type: multipart/mixed;\r\n boundary=x\r\n";
        item.properties.add(id::TRANSPORT_HEADERS, text(kept));
        item.properties.add(id::BODY, text("hi"));
        let raw = mime(&item);
        let message = Message::parse(&raw);
        assert_eq!(message.headers().from().as_deref(), Some("a@b.example"));
        assert_eq!(message.headers().all("Received").count(), 1);
        assert_eq!(message.body_text(), Some("hi"));
    }
}
