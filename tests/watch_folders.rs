//! Folders that are made, renamed and deleted while an ingest goes on, and
//! `imap_watch` of many.

mod rssd;
mod support;

use rssd::Rssd;
use std::path::Path;
use std::time::Duration;
use support::dovecot::Dovecot;
use support::mail::Mail;
use support::process::Running;
use support::scratch::Scratch;
use support::scripted::{Script, Scripted};
use support::until::until;
use support::user::User;

/// Longer than any of these runs.
const LIMIT: Duration = Duration::from_secs(700);

/// An ingest that goes on for ten minutes unless it is stopped.
fn ingesting(rssd: &Rssd, folder: &str, options: &str) -> Running {
    rssd.look("PRAGMA journal_mode = WAL");
    rssd.shell.start(&format!(
        ".timeout 20000\n\
         SELECT imap_ingest(NULL, NULL, {folder}, '{{\"watch\": \"PT10M\"{options}}}');"
    ))
}

/// Waits until the folder has so many messages in the database.
#[track_caller]
fn wait_for(rssd: &Rssd, folder: &str, messages: u32) {
    rssd.wait(&format!(
        "SELECT count(*) = {messages} FROM imap_sync_message
           JOIN imap_sync_folder USING (imap_sync_folder_id) WHERE folder_name = '{folder}'"
    ));
}

/// The folders that are in the database.
fn folders(rssd: &Rssd) -> String {
    rssd.look("SELECT group_concat(folder_name) FROM (SELECT * FROM imap_sync_folder ORDER BY folder_name)")
}

fn stop(running: Running) {
    running.signal("INT");
    running.finish(LIMIT);
}

fn without_notify() -> Dovecot {
    Dovecot::start(&["imap_capability = IMAP4rev1 LITERAL+ IDLE UIDPLUS"])
}

