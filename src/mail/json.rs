//! The JSON of a message that surveilr stores: mail-parser's `Message` by its
//! serde form.
//!
//! Parts, offsets, bodies and header values are this project's own, put into
//! mail-parser's types, so that consumers find the shape they know with
//! decoding repaired; only the field parsers without defects are used as they
//! are.

use super::address::parse_grouped;
use super::bodies::{Bodies, HTML, is_media};
use super::charset;
use super::content::Content;
use super::fields::{Field, split};
use super::identifier;
use super::shield::shielded;
use super::structure::{Part, Structure};
use super::transfer::Transfer;
use super::words::{self, repair};
use mail_parser::parsers::MessageStream;
use mail_parser::{
    Attribute, ContentType, Encoding, Header, HeaderName, HeaderValue, Message, MessagePart,
    PartType,
};
use std::borrow::Cow;

/// How deep attached messages are taken apart; a deeper one is binary.
const MAX_NESTED: usize = 8;

/// The most bytes of a field that mail-parser is given.
const MAX_PARSED: usize = 64 * 1024;

/// The JSON of a message that was taken apart, `None` for an empty one.
pub(super) fn message(raw: &[u8], structure: &Structure, bodies: &Bodies) -> Option<String> {
    if raw.is_empty() {
        return None;
    }
    // Serialization of numbers, strings and arrays cannot fail.
    serde_json::to_string(&build(raw, structure, bodies, Place { base: 0, depth: 0 })).ok()
}

/// Where an attached message stands.
#[derive(Clone, Copy)]
struct Place {
    /// Where it begins in what the offsets count from.
    base: usize,
    /// In how many others it is.
    depth: usize,
}

fn attached(raw: &[u8], place: Place) -> Message<'_> {
    let structure = Structure::parse(raw);
    let bodies = Bodies::sort(&structure.parts);
    build(raw, &structure, &bodies, place)
}

fn build<'a>(raw: &'a [u8], structure: &Structure, bodies: &Bodies, place: Place) -> Message<'a> {
    Message {
        text_body: ids(&bodies.text),
        html_body: ids(&bodies.html),
        attachments: ids(&bodies.attachments),
        parts: structure
            .parts
            .iter()
            .map(|part| part_of(raw, part, place))
            .collect(),
        raw_message: Cow::Borrowed(raw),
    }
}

fn part_of<'a>(raw: &'a [u8], part: &Part, Place { base, depth }: Place) -> MessagePart<'a> {
    let body = &raw[part.body.clone()];
    let kind = part.about.content_type.value.as_str();
    let is_identity = part.about.transfer == Transfer::Identity;
    let mut is_encoding_problem = false;
    let body = if part.is_multipart {
        PartType::Multipart(ids(&part.children))
    } else if kind.starts_with("text/") {
        let text = part.about.decode_text(body);
        is_encoding_problem = !text.problems.is_empty();
        if kind == HTML {
            PartType::Html(text.text.into())
        } else {
            PartType::Text(text.text.into())
        }
    } else if matches!(kind, "message/rfc822" | "message/global") && depth < MAX_NESTED {
        PartType::Message(if is_identity {
            attached(
                body,
                Place {
                    base: base + part.body.start,
                    depth: depth + 1,
                },
            )
        } else {
            attached(
                &part.about.decode(body).bytes,
                Place {
                    base: 0,
                    depth: depth + 1,
                },
            )
            .into_owned()
        })
    } else {
        let decoded = part.about.decode(body);
        is_encoding_problem = decoded.problem.is_some();
        if is_media(kind) && !part.about.is_attachment() {
            PartType::InlineBinary(decoded.bytes)
        } else {
            PartType::Binary(decoded.bytes)
        }
    };
    MessagePart {
        headers: headers(&raw[part.header.clone()], base + part.header.start),
        is_encoding_problem,
        body,
        encoding: match part.about.transfer {
            Transfer::Identity | Transfer::Uuencode => Encoding::None,
            Transfer::Base64 => Encoding::Base64,
            Transfer::QuotedPrintable => Encoding::QuotedPrintable,
        },
        offset_header: offset(base + part.header.start),
        offset_body: offset(base + part.body.start),
        offset_end: offset(base + part.body.end),
    }
}

