//! Every error a user can meet, word for word and with its result code, as the
//! host hands it on.

mod support;

use serde_json::json;
use support::dovecot::Dovecot;
use support::mail::Mail;
use support::python::{Outcome, Python};
use support::user::User;

const ERROR: i64 = 1;
const CANTOPEN: i64 = 14;
const AUTH: i64 = 23;

/// A host without an environment account.
fn host() -> Python {
    Python::new()
}

/// A host whose environment account is `user` at `server`.
fn host_of(user: &User<'_>, server: &str) -> Python {
    let dovecot = Dovecot::shared();
    Python::new()
        .env("IMAP_SERVER", server)
        .env("IMAP_USER", &user.name)
        .env("IMAP_PASSWORD", &user.password)
        .env("SSL_CERT_FILE", dovecot.ca_file().to_str().unwrap())
}

#[track_caller]
fn fails(host: &Python, sql: &str, code: i64, message: &str) {
    assert_eq!(
        host.one(sql),
        Outcome::Error(message.to_owned(), code),
        "{sql}"
    );
}

#[test]
fn wrong_arguments() {
    let fails = |sql: &str, message: &str| fails(&host(), sql, ERROR, message);
    fails(
        "SELECT * FROM imap_messages()",
        "imap: imap_messages needs a server; try imap_messages('imap.example.org', 'user', 'INBOX') \
         or set IMAP_SERVER",
    );
    fails(
        "SELECT * FROM imap_messages('mail.example.org')",
        "imap: imap_messages needs a user for imaps://mail.example.org:993; \
         try imap_messages('mail.example.org', 'user', 'INBOX')",
    );
    fails(
        "SELECT * FROM imap_messages('mail.example.org', 'ada')",
        "imap: no secret for 'ada' at imaps://mail.example.org:993; give one with \
         imap_login(server, user, secret) or set IMAP_SERVER, IMAP_USER and IMAP_PASSWORD",
    );
    fails(
        "SELECT * FROM imap_messages('http://mail.example.org', 'ada')",
        "imap: cannot read server 'http://mail.example.org': unknown scheme 'http'; use host, \
         host:port, imaps://host, imap://host (STARTTLS) or imap+insecure://host",
    );
    fails(
        "SELECT * FROM imap_messages('mail.example.org', 'ada', 'INBOX', '{\"timeuot\": 1}')",
        "imap: unknown option 'timeuot' (known: ca_file, deadline, max_size, timeout)",
    );
    fails(
        "SELECT * FROM imap_messages('mail.example.org', 'ada', 'INBOX', '{\"timeout\": \"x\"}')",
        "imap: option timeout must be a number of seconds above 0, not \"x\"",
    );
    fails(
        "SELECT * FROM imap_messages('mail.example.org', 'ada', 'INBOX', 'timeout=1')",
        "imap: options must be a JSON object, such as '{\"timeout\": 10}': \
         expected ident at line 1 column 2",
    );
    fails(
        "SELECT * FROM imap_messages('mail.example.org', 'ada', 'a' || char(13, 10) || 'b')",
        "imap: folder 'a\\r\\nb' holds a control character; a folder's name is one line of text",
    );
    fails(
        "SELECT * FROM imap_messages('mail.example.org' || char(10), 'ada')",
        "imap: cannot read server 'mail.example.org\\n': bad host",
    );
    fails(
        "SELECT imap_login('mail.example.org', 'a' || char(10), 'x')",
        "imap: user 'a\\n' holds a line break or NUL, which IMAP cannot carry",
    );
    fails(
        "SELECT imap_login('mail.example.org', 'ada', 'hunter' || char(0) || '2')",
        "imap: the secret holds a line break or NUL, which IMAP cannot carry",
    );
    fails(
        "SELECT imap_login('mail.example.org', NULL, 'x')",
        "imap: imap_login needs a user; call imap_login(server, user, secret)",
    );
}

#[test]
fn servers_that_cannot_be_reached() {
    let host = |server: &str| {
        host()
            .env("IMAP_SERVER", server)
            .env("IMAP_USER", "ada")
            .env("IMAP_PASSWORD", "x")
    };
    let sql = "SELECT * FROM imap_messages()";
    fails(
        &host("host.invalid"),
        sql,
        CANTOPEN,
        "imap: cannot find host 'host.invalid': name or service not known",
    );
    // Port 1 of loopback: nothing listens there.
    fails(
        &host("127.0.0.1:1"),
        sql,
        CANTOPEN,
        "imap: cannot connect to 127.0.0.1:1: connection refused",
    );
}

#[test]
fn logins_and_folders_that_are_refused() {
    let server = Dovecot::shared();
    let user = server.user("refused");
    user.append("INBOX", &Mail::many(1));
    let wrong = host_of(&user, &server.tls()).env("IMAP_PASSWORD", "hunter2");
    fails(
        &wrong,
        "SELECT * FROM imap_messages()",
        AUTH,
        &format!(
            "imap: login refused for '{}' at localhost: \
             NO [AUTHENTICATIONFAILED] Authentication failed.",
            user.name
        ),
    );
    let host = host_of(&user, &server.tls());
    let missing = host.one("SELECT * FROM imap_messages(NULL, NULL, 'Archive/2019')");
    let Outcome::Error(message, ERROR) = missing else {
        panic!("{missing:?}")
    };
    // Dovecot ends its sentence with the time it took.
    let expected = "imap: cannot examine 'Archive/2019': \
                    NO Mailbox doesn't exist: Archive/2019 (";
    assert!(message.starts_with(expected), "{message}");
}

#[test]
fn an_error_keeps_the_callers_transaction() {
    let host = host();
    let outcomes = host.run(&[
        ("CREATE TABLE t(a)", &[]),
        ("BEGIN", &[]),
        ("INSERT INTO t VALUES (1)", &[]),
        (
            "INSERT INTO t SELECT uid FROM imap_messages('127.0.0.1:1', 'ada')",
            &[],
        ),
        ("SELECT imap_login('127.0.0.1:1', 'ada', 'x')", &[]),
        (
            "INSERT INTO t SELECT uid FROM imap_messages('127.0.0.1:1', 'ada')",
            &[],
        ),
        ("COMMIT", &[]),
        ("SELECT count(*) FROM t", &[]),
    ]);
    assert!(
        matches!(outcomes[5], Outcome::Error(_, CANTOPEN)),
        "{outcomes:?}"
    );
    assert_eq!(outcomes[6], Outcome::Rows(vec![]));
    assert_eq!(outcomes[7], Outcome::Rows(vec![vec![json!(1)]]));
}