#[test]
fn folders_made_and_renamed_during_a_watch_are_taken_as_the_server_tells_of_them() {
    let user = Dovecot::shared().user("made");
    user.append("INBOX", &[Mail::numbered(1)]);
    let rssd = Rssd::of(&user);
    user.record();
    let running = ingesting(&rssd, "'*'", r#", "exclude": "Spam*""#);
    wait_for(&rssd, "INBOX", 1);

    user.create("Spam/x");
    user.append("Spam/x", &[Mail::numbered(2)]);
    user.create("Entw\u{fc}rfe/Neu");
    user.append("Entw&APw-rfe/Neu", &[Mail::numbered(3)]);
    wait_for(&rssd, "Entw\u{fc}rfe/Neu", 1);
    user.append("Entw&APw-rfe/Neu", &[Mail::numbered(4)]);
    wait_for(&rssd, "Entw\u{fc}rfe/Neu", 2);

    user.client().command(b"RENAME Entw&APw-rfe/Neu Alt");
    user.append("Alt", &[Mail::numbered(5)]);
    wait_for(&rssd, "Alt", 3);

    user.client().command(b"DELETE Alt");
    user.create("Letzte");
    user.append("Letzte", &[Mail::numbered(6)]);
    wait_for(&rssd, "Letzte", 1);
    stop(running);

    assert_eq!(folders(&rssd), "Alt,Entw\u{fc}rfe/Neu,INBOX,Letzte");
    let kept = "SELECT count(*) FROM ur_ingest_session_imap_acct_folder_message";
    assert_eq!(rssd.look(kept), "5");
    let commands = user.commands();
    assert!(!commands.iter().any(|said| said.contains("IDLE")));
    let expected = "SET STATUS (personal (MessageNew MessageExpunge FlagChange MailboxName))";
    assert!(commands.iter().any(|said| said.contains(expected)));
    rssd.check();
}

#[test]
fn a_folder_that_comes_to_match_the_pattern_is_taken_and_others_are_not() {
    let user = Dovecot::shared().user("pattern");
    user.create("Box/A");
    user.create("Elsewhere");
    user.append("Box/A", &[Mail::numbered(1)]);
    user.append("Elsewhere", &[Mail::numbered(2)]);
    let rssd = Rssd::of(&user);
    // It matches one folder, which is not all it may come to match.
    let running = ingesting(&rssd, "'Box/*'", "");
    wait_for(&rssd, "Box/A", 1);
    user.create("Boxes");
    user.append("Boxes", &[Mail::numbered(3)]);
    user.client().command(b"RENAME Elsewhere Box/B");
    wait_for(&rssd, "Box/B", 1);
    stop(running);
    assert_eq!(folders(&rssd), "Box/A,Box/B");
    rssd.check();
}

#[test]
fn folders_made_during_a_watch_are_taken_where_the_server_tells_of_one_at_a_time() {
    let server = without_notify();
    let user = server.user("idling");
    user.append("INBOX", &[Mail::numbered(1)]);
    let rssd = Rssd::of(&user);
    user.record();
    let running = ingesting(&rssd, "'*'", "");
    wait_for(&rssd, "INBOX", 1);
    // With INBOX and Sent, the last is one more than have a connection.
    for folder in ["F1", "F2", "F3"] {
        user.create(folder);
        user.append(folder, &[Mail::numbered(2)]);
    }
    // Whatever comes has the folders asked for.
    user.append("INBOX", &[Mail::numbered(3)]);
    for folder in ["F1", "F2", "F3"] {
        wait_for(&rssd, folder, 1);
    }
    user.append("F2", &[Mail::numbered(4)]);
    wait_for(&rssd, "F2", 2);

    // The server hangs up on whoever waits in a folder that is deleted.
    user.client().command(b"DELETE F1");
    user.append("F2", &[Mail::numbered(5)]);
    wait_for(&rssd, "F2", 3);
    user.append("INBOX", &[Mail::numbered(6)]);
    wait_for(&rssd, "INBOX", 3);
    stop(running);
    wait_for(&rssd, "F1", 1);
    let commands = user.commands();
    assert!(!commands.iter().any(|said| said.contains("NOTIFY")));
    assert!(commands.iter().any(|said| said.ends_with(" IDLE")));
    rssd.check();
}

#[test]
fn folders_made_during_a_watch_are_taken_where_they_are_looked_at() {
    let user = Dovecot::shared().user("looked-at");
    user.append("INBOX", &[Mail::numbered(1)]);
    let rssd = Rssd::of(&user);
    let running = ingesting(&rssd, "'*'", r#", "period": "PT0.3S""#);
    wait_for(&rssd, "INBOX", 1);
    user.create("Neu");
    user.append("Neu", &[Mail::numbered(2)]);
    wait_for(&rssd, "Neu", 1);
    user.client().command(b"DELETE Neu");
    user.append("INBOX", &[Mail::numbered(3)]);
    wait_for(&rssd, "INBOX", 2);
    wait_for(&rssd, "Neu", 1);
    stop(running);
    rssd.check();
}

#[test]
fn a_watch_outlives_a_folder_given_by_name_and_takes_it_when_it_is_made_again() {
    let user = Dovecot::shared().user("again");
    user.create("Box");
    user.append("Box", &[Mail::numbered(1)]);
    let rssd = Rssd::of(&user);
    user.record();
    let running = ingesting(&rssd, "'Box'", r#", "period": "PT0.3S""#);
    wait_for(&rssd, "Box", 1);
    user.client().command(b"DELETE Box");
    let examined = || {
        let commands = user.commands();
        commands
            .iter()
            .filter(|said| said.contains("EXAMINE"))
            .count()
    };
    // One that was on its way, and one that was refused.
    let before = examined();
    until(|| (examined() > before + 1).then_some(()));
    user.create("Box");
    user.append("Box", &[Mail::numbered(2)]);
    rssd.wait("SELECT count(*) = 2 FROM imap_sync_message");
    stop(running);
    rssd.check();
}

#[test]
fn of_two_folders_given_by_name_one_that_is_deleted_leaves_the_other() {
    let user = Dovecot::shared().user("both");
    ["A", "B"].iter().for_each(|folder| user.create(folder));
    user.append("A", &[Mail::numbered(1)]);
    let rssd = Rssd::of(&user);
    let running = ingesting(&rssd, "NULL", r#", "include": ["A", "B"]"#);
    wait_for(&rssd, "A", 1);
    user.client().command(b"DELETE A");
    // Both are looked at when it has connected again.
    user.kick();
    user.append("B", &[Mail::numbered(2)]);
    wait_for(&rssd, "B", 1);
    wait_for(&rssd, "A", 1);
    stop(running);
    rssd.check();
}

#[test]
fn a_server_that_does_not_tell_of_names_tells_of_messages_alone() {
    let greeting = "S: * OK [CAPABILITY IMAP4rev1 IDLE NOTIFY] ready";
    let teller = Script::new(greeting).answer(|said| {
        let told = match said.split(' ').next().unwrap_or_default() {
            "CAPABILITY" => "* CAPABILITY IMAP4rev1 IDLE NOTIFY\n",
            "LIST" => "* LIST () \"/\" A\n* LIST () \"/\" B\n",
            "EXAMINE" => "* 0 EXISTS\n* OK [UIDVALIDITY 7] x\n* OK [UIDNEXT 1] x\n",
            "NOTIFY" if said.contains("MailboxName") => {
                return "$ NO [BADEVENT (MessageNew MessageExpunge FlagChange)] no\n".into();
            }
            "NOTIFY" => "* STATUS A (MESSAGES 0)\n* STATUS B (MESSAGES 0)\n",
            _ => "",
        };
        format!("{told}$ OK done\n")
    });
    // The connection that reads is wanted once the other one is told.
    let reader = Script::new(greeting)
        .hear(1)
        .then("S: $ NO [AUTHENTICATIONFAILED] that is all")
        .stall();
    let server = Scripted::play([teller, reader]);
    let rssd = Rssd::at(&format!("imap+insecure://127.0.0.1:{}", server.port));
    let finished = ingesting(&rssd, "'*'", "").finish(LIMIT);
    let complaint = finished.stderr;
    assert!(complaint.contains("that is all"), "{complaint}");
    let heard = server.finish().concat();
    let alone = "NOTIFY SET STATUS (personal (MessageNew MessageExpunge FlagChange))\n";
    assert_eq!(heard.matches(alone).count(), 1, "{heard}");
    assert_eq!(heard.matches("NOTIFY SET").count(), 2, "{heard}");
    assert!(!heard.contains("IDLE"), "{heard}");
}

/// The rows of an `imap_watch`, each a file as soon as it is there.
struct Rows {
    folder: Scratch,
    running: Running,
}

impl Rows {
    fn of(user: &User<'_>, folder: &str) -> Self {
        let rows = Scratch::new("rows");
        let path = rows.path().display();
        let running = user.shell().start(&format!(
            "SELECT writefile('{path}/' || replace(folder_name, '/', '_') || ' ' || uid || ' ' || event, at)
               FROM imap_watch(NULL, NULL, '{folder}', '{{\"watch\": \"PT10M\"}}');"
        ));
        Self {
            folder: rows,
            running,
        }
    }

    /// Waits for this row: folder, UID and event.
    #[track_caller]
    fn wait(&self, row: &str) {
        let file = self.folder.join(row);
        until(|| file.exists().then_some(()));
    }

    /// Waits until what comes in the folder is told.
    #[track_caller]
    fn begin(&self, user: &User<'_>, folder: &str) {
        let mut client = user.client();
        until(|| {
            client.append(folder, &[Mail::numbered(99)]);
            let told = self.told();
            let of_it = format!("{} ", folder.replace('/', "_"));
            told.iter().any(|row| row.starts_with(&of_it)).then_some(())
        });
    }

    fn told(&self) -> Vec<String> {
        names(self.folder.path())
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn events_of_many_folders_stream_as_rows_and_name_the_folder() {
    let user = Dovecot::shared().user("events-of-many");
    user.create("Drafts");
    for folder in ["INBOX", "Drafts", "Sent"] {
        user.append(folder, &Mail::many(3));
    }
    user.record();
    let rows = Rows::of(&user, "*");
    for folder in ["INBOX", "Drafts", "Sent"] {
        rows.begin(&user, folder);
    }
    user.expunge("Drafts", "2");
    rows.wait("Drafts 2 expunged");
    user.add_flags("Sent", "1", "\\Flagged");
    rows.wait("Sent 1 flags");
    user.create("Entw\u{fc}rfe/Neu");
    user.append("Entw&APw-rfe/Neu", &[Mail::numbered(1)]);
    rows.wait("Entw\u{fc}rfe_Neu 1 new");
    user.append("Entw&APw-rfe/Neu", &[Mail::numbered(2)]);
    rows.wait("Entw\u{fc}rfe_Neu 2 new");
    user.client().command(b"DELETE Entw&APw-rfe/Neu");
    user.add_flags("Drafts", "1", "\\Flagged");
    rows.wait("Drafts 1 flags");
    let told = rows.told();
    // What was there at first is no news.
    assert!(!told.iter().any(|row| row == "Sent 1 new"), "{told:?}");
    stop(rows.running);
    let commands = user.commands();
    assert!(commands.iter().any(|said| said.contains("NOTIFY SET")));
    assert!(!commands.iter().any(|said| said.contains("IDLE")));
}

#[test]
fn events_of_many_folders_stream_where_the_server_tells_of_one_at_a_time() {
    let server = without_notify();
    let user = server.user("events-idling");
    // A new user's mail is made by the first to come, who is to be alone.
    user.append("INBOX", &[Mail::numbered(1)]);
    let rows = Rows::of(&user, "%");
    rows.begin(&user, "INBOX");
    user.create("Neu");
    user.append("Neu", &[Mail::numbered(1)]);
    rows.begin(&user, "INBOX");
    user.append("INBOX", &[Mail::numbered(1)]);
    rows.wait("Neu 1 new");
    user.add_flags("Neu", "1", "\\Flagged");
    rows.wait("Neu 1 flags");
    stop(rows.running);
}

#[test]
fn messages_of_a_folder_that_was_replaced_are_told_as_new() {
    let user = Dovecot::shared().user("replaced");
    user.create("Box");
    user.append("Box", &[Mail::numbered(1)]);
    let rows = Rows::of(&user, "B*");
    rows.begin(&user, "Box");
    user.set_uidvalidity("Box", 77);
    user.append("Box", &[Mail::numbered(2)]);
    rows.wait("Box 1 expunged");
    rows.wait("Box 1 new");
    stop(rows.running);
}

#[test]
fn a_pattern_that_matches_nothing_yet_waits_for_what_will_be_made() {
    let user = Dovecot::shared().user("nothing-yet");
    let rows = Rows::of(&user, "Later/*");
    user.create("Later/A");
    rows.begin(&user, "Later/A");
    stop(rows.running);
}

#[test]
fn a_folder_given_by_name_that_is_not_there_is_an_error() {
    let user = Dovecot::shared().user("not-there");
    let error = user
        .shell()
        .error("SELECT * FROM imap_watch(NULL, NULL, 'Nowhere', '{\"watch\": \"PT60S\"}');");
    let expected = "imap: cannot examine 'Nowhere': NO Mailbox doesn't exist: Nowhere (";
    assert!(error.starts_with(expected), "{error}");
}

#[test]
fn a_folder_given_by_name_that_is_deleted_ends_the_rows_with_an_error() {
    let user = Dovecot::shared().user("deleted");
    user.create("Box");
    let rows = Rows::of(&user, "Box");
    rows.begin(&user, "Box");
    user.client().command(b"DELETE Box");
    let complaint = rows.running.finish(LIMIT).stderr;
    let expected = "imap: cannot examine 'Box': NO Mailbox doesn't exist: Box (";
    assert!(complaint.contains(expected), "{complaint}");
}
