//! A whole message as one JSON object, for `mail_parse`.
//!
//! The keys are the columns of `imap_messages` where it has one, with the same
//! values; missing is null.

use super::Role;
use super::accepted;
use super::digest::sha256_hex;
use super::hop::{Hop, hops};
use super::message::Message;
use super::part_row::{PartRow, parts_and_problems};
use super::problem::{Problem, to_list};
use super::time::iso8601;
use serde_json::{Value, json};

/// The object; `docs/mail.md` explains its keys.
pub fn of(raw: &[u8]) -> Value {
    let mime = accepted::mime(raw);
    let message = Message::parse(&mime);
    let headers = message.headers();
    let bare = |role| {
        let list = headers.mailboxes(role).into_iter();
        list.filter_map(|mailbox| mailbox.address)
            .collect::<Vec<_>>()
    };
    let (parts, part_problems) = parts_and_problems(&mime);
    let leaves = parts.iter().filter(|part| !part.place.is_multipart);
    let attachments = parts.iter().filter(|part| part.place.is_attachment);
    json!({
        "form": accepted::Form::of(raw).to_json(),
        "size": raw.len(),
        "sha256": sha256_hex(raw),
        "message_id": headers.message_id(),
        "in_reply_to": headers.in_reply_to(),
        "email_references": headers.references(),
        "subject": headers.subject(),
        "from": headers.from(),
        "from_name": headers.from_name(),
        "sender": headers.sender(),
        "reply_to": bare(Role::ReplyTo),
        "to": bare(Role::To),
        "cc": bare(Role::Cc),
        "bcc": bare(Role::Bcc),
        "addresses": headers.address_object(),
        "date": headers.date().and_then(iso8601),
        "date_header": headers.date_header(),
        "headers": headers.to_object(),
        "received": hops(headers).iter().map(hop).collect::<Vec<_>>(),
        "body_text": message.body_text(),
        "body_html": message.body_html(),
        "parts": leaves.map(PartRow::to_json).collect::<Vec<_>>(),
        "attachments": attachments.map(PartRow::to_json_with_digests).collect::<Vec<_>>(),
        "problems": to_list(&problems(&message, raw, part_problems)),
    })
}

fn hop(hop: &Hop) -> Value {
    json!({
        "from": hop.from,
        "by": hop.by,
        "with": hop.with,
        "id": hop.id,
        "for": hop.recipient,
        "ip": hop.ip.map(|ip| ip.to_string()),
        "at": hop.at.and_then(iso8601),
        "delay": hop.delay,
    })
}

/// The message's problems; those of its parts come from the walk, which goes on
/// into the messages in it.
fn problems(message: &Message<'_>, raw: &[u8], in_parts: Vec<String>) -> Vec<Problem> {
    let mut problems = message.problems();
    problems.retain(|problem| problem.field != "parts");
    if let Some(Err(problem)) = accepted::converted(raw) {
        problems.push(Problem::new("parts", format!("the file {problem}")));
    }
    let named = in_parts.into_iter().map(|text| Problem::new("parts", text));
    problems.extend(named);
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_message_has_every_key_and_no_value() {
        let empty = of(b"");
        assert_eq!(empty["subject"], Value::Null);
        assert_eq!(empty["to"], json!([]));
        assert_eq!(empty["addresses"], json!({}));
        assert_eq!(empty["problems"], json!([]));
        assert_eq!(empty["size"], 0);
    }

    #[test]
    fn what_cannot_be_taken_apart_is_named_once() {
        let broken = b"Content-Type: multipart/mixed\n\nx";
        let problem = "part 1 is a multipart without its boundary; taken as text";
        assert_eq!(
            of(broken)["problems"],
            json!([{"field": "parts", "problem": problem}])
        );
        let broken = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
        let problem = "the file is no Outlook message that can be read";
        assert_eq!(
            of(&broken)["problems"],
            json!([{"field": "parts", "problem": problem}])
        );
        assert_eq!(of(&broken)["form"], "msg");
    }

    #[test]
    fn files_in_an_attached_message_are_listed_and_bodies_are_the_outer_ones() {
        let raw = b"Subject: outer\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nhello\n\
            --b\nContent-Type: message/rfc822\n\nSubject: inner\nContent-Type: image/png; \
            name=x.png\nContent-Disposition: attachment\n\nPNG\n--b--\n";
        let parsed = of(raw);
        assert_eq!(parsed["subject"], "outer");
        assert_eq!(parsed["body_text"], "hello");
        let attachments: Vec<_> = (0..2)
            .map(|index| parsed["attachments"][index]["part"].clone())
            .collect();
        assert_eq!(attachments, ["2", "2.1"]);
        assert_eq!(parsed["attachments"][1]["message"], "2");
        assert_eq!(parsed["attachments"][1]["size"], 3);
    }
}
