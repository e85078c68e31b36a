//! What the systems before this one got wrong, each by its name.

mod imap_collector;
mod limacharlie;
mod opencti;
#[path = "../rssd/mod.rs"]
mod rssd;
#[path = "../support/mod.rs"]
mod support;
mod surveilr;

use rssd::Rssd;

/// The subjects ingested so far, in order.
#[track_caller]
fn subjects(rssd: &Rssd) -> String {
    rssd.ask(
        "SELECT group_concat(subject, ',') FROM (
           SELECT subject FROM uniform_resource_imap ORDER BY subject)",
    )
}

/// A run that goes on until it is interrupted.
const WATCH: &str =
    ".timeout 300000\nSELECT imap_ingest(NULL, NULL, NULL, '{\"watch\": \"PT1H\"}');";
