//! Every error a user can meet, word for word and with its result code, as the
//! host hands it on.

mod support;

use std::sync::mpsc::channel;

use serde_json::json;
use support::dovecot::Dovecot;
use support::mail::Mail;
use support::python::{Outcome, Python};
use support::scripted::{Script, Scripted};
use support::shell::Shell;
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
        "SELECT * FROM imap_messages('work')",
        "imap: imap_messages needs a user for imaps://work:993; \
         try imap_messages('work', 'user', 'INBOX'), or put an account 'work' into the accounts file",
    );
    fails(
        "SELECT * FROM imap_messages('mail.example.org', 'ada')",
        "imap: no secret for 'ada' at imaps://mail.example.org:993; give one with \
         imap_login(server, user, secret), sign in with imap_oauth_start, \
         or put one into the accounts file",
    );
    fails(
        "SELECT * FROM imap_messages('http://mail.example.org', 'ada')",
        "imap: cannot read server 'http://mail.example.org': unknown scheme 'http'; use host, \
         host:port, imaps://host, imap://host (STARTTLS) or imap+insecure://host",
    );
    fails(
        "SELECT * FROM imap_messages('mail.example.org', 'ada', 'INBOX', '{\"timeuot\": 1}')",
        "imap: unknown option 'timeuot' (known: ca_file, compress, deadline, max_size, search, timeout, tls_pin, trust_search)",
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
    for (call, argument) in [
        (
            "SELECT imap_login('mail.example.org', 'ada', x'ff')",
            "secret",
        ),
        (
            "SELECT imap_ingest('mail.example.org', 'ada', x'ff')",
            "folder",
        ),
        ("SELECT * FROM imap_messages(x'ff')", "server"),
        (
            "SELECT * FROM imap_folders('mail.example.org', x'ff')",
            "user",
        ),
    ] {
        let told = format!("imap: cannot read the argument {argument}: it is not UTF-8 text");
        fails(call, &told);
    }
    fails(
        "SELECT * FROM imap_messages('*')",
        "imap: imap_messages reads one account, not '*'; name it, such as imap_messages('work')",
    );
    fails(
        "SELECT * FROM imap_folders('[\"work\"]')",
        "imap: imap_folders reads one account, not '[\"work\"]'; name it, such as \
         imap_folders('work')",
    );
    fails(
        "SELECT imap_ingest('[]')",
        "imap: imap_ingest takes account names as a JSON array, such as '[\"work\", \"home\"]', \
         not '[]'",
    );
    fails(
        "SELECT imap_ingest('[::1]')",
        "imap: imap_ingest needs a user for imaps://[::1]:993; \
         try imap_ingest('::1', 'user', 'INBOX')",
    );
    fails(
        "SELECT imap_login('mail.example.org', 'ada', 'x', 'access-token')",
        "imap: options must be a JSON object, such as '{\"kind\": \"access-token\"}': \
         expected value at line 1 column 1",
    );
    fails(
        "SELECT imap_login('mail.example.org', 'ada', 'x', '{\"kind\": 7}')",
        "imap: option kind must be password or access-token, not 7",
    );
    fails(
        "SELECT imap_ingest('mail.example.org', 'ada', 'INBOX', '{\"since\": 30}')",
        "imap: option since must be a date or a duration, such as \"2026-01-31\" or \"P30D\", not 30",
    );
    fails(
        "SELECT imap_ingest('mail.example.org', 'ada', 'INBOX', '{\"schema\": 7}')",
        "imap: option schema must be the name of an attached database in double quotes, not 7",
    );
    fails(
        "SELECT imap_ingest('mail.example.org', 'ada', 'INBOX', '{\"tls_pin\": 7}')",
        "imap: option tls_pin must be a text such as \"sha256//BASE64\", not 7",
    );
    fails(
        "SELECT imap_oauth_start('google', 'ada', '{\"client_id\": \"x\", \"flow\": 7}')",
        "imap: option flow must be device-code or auth-code, not 7",
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
fn a_secret_for_another_port_is_told_of_and_not_used() {
    let outcomes = host().run(&[
        (
            "SELECT imap_login('mail.example.org', 'ada', 'hunter2')",
            &[],
        ),
        (
            "SELECT * FROM imap_messages('imap://mail.example.org', 'ada')",
            &[],
        ),
    ]);
    assert_eq!(
        outcomes[1],
        Outcome::Error(
            "imap: no secret for 'ada' at imap://mail.example.org:143, but for \
             imaps://mail.example.org:993, which is another server; give one with \
             imap_login(server, user, secret), sign in with imap_oauth_start, \
             or put one into the accounts file"
                .to_owned(),
            ERROR
        )
    );
}

#[test]
fn accounts_that_are_not_there_are_missed_where_they_were_looked_for() {
    let elsewhere = host().env("XDG_CONFIG_HOME", "/elsewhere");
    fails(
        &elsewhere,
        "SELECT imap_ingest('*')",
        ERROR,
        "imap: imap_ingest finds no accounts; put some into \
         '/elsewhere/sqlite-imap/accounts.toml'",
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
             NO [AUTHENTICATIONFAILED] Authentication failed; check the user and the password; \
             many servers want a password made for programs, or imap_oauth_start",
            user.name
        ),
    );
    let host = host_of(&user, &server.tls());
    let missing = host.one("SELECT * FROM imap_messages(NULL, NULL, 'Archive/2019')");
    let Outcome::Error(message, ERROR) = missing else {
        panic!("{missing:?}")
    };
    // Dovecot 2.4 names the code; each ends its sentence with the time it took.
    let message = message.replace("NO [NONEXISTENT] ", "NO ");
    let expected = "imap: cannot examine 'Archive/2019': NO Mailbox doesn't exist: Archive/2019 (";
    assert!(message.starts_with(expected), "{message}");
    assert!(
        message.ends_with(" secs); imap_folders lists those there are"),
        "{message}"
    );
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

#[test]
fn tls_that_cannot_be_trusted() {
    let server = Dovecot::shared();
    let user = server.user("untrusted");
    let (tls, plain) = (server.tls(), server.plain());
    let port = |url: &str| url.rsplit(':').next().unwrap().to_owned();
    let (tls_port, plain_port) = (port(&tls), port(&plain));
    let told = |server: &str, ca: bool| {
        let host = host_of(&user, server);
        let host = if ca {
            host
        } else {
            host.env("SSL_CERT_FILE", "")
        };
        match host.one("SELECT * FROM imap_messages WHERE options = '{\"timeout\": 5}'") {
            Outcome::Error(message, CANTOPEN) => message,
            other => panic!("{server}: {other:?}"),
        }
    };
    assert_eq!(
        told(&format!("127.0.0.2:{tls_port}"), true),
        format!(
            "imap: cannot trust 127.0.0.2:{tls_port}: \
             its certificate is for 'other.example', not for '127.0.0.2'"
        )
    );
    let expired = told(&format!("127.0.0.3:{tls_port}"), true);
    let known = format!("imap: cannot trust 127.0.0.3:{tls_port}: its certificate expired on ");
    assert!(expired.starts_with(&known), "{expired}");
    assert_eq!(
        told(&format!("localhost:{tls_port}"), false),
        format!(
            "imap: cannot trust localhost:{tls_port}: its certificate is self-signed or from an \
             unknown issuer; give the issuer's certificate as option ca_file"
        )
    );
    let plain_text = told(&format!("localhost:{plain_port}"), true);
    let known = format!(
        "imap: TLS with localhost:{plain_port} failed: it answered in plain text '* OK [CAPABILITY"
    );
    assert!(plain_text.starts_with(&known), "{plain_text}");
    let advice =
        format!("use imap://localhost:{plain_port} for STARTTLS if this is an IMAP server");
    assert!(plain_text.ends_with(&advice), "{plain_text}");
    assert_eq!(
        told(&format!("imap+insecure://localhost:{tls_port}"), true),
        format!(
            "imap: localhost:{tls_port} did not answer within 5 s \
             (greeting; use imaps://localhost:{tls_port} if this is a TLS port)"
        )
    );
}

/// What a server says up to the first FETCH of bodies.
const OPENED: &str = "S: * OK [CAPABILITY IMAP4rev1] ready
C: LOGIN \"ada\" \"x\"
S: $ OK [CAPABILITY IMAP4rev1] welcome
C: EXAMINE \"INBOX\"
S: * 2 EXISTS
S: * OK [UIDVALIDITY 7] valid
S: $ OK examined
C: UID SEARCH ALL
S: * SEARCH 1 2
S: $ OK searched
C: UID FETCH 1:2 (UID RFC822.SIZE)
S: * 1 FETCH (UID 1 RFC822.SIZE 5)
S: * 2 FETCH (UID 2 RFC822.SIZE 5)
S: $ OK fetched
C: UID FETCH 1:2 (UID BODY.PEEK[])
S: * 1 FETCH (UID 1 BODY[] {5}
S: hello)
";

#[test]
fn servers_that_fail_amid_a_query() {
    type Fault = (fn(Script) -> Script, i64, &'static str);
    let faults: [Fault; 5] = [
        (
            |script| script.bytes("* 2 FETCH (UID 2 BODY[] {5}\r\nhe").stall(),
            CANTOPEN,
            "imap: 127.0.0.1:PORT did not answer within 5 s (UID FETCH)",
        ),
        (
            |script| script.bytes("* 2 FETCH (UID 2 BODY[] {5}\r\nhe"),
            CANTOPEN,
            "imap: 127.0.0.1:PORT closed the connection amid a response (UID FETCH)",
        ),
        (
            |script| script.then("S: * BYE shutting down %s%n"),
            CANTOPEN,
            "imap: 127.0.0.1:PORT closed the connection (UID FETCH): BYE shutting down %s%n",
        ),
        (
            |script| {
                script
                    .bytes("* 2 FETCH (UID 2 BODY[] {3221225472}\r\n")
                    .stall()
            },
            18,
            "imap: server announced a literal of 3221225472 bytes, more than the 1000000000 allowed",
        ),
        (
            |script| {
                let no = "S: $ NO [UNAVAILABLE] disk on fire";
                // It is asked again after half a second, one and two, and four
                // would be too long.
                (0..3).fold(script.then(no), |script, _| {
                    script.then("C: UID FETCH 2 (UID BODY.PEEK[])").then(no)
                })
            },
            ERROR,
            "imap: cannot fetch from 'INBOX': NO [UNAVAILABLE] disk on fire",
        ),
    ];
    for (fault, code, message) in faults {
        let server = Scripted::play([fault(Script::new(OPENED))]);
        let address = format!("127.0.0.1:{}", server.port);
        let host = Python::new()
            .env("IMAP_SERVER", format!("imap+insecure://{address}"))
            .env("IMAP_USER", "ada")
            .env("IMAP_PASSWORD", "x");
        let outcomes = host.run(&[
            ("CREATE TABLE t(raw)", &[]),
            (
                "INSERT INTO t SELECT raw FROM imap_messages WHERE options = '{\"timeout\": 5}'",
                &[],
            ),
            ("SELECT count(*) FROM t", &[]),
        ]);
        let message = message.replace("127.0.0.1:PORT", &address);
        assert_eq!(outcomes[1], Outcome::Error(message.clone(), code));
        // One statement is one transaction: what came before the fault is gone with it.
        assert_eq!(
            outcomes[2],
            Outcome::Rows(vec![vec![json!(0)]]),
            "{message}"
        );
    }
}

#[test]
fn an_interrupt_stops_a_query_amid_its_wait() {
    let (told, heard) = channel();
    // Before the first row, so that it is this library that waits.
    let (asked, _) = OPENED.split_once("S: * 1 FETCH (UID 1 BODY").unwrap();
    let script = Script::new(asked).act(move || told.send(()).unwrap());
    let server = Scripted::play([script.stall()]);
    let shell = Shell::new().account(server.port, "ada", "x");
    let running = shell.start("SELECT length(raw) FROM imap_messages();");
    heard.recv().unwrap();
    running.interrupt();
}

#[test]
fn a_deadline_beyond_the_clock_is_none() {
    let outcome = host().one(
        "SELECT * FROM imap_messages('mail.example.org', 'ada', 'INBOX', '{\"deadline\": 1e19}')",
    );
    let Outcome::Error(message, ERROR) = outcome else {
        panic!("{outcome:?}")
    };
    assert!(
        message.starts_with("imap: no secret for 'ada'"),
        "{message}"
    );
}

#[test]
fn loading_again_forgets_no_secret() {
    let server = Dovecot::shared();
    let user = server.user("again");
    user.append("INBOX", &Mail::many(1));
    let load = format!(".load '{}'\n", support::library::library_for_sql());
    let login = format!(
        "CREATE TEMP TABLE login AS SELECT imap_login('{}', '{}', '{}');\n",
        server.tls(),
        user.name,
        user.password
    );
    let count = format!(
        "SELECT count(*) AS n FROM imap_messages('{}', '{}');",
        server.tls(),
        user.name
    );
    let shell = Shell::new().env("SSL_CERT_FILE", server.ca_file().to_str().unwrap());
    assert_eq!(
        shell.rows(&format!("{login}{load}{count}")),
        [json!({"n": 1})]
    );
}