fn headers(block: &[u8], base: usize) -> Vec<Header<'_>> {
    let fields = split(block).fields.into_iter();
    fields
        .map(|field| {
            let name = HeaderName::parse(field.name)
                .unwrap_or_else(|| HeaderName::Other(field.name.into()));
            Header {
                value: value(&name, &field),
                name,
                offset_field: offset(base + field.offset),
                offset_start: offset(base + field.value_offset),
                offset_end: offset(base + field.value_offset + field.value.len()),
            }
        })
        .collect()
}

/// A field's value in the form mail-parser has for that field.
fn value<'a>(name: &HeaderName<'_>, field: &Field<'a>) -> HeaderValue<'a> {
    let bytes = field.value;
    match name {
        HeaderName::Subject
        | HeaderName::Comments
        | HeaderName::ContentDescription
        | HeaderName::ContentLocation
        | HeaderName::ContentTransferEncoding => text(words::decode(bytes)),
        HeaderName::From
        | HeaderName::To
        | HeaderName::Cc
        | HeaderName::Bcc
        | HeaderName::ReplyTo
        | HeaderName::Sender
        | HeaderName::ResentTo
        | HeaderName::ResentFrom
        | HeaderName::ResentBcc
        | HeaderName::ResentCc
        | HeaderName::ResentSender
        | HeaderName::ListArchive
        | HeaderName::ListHelp
        | HeaderName::ListId
        | HeaderName::ListOwner
        | HeaderName::ListPost
        | HeaderName::ListSubscribe
        | HeaderName::ListUnsubscribe => {
            parse_grouped(bytes).map_or(HeaderValue::Empty, HeaderValue::Address)
        }
        HeaderName::MessageId
        | HeaderName::References
        | HeaderName::InReplyTo
        | HeaderName::ReturnPath
        | HeaderName::ContentId
        | HeaderName::ResentMessageId => identifiers(bytes),
        HeaderName::ContentType | HeaderName::ContentDisposition => content(&Content::parse(bytes)),
        HeaderName::Date | HeaderName::ResentDate => parsed(bytes, |stream| stream.parse_date()),
        HeaderName::Keywords | HeaderName::ContentLanguage => {
            parsed(bytes, |stream| stream.parse_comma_separared())
        }
        HeaderName::Received => parsed(bytes, |stream| stream.parse_received()),
        _ => {
            let written = charset::without_nul(charset::undeclared(bytes.trim_ascii()));
            text(Some(written).filter(|written| !written.is_empty()))
        }
    }
}

fn parsed<'a>(
    bytes: &[u8],
    parse: impl for<'x> FnOnce(&mut MessageStream<'x>) -> HeaderValue<'x>,
) -> HeaderValue<'a> {
    let line = repair(&bytes[..bytes.len().min(MAX_PARSED)]);
    shielded(|| Some(parse(&mut MessageStream::new(&line)).into_owned())).unwrap_or_default()
}

fn text<'a>(text: Option<String>) -> HeaderValue<'a> {
    text.map_or(HeaderValue::Empty, |text| HeaderValue::Text(text.into()))
}

fn identifiers<'a>(bytes: &[u8]) -> HeaderValue<'a> {
    let mut ids = identifier::all(bytes);
    match ids.len() {
        0 => text(identifier::single(bytes)),
        1 => text(ids.pop()),
        _ => HeaderValue::TextList(ids.into_iter().map(Cow::Owned).collect()),
    }
}

fn content<'a>(content: &Content) -> HeaderValue<'a> {
    let (c_type, c_subtype) = match content.value.split_once('/') {
        Some((kind, subtype)) => (kind, Some(Cow::Owned(subtype.to_owned()))),
        None => (content.value.as_str(), None),
    };
    let mut attributes: Vec<Attribute<'a>> = Vec::new();
    for (name, _) in &content.parameters {
        let name = name.split('*').next().unwrap_or(name);
        if attributes.iter().all(|attribute| attribute.name != name)
            && let Some(value) = content.parameter(name)
        {
            attributes.push(Attribute {
                name: name.to_owned().into(),
                value: value.into(),
            });
        }
    }
    HeaderValue::ContentType(ContentType {
        c_type: c_type.to_owned().into(),
        c_subtype,
        attributes: (!attributes.is_empty()).then_some(attributes),
    })
}

