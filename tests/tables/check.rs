//! `imap_check`: each step a row, the failing one the last, word for word.

use std::sync::mpsc::channel;

use serde_json::{Value, json};

use crate::support::dovecot::Dovecot;
use crate::support::scripted::{Script, Scripted};
use crate::support::shell::Shell;
use crate::support::until::PATIENCE;

fn steps(rows: &[Value]) -> Vec<(String, i64, String)> {
    let step = |row: &Value| {
        let text = |name: &str| row[name].as_str().unwrap().to_owned();
        (text("step"), row["ok"].as_i64().unwrap(), text("detail"))
    };
    rows.iter().map(step).collect()
}

/// The last step, which must have failed, and how many went before.
#[track_caller]
fn failure(shell: &Shell, arguments: &str) -> (usize, String, String) {
    let rows = shell.rows(&format!("SELECT * FROM imap_check({arguments});"));
    let mut steps = steps(&rows);
    let (step, ok, detail) = steps.pop().unwrap();
    assert_eq!(ok, 0, "{detail}");
    assert!(steps.iter().all(|(_, ok, _)| *ok == 1));
    (steps.len(), step, detail)
}

#[test]
fn a_good_account_passes_every_step() {
    let server = Dovecot::shared();
    let user = server.user("check");
    let rows = user
        .shell()
        .rows("SELECT *, typeof(milliseconds) AS t FROM imap_check();");
    assert!(rows.iter().all(|row| row["t"] == json!("real")));
    let steps = steps(&rows);
    let names: Vec<&str> = steps.iter().map(|(step, _, _)| &step[..]).collect();
    assert_eq!(
        names,
        ["resolve", "connect", "tls", "login", "capability", "folder"]
    );
    assert!(steps.iter().all(|(_, ok, _)| *ok == 1), "{steps:?}");
    assert!(steps[0].2.contains("127.0.0.1"), "{steps:?}");
    assert!(
        steps[1].2.ends_with(&format!(":{}", server.tls_port)),
        "{steps:?}"
    );
    assert_eq!(steps[2].2, "TLSv1.3");
    assert_eq!(steps[3].2, "signed in as 'check'");
    assert!(steps[4].2.contains("CONDSTORE"), "{steps:?}");
    assert_eq!(steps[5].2, "INBOX can be read, messages: 0");
}

#[test]
fn the_way_of_encryption_is_told() {
    let server = Dovecot::shared();
    let user = server.user("check-tls");
    let detail = |address: String| {
        let shell = user.shell().env("IMAP_SERVER", address);
        shell.rows("SELECT detail FROM imap_check() WHERE step = 'tls';")[0]["detail"].clone()
    };
    assert_eq!(detail(server.starttls()), "TLSv1.3 by STARTTLS");
    assert_eq!(
        detail(server.plain()),
        "no encryption, as imap+insecure:// says"
    );
}

#[test]
fn the_first_step_that_fails_is_the_last_row_and_says_why() {
    let server = Dovecot::shared();
    let user = server.user("check-fails");
    let shell = || user.shell();
    let expected =
        |count: usize, step: &str, detail: &str| (count, step.to_owned(), detail.to_owned());
    assert_eq!(
        failure(&shell(), "'host.invalid', 'ada'"),
        expected(
            0,
            "resolve",
            "imap: cannot find host 'host.invalid': name or service not known; \
             check the server's name, and that this machine has a network"
        )
    );
    assert_eq!(
        failure(&shell(), "'127.0.0.1:1', 'ada'"),
        expected(
            1,
            "connect",
            "imap: cannot connect to 127.0.0.1:1: connection refused; \
             check the port (993 for imaps://, 143 for imap://), \
             and whether a firewall or a proxy stands between"
        )
    );
    let (count, step, detail) = failure(
        &shell(),
        &format!("'imaps://127.0.0.2:{}', 'ada'", server.tls_port),
    );
    assert_eq!((count, &step[..]), (2, "tls"));
    let port = server.tls_port;
    assert_eq!(
        detail,
        format!(
            "imap: cannot trust 127.0.0.2:{port}: its certificate is for 'other.example', not for \
             '127.0.0.2'; check the server's name and port; \
             a certificate that is wrong its administrator has to put right"
        )
    );
    assert_eq!(
        failure(&shell(), &format!("'{}', 'nobody-known'", server.tls())),
        expected(
            3,
            "login",
            &format!(
                "imap: no secret for 'nobody-known' at {}; give one with \
                 imap_login(server, user, secret), sign in with imap_oauth_start, \
         or put one into the accounts file",
                server.tls()
            )
        )
    );
    let wrong = shell().env("IMAP_PASSWORD", "hunter2");
    assert_eq!(
        failure(&wrong, ""),
        expected(
            3,
            "login",
            "imap: login refused for 'check-fails' at localhost: \
             NO [AUTHENTICATIONFAILED] Authentication failed; check the user and the password; \
             many servers want a password made for programs, or imap_oauth_start"
        )
    );
}

