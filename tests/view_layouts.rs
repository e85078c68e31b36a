//! The views of sql/views show the same of the same mail, whichever layout it is
//! in and whichever generation of RSSD holds it.

mod rssd;
mod support;

use rssd::Rssd;
use std::fs;
use std::path::Path;
use support::dovecot::Dovecot;
use support::mail::Mail;
use support::user::User;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const GENERATION_A: &str = include_str!("fixtures/rssd/generation_a.sql");

/// What the second generation has more than the first.
const TO_GENERATION_B: &str = "
    ALTER TABLE ur_ingest_session_imap_acct_folder_message ADD COLUMN status TEXT[] NOT NULL DEFAULT '';
    ALTER TABLE ur_ingest_session_imap_acct_folder_message ADD COLUMN date DATE;";

/// What the newest has more than the third, and less.
const TO_GENERATION_C: &str = "
    ALTER TABLE uniform_resource ADD COLUMN ingest_issue_acct_project_id VARCHAR;
    ALTER TABLE ur_ingest_session_imap_acct_folder DROP COLUMN include_senders;
    ALTER TABLE ur_ingest_session_imap_acct_folder DROP COLUMN exclude_senders;";

/// Installs every view.
fn install(rssd: &Rssd) {
    for view in fs::read_dir(Path::new(ROOT).join("sql/views")).unwrap() {
        let name = view.unwrap().file_name().into_string().unwrap();
        rssd.read(&format!("sql/views/{name}"));
    }
    rssd.ask("INSERT INTO email_known VALUES ('harb0ur.example', NULL)");
}

/// All rows of all views, by view, each view's in no order. The moment of the
/// ingest is made the same for all.
fn rows(rssd: &Rssd) -> Vec<(String, Vec<String>)> {
    rssd.ask(
        "UPDATE ur_ingest_session_imap_acct_folder_message SET created_at = '2026-02-01 12:00:00'",
    );
    let views = rssd.ask(
        "SELECT name FROM sqlite_schema WHERE type = 'view' AND name GLOB 'email*' ORDER BY 1",
    );
    let of = |view: &str| {
        // OpenCTI's own bundle says when it was made.
        let columns = if view == "email_report" {
            "email_id, bundle"
        } else {
            "*"
        };
        let sql = format!(".mode quote\nSELECT {columns} FROM {view};");
        let printed = rssd.shell.run(&sql).success().to_owned();
        let mut lines: Vec<String> = printed.lines().map(str::to_owned).collect();
        lines.sort();
        (view.to_owned(), lines)
    };
    views.lines().map(of).collect()
}

#[track_caller]
fn are_the_same(found: &[(String, Vec<String>)], expected: &[(String, Vec<String>)], what: &str) {
    assert_eq!(found.len(), expected.len());
    for ((view, found), (_, expected)) in found.iter().zip(expected) {
        assert!(
            !expected.is_empty() || view == "email_text_pending",
            "{view} is empty"
        );
        assert_eq!(found.len(), expected.len(), "{view} {what}");
        let other = found.iter().zip(expected).find(|(one, other)| one != other);
        assert_eq!(other, None, "{view} {what}");
    }
}

fn ingested(user: &User<'_>, schema: &str, options: &str) -> Rssd {
    let rssd = Rssd::of(user);
    rssd.ask(schema);
    rssd.ingest("*", options);
    install(&rssd);
    rssd
}

/// Conversations are what all messages together make them, and a lookalike is
/// told from all domains.
const OF_ALL: [&str; 2] = ["email_thread_message", "email_lookalike"];

#[test]
fn one_message_is_looked_up_in_every_view_without_reading_the_others() {
    let user = Dovecot::shared().user("view-plans");
    let rssd = ingested(&user, "", "{}");
    let with_ids = "SELECT m.name FROM sqlite_schema AS m, pragma_table_info(m.name) AS c
                     WHERE m.type = 'view' AND m.name GLOB 'email*' AND c.name = 'email_id';";
    let finished = rssd.shell.run(with_ids);
    let views = finished.success();
    let looked_up: Vec<&str> = views.lines().filter(|v| !OF_ALL.contains(v)).collect();
    assert!(looked_up.len() > 6, "{views}");
    for view in looked_up {
        let sql = format!("EXPLAIN QUERY PLAN SELECT * FROM {view} WHERE email_id = 'x';");
        let plan = rssd.shell.run(&sql).success().to_owned();
        for table in ["mail", "resource", "edge", "file", "folder"] {
            let scan = format!("SCAN {table}");
            let reads_all = |line: &str| line.contains(&scan) && !line.contains("VIRTUAL TABLE");
            assert!(!plan.lines().any(reads_all), "{view}: {plan}");
        }
    }
}

#[test]
fn both_layouts_have_the_same_rows() {
    let user = Dovecot::shared().user("view-layouts");
    user.fill_with_demo_mail();
    let surveilr = rows(&ingested(&user, "", "{}"));
    let compact = rows(&ingested(&user, "", r#"{"layout": "compact"}"#));
    are_the_same(&compact, &surveilr, "compact");
}

#[test]
fn every_generation_has_the_same_rows() {
    let user = Dovecot::shared().user("view-generations");
    let fixture = |name| fs::read(Path::new(ROOT).join("tests/fixtures/eml").join(name)).unwrap();
    let answer = "From: x@harbour.example\r\nDate: 1 Jan 2026 12:00:00 +0000\r\n\
                  In-Reply-To: <1@example.org>\r\n\r\nx\r\n";
    user.append(
        "INBOX",
        &[
            Mail::raw(fixture("parcel.eml")),
            Mail::raw(answer),
            Mail::numbered(1),
        ],
    );
    let newest = rows(&ingested(&user, "", "{}"));
    let second = format!("{GENERATION_A}{TO_GENERATION_B}");
    for (generation, schema) in [("A", GENERATION_A), ("B", &second)] {
        for options in ["{}", r#"{"layout": "compact"}"#] {
            let older = rows(&ingested(&user, schema, options));
            are_the_same(&older, &newest, generation);
        }
    }
    let rssd = Rssd::of(&user);
    user.create("Empty");
    rssd.ingest("Empty", "{}");
    rssd.ask(TO_GENERATION_C);
    rssd.ingest("*", "{}");
    install(&rssd);
    are_the_same(&rows(&rssd), &newest, "C");
}

#[test]
fn mail_of_the_incumbents_is_shown_though_nothing_ties_it_to_its_resource() {
    let user = Dovecot::shared().user("view-incumbent");
    user.append("INBOX", &Mail::many(2));
    let rssd = ingested(&user, GENERATION_A, "{}");
    let before = rssd.ask("SELECT raw, date FROM email ORDER BY date");
    rssd.ask("DELETE FROM uniform_resource_edge");
    let after = rssd.ask("SELECT raw FROM email ORDER BY raw");
    assert!(after.contains("Subject: message 2"), "{after}");
    assert!(before.contains("2026-01-01T00:01:00Z"), "{before}");
}
