//! Rules that open incidents from new mail (sql/recipes/incidents.sql).

mod rssd;
mod support;

use rssd::Rssd;
use support::dovecot::Dovecot;
use support::mail::Mail;
use support::user::User;

const FILE: &str = "sql/recipes/incidents.sql";
const GENERATION_A: &str = include_str!("fixtures/rssd/generation_a.sql");

/// A database of this shape with the mail that is there, and the recipe.
fn installed(user: &User<'_>, schema: &str) -> Rssd {
    let rssd = Rssd::of(user);
    rssd.ask(schema);
    rssd.ingest("INBOX", "{}");
    rssd.read(FILE);
    rssd
}

#[test]
fn rules_open_incidents_from_new_mail() {
    let user = Dovecot::shared().user("incidents");
    user.append("INBOX", &[Mail::numbered(1)]);
    let rssd = installed(&user, "");
    rssd.read(FILE);
    rssd.ask(
        "INSERT INTO incident_rule (rule_id, name, action, template) VALUES
           (1, 'phishing', 'incident', 'Phishing'), (2, 'invoices', 'triage', NULL),
           (3, 'everything else', 'triage', NULL), (4, 'all below', 'triage', NULL),
           (5, 'another account', 'triage', NULL), (6, 'another folder', 'triage', NULL);
         UPDATE incident_rule SET enabled = 0 WHERE rule_id = 3;
         UPDATE incident_rule SET account = 'somebody' WHERE rule_id = 5;
         UPDATE incident_rule SET account = 'incidents', folder_name = 'Junk' WHERE rule_id = 6;
         INSERT INTO incident_filter (rule_id, field, header_name, negated, value) VALUES
           (1, 'from', NULL, 0, 'evil.test'), (1, 'from', NULL, 0, 'bad@other.test'),
           (4, 'from', NULL, 0, '.deep.test'), (1, 'subject', NULL, 1, 'newsletter'), (1, 'header', 'X-Spam', 0, ''),
           (2, 'text', NULL, 0, 'invoice.pdf'), (2, 'body regex', NULL, 0, '\\b[0-9]{4}-[0-9]{3}\\b');
         INSERT INTO incident_field VALUES (1, 'mail', 'cloud_soar_mail_id'), (1, 'sender', 'from')",
    );
    let mail = |from: &str, subject: &str, rest: &str| {
        let text = format!("From: {from}\nSubject: {subject}\n{rest}\n");
        Mail::raw(text.replace('\n', "\r\n"))
    };
    let spam = "X-Spam: yes\n\nx";
    let invoice = "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nno. 2026-017\n--b\n\
                   Content-Type: application/pdf\n\
                   Content-Disposition: attachment; filename=Invoice.pdf\n\nPDF\n--b--";
    user.append(
        "INBOX",
        &[
            mail("a@Evil.test", "caught 1", spam),
            mail("a@mail.evil.test", "below the domain", spam),
            mail("a@very.Deep.test", "caught 4", spam),
            mail("a@deep.test", "the domain itself", spam),
            mail("bad@other.test", "caught 2", spam),
            mail("good@other.test", "another address", spam),
            mail("a@notevil.test", "another domain", spam),
            mail("\"x@evil.test\" <a@b.test>", "a name only", spam),
            mail("\"x.evil.test\"@b.test", "a local part only", spam),
            mail("a@evil.test", "no header", "\nx"),
            mail("a@evil.test", "Our Newsletter", spam),
            mail("shop@b.test", "caught 3", invoice),
            mail(
                "shop@b.test",
                "no number",
                &invoice.replace("2026-017", "17"),
            ),
        ],
    );
    rssd.ingest("INBOX", "{}");
    let opened = "SELECT title, action, template, fields FROM incident ORDER BY title";
    assert_eq!(
        rssd.ask(opened),
        "caught 1|incident|Phishing|{\"mail\":1,\"sender\":\"a@Evil.test\"}\n\
         caught 2|incident|Phishing|{\"mail\":5,\"sender\":\"bad@other.test\"}\n\
         caught 3|triage||{}\ncaught 4|triage||{}"
    );
    let attached = "SELECT title, name, content_type, length(content) > 2
                      FROM incident JOIN incident_attachment USING (incident_id) ORDER BY 1, 2";
    assert_eq!(
        rssd.ask(attached),
        "caught 1|message.eml|message/rfc822|1\ncaught 2|message.eml|message/rfc822|1\n\
         caught 3|Invoice.pdf|application/pdf|1\ncaught 3|message.eml|message/rfc822|1\n\
         caught 4|message.eml|message/rfc822|1"
    );
    assert_eq!(rssd.ask("SELECT count(*) FROM incident_mail_list"), "13");
    let listed = "SELECT subject, attachments, incidents FROM incident_mail_list
                   WHERE subject = 'caught 3'";
    assert_eq!(rssd.ask(listed), "caught 3|[\"Invoice.pdf\"]|[4]");

    // By hand: a mail added to an incident and taken away again.
    let older =
        "INSERT INTO incident_email SELECT 1, email_id FROM email WHERE subject = 'message 1'";
    rssd.shell.run(older).success();
    let files = "SELECT count(*) FROM incident_attachment WHERE incident_id = 1";
    assert_eq!(rssd.ask(files), "2");
    rssd.ask(
        "DELETE FROM incident_email WHERE email_id =
           (SELECT email_id FROM email WHERE subject = 'message 1')",
    );
    assert_eq!(rssd.ask(files), "1");
    rssd.check();
}

#[test]
fn every_generation_and_layout_opens_them_with_the_message_attached() {
    for (name, schema, options) in [
        ("incident-newest", "", "{}"),
        ("incident-compact", "", r#"{"layout": "compact"}"#),
        ("incident-oldest", GENERATION_A, "{}"),
    ] {
        let user = Dovecot::shared().user(name);
        let rssd = installed(&user, schema);
        rssd.ask("INSERT INTO incident_rule (name) VALUES ('all')");
        let raw = "Subject: caf\u{e9}\r\n\r\nx".to_owned().into_bytes();
        let latin = b"Subject: latin\r\n\r\ncaf\xe9".to_vec();
        user.append("INBOX", &[Mail::raw(raw), Mail::raw(latin)]);
        assert_eq!(rssd.counts(options), [2, 2, 0, 0]);
        assert_eq!(
            rssd.ask(
                "SELECT title, name, length(content), hex(substr(content, -1)) FROM incident
                   JOIN incident_attachment USING (incident_id) ORDER BY 1"
            ),
            "café|message.eml|19|78\nlatin|message.eml|22|E9",
            "{name}"
        );
        assert_eq!(rssd.counts(options), [0, 0, 0, 0]);
        assert_eq!(rssd.ask("SELECT count(*) FROM incident"), "2");
        rssd.check();
    }
}
