//! Generated queries give the same rows over `imap_messages` as over a copy of
//! it: the oracle is SQLite itself, on a table that holds everything.
//!
//! The queries follow from a seed, so that a failure can be run again:
//! `DIFFERENTIAL_SEED=7 cargo test --test differential`.

mod differential {
    pub mod compare;
    pub mod mailbox;
    pub mod queries;
    pub mod words;
}
mod support;

use differential::compare::compare;
use differential::mailbox;
use support::dovecot::Dovecot;
use support::user::User;

impl mailbox::Place for User<'_> {
    fn folder(&self, levels: &[&str]) -> String {
        levels.join("/")
    }

    fn create(&self, folder: &str) {
        self.create(folder);
    }

    fn append(&self, folder: &str, mails: &[support::mail::Mail]) {
        self.append(folder, mails);
    }

    fn expunge(&self, folder: &str, uids: &str) {
        self.expunge(folder, uids);
    }

    fn shell(&self) -> support::shell::Shell {
        self.shell()
    }
}

#[test]
fn queries_mean_what_sql_says() {
    let user = Dovecot::shared().user("differential");
    mailbox::fill(&user);
    compare(&user, "{}", 800);
}

#[test]
fn queries_mean_the_same_whoever_searches() {
    let user = Dovecot::shared().user("untrusted");
    mailbox::fill_with_what_servers_misread(&user);
    compare(&user, r#"{"trust_search": "never"}"#, 240);
}

#[test]
fn queries_mean_the_same_on_a_server_without_extensions() {
    let bare = Dovecot::start(&["imap_capability = IMAP4rev1"]);
    let user = bare.user("bare");
    mailbox::fill(&user);
    compare(&user, r#"{"trust_search": "always"}"#, 240);
}
