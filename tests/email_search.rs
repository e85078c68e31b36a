//! Full-text search over ingested mail (sql/views/email_search.sql): what it
//! finds, and that it stays in step whoever writes.

mod rssd;
mod support;

use rssd::Rssd;
use support::dovecot::Dovecot;
use support::line::{Fault, Line};
use support::mail::Mail;
use support::until::{PATIENCE, until};
use support::user::User;

const FILE: &str = "sql/views/email_search.sql";

fn mail(text: &str) -> Mail {
    Mail::raw(text.replace('\n', "\r\n"))
}

/// One mail for each way in which words can hide; the subject names it.
fn hidden_words() -> Vec<Mail> {
    vec![
        mail(
            "Subject: html\nContent-Type: text/html\n\n<style>.q{}</style><p>Liefer<b>schein</b> f&uuml;r dich</p>",
        ),
        mail("Subject: =?utf-8?q?encoded_caf=C3=A9?=\n\nx"),
        mail("Subject: base64\nContent-Transfer-Encoding: base64\n\nYnVyaWVkIHRyZWFzdXJl"),
        mail(
            "Subject: name\nFrom: =?utf-8?q?J=C3=BCrgen_Gro=C3=9F?= <j@quay.example>\nTo: Eve Adams <eve@dock.example>\n\nx",
        ),
        mail(
            "Subject: file\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b\n\
             Content-Type: application/pdf\n\
             Content-Disposition: attachment; filename*=utf-8''Zollerkl%C3%A4rung.pdf\n\nx\n--b\n\
             Content-Type: message/rfc822\n\nSubject: forwarded\n\ncontraband\n--b--",
        ),
    ]
}

/// The subjects of what a query finds, the best first.
#[track_caller]
fn found(rssd: &Rssd, query: &str) -> String {
    let sql = "SELECT group_concat(subject) FROM (SELECT email.subject
                 FROM email_search JOIN email USING (email_id)
                WHERE email_search MATCH '{}' ORDER BY rank)";
    rssd.ask(&sql.replace("{}", &query.replace('\'', "''")))
}

fn finds_hidden_words(rssd: &Rssd) {
    for (query, subject) in [
        ("lieferschein", "html"),
        ("fur", "html"),
        ("cafe", "encoded café"),
        ("buried treasure", "base64"),
        ("jurgen", "name"),
        ("\"j@quay.example\"", "name"),
        ("to: eve", "name"),
        ("from: eve", ""),
        ("zollerklarung", "file"),
        ("attachments: pdf", "file"),
        ("contraband", "file"),
        ("style", ""),
    ] {
        assert_eq!(found(rssd, query), subject, "{query}");
    }
}

/// The index holds what the messages hold, says FTS5, and nothing waits.
#[track_caller]
fn is_in_step(rssd: &Rssd) {
    rssd.ask("INSERT INTO email_search (email_search, rank) VALUES ('integrity-check', 1)");
    let lacking = "SELECT (SELECT count(*) FROM ur_ingest_session_imap_acct_folder_message)
                          - (SELECT count(*) FROM email_text),
                          (SELECT count(*) FROM email_text_queue)";
    assert_eq!(rssd.ask(lacking), "0|0");
}

fn ingested(user: &User<'_>, options: &str) -> Rssd {
    let rssd = Rssd::of(user);
    rssd.ingest("INBOX", options);
    rssd
}

