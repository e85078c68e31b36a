//! What is too old is dropped (sql/recipes/retention.sql), and what it was stays.

mod rssd;
mod support;

use rssd::Rssd;
use support::dovecot::Dovecot;
use support::mail::Mail;

const FILE: &str = "sql/recipes/retention.sql";

const WITH_ATTACHMENTS: &str = "From: a@b.example\r\nSubject: outer\r\nMessage-ID: <outer@test>\r\n\
    Content-Type: multipart/mixed; boundary=q\r\n\r\n--q\r\n\r\nhello words\r\n\
    --q\r\nContent-Type: application/pdf; name=secret.pdf\r\n\
    Content-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\nVE9QU0VDUkVU\r\n\
    --q\r\nContent-Type: text/csv; name=list.csv\r\nContent-Disposition: attachment\r\n\r\nTOPSECRET,1\r\n\
    --q--\r\n";

/// Every layout with every way to keep attachments.
fn everywhere(name: &str, each: impl Fn(&Rssd, &str)) {
    for layout in ["surveilr", "compact"] {
        for attachments in ["no", "yes", "uniform-resource"] {
            let user = Dovecot::shared().user(&format!("retain-{name}-{layout}-{attachments}"));
            user.append("INBOX", &[Mail::raw(WITH_ATTACHMENTS), Mail::numbered(2)]);
            let rssd = Rssd::of(&user);
            let options = format!(
                r#"{{"layout": "{layout}", "attachments": "{attachments}", "fetch": "all"}}"#
            );
            rssd.ingest("INBOX", &options);
            for view in ["email_attachment", "email_search", "email_event"] {
                rssd.read(&format!("sql/views/{view}.sql"));
            }
            assert_eq!(rssd.read(FILE), "0|0\n");
            rssd.ask(
                "UPDATE ur_ingest_session_imap_acct_folder_message
                    SET created_at = datetime('now', '-31 days') WHERE subject = 'outer'",
            );
            each(&rssd, &options);
        }
    }
}

/// What is told of the attachments, which no dropping changes.
fn attachments(rssd: &Rssd) -> String {
    let sql = "SELECT part, filename, content_type, size, md5, sha1, sha256
                 FROM email_attachment ORDER BY part;";
    rssd.shell.run(sql).success().to_owned()
}

/// In how many values the content of the attachments still is: decoded, or in
/// numbers, or encoded.
fn traces(rssd: &Rssd) -> [u32; 2] {
    let count = |pattern: &str| {
        let value = |table: &str, column: &str| {
            format!("(SELECT count(*) FROM {table} WHERE instr(CAST({column} AS BLOB), {pattern}))")
        };
        let sql = format!(
            "SELECT {} + {} + {}",
            value("uniform_resource", "content"),
            value("ur_ingest_session_attachment", "content"),
            value("ur_ingest_session_imap_acct_folder_message", "message"),
        );
        rssd.ask(&sql).parse().unwrap()
    };
    let decoded: u32 = count("CAST('TOPSECRET' AS BLOB)") + count("CAST('84,79,80,83' AS BLOB)");
    [decoded, count("CAST('VE9QU0VDUkVU' AS BLOB)")]
}

/// The ingest neither brings back nor doubles what was dropped.
fn reingest_changes_nothing(rssd: &Rssd, options: &str) {
    let state = "SELECT (SELECT count(*) FROM uniform_resource),
                        (SELECT count(*) FROM ur_ingest_session_attachment),
                        (SELECT count(*) FROM ur_ingest_session_imap_acct_folder_message)";
    let before = (rssd.ask(state), traces(rssd));
    rssd.ingest("INBOX", options);
    rssd.read(FILE);
    assert_eq!((rssd.ask(state), traces(rssd)), before);
    rssd.check();
}

#[test]
fn copies_of_attachments_are_dropped_and_their_names_sizes_and_digests_stay() {
    everywhere("copies", |rssd, options| {
        let before = attachments(rssd);
        let copies = u32::from(!options.contains("\"no\""))
            + u32::from(options.contains("uniform-resource"));
        let surveilr = u32::from(options.contains("surveilr"));
        let traced = traces(rssd);
        // Two attachments in each copy, and both in the structure.
        assert_eq!(traced[0], 2 * copies + 1 + 3 * surveilr, "{options}");
        rssd.ask("INSERT INTO email_retention VALUES ('attachment', 32)");
        assert_eq!(rssd.read(FILE), "0|0\n");
        rssd.ask("UPDATE email_retention SET days = 30");
        rssd.read(FILE);
        assert_eq!(attachments(rssd), before);
        // The one that is no attachment but text stands in the message alone.
        assert_eq!(traces(rssd), [1 + surveilr, 1 + surveilr], "{options}");
        let left = "SELECT count(*) FROM ur_ingest_session_attachment
                     WHERE content IS NOT NULL OR elaboration ->> 'dropped_at' IS NULL";
        assert_eq!(rssd.ask(left), "0");
        reingest_changes_nothing(rssd, options);
    });
}

#[test]
fn messages_are_dropped_and_what_proves_them_stays() {
    everywhere("messages", |rssd, options| {
        let before = attachments(rssd);
        let facts = "SELECT subject, \"from\", message_id, elaboration ->> 'sha256', size_bytes,
                            content_digest
                       FROM ur_ingest_session_imap_acct_folder_message JOIN uniform_resource
                         ON uri LIKE '%/' || message_id AND nature = 'text' ORDER BY 1";
        let known = rssd.ask(facts);
        rssd.ask("INSERT INTO email_retention VALUES ('message', 30)");
        assert_eq!(rssd.read(FILE), "2|1\n", "{options}");
        assert_eq!(attachments(rssd), before);
        assert_eq!(rssd.ask(facts), known);
        assert_eq!(traces(rssd), [0, 0], "{options}");
        assert_eq!(
            rssd.ask("SELECT subject FROM email WHERE raw IS NULL"),
            "outer"
        );
        assert_eq!(rssd.ask("SELECT count(*) FROM uniform_resource_imap"), "2");
        let hello = "SELECT count(*) FROM email_search('hello')";
        assert_eq!(rssd.ask(hello), "0");
        let named = "SELECT count(*) FROM email_search('subject: outer AND attachments: secret')";
        assert_eq!(rssd.ask(named), "1");
        let events = rssd
            .shell
            .rows("SELECT count(*) AS events FROM email_event;");
        assert_eq!(events[0]["events"], 1);
        reingest_changes_nothing(rssd, options);
    });
}
