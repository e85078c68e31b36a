//! The README's SQL runs as it stands, and prints what the README says.

mod support;

use support::dovecot::Dovecot;
use support::library::library_for_sql;

/// A fenced block: its language and its text.
type Block<'a> = (&'a str, &'a str);

#[test]
fn every_sql_block_runs_and_prints_what_follows_it() {
    let server = Dovecot::shared();
    let user = server.user("ada");
    user.fill_with_demo_mail();
    let readme = include_str!("../README.md");
    let blocks = blocks(readme);
    assert!(blocks.iter().any(|(language, _)| *language == "sql"));
    for (position, (language, text)) in blocks.iter().enumerate() {
        if *language != "sql" {
            continue;
        }
        // Readers' names for what the test has elsewhere.
        let sql = text
            .replace("dist/imap0", &library_for_sql())
            .replace("'imap.example.org'", &format!("'{}'", server.tls()));
        let finished = user.shell().run(&sql);
        let printed = finished.success();
        if let Some(("text", output)) = blocks.get(position + 1) {
            assert_eq!(printed, *output, "from this block:\n{text}");
        }
    }
}

#[test]
fn the_readme_stays_short() {
    assert!(include_str!("../README.md").lines().count() <= 250);
}

fn blocks(markdown: &str) -> Vec<Block<'_>> {
    let fenced = markdown.split("```").skip(1).step_by(2);
    fenced.filter_map(|text| text.split_once('\n')).collect()
}
