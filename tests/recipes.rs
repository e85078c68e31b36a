//! The scripts of sql/recipes, run as they stand.

mod rssd;
mod support;

use rssd::Rssd;
use support::dovecot::Dovecot;
use support::mail::Mail;

/// Runs a recipe in the project's folder, as its head says; what it prints.
#[track_caller]
fn cook(rssd: &Rssd, recipe: &str) -> String {
    let root = env!("CARGO_MANIFEST_DIR");
    let sql = format!("PRAGMA foreign_keys = ON;\n.cd '{root}'\n.read sql/recipes/{recipe}");
    rssd.shell.run(&sql).success().to_owned()
}

#[test]
fn a_plain_table_follows_the_mailbox() {
    let user = Dovecot::shared().user("plain");
    user.append("INBOX", &Mail::many(5));
    let rssd = Rssd::of(&user);
    assert_eq!(cook(&rssd, "messages_into_table.sql"), "INBOX|5|5\n");
    user.append("INBOX", &[Mail::numbered(6)]);
    let (printed, traffic) = user.observe(|| cook(&rssd, "messages_into_table.sql"));
    assert_eq!(printed, "INBOX|6|6\n");
    assert_eq!(traffic.bodies, 1);
    let (printed, traffic) = user.observe(|| cook(&rssd, "messages_into_table.sql"));
    assert_eq!(printed, "INBOX|6|6\n");
    assert_eq!(traffic.bodies, 0);
    user.append("Sent", &Mail::many(2));
    rssd.ask("INSERT INTO mail_folder VALUES ('Sent')");
    assert_eq!(
        cook(&rssd, "messages_into_table.sql"),
        "INBOX|6|6\nSent|2|2\n"
    );
    user.set_uidvalidity("INBOX", 4242);
    assert_eq!(
        cook(&rssd, "messages_into_table.sql"),
        "INBOX|12|6\nSent|2|2\n"
    );
    let exact = "SELECT count(*), count(DISTINCT sha256), min(length(raw)) > 0 FROM mail";
    assert_eq!(rssd.ask(exact), "14|6|1");
}

#[test]
fn rssd_gets_each_message_once() {
    let user = Dovecot::shared().user("rssd");
    user.append("INBOX", &Mail::many(5));
    user.append("INBOX", &[Mail::raw("\r\nno header\r\n")]);
    let rssd = Rssd::of(&user);
    assert_eq!(cook(&rssd, "messages_into_rssd.sql"), "6|6\n");
    let (printed, traffic) = user.observe(|| cook(&rssd, "messages_into_rssd.sql"));
    assert_eq!(printed, "0|6\n");
    assert_eq!(traffic.bodies, 0);
    assert_eq!(rssd.ask("SELECT count(*) FROM ur_ingest_session"), "1");
    user.set_uidvalidity("INBOX", 4242);
    user.append("INBOX", &[Mail::numbered(6)]);
    assert_eq!(cook(&rssd, "messages_into_rssd.sql"), "7|7\n");
    assert_eq!(rssd.ask("PRAGMA foreign_key_check"), "");
}

#[test]
fn imap_ingest_recognises_what_the_recipe_wrote() {
    let user = Dovecot::shared().user("both");
    user.append("INBOX", &Mail::many(5));
    let rssd = Rssd::of(&user);
    cook(&rssd, "messages_into_rssd.sql");
    user.append("INBOX", &[Mail::numbered(6)]);
    assert_eq!(rssd.counts("{}"), [6, 1, 5, 0]);
    assert_eq!(cook(&rssd, "messages_into_rssd.sql"), "1|6\n");
    rssd.check();
}
