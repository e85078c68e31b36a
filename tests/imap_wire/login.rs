//! From the greeting to the sign-in.

use super::*;

/// The sentence that opening a session on this script ends with.
fn refusal(script: Script) -> String {
    let server = Scripted::play([script]);
    let error = open(&server).err().expect("no session");
    let sentence = sentence(&error, &server);
    server.finish();
    sentence
}

const GREETED: &str = "S: * OK [CAPABILITY IMAP4rev1] ready";

#[test]
fn a_password_signs_in_and_the_capabilities_after_it_count() {
    let server = Scripted::play([Script::new(SIGNED_IN)]);
    let session = open(&server).expect("signed in");
    assert!(session.capabilities().has("esearch"));
    server.finish();
}

#[test]
fn capabilities_that_are_not_told_are_asked_for() {
    let server = Scripted::play([Script::new(
        r#"
        S: * OK ready
        C: CAPABILITY
        S: * CAPABILITY IMAP4rev1 LOGINDISABLED AUTH=PLAIN
        S: $ OK done
        C: AUTHENTICATE PLAIN
        S: + go ahead
        R: AGFkYQBzZWNyZXQ=
        S: $ OK done
        C: CAPABILITY
        S: * CAPABILITY IMAP4rev1 IDLE
        S: $ OK done
        "#,
    )]);
    let session = open(&server).expect("signed in");
    assert!(session.capabilities().has("IDLE") && !session.capabilities().has("AUTH=PLAIN"));
    server.finish();
}

#[test]
fn quotes_and_backslashes_in_a_password_arrive_as_they_are() {
    let server = Scripted::play([Script::new(GREETED)
        .then(r#"C: LOGIN "a\"d\\a" "p w\"\\%s""#)
        .then("S: $ OK [CAPABILITY IMAP4rev1] done")]);
    let login = login("a\"d\\a", "p w\"\\%s");
    Session::open(&endpoint(server.port), &login, &Settings::default()).expect("signed in");
    server.finish();
}

#[test]
fn a_password_beyond_ascii_goes_by_authenticate_plain() {
    let server = Scripted::play([Script::new(GREETED).then(
        r#"
        C: AUTHENTICATE PLAIN
        S: +
        R: AGFkYQBww6Qgw58=
        S: $ OK [CAPABILITY IMAP4rev1] done
        "#,
    )]);
    let login = login("ada", "pä ß");
    Session::open(&endpoint(server.port), &login, &Settings::default()).expect("signed in");
    server.finish();
}

#[test]
fn a_refused_login_is_told_in_the_servers_words() {
    let script = Script::new(GREETED).then(
        r#"
        C: LOGIN "ada" "secret"
        S: $ NO [AUTHENTICATIONFAILED] invalid credentials %s%n
        "#,
    );
    assert_eq!(
        refusal(script),
        "imap: login refused for 'ada' at 127.0.0.1: \
         NO [AUTHENTICATIONFAILED] invalid credentials %s%n; check the user and the password; \
         many servers want a password made for programs, or imap_oauth_start"
    );
}

#[test]
fn a_referral_to_another_server_is_quoted_and_gets_no_password() {
    let elsewhere = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let place = elsewhere.local_addr().expect("its address");
    let script = Script::new(GREETED).then(&format!(
        "C: LOGIN \"ada\" \"secret\"\nS: $ NO [REFERRAL imap://ada@{place}/] over there"
    ));
    assert_eq!(
        refusal(script),
        format!(
            "imap: login refused for 'ada' at 127.0.0.1: \
             NO [REFERRAL imap://ada@{place}/] over there"
        )
    );
    elsewhere.set_nonblocking(true).expect("no waiting");
    assert!(elsewhere.accept().is_err(), "somebody came");
}

/// The sentence that signing in with a token ends with.
fn token_refusal(script: Script) -> Error {
    let server = Scripted::play([script]);
    let login = Login {
        user: "ada".into(),
        credential: Credential::AccessToken(Secret::new("token".into())),
    };
    let error = Session::open(&endpoint(server.port), &login, &Settings::default())
        .err()
        .expect("refused");
    server.finish();
    error
}

#[test]
fn a_refused_token_is_told_with_the_servers_explanation() {
    let error = token_refusal(Script::new(
        r#"
        S: * OK [CAPABILITY IMAP4rev1 AUTH=XOAUTH2] ready
        C: AUTHENTICATE XOAUTH2
        S: +
        R: dXNlcj1hZGEBYXV0aD1CZWFyZXIgdG9rZW4BAQ==
        S: + eyJzdGF0dXMiOiI0MDEifQ==
        R: 
        S: $ NO [AUTHENTICATIONFAILED] no
        "#,
    ));
    assert_eq!(
        error.to_string(),
        "imap: login refused for 'ada' at 127.0.0.1: \
         NO [AUTHENTICATIONFAILED] no ({\"status\":\"401\"})"
    );
    assert_eq!(error.code(), 23);
}

#[test]
fn the_initial_response_goes_with_the_command_where_the_server_takes_it() {
    let error = token_refusal(Script::new(
        r#"
        S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2] ready
        C: AUTHENTICATE XOAUTH2 dXNlcj1hZGEBYXV0aD1CZWFyZXIgdG9rZW4BAQ==
        S: $ NO expired
        "#,
    ));
    assert_eq!(
        error.to_string(),
        "imap: login refused for 'ada' at 127.0.0.1: NO expired"
    );
}

