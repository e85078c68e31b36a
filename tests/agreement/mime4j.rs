//! mime4j's descriptions: for each message `NAME.xml`, its structure with
//! fields and bodies as written, and `NAME_decoded.xml`, the same with a file
//! for each decoded body.

use imap0::mail::digest::sha256_hex;

use super::outline::{Outline, name, outline, without_cr};
use super::support::corpus::CORPUS;
use super::{Comparison, file};

/// What a description says of one part.
#[derive(Default)]
struct Described {
    fields: Vec<String>,
    /// Its body as written, or the file that holds it decoded.
    body: Option<String>,
    file: Option<String>,
}

/// Compares every description with its message.
pub fn compare() -> Comparison {
    let mut found = Comparison::new("mime4j");
    for (path, raw) in CORPUS.iter() {
        let Some(stem) = path
            .strip_suffix(".msg")
            .filter(|stem| stem.starts_with("mime4j/"))
        else {
            continue;
        };
        found.messages += 1;
        let ours = outline(raw);
        for ending in [".xml", "_decoded.xml"] {
            if let Some(description) = file(&format!("{stem}{ending}")) {
                let folder = stem.rsplit_once('/').map_or("", |(folder, _)| folder);
                compare_one(&mut found, stem, folder, &parts(description), &ours);
            }
        }
    }
    found
}

fn compare_one(
    found: &mut Comparison,
    stem: &str,
    folder: &str,
    theirs: &[(String, Described)],
    ours: &Outline,
) {
    let mut expected: Vec<String> = theirs.iter().map(|(name, _)| name.clone()).collect();
    expected.sort();
    found.check(stem, "parts", &expected, &ours.keys().cloned().collect());
    for (name, described) in theirs {
        let Some(part) = ours.get(name) else {
            continue;
        };
        found.check(stem, "header", &described.fields, &part.fields);
        if let Some(body) = &described.body {
            found.check(stem, "body", body, &without_cr(&part.encoded));
        }
        if let Some(name) = &described.file {
            let expected = file(&format!("{folder}/{name}")).unwrap_or_default();
            let text = |bytes: &[u8]| {
                let length = bytes.len();
                let digest = sha256_hex(bytes);
                format!("{length} bytes {digest} {}", String::from_utf8_lossy(bytes))
            };
            found.check(stem, "content", &text(expected), &text(&part.content));
        }
    }
}

/// Where in the tree a description is read.
struct Level {
    /// The message that this is in, and the number that its parts begin with.
    message: Option<String>,
    number: Option<String>,
    /// For a message: where its first part is in the list.
    root: Option<usize>,
    children: usize,
}

/// The parts of a description, in order, by the numbers that IMAP has for them.
fn parts(xml: &[u8]) -> Vec<(String, Described)> {
    let xml: String = without_cr(xml);
    let mut parts: Vec<(String, Described)> = Vec::new();
    let mut levels: Vec<Level> = Vec::new();
    let mut rest = xml.as_str();
    while let Some(at) = rest.find('<') {
        let end = rest[at..].find('>').map_or(rest.len(), |end| at + end);
        let tag = &rest[at + 1..end];
        rest = &rest[(end + 1).min(rest.len())..];
        let text = || unescaped(rest.split('<').next().unwrap_or_default());
        match tag.split(' ').next().unwrap_or_default() {
            // A message: the whole one, or the content of the part before it.
            "message" => {
                let message = levels.last().and_then(|level| level.number.clone());
                let dot = message
                    .as_ref()
                    .map_or(String::new(), |outer| format!("{outer}."));
                let number = Some(format!("{dot}1"));
                let key = name(message.as_deref(), number.as_deref());
                levels.push(Level {
                    message,
                    number,
                    root: Some(parts.len()),
                    children: 0,
                });
                parts.push((key, Described::default()));
            }
            "multipart" => {
                let level = levels.last_mut().expect("a multipart is in something");
                // One that is a whole message has no number.
                if let Some(root) = level.root {
                    parts[root].0 = name(level.message.as_deref(), None);
                    level.number.clone_from(&level.message);
                }
            }
            "body-part" => {
                let parent = levels.last_mut().expect("a part is in a multipart");
                parent.children += 1;
                let dot = parent
                    .number
                    .as_ref()
                    .map_or(String::new(), |n| format!("{n}."));
                let number = format!("{dot}{}", parent.children);
                let message = parent.message.clone();
                parts.push((number.clone(), Described::default()));
                levels.push(Level {
                    message,
                    number: Some(number),
                    root: None,
                    children: 0,
                });
            }
            "/message" | "/body-part" => {
                levels.pop();
            }
            "field" => {
                let field = text().trim_start_matches('\n').to_owned();
                parts.last_mut().expect("in a part").1.fields.push(field);
            }
            "body" => {
                let body = text();
                let body = body.strip_prefix('\n').unwrap_or(&body).to_owned();
                parts.last_mut().expect("in a part").1.body = Some(body);
            }
            "text-body" | "binary-body" => {
                let file = tag.split('"').nth(1).map(str::to_owned);
                parts.last_mut().expect("in a part").1.file = file;
            }
            _ => {}
        }
    }
    parts
}

fn unescaped(text: &str) -> String {
    let text = text
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"");
    text.replace("&apos;", "'").replace("&amp;", "&")
}
