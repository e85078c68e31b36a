//! mail-parser's own test messages, as that library reads them, against the
//! same shape as it is given here for RSSD (`Message::to_json`).

use imap0::mail::Message;
use mail_parser::MessageParser;
use serde_json::Value;

use super::Comparison;
use super::support::corpus::CORPUS;

/// Compares every message of the project.
pub fn compare() -> Comparison {
    let mut found = Comparison::new("mail-parser");
    for (path, raw) in CORPUS.iter() {
        let Some(stem) = path
            .strip_suffix(".eml")
            .filter(|path| path.starts_with("mail-parser/"))
        else {
            continue;
        };
        found.messages += 1;
        let theirs = MessageParser::default().parse(raw);
        let theirs = serde_json::to_value(theirs).expect("JSON");
        let ours = Message::parse(raw).to_json().unwrap_or_default();
        let ours: Value = serde_json::from_str(&ours).unwrap_or_default();
        compare_messages(&mut found, stem, &theirs, &ours);
    }
    found
}

fn compare_messages(found: &mut Comparison, stem: &str, theirs: &Value, ours: &Value) {
    let both = [theirs, ours];
    let parts = both.map(|message| message["parts"].as_array().map_or(&[][..], Vec::as_slice));
    let kinds = parts.map(|parts| parts.iter().map(kind).collect::<Vec<_>>());
    // Binary in place or not is one form: what it is there for, the lists say.
    let [theirs_form, ours_form] = kinds.clone().map(|kinds| {
        let form = |kind: String| kind.replace("InlineBinary", "Binary");
        kinds.into_iter().map(form).collect::<Vec<_>>()
    });
    found.check(stem, "parts", &theirs_form, &ours_form);
    if theirs_form != ours_form {
        return;
    }
    found.check(stem, "in place", &kinds[0], &kinds[1]);
    for list in ["text_body", "html_body", "attachments"] {
        found.check(stem, list, &theirs[list], &ours[list]);
    }
    for (theirs, ours) in parts[0].iter().zip(parts[1]) {
        let own = &ours["body"][kind(ours)];
        for (name, content) in theirs["body"].as_object().into_iter().flatten() {
            match name.as_str() {
                "Multipart" => found.check(stem, "parts", content, own),
                "Message" => compare_messages(found, stem, content, own),
                _ => found.check(stem, "content", &text(content), &text(own)),
            }
        }
        compare_fields(found, stem, &theirs["headers"], &ours["headers"]);
    }
}

/// The form a part has: `Text`, `Html`, `Multipart`, `Binary` ...
fn kind(part: &Value) -> String {
    let body = part["body"].as_object();
    body.and_then(|body| body.keys().next().cloned())
        .unwrap_or_default()
}

/// A body as something that is short where it is printed.
fn text(content: &Value) -> String {
    match content.as_str() {
        Some(text) => text.to_owned(),
        None => {
            let bytes = content.as_array().into_iter().flatten();
            let bytes: Vec<u8> = bytes
                .filter_map(|byte| byte.as_u64()?.try_into().ok())
                .collect();
            String::from_utf8_lossy(&bytes).into_owned()
        }
    }
}

/// The fields by name, in order, each with the value in mail-parser's form.
fn compare_fields(found: &mut Comparison, stem: &str, theirs: &Value, ours: &Value) {
    let list = |fields: &Value| -> Vec<(String, Value)> {
        let fields = fields.as_array().into_iter().flatten();
        fields
            .map(|field| (field["name"].to_string(), field["value"].clone()))
            .collect()
    };
    let (theirs, ours) = (list(theirs), list(ours));
    let names = |list: &[(String, Value)]| -> Vec<String> {
        list.iter().map(|(name, _)| name.clone()).collect()
    };
    found.check(stem, "fields", &names(&theirs), &names(&ours));
    for (theirs, ours) in theirs.iter().zip(&ours).filter(|(a, b)| a.0 == b.0) {
        found.check(stem, "values", theirs, ours);
    }
}
