//! The SQL of the README and of docs/ runs as it stands, and prints what they
//! say.

mod rssd;
mod support;

use rssd::Rssd;
use std::fs;
use support::broker::Broker;
use support::dovecot::Dovecot;
use support::library::library_for_sql;
use support::nsd::Nsd;
use support::scratch::Scratch;
use support::shell::Shell;

/// The zone of the signer of signed.eml, with one of its two keys.
const FOOTBALL: &str = "\
$ORIGIN football.example.com.
@ 300 IN SOA ns admin 1 3600 600 86400 60
@ 300 IN NS ns
ns 300 IN A 127.0.0.1
brisbane._domainkey 300 IN TXT \"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"
";

/// A fenced block: its language and its text.
type Block<'a> = (&'a str, &'a str);

#[test]
fn every_sql_block_of_the_readme_prints_what_follows_it() {
    let server = Dovecot::shared();
    let user = server.user("ada");
    user.fill_with_demo_mail();
    run(include_str!("../README.md"), &user.shell(), |sql| {
        sql.replace("dist/imap0", &library_for_sql())
            .replace("'imap.example.org'", &format!("'{}'", server.tls()))
    });
}

#[test]
fn every_sql_block_of_the_mail_functions_prints_what_follows_it() {
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/eml/");
    let folder = Scratch::new("zone");
    let zone = folder.join("zone");
    fs::write(&zone, FOOTBALL).unwrap();
    let server = Nsd::start(&[("football.example.com", &zone)]);
    run(include_str!("../docs/mail.md"), &Shell::new(), |sql| {
        sql.replace("readfile('", &format!("readfile('{fixtures}"))
            .replace("192.0.2.53", &server.address.to_string())
    });
}

#[test]
fn every_sql_block_of_the_exports_prints_what_follows_it() {
    let user = Dovecot::shared().user("ada-exports");
    user.fill_with_demo_mail();
    let rssd = Rssd::of(&user);
    rssd.ingest("*", "{}");
    let broker = Broker::plain();
    run(include_str!("../docs/exports.md"), &rssd.shell, |sql| {
        let root = env!("CARGO_MANIFEST_DIR");
        let sql = sql.replace("127.0.0.1:10000", &format!("127.0.0.1:{}", broker.port));
        format!(".cd '{root}'\n{sql}")
    });
}

#[test]
fn every_sql_block_of_the_views_prints_what_follows_it() {
    let user = Dovecot::shared().user("ada-views");
    user.fill_with_demo_mail();
    let rssd = Rssd::of(&user);
    rssd.ingest("*", "{}");
    let root = env!("CARGO_MANIFEST_DIR");
    let here = |sql: &str| format!(".cd '{root}'\n{sql}");
    run(include_str!("../docs/views.md"), &rssd.shell, here);
}

#[test]
fn the_readme_stays_short() {
    assert!(include_str!("../README.md").lines().count() <= 250);
}

/// Runs each block of SQL, with what `meant` puts for readers' names, and
/// compares what it prints with the block of text behind it, if there is one.
#[track_caller]
fn run(page: &str, shell: &Shell, meant: impl Fn(&str) -> String) {
    let blocks = blocks(page);
    assert!(blocks.iter().any(|(language, _)| *language == "sql"));
    for (position, (language, text)) in blocks.iter().enumerate() {
        if *language != "sql" {
            continue;
        }
        let finished = shell.run(&meant(text));
        let printed = finished.success();
        if let Some(("text", output)) = blocks.get(position + 1) {
            assert_eq!(printed, *output, "from this block:\n{text}");
        }
    }
}

fn blocks(markdown: &str) -> Vec<Block<'_>> {
    let fenced = markdown.split("```").skip(1).step_by(2);
    fenced.filter_map(|text| text.split_once('\n')).collect()
}
