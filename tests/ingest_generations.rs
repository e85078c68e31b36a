//! `imap_ingest` into databases that an older RSSD made: they keep their shape.

mod rssd;
mod support;

use rssd::Rssd;
use support::dovecot::Dovecot;
use support::mail::Mail;

const GENERATION_A: &str = include_str!("fixtures/rssd/generation_a.sql");

/// Turns the newest generation into the third, which has another column in one
/// table and lacks two in another.
const TO_GENERATION_C: &str = "
    ALTER TABLE uniform_resource ADD COLUMN ingest_issue_acct_project_id VARCHAR;
    ALTER TABLE ur_ingest_session_imap_acct_folder DROP COLUMN include_senders;
    ALTER TABLE ur_ingest_session_imap_acct_folder DROP COLUMN exclude_senders;";

fn shape(rssd: &Rssd) -> String {
    rssd.ask(
        "SELECT m.name, group_concat(c.name) FROM sqlite_schema AS m, pragma_table_info(m.name) AS c
          WHERE m.type = 'table' AND m.name IN ('device', 'ur_ingest_session', 'uniform_resource',
                'ur_ingest_session_imap_acct_folder', 'ur_ingest_session_imap_acct_folder_message')
          GROUP BY m.name ORDER BY m.name",
    )
}

#[test]
fn the_first_generation_gets_the_same_mail_in_its_own_columns() {
    let user = Dovecot::shared().user("first");
    user.append("INBOX", &Mail::many(5));
    let rssd = Rssd::of(&user);
    rssd.ask(GENERATION_A);
    let before = shape(&rssd);
    assert_eq!(rssd.counts("{}"), [5, 5, 0, 0]);
    assert_eq!(rssd.counts("{}"), [0, 0, 0, 0]);
    assert_eq!(shape(&rssd), before);
    let resources = "SELECT count(*), count(DISTINCT ingest_imap_acct_folder_id)
                       FROM uniform_resource WHERE nature = 'text'";
    assert_eq!(rssd.ask(resources), "5|1");
    let of_messages = "SELECT count(*) FROM ur_ingest_session_imap_acct_folder_message
                         JOIN uniform_resource USING (uniform_resource_id) WHERE nature = 'text'";
    assert_eq!(rssd.ask(of_messages), "5");
    assert_eq!(
        rssd.ask("SELECT count(*) FROM imap_graph WHERE nature = 'text'"),
        "5"
    );
    rssd.check();
}

/// What the second generation has more than the first.
const TO_GENERATION_B: &str = "
    ALTER TABLE ur_ingest_session_imap_acct_folder_message ADD COLUMN status TEXT[] NOT NULL DEFAULT '';
    ALTER TABLE ur_ingest_session_imap_acct_folder_message ADD COLUMN date DATE;";

#[test]
fn the_second_generation_gets_status_and_date_too_and_both_are_followed() {
    let user = Dovecot::shared().user("second");
    user.append("INBOX", &Mail::many(3));
    let rssd = Rssd::of(&user);
    rssd.ask(GENERATION_A);
    rssd.ask(TO_GENERATION_B);
    let before = shape(&rssd);
    assert_eq!(rssd.counts("{}"), [3, 3, 0, 0]);
    user.add_flags("INBOX", "2", "\\Seen");
    assert_eq!(rssd.ingest("INBOX", "{}")["updated"], 1);
    let status = "SELECT group_concat(status) FROM (
        SELECT status FROM ur_ingest_session_imap_acct_folder_message ORDER BY subject)";
    assert_eq!(rssd.ask(status), "[\"unread\"],[\"read\"],[\"unread\"]");
    assert_eq!(shape(&rssd), before);
    rssd.check();
}

#[test]
fn the_third_generation_gets_the_same_mail_and_views() {
    let user = Dovecot::shared().user("third");
    let rssd = Rssd::of(&user);
    rssd.counts("{}");
    rssd.ask(TO_GENERATION_C);
    let before = shape(&rssd);
    user.append("INBOX", &Mail::many(5));
    assert_eq!(rssd.counts("{}"), [5, 5, 0, 0]);
    assert_eq!(shape(&rssd), before);
    assert_eq!(rssd.ask("SELECT count(*) FROM uniform_resource_imap"), "5");
    rssd.check();
}

#[test]
fn rows_of_the_incumbent_are_recognised_and_kept() {
    let user = Dovecot::shared().user("incumbent");
    user.append("INBOX", &Mail::many(2));
    let other = Rssd::of(&user);
    other.counts("{}");
    // The incumbent's ids are random, and its device has an id of its own.
    other.ask(
        "UPDATE ur_ingest_session_imap_acct_folder_message
            SET ur_ingest_session_imap_acct_folder_message_id = 'theirs-' || message_id;
         UPDATE uniform_resource_edge SET node_id = 'theirs-' || replace(
              (SELECT uri FROM uniform_resource AS r
                WHERE r.uniform_resource_id = uniform_resource_edge.uniform_resource_id),
              'smtp://incumbent/', '');
         UPDATE uniform_resource SET ingest_session_imap_acct_folder_message = NULL;
         UPDATE device SET device_id = 'their device';
         UPDATE ur_ingest_session SET device_id = 'their device';
         UPDATE uniform_resource SET device_id = 'their device';
         DELETE FROM imap_sync_message;
         DELETE FROM imap_sync_folder;",
    );
    let messages = "SELECT group_concat(ur_ingest_session_imap_acct_folder_message_id)
                      FROM ur_ingest_session_imap_acct_folder_message";
    let before = other.ask(messages);
    assert_eq!(other.counts("{}"), [2, 0, 2, 0]);
    assert_eq!(other.ask(messages), before);
    assert_eq!(
        other.ask("SELECT count(*), min(device_id) FROM device"),
        "1|their device"
    );
    assert_eq!(other.ask("PRAGMA foreign_key_check"), "");
}

#[test]
fn inside_of_surveilr_its_device_and_session_are_used() {
    let user = Dovecot::shared().user("inside");
    user.append("INBOX", &Mail::many(2));
    let rssd = Rssd::of(&user);
    rssd.counts(r#"{"limit": 1}"#);
    rssd.ask(
        "INSERT INTO device (device_id, name, state, boundary) VALUES ('their-device', 'x', '{}', 'y');
         INSERT INTO ur_ingest_session (ur_ingest_session_id, device_id, ingest_started_at, session_agent)
         VALUES ('their-session', 'their-device', '2026-01-31', '{}');",
    );
    let script = "import sqlite3, sys\n\
        c = sqlite3.connect(sys.argv[1], isolation_level=None)\n\
        c.create_function('surveilr_device_id', 0, lambda: 'their-device')\n\
        c.create_function('surveilr_ingest_session_id', 0, lambda: 'their-session')\n\
        c.enable_load_extension(True)\n\
        c.load_extension(sys.argv[2])\n\
        c.execute('PRAGMA foreign_keys = ON')\n\
        c.execute('SELECT imap_ingest()').fetchall()\n\
        c.execute('SELECT imap_ingest()').fetchall()\n";
    rssd.python(&user, script);
    let sessions = "SELECT count(*) FROM ur_ingest_session";
    assert_eq!(rssd.ask(sessions), "2");
    let theirs = "SELECT count(*) FROM uniform_resource
                   WHERE nature = 'text' AND device_id = 'their-device' AND ingest_session_id = 'their-session'";
    assert_eq!(rssd.ask(theirs), "1");
    rssd.check();
}
