//! What large messages cost in memory: the peak of the sqlite3 shell with the
//! library, over that of the same shell without it.

mod support;

use support::dovecot::Dovecot;
use support::mail::Mail;
use support::scratch::Scratch;
use support::shell::Shell;

/// Bytes of the large messages, about.
const SIZE: usize = 32_000_000;

/// What is promised: 48 MiB, and 2.2 times the largest message.
fn bound(message: usize) -> usize {
    (48 << 20) + message * 22 / 10
}

/// The peak of the shell in bytes while it runs `sql`, over that of a shell that
/// runs nothing.
#[track_caller]
fn peak(shell: &Shell, sql: &str) -> usize {
    // The shell's own status, asked for by a child of it.
    let asked = format!("{sql}\n.shell grep VmHWM /proc/$PPID/status\n");
    let finished = shell.run(&asked);
    let text = finished.success();
    let line = text.lines().find(|line| line.starts_with("VmHWM"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1));
    let kib: usize = kib.and_then(|kib| kib.parse().ok()).expect(text);
    kib << 10
}

/// A message that is one text of so many bytes.
fn text(size: usize) -> Vec<u8> {
    let line = "harbour ledger crane pilot tide berth manifest customs container vessel\r\n";
    let lines = line.repeat(size / line.len());
    format!("Subject: text\r\nMessage-ID: <text@example.org>\r\n\r\n{lines}").into_bytes()
}

/// A message with an attachment in base64, so many bytes in all.
fn file(size: usize) -> Vec<u8> {
    // No two lines alike, and every byte value in it.
    let line = |n: usize| format!("{:076}\r\n", n * 7_919);
    let lines: String = (0..size / 78).map(line).collect();
    format!(
        "Subject: file\r\nMessage-ID: <file@example.org>\r\n\
         Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nsee there\r\n\
         --b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n\
         {lines}--b--\r\n"
    )
    .into_bytes()
}

/// Runs `sql` (`{table}`, `{ingest}`) on a mailbox of one message, with a database
/// on disk, and holds the peak against the bound.
#[track_caller]
fn check(user: &str, message: Vec<u8>, cases: &[&str]) {
    let server = Dovecot::shared();
    let size = message.len();
    server.user(user).append("INBOX", &[Mail::raw(message)]);
    let place = format!("'{}', '{user}', 'INBOX'", server.plain());
    for sql in cases {
        let folder = Scratch::new("memory");
        let shell = Shell::new()
            .database(&folder.join("mail.db"))
            .env("IMAP_SERVER", server.plain())
            .env("IMAP_USER", user)
            .env("IMAP_PASSWORD", format!("pw-{user}"));
        let empty = peak(&Shell::new(), "");
        let sql = sql
            .replace("{table}", &format!("imap_messages({place})"))
            .replace("{place}", &place);
        let over = peak(&shell, &sql) - empty;
        println!(
            "{sql}: {} MiB, {:.2} of {size}",
            over >> 20,
            over as f64 / size as f64
        );
        let most = bound(size);
        assert!(
            over <= most,
            "{sql}: {over} bytes over {empty}, at most {most}"
        );
    }
}

#[test]
fn a_large_text_costs_little_more_than_twice_itself() {
    check(
        "large-text",
        text(SIZE),
        &[
            "SELECT length(raw) FROM {table};",
            "SELECT length(body_text) FROM {table};",
            "SELECT length(max(raw)) FROM {table};",
            "CREATE TABLE mail AS SELECT raw FROM {table};",
            "SELECT imap_ingest({place}, '{\"layout\": \"compact\"}') > '';",
        ],
    );
}

#[test]
fn a_large_attachment_costs_little_more_than_twice_its_message() {
    check(
        "large-file",
        file(SIZE),
        &[
            "SELECT length(raw), sha256, problems FROM {table};",
            "SELECT body_text FROM {table};",
            "SELECT sum(length(content)) FROM imap_attachments({place});",
            "SELECT imap_ingest({place}, '{\"layout\": \"compact\"}') > '';",
        ],
    );
}

#[test]
fn the_layout_of_surveilr_has_its_json_twice_beside_a_message() {
    check(
        "large-json",
        file(7_000_000),
        &["SELECT imap_ingest({place}, '{\"layout\": \"surveilr\"}') > '';"],
    );
}