const SCRAM: &str = r#"
    S: * OK [CAPABILITY IMAP4rev1 SASL-IR LOGINDISABLED AUTH=SCRAM-SHA-256] ready
"#;

#[test]
fn a_server_that_does_not_prove_itself_is_left() {
    let server = Scripted::play([
        Script::new(SCRAM).hear(1).then("S: $ OK welcome").stall(),
        Script::new(SCRAM)
            .hear(1)
            .then("S: + cj1zaG9ydCxzPVFRPT0saT00MDk2")
            .then("R: *"),
        Script::new(SCRAM).hear(1).then("S: $ NO unknown user"),
    ]);
    let sentences: Vec<_> = (0..3)
        .map(|_| sentence(&open(&server).err().expect("no session"), &server))
        .collect();
    assert_eq!(
        sentences,
        [
            "imap: cannot sign in by SCRAM-SHA-256: 127.0.0.1:PORT says OK before it has proven \
             that it knows the password; somebody may be tampering with the connection",
            "imap: cannot sign in by SCRAM-SHA-256: the server's challenge is not acceptable \
             ('r=short,s=QQ==,i=4096')",
            "imap: login refused for 'ada' at 127.0.0.1: NO unknown user; check the user and the \
             password; many servers want a password made for programs, or imap_oauth_start",
        ]
    );
    server.finish();
}

/// Gives another token when the first is refused.
struct Renewing;

impl Supplier for Renewing {
    fn supply(&self, occasion: Occasion, _: &Settings) -> Result<Option<Credential>, Error> {
        let token = match occasion {
            Occasion::SignIn => "stale",
            Occasion::Refusal => "fresh",
        };
        Ok(Some(Credential::AccessToken(Secret::new(token.into()))))
    }

    fn name(&self) -> &str {
        "renewing"
    }
}

#[test]
fn a_refused_token_is_renewed_once() {
    let greeted = "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2] ready";
    let server = Scripted::play([
        Script::new(greeted)
            .then("C: AUTHENTICATE XOAUTH2 dXNlcj1hZGEBYXV0aD1CZWFyZXIgc3RhbGUBAQ==")
            .then("S: $ NO expired"),
        Script::new(greeted)
            .then("C: AUTHENTICATE XOAUTH2 dXNlcj1hZGEBYXV0aD1CZWFyZXIgZnJlc2gBAQ==")
            .then("S: $ OK [CAPABILITY IMAP4rev1 ESEARCH] welcome"),
    ]);
    let login = Login {
        user: "ada".into(),
        credential: Credential::Supplied(Arc::new(Renewing)),
    };
    let session =
        Session::open(&endpoint(server.port), &login, &Settings::default()).expect("signed in");
    assert!(session.capabilities().has("ESEARCH"));
    drop(session);
    server.finish();
}