fn ids(indexes: &[usize]) -> Vec<u32> {
    indexes.iter().map(|&index| offset(index)).collect()
}

/// A position in mail-parser's width; the server's limit on messages is far
/// below 4 GiB.
fn offset(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    fn written(raw: &[u8]) -> Option<String> {
        crate::mail::Message::parse(raw).to_json()
    }

    fn json(raw: &[u8]) -> Value {
        written(raw)
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default()
    }

    #[test]
    fn a_well_formed_message_is_as_mail_parser_has_it() {
        let raw = b"From: Ada <a@x.org>\r\nTo: b@x.org\r\nSubject: x\r\nMessage-ID: <1@x.org>\r\n\
            Date: Sat, 31 Jan 2026 12:00:00 +0100\r\nX-Other: y\r\nKeywords: k, l\r\n\
            Received: from a.org by b.org with ESMTP id 1; Sat, 31 Jan 2026 12:00:00 +0100\r\n\
            Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nplain\r\n--b\r\n\
            Content-Type: text/html\r\n\r\n<p>\r\n--b\r\nContent-Type: application/x\r\n\
            Content-Transfer-Encoding: base64\r\n\r\nAAEC\r\n--b--\r\n";
        let theirs = mail_parser::MessageParser::default().parse(raw);
        let mut theirs = serde_json::to_value(theirs).unwrap_or_default();
        let mut ours = json(raw);
        // Where a part and its fields end is counted without the line end here.
        for value in [&mut theirs, &mut ours] {
            for part in value["parts"].as_array_mut().into_iter().flatten() {
                part["offset_end"] = Value::Null;
                for field in part["headers"].as_array_mut().into_iter().flatten() {
                    field["offset_end"] = Value::Null;
                }
            }
        }
        assert_eq!(ours, theirs);
    }

    #[test]
    fn no_value_has_a_nul() {
        let raw = b"From: sh\0uld <a\0@x.org>, =?utf-8?q?c=00d?= <b@x.org>\r\nReceived: from a\0 by b\r\n\
            Content-Type: text/pl\0ain; na\0me=a\0; x*=utf-8''%00\r\nX: \0\r\nMessage-ID: <\0a>\r\n\r\n\0";
        let written = written(raw).unwrap_or_default();
        assert!(written.contains("shuld") && written.contains("cd"));
        assert!(!written.contains("\\u0000"), "{written}");
    }

    #[test]
    fn attached_messages_are_taken_apart_to_a_depth() {
        let raw = b"Content-Type: message/rfc822\n\nSubject: in\n\ntext\n";
        assert_eq!(
            json(raw)["parts"][0]["body"]["Message"]["parts"][0]["body"]["Text"],
            "text\n"
        );
        let encoded = b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n\
            U3ViamVjdDogaW4KCnRleHQK\n";
        assert_eq!(
            json(encoded)["parts"][0]["body"]["Message"]["parts"][0]["body"]["Text"],
            "text\n"
        );
        let deep = "Content-Type: message/rfc822\n\n".repeat(100_000);
        assert!(written(deep.as_bytes()).is_some_and(|text| text.contains("Binary")));
    }

    #[test]
    fn repaired_values_are_in_the_json() {
        let raw = b"Subject: =?utf-8?B?4pg=?= =?utf-8?B?ug==?=\nFrom: caf\xe9 <a@x>\n\nna\xefve";
        let json = json(raw);
        assert_eq!(json["parts"][0]["headers"][0]["value"]["Text"], "☺");
        assert_eq!(
            json["parts"][0]["headers"][1]["value"]["Address"]["List"][0]["name"],
            "café"
        );
        assert_eq!(json["parts"][0]["body"]["Text"], "naïve");
    }

    #[test]
    fn runs_of_parameters_take_bounded_time() {
        let many: String = (0..50_000).map(|n| format!(";a{n}*1=x")).collect();
        assert!(written(format!("Content-Type: text/plain{many}\n\n").as_bytes()).is_some());
    }
}