#[test]
fn a_mailbox_that_is_not_given_is_told_at_its_step() {
    let server = Scripted::play([Script::new(
        r#"
        S: * OK [CAPABILITY IMAP4rev1] ready
        C: LOGIN "ada" "x"
        S: $ OK [CAPABILITY IMAP4rev1] done
        C: EXAMINE "INBOX"
        S: $ NO [NONEXISTENT] no mailbox
        "#,
    )]);
    let shell = Shell::new()
        .env(
            "IMAP_SERVER",
            format!("imap+insecure://127.0.0.1:{}", server.port),
        )
        .env("IMAP_USER", "ada")
        .env("IMAP_PASSWORD", "x");
    let (count, step, detail) = failure(&shell, "");
    assert_eq!((count, &step[..]), (5, "folder"));
    assert_eq!(
        detail,
        "imap: cannot examine 'INBOX': NO [NONEXISTENT] no mailbox; \
         check that the user has a mailbox there; the server's log can say more"
    );
    server.finish();
}

#[test]
fn a_wrong_argument_is_an_error() {
    let error = |sql: &str| Shell::new().error(sql);
    assert_eq!(
        error("SELECT * FROM imap_check();"),
        "imap: imap_check needs a server; try imap_check('imap.example.org', 'user') \
         or set IMAP_SERVER"
    );
    assert_eq!(
        error("SELECT * FROM imap_check('http://x', 'ada');"),
        "imap: cannot read server 'http://x': unknown scheme 'http'; use host, host:port, \
         imaps://host, imap://host (STARTTLS) or imap+insecure://host"
    );
    assert_eq!(
        error("SELECT * FROM imap_check('x', 'ada', '{\"max_size\": 1}');"),
        "imap: unknown option 'max_size' (known: ca_file, deadline, timeout, tls_pin)"
    );
    assert_eq!(
        error("SELECT * FROM imap_folders('x', 'ada', '*', '{\"max_size\": 1}');"),
        "imap: unknown option 'max_size' (known: ca_file, deadline, timeout, tls_pin)"
    );
    assert_eq!(
        error("SELECT * FROM imap_folders('x', 'ada', 'a' || char(10));"),
        "imap: no secret for 'ada' at imaps://x:993; give one with \
         imap_login(server, user, secret), sign in with imap_oauth_start, \
         or put one into the accounts file"
    );
    assert_eq!(
        error("SELECT * FROM imap_attachments('x', 'ada', 'a' || char(10));"),
        "imap: folder 'a\\n' holds a control character; a folder's name is one line of text"
    );
    assert_eq!(
        error("SELECT * FROM imap_attachments();"),
        "imap: imap_attachments needs a server; \
         try imap_attachments('imap.example.org', 'user', 'INBOX') or set IMAP_SERVER"
    );
}

#[test]
fn stopping_it_is_no_row() {
    // It waits for the greeting, which does not come.
    let (told, heard) = channel();
    let script = Script::default().act(move || told.send(()).unwrap());
    let server = Scripted::play([script.stall()]);
    let running = Shell::new().start(&format!(
        "SELECT imap_login('imap+insecure://127.0.0.1:{0}', 'ada', 'x');
         SELECT step FROM imap_check('imap+insecure://127.0.0.1:{0}', 'ada');",
        server.port
    ));
    heard.recv().unwrap();
    running.signal("INT");
    let finished = running.finish(PATIENCE);
    assert!(finished.stderr.contains("interrupted"), "{finished:?}");
    assert!(!finished.text().contains("tls"), "{finished:?}");
    server.finish();
}