#[test]
fn words_are_found_in_mail_that_was_there_before_and_that_comes_after_in_both_layouts() {
    for layout in ["surveilr", "compact"] {
        let options = format!(r#"{{"layout": "{layout}"}}"#);
        let user = Dovecot::shared().user(&format!("search-{layout}"));
        let after = ingested(&user, "{}");
        after.read(FILE);
        user.append("INBOX", &hidden_words());
        after.ingest("INBOX", &options);
        let before = ingested(&user, &options);
        before.read(FILE);
        for rssd in [before, after] {
            finds_hidden_words(&rssd);
            is_in_step(&rssd);
            rssd.check();
        }
    }
}

#[test]
fn what_is_found_is_ranked_and_shown_with_its_surroundings() {
    let user = Dovecot::shared().user("search-rank");
    let body = format!(
        "Subject: in the body\n\n{}anchor{}",
        "far ".repeat(30),
        " out".repeat(30)
    );
    user.append("INBOX", &[mail(&body), mail("Subject: anchor chain\n\nx")]);
    let rssd = ingested(&user, "{}");
    rssd.read(FILE);
    assert_eq!(found(&rssd, "anchor"), "anchor chain,in the body");
    let snippet =
        "SELECT snippet(email_search, -1, '[', ']', '...', 5) FROM email_search('body : anchor')";
    assert_eq!(rssd.ask(snippet), "...far far [anchor] out out...");
}

#[test]
fn it_stays_in_step_with_reingest_changes_and_loss_of_messages() {
    let user = Dovecot::shared().user("search-step");
    user.append("INBOX", &Mail::many(5));
    let rssd = ingested(&user, "{}");
    rssd.read(FILE);
    user.append("INBOX", &[Mail::numbered(6)]);
    user.expunge("INBOX", "1");
    rssd.ingest(
        "INBOX",
        r#"{"fetch": "all", "attachments": "uniform-resource"}"#,
    );
    user.set_uidvalidity("INBOX", 4242);
    rssd.ingest("INBOX", "{}");
    assert_eq!(
        rssd.ask("SELECT count(*) FROM email_search('message')"),
        "6"
    );
    is_in_step(&rssd);
    // By whoever deletes, renames or drops, without the library.
    rssd.ask(
        "PRAGMA foreign_keys = OFF;
         DELETE FROM ur_ingest_session_imap_acct_folder_message WHERE message_id = '2@example.org';
         UPDATE ur_ingest_session_imap_acct_folder_message
            SET ur_ingest_session_imap_acct_folder_message_id = 'theirs' WHERE message_id = '3@example.org';
         UPDATE uniform_resource SET content = NULL WHERE uri LIKE '%/4@example.org' AND nature = 'text';",
    );
    assert_eq!(
        rssd.ask("SELECT count(*) FROM email_search('body : body')"),
        "4"
    );
    assert_eq!(
        rssd.ask("SELECT email_id FROM email_search('\"message 3\"')"),
        "theirs"
    );
    is_in_step(&rssd);
    rssd.read(FILE);
    is_in_step(&rssd);
}

#[test]
fn a_run_that_is_killed_leaves_no_message_without_its_words() {
    let server = Dovecot::shared();
    let user = server.user("search-killed");
    user.append("INBOX", &Mail::many(1500));
    let rssd = ingested(&user, r#"{"limit": 1}"#);
    rssd.read(FILE);
    rssd.ask("PRAGMA journal_mode = WAL");
    // Enough for the sizes of a thousand and some hundred messages in each run.
    let line = Line::start(server.port, Fault::Hold(150_000));
    let shell = line.shell(&user, &rssd.path());
    let count = || rssd.look("SELECT count(*) FROM email_text");
    for _ in 0..3 {
        let before = count();
        let running = shell.start("SELECT imap_ingest(NULL, NULL, NULL, '{\"batch\": 4}');");
        until(|| (count() != before).then_some(()));
        running.signal("KILL");
        assert!(!running.finish(PATIENCE).status.success());
        is_in_step(&rssd);
    }
    rssd.ingest("INBOX", "{}");
    assert_eq!(count(), "1500");
    is_in_step(&rssd);
    rssd.check();
}

#[test]
fn a_watch_that_is_going_on_takes_it_up_when_it_is_installed() {
    let user = Dovecot::shared().user("search-watch");
    user.append("INBOX", &[Mail::numbered(1)]);
    let rssd = ingested(&user, r#"{"limit": 1}"#);
    rssd.ask("PRAGMA journal_mode = WAL");
    let running = rssd.shell.start(
        ".timeout 300000\nSELECT imap_ingest(NULL, NULL, 'INBOX', '{\"watch\": \"PT1H\"}');",
    );
    rssd.wait("SELECT count(*) = 2 FROM ur_ingest_session");
    rssd.read(FILE);
    user.append("INBOX", &[Mail::numbered(2)]);
    rssd.wait("SELECT count(*) = 1 FROM email_search('\"body 2\"')");
    running.interrupt();
    assert_eq!(found(&rssd, "\"body 2\""), "message 2");
    is_in_step(&rssd);
}

#[test]
fn mail_merged_from_another_database_is_read_by_the_next_ingest() {
    let server = Dovecot::shared();
    let (one, two) = (server.user("search-one"), server.user("search-two"));
    one.append("INBOX", &Mail::many(3));
    two.append("INBOX", &[Mail::numbered(3), Mail::numbered(4)]);
    let (one, two) = (ingested(&one, "{}"), ingested(&two, "{}"));
    one.read(FILE);
    two.read(FILE);
    let tables = [
        "device",
        "ur_ingest_session",
        "ur_ingest_session_imap_account",
        "ur_ingest_session_imap_acct_folder",
        "ur_ingest_session_imap_acct_folder_message",
        "uniform_resource",
        "uniform_resource_edge",
    ];
    let insert = |table| format!("INSERT OR IGNORE INTO {table} SELECT * FROM other.{table};");
    let merge: String = tables.into_iter().map(insert).collect();
    one.ask(&format!(
        "PRAGMA foreign_keys = ON; ATTACH '{}' AS other; BEGIN; {merge} COMMIT",
        two.path().display()
    ));
    assert_eq!(one.ask("SELECT count(*) FROM email_text_queue"), "1");
    one.ingest("INBOX", "{}");
    assert_eq!(found(&one, "\"body 4\""), "message 4");
    assert_eq!(one.ask("SELECT count(*) FROM email_search('message')"), "4");
    is_in_step(&one);
}

#[test]
fn an_attached_database_has_its_own_index_filled() {
    let user = Dovecot::shared().user("search-attached");
    user.append("INBOX", &Mail::many(2));
    let rssd = ingested(&user, "{}");
    rssd.read(FILE);
    user.append("INBOX", &[Mail::numbered(3)]);
    let sql = format!(
        "ATTACH '{}' AS other;
         SELECT imap_ingest(NULL, NULL, 'INBOX', '{{\"schema\": \"other\"}}');",
        rssd.path().display()
    );
    user.shell().run(&sql).success();
    assert_eq!(found(&rssd, "\"body 3\""), "message 3");
    is_in_step(&rssd);
}

#[test]
fn an_index_that_is_damaged_is_told_and_made_anew_by_reading_the_file_again() {
    let user = Dovecot::shared().user("search-damaged");
    user.append("INBOX", &Mail::many(2));
    let rssd = ingested(&user, "{}");
    rssd.read(FILE);
    rssd.ask("UPDATE email_search_data SET block = x'ffff' WHERE id > 10");
    rssd.read(FILE);
    is_in_step(&rssd);
    rssd.ask("DROP TABLE email_search");
    user.append("INBOX", &[Mail::numbered(3)]);
    assert_eq!(
        rssd.shell.error("SELECT imap_ingest();"),
        "imap: cannot fill the full-text index email_search: cannot prepare 'INSERT INTO \
         main.email_text SELECT * FROM main.email_text_pe...': no such table: main.email_search; \
         read sql/views/email_search.sql again, which makes it anew"
    );
    rssd.read(FILE);
    assert_eq!(rssd.counts("{}"), [1, 1, 0, 0]);
    assert_eq!(found(&rssd, "\"message 3\""), "message 3");
    is_in_step(&rssd);
}

#[test]
fn read_before_the_first_ingest_or_without_the_library_the_file_installs_nothing() {
    let user = Dovecot::shared().user("search-early");
    user.append("INBOX", &Mail::many(2));
    let rssd = Rssd::of(&user);
    // As people have it, without -bail.
    let read = |load: &[&str]| {
        let output = std::process::Command::new("sqlite3")
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .args(["-batch", "-init", "/dev/null"])
            .arg(rssd.path())
            .args(load)
            .arg(format!(".read {FILE}"))
            .output()
            .unwrap();
        String::from_utf8(output.stderr).unwrap()
    };
    let installed = "SELECT count(*) FROM sqlite_master WHERE name LIKE 'email\\_%' ESCAPE '\\'";
    let load = format!(".load '{}'", support::library::library_for_sql());
    let early = read(&[&load]);
    assert!(
        early.contains("no such table: main.uniform_resource"),
        "{early}"
    );
    assert_eq!(rssd.ask(installed), "0");
    assert_eq!(rssd.counts("{}"), [2, 2, 0, 0]);
    let unloaded = read(&[]);
    assert!(unloaded.contains("no such table: mail_texts"), "{unloaded}");
    assert_eq!(rssd.ask(installed), "0");
    rssd.read(FILE);
    is_in_step(&rssd);
}

#[test]
fn a_host_without_fts5_leaves_the_reading_to_the_next() {
    let user = Dovecot::shared().user("search-without");
    user.append("INBOX", &[Mail::numbered(1)]);
    let rssd = ingested(&user, "{}");
    rssd.read(FILE);
    user.append("INBOX", &[Mail::numbered(2)]);
    // What Python's object begins with is followed by SQLite's handle.
    let script = "import ctypes, sqlite3, sys\n\
        c = sqlite3.connect(sys.argv[1], isolation_level=None)\n\
        handle = ctypes.c_void_p.from_address(id(c) + object.__basicsize__)\n\
        keep = (ctypes.c_char_p * 3)(b'json_each', b'json_tree', None)\n\
        ctypes.CDLL('libsqlite3.so.0').sqlite3_drop_modules(handle, keep)\n\
        c.enable_load_extension(True)\n\
        c.load_extension(sys.argv[2])\n\
        c.execute('SELECT imap_ingest()').fetchall()\n";
    rssd.python(&user, script);
    assert_eq!(rssd.ask("SELECT count(*) FROM email_text_queue"), "1");
    rssd.ingest("INBOX", "{}");
    assert_eq!(found(&rssd, "\"body 2\""), "message 2");
    is_in_step(&rssd);
}

/// A message whose text is half as long again in UTF-8.
fn growing(subject: &str) -> Mail {
    let mut raw = format!(
        "Subject: {subject}\r\nFrom: ada@quay.example\r\n\
         Content-Type: text/plain; charset=iso-8859-1\r\n\r\n"
    )
    .into_bytes();
    raw.extend(
        "strange cargo \u{e9}\r\n"
            .chars()
            .cycle()
            .take(20_000)
            .map(|c| c as u8),
    );
    raw.extend([b'\xe9'; 40_000]);
    Mail::raw(raw)
}

/// Ingests where no value may be longer than 90,000 bytes.
const NARROW: &str = ".limit length 90000\nSELECT imap_ingest(NULL, NULL, NULL, \
                      '{\"layout\": \"compact\"}') ->> '$.inserted';";

#[test]
fn a_message_whose_words_the_host_refuses_keeps_no_other_from_its_words() {
    let user = Dovecot::shared().user("search-too-big");
    user.append("INBOX", &[Mail::numbered(1)]);
    let rssd = ingested(&user, r#"{"layout": "compact"}"#);
    rssd.read(FILE);
    user.append(
        "INBOX",
        &[Mail::numbered(2), growing("manifest"), Mail::numbered(4)],
    );
    let inserted = rssd.shell.run(NARROW);
    assert_eq!(inserted.success().lines().last(), Some("3"));
    assert_eq!(found(&rssd, "body"), "message 1,message 2,message 4");
    // By subject and sender it is found; its body, only once it may be read.
    assert_eq!(found(&rssd, "manifest ada"), "manifest");
    assert_eq!(found(&rssd, "cargo"), "");
    let told = "SELECT subject, problem FROM email_text_problem JOIN email USING (email_id)";
    let refused = "manifest|imap: cannot run 'INSERT INTO main.email_text SELECT * FROM \
                   main.email_text_pe...': string or blob too big";
    assert_eq!(rssd.ask(told), refused);
    is_in_step(&rssd);
    // It is not tried again by each run.
    let again = rssd.shell.run(NARROW);
    assert_eq!(again.success().lines().last(), Some("0"));
    assert_eq!(rssd.ask(told), refused);
    rssd.read(FILE);
    assert_eq!(found(&rssd, "cargo"), "manifest");
    assert_eq!(rssd.ask("SELECT count(*) FROM email_text_problem"), "0");
    is_in_step(&rssd);
    rssd.check();
}

#[test]
fn an_index_of_before_there_was_a_table_of_problems_is_to_be_made_anew() {
    let user = Dovecot::shared().user("search-older");
    user.append("INBOX", &[Mail::numbered(1)]);
    let rssd = ingested(&user, r#"{"layout": "compact"}"#);
    rssd.read(FILE);
    rssd.ask("DROP TABLE email_text_problem");
    user.append("INBOX", &[growing("manifest")]);
    assert_eq!(
        rssd.shell.error(NARROW),
        "imap: cannot fill the full-text index email_search: cannot prepare 'INSERT OR REPLACE \
         INTO main.email_text_problem (email_id, pr...': no such table: main.email_text_problem; \
         read sql/views/email_search.sql again, which makes it anew"
    );
    rssd.read(FILE);
    rssd.shell.run(NARROW).success();
    assert_eq!(found(&rssd, "manifest"), "manifest");
    is_in_step(&rssd);
}

#[test]
fn it_is_installed_where_the_host_refuses_a_message_which_the_next_ingest_leaves_out() {
    let user = Dovecot::shared().user("search-install");
    user.append("INBOX", &[growing("manifest"), Mail::numbered(2)]);
    let rssd = ingested(&user, "{}");
    let root = env!("CARGO_MANIFEST_DIR");
    let read = format!(".limit length 50000\n.cd '{root}'\n.read {FILE}");
    let error = rssd.shell.error(&read);
    assert!(error.contains("string or blob too big"), "{error}");
    assert_eq!(rssd.ask("SELECT count(*) FROM email_text_queue"), "2");
    // In a statement that writes, which leaves no savepoint to go back to.
    let writing = NARROW
        .replace("90000", "50000")
        .replace("SELECT imap", "CREATE TABLE t AS SELECT imap");
    rssd.shell.run(&writing).success();
    assert_eq!(found(&rssd, "body"), "message 2");
    assert_eq!(found(&rssd, "manifest"), "manifest");
    is_in_step(&rssd);
}
