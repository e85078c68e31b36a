//! COMPRESS=DEFLATE against a real Dovecot, in the stock sqlite3 shell.

mod support;

use support::dovecot::Dovecot;
use support::mail::Mail;

#[test]
fn mail_comes_through_packed_byte_for_byte() {
    let server = Dovecot::start(&["+compress"]);
    let user = server.user("ada");
    let mut mails = Mail::many(300);
    let large: Vec<u8> = (0..100_000u32).flat_map(u32::to_le_bytes).collect();
    let coded: String = large.iter().map(|byte| format!("{byte:02x}\r\n")).collect();
    mails.push(Mail::raw(format!("Subject: large\r\n\r\n{coded}")));
    user.append("INBOX", &mails);
    user.record();
    for address in [server.plain(), server.tls(), server.starttls()] {
        let digests = |compress: &str| {
            let shell = user.shell().env("IMAP_SERVER", address.clone());
            shell.rows(&format!(
                "SELECT group_concat(sha256) AS digests, sum(length(raw)) AS bytes
                   FROM imap_messages(NULL, NULL, 'INBOX', '{{\"compress\": \"{compress}\"}}')"
            ))
        };
        assert_eq!(digests("always"), digests("never"), "{address}");
    }
    let asked = user.commands();
    let asked = asked
        .iter()
        .filter(|command| command.ends_with(" COMPRESS DEFLATE"));
    assert_eq!(asked.count(), 3);
}

#[test]
fn on_one_machine_nothing_is_packed_unless_told() {
    let server = Dovecot::start(&["+compress"]);
    let user = server.user("ada");
    user.append("INBOX", &Mail::many(3));
    user.record();
    let rows = user.shell().rows("SELECT subject FROM imap_messages");
    assert_eq!(rows.len(), 3);
    let commands = user.commands();
    assert!(commands.iter().any(|command| command.contains(" EXAMINE ")));
    assert!(
        !commands
            .iter()
            .any(|command| command.contains(" COMPRESS "))
    );
}
