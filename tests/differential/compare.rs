//! The queries, run on both sides.

use std::fmt::Write;

use super::mailbox::{self, Place};
use super::queries::{Generator, TOLD};

/// The columns of the copy, which are compared with.
const COLUMNS: &str = "folder_name, uid, uidvalidity, message_id, in_reply_to, email_references, \
    subject, \"from\", from_name, sender, reply_to, \"to\", cc, bcc, date, date_header, \
    internal_date, size, flags, status, seen, flagged, answered, deleted, draft, keywords, headers, \
    body_text, attachments, raw, sha256, preview, gm_msgid, gm_thrid, gm_labels, email_id, \
    thread_id, server, user, folder, options";

/// Runs `count` queries on both sides, in one shell, and reports those that
/// differ.
#[track_caller]
pub fn compare(place: &impl Place, options: &str, count: usize) {
    let seed = std::env::var("DIFFERENTIAL_SEED").map_or(20_260_131, |seed| seed.parse().unwrap());
    let mut generator = Generator::new(seed);
    let folders = mailbox::folders(place);
    let source = |folder: usize| match folders.get(folder) {
        Some(name) => format!("imap_messages(NULL, NULL, '{name}', '{options}')"),
        None => "imap_messages".to_owned(),
    };
    let copy = |folder: usize| match folder {
        TOLD => "copies".to_owned(),
        folder => format!("copy{folder}"),
    };
    let mut script = String::from(".bail on\n");
    for number in 0..folders.len() {
        let from = source(number);
        writeln!(
            script,
            "CREATE TEMP TABLE copy{number} AS SELECT {COLUMNS} FROM {from};"
        )
        .unwrap();
    }
    script.push_str(
        "CREATE TEMP TABLE wanted(uid, size INTEGER, subject TEXT COLLATE NOCASE, number);\n\
         INSERT INTO wanted SELECT uid + 1, size, upper(subject), '0' || uid FROM copy0 \
           WHERE uid % 5 = 0 OR subject IS NULL;\n",
    );
    script.push_str(
        "CREATE TEMP VIEW copies AS SELECT * FROM copy0 UNION ALL SELECT * FROM copy1 \
         UNION ALL SELECT * FROM copy2 UNION ALL SELECT * FROM copy3;\n",
    );
    let queries: Vec<_> = (0..count).map(|_| generator.query()).collect();
    for (number, query) in queries.iter().enumerate() {
        let pushed = named(&query.over(options, source), &folders);
        let copied = named(&query.over(options, copy), &folders);
        writeln!(script, "SELECT 'query {number}', 'pushed';\n{pushed};").unwrap();
        writeln!(script, "SELECT 'query {number}', 'copied';\n{copied};").unwrap();
    }
    let finished = place.shell().run(&script);
    let output = String::from_utf8_lossy(&finished.stdout).into_owned();
    let mut sections = output.split("query ").skip(1);
    let (mut wrong, mut with_rows) = (Vec::new(), 0);
    for (number, query) in queries.iter().enumerate() {
        let rows = |section: Option<&str>, side: &str| {
            section
                .and_then(|text| text.strip_prefix(&format!("{number}|{side}\n")))
                .map(str::to_owned)
        };
        let pushed = rows(sections.next(), "pushed");
        let copied = rows(sections.next(), "copied");
        with_rows += usize::from(copied.as_ref().is_some_and(|rows| !rows.is_empty()));
        if pushed.is_none() || pushed != copied {
            let sql = named(&query.over(options, source), &folders);
            wrong.push(format!("{sql}\n pushed: {pushed:?}\n copied: {copied:?}"));
        }
    }
    assert!(
        wrong.is_empty() && finished.status.success(),
        "seed {seed}: {} of {count} differ\n{}\n{}",
        wrong.len(),
        wrong[..wrong.len().min(8)].join("\n\n"),
        finished.stderr
    );
    // Queries that find nothing prove little.
    assert!(with_rows * 4 > count, "{with_rows} of {count} have rows");
}

/// The query with the folders it names as the server names them.
fn named(sql: &str, folders: &[String; 4]) -> String {
    let names = mailbox::FOLDERS.iter().zip(folders);
    names.fold(sql.to_owned(), |sql, (name, folder)| {
        sql.replace(&format!("'{name}'"), &format!("'{folder}'"))
    })
}
