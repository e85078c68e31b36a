//! The columns of `imap_messages` that not every server has.

use serde_json::json;

use crate::support::dovecot::Dovecot;
use crate::support::mail::Mail;

const HTML: &str = "Content-Type: text/html; charset=utf-8\r\n\r\n\
    <html><head><title>x</title></head><body><p>gr&uuml;&szlig;e</p></body></html>\r\n";

#[test]
fn modseq_and_preview_are_the_servers_and_what_it_lacks_is_null() {
    let user = Dovecot::shared().user("extensions");
    user.append("INBOX", &[Mail::numbered(1)]);
    user.record();
    let rows = user.shell().rows(
        "SELECT modseq > 0 AS modseq, preview, gm_msgid, gm_thrid, gm_labels, email_id, thread_id
           FROM imap_messages();",
    );
    assert_eq!(
        rows,
        [
            json!({"modseq": 1, "preview": "body 1", "gm_msgid": null, "gm_thrid": null,
                "gm_labels": null, "email_id": null, "thread_id": null})
        ]
    );
    let asked = user.commands().join("\n");
    assert!(
        asked.contains("UID FETCH 1 (UID MODSEQ PREVIEW)"),
        "{asked}"
    );
}

#[test]
fn modseq_grows_with_a_change() {
    let user = Dovecot::shared().user("modseq");
    user.append("INBOX", &Mail::many(2));
    let modseq = || {
        let rows = user
            .shell()
            .rows("SELECT modseq FROM imap_messages() ORDER BY uid;");
        rows.iter()
            .map(|row| row["modseq"].as_i64().unwrap())
            .collect::<Vec<_>>()
    };
    let before = modseq();
    user.add_flags("INBOX", "2", "\\Flagged");
    let after = modseq();
    assert!(
        after[0] == before[0] && after[1] > before[1],
        "{before:?} {after:?}"
    );
}

#[test]
fn a_server_without_the_extensions_is_never_asked_for_them() {
    let server = Dovecot::start(&["imap_capability = IMAP4rev1"]);
    let user = server.user("no-extensions");
    let large = [
        &b"Subject: x\r\n\r\nfirst words\r\n"[..],
        &b"x".repeat(300_000),
    ]
    .concat();
    user.append(
        "INBOX",
        &[
            Mail::raw(HTML),
            Mail::raw(large),
            Mail::raw("Subject: x\r\n\r\n"),
        ],
    );
    user.record();
    let columns = "modseq, preview, gm_labels, email_id";
    let (rows, traffic) = user.observe(|| {
        user.shell()
            .rows(&format!("SELECT {columns} FROM imap_messages();"))
    });
    let previews: Vec<_> = rows.iter().map(|row| row["preview"].as_str()).collect();
    assert_eq!(previews[0], Some("grüße"));
    assert!(previews[1].unwrap().starts_with("first words xxx"));
    assert_eq!(previews[1].unwrap().chars().count(), 200);
    assert_eq!(previews[2], None);
    assert!(
        rows.iter()
            .all(|row| row["modseq"].is_null() && row["email_id"].is_null())
    );
    assert!(traffic.bytes_out < 40_000, "{traffic:?}");
    let asked = user.commands().join("\n");
    assert!(
        asked.contains("UID FETCH 1:3 (UID BODY.PEEK[]<0.32768>)"),
        "{asked}"
    );
    // Whatever else is fetched, the preview stays the same.
    let whole = user
        .shell()
        .rows("SELECT preview, raw, body_text FROM imap_messages();");
    let again: Vec<_> = whole.iter().map(|row| row["preview"].as_str()).collect();
    assert_eq!(again, previews);
    let part = user
        .shell()
        .rows("SELECT preview, body_text FROM imap_messages();");
    let again: Vec<_> = part.iter().map(|row| row["preview"].as_str()).collect();
    assert_eq!(again, previews);
}
