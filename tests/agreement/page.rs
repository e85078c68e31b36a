//! docs/agreement.md.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use super::Comparison;
use super::reasons::{REASONS, Right};

const INTRODUCTION: &str = "# Agreement with other libraries\n\n\
Test messages of three other projects, with what those expect of them, compared with what this library reads. \
The messages are not part of this project; `SQLITE_IMAP_CORPUS` names the folder that has them. This page follows \
from [tests/agreement](../tests/agreement), which fails at a difference that has no reason below, and at a reason \
without a difference.\n\n\
- **mime4j**: of each message its structure, fields and bodies as written (`.xml`) and with bodies decoded \
(`_decoded.xml`), by value. Its `.out` files are what its writer gives, and are not compared.\n\
- **MimeKit**: of the mailbox files `content-length` and `issue1189` the type of every part, where each begins and \
ends, and who wrote what to whom when; of TNEF streams the names and contents of the files in them. The mailbox of \
its `jwz` expectations is not in the corpus; its partial messages are put together there, which is not done here.\n\
- **mail-parser**: its messages as the crate of that name (0.11) reads them, against `Message` in the same JSON, \
which is what surveilr stores.\n\n\
Where the other project reads a message as the RFCs want it, this one was repaired. Where the RFCs leave it open, \
`open` stands.\n";

/// Asserts that the page says what was found, or writes it.
pub fn hold(comparisons: &[Comparison]) {
    let page = page(comparisons);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/agreement.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/agreement.md is not what was found; run UPDATE_DOCS=1 cargo test --test agreement"
    );
}

fn page(comparisons: &[Comparison]) -> String {
    let mut page = INTRODUCTION.to_owned();
    page.push_str("\n| project | messages | what | compared | the same |\n|---|---|---|---|---|\n");
    for comparison in comparisons {
        for aspect in &comparison.aspects {
            let (project, messages) = (comparison.project, comparison.messages);
            let (name, compared, agreed) = (aspect.name, aspect.compared, aspect.agreed);
            let row = format!("| {project} | {messages} | {name} | {compared} | {agreed} |");
            writeln!(page, "{row}").unwrap();
        }
    }
    for comparison in comparisons {
        let folder = format!("{}/", comparison.project.to_ascii_lowercase());
        write!(page, "\n## {}\n\n", comparison.project).unwrap();
        page.push_str("| messages | what differs | who is right |\n|---|---|---|\n");
        let own = |reason: &&super::reasons::Reason| reason.messages[0].starts_with(&folder);
        for reason in REASONS.iter().filter(own) {
            let names: Vec<_> = reason
                .messages
                .iter()
                .map(|name| &name[folder.len()..])
                .collect();
            let right = match reason.right {
                Right::Ours => "this library",
                Right::Either => "open",
            };
            let names = names.join(", ");
            writeln!(page, "| {names} | {} | {right} |", reason.why).unwrap();
        }
    }
    page
}