#[test]
fn an_answer_to_login_that_the_imap_crate_cannot_read_signs_in_all_the_same() {
    let server = Scripted::play([Script::new(GREETED)
        .then(r#"C: LOGIN "ada" "secret""#)
        .bytes(b"* NO [ALERT] quota {5}\r\n* X-UNKNOWN (\r\n*  OK\n".as_slice())
        .bytes(b"a1 OK [X-ODD \"] {3}\" CAPABILITY] caf\xe9 {7}\r\n".as_slice())
        .then("C: CAPABILITY")
        .then("S: * CAPABILITY IMAP4rev1")
        .then("S: $ OK")]);
    let session = open(&server).expect("signed in");
    assert_eq!(session.remarks(), ["NO [ALERT] quota {5}", "* X-UNKNOWN ("]);
    server.finish();
}

#[test]
fn a_server_that_turns_the_connection_away_is_quoted() {
    assert_eq!(
        refusal(Script::new("S: * BYE [UNAVAILABLE] too many connections")),
        "imap: connection refused by 127.0.0.1:PORT: BYE [UNAVAILABLE] too many connections"
    );
}

#[test]
fn a_greeting_that_has_signed_somebody_in_is_not_believed() {
    assert_eq!(
        refusal(Script::new("S: * PREAUTH welcome")),
        "imap: cannot sign in at 127.0.0.1:PORT: it greets with PREAUTH, \
         signed in already as whom it does not say"
    );
}

#[test]
fn a_server_of_another_kind_is_told_by_its_greeting() {
    assert_eq!(
        refusal(Script::new("S: SSH-2.0-OpenSSH_9.2")),
        "imap: 127.0.0.1:PORT is no IMAP server: it greets with 'SSH-2.0-OpenSSH_9.2'"
    );
    assert_eq!(
        refusal(Script::default().bytes(b"\x15\x03\x01\0\x02\x02\x46\n".as_slice())),
        "imap: 127.0.0.1:PORT is no IMAP server: \
         it greets with '\\u{15}\\u{3}\\u{1}\\u{0}\\u{2}\\u{2}F'; \
         use imaps://127.0.0.1:PORT if this is a TLS port"
    );
}

#[test]
fn goodbye_during_login_is_told_in_the_servers_words() {
    let script = Script::new(GREETED)
        .then(r#"C: LOGIN "ada" "secret""#)
        .then("S: * BYE going down");
    assert_eq!(
        refusal(script),
        "imap: 127.0.0.1:PORT closed the connection (LOGIN): BYE going down"
    );
}

#[test]
fn a_login_that_would_break_its_line_sends_nothing() {
    for (login, sentence) in [
        (
            login("ada\r\nx NOOP", "secret"),
            "imap: cannot sign in as 'ada\\r\\nx NOOP': the user",
        ),
        (
            login("ada", "sec\0ret"),
            "imap: cannot sign in as 'ada': the secret",
        ),
    ] {
        // Nobody listens at port 1: a connection would fail in other words.
        let error = Session::open(&endpoint(1), &login, &Settings::default())
            .err()
            .expect("refused");
        assert_eq!(
            error.to_string(),
            format!("{sentence} contains CR, LF, NUL or SOH")
        );
    }
}

#[test]
fn a_server_that_quotes_the_secret_is_not_quoted_with_it() {
    let script = Script::new(GREETED)
        .then(r#"C: LOGIN "ada" "secret""#)
        .then(r#"S: * NO [ALERT] LOGIN "ada" "secret""#)
        .then(
            r#"S: $ BAD [X-SAID secret] unknown command: LOGIN "ada" "secret" (AGFkYQBzZWNyZXQ=)"#,
        );
    assert_eq!(
        refusal(script),
        "imap: login refused for 'ada' at 127.0.0.1: \
         BAD [X-SAID ***] unknown command: LOGIN \"ada\" \"***\" (AGFkYQB***Q=)"
    );
    let script = Script::new(GREETED)
        .then(r#"C: LOGIN "ada" "secret""#)
        .then("S: * BYE secret? never");
    assert_eq!(
        refusal(script),
        "imap: 127.0.0.1:PORT closed the connection (LOGIN): BYE ***? never"
    );
}
