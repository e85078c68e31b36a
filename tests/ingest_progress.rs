//! The bar that `progress` draws: on a terminal, and nowhere else.

mod rssd;
mod support;

use rssd::Rssd;
use std::process::Command;
use support::dovecot::Dovecot;
use support::library::library_for_sql;
use support::line::{Fault, Line};
use support::mail::Mail;
use support::process::Running;
use support::until::PATIENCE;
use support::user::User;

/// Runs the shell with a terminal for its stderr, and prints what is drawn there.
const ON_A_TERMINAL: &str = r#"
import fcntl, os, pty, struct, subprocess, sys, termios
master, slave = pty.openpty()
fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 120, 0, 0))
shell = subprocess.Popen(["sqlite3", "-batch", sys.argv[1]], stdin=subprocess.PIPE,
                         stdout=subprocess.DEVNULL, stderr=slave)
os.close(slave)
shell.stdin.write(sys.argv[2].encode())
shell.stdin.close()
while True:
    try:
        drawn = os.read(master, 4096)
    except OSError:
        break
    sys.stdout.buffer.write(drawn)
sys.exit(shell.wait())
"#;

fn filled(user: &User<'_>) {
    user.create("Archive");
    let body = "words and more words\r\n".repeat(300);
    let mail = |n| Mail::raw(format!("Subject: m{n}\r\n\r\n{body}"));
    user.append("INBOX", &(1..=60).map(mail).collect::<Vec<_>>());
    user.append("Archive", &(61..=80).map(mail).collect::<Vec<_>>());
}

const RUN: &str = "SELECT imap_ingest(NULL, NULL, '*', '{\"progress\": true, \"batch\": 4}');";

#[test]
fn a_terminal_shows_folder_messages_bytes_rate_and_time_left() {
    let user = Dovecot::shared().user("bar");
    filled(&user);
    let rssd = Rssd::of(&user);
    let line = Line::start(Dovecot::shared().port, Fault::Drip(300));
    let mut python = Command::new("/usr/bin/python3");
    python
        .args(["-c", ON_A_TERMINAL])
        .arg(rssd.path())
        .arg(format!(".load '{}'\n{RUN}\n", library_for_sql()))
        .env(
            "IMAP_SERVER",
            format!("imap+insecure://127.0.0.1:{}", line.port),
        )
        .env("IMAP_USER", &user.name)
        .env("IMAP_PASSWORD", &user.password);
    let finished = Running::start(&mut python, b"").finish(PATIENCE);
    let drawn = finished.success();
    println!("{drawn}");
    for shown in [
        "INBOX ",
        "Archive ",
        "/60 messages, ",
        "/20 messages, ",
        " KiB at ",
        " KiB/s, ",
        "s left",
    ] {
        assert!(drawn.contains(shown), "{shown} is not in {drawn:?}");
    }
    // It is gone at the end.
    assert!(drawn.trim_end().ends_with("\u{1b}[2K"), "{drawn:?}");
    assert_eq!(rssd.ask("SELECT count(*) FROM uniform_resource_imap"), "80");
}

#[test]
fn nothing_is_drawn_where_there_is_no_terminal_or_no_wish() {
    let user = Dovecot::shared().user("nobar");
    filled(&user);
    let rssd = Rssd::of(&user);
    let finished = rssd.shell.run(RUN);
    assert_eq!(finished.stderr, "");
    assert_eq!(finished.text().lines().count(), 1);
    let mut python = Command::new("/usr/bin/python3");
    let quiet = RUN.replace("\"progress\": true, ", "");
    python
        .args(["-c", ON_A_TERMINAL])
        .arg(rssd.path().with_file_name("other.db"))
        .arg(format!(".load '{}'\n{quiet}\n", library_for_sql()))
        .envs(user.environment());
    let finished = Running::start(&mut python, b"").finish(PATIENCE);
    assert_eq!(finished.success(), "");
}
