//! Everything that can go wrong on the way, and how long it may take.

use std::thread;
use std::time::Instant;

use imap0::imap::chunk::Chunk;
use imap0::imap::fetch_stream::FetchStream;
use imap0::imap::items::{Item, Items};
use imap0::imap::settings::Deadline;

use super::support::port::free_port;
use super::*;

/// What fetching one message from this script ends with.
fn fetching(script: Script, settings: Settings) -> (Error, Scripted) {
    let (server, mut session) = opened(
        Script::new(SIGNED_IN)
            .then(EXAMINED)
            .then("C: UID FETCH 1 (UID BODY.PEEK[])")
            .join(script),
    );
    session.set_settings(settings);
    let items = Arc::new(Items::new(vec![Item::Body]).expect("good items"));
    let uids = std::iter::once(1).collect();
    let mut stream = FetchStream::new(std::iter::once(Chunk { uids, items }));
    let error = stream.next(&mut session).expect_err("no message");
    assert!(!session.is_usable());
    // At once: nothing is waited for.
    session.set_settings(Settings::default());
    let broken = session.noop().expect_err("the session is broken for good");
    assert_eq!(
        sentence(&broken, &server),
        "imap: connection to 127.0.0.1:PORT is broken since an earlier error"
    );
    (error, server)
}

#[track_caller]
fn fetching_fails(script: Script, expected: &str) {
    let (error, server) = fetching(script, impatient());
    assert_eq!(sentence(&error, &server), expected);
    server.finish();
}

#[test]
fn a_port_nobody_listens_at_is_refused() {
    let port = free_port();
    let error = Session::open(&endpoint(port), &ada(), &Settings::default())
        .err()
        .expect("refused");
    let sentence = format!("imap: cannot connect to 127.0.0.1:{port}: connection refused");
    assert_eq!(error.to_string(), sentence);
    assert_eq!(error.code(), 14);
}

#[test]
fn an_unknown_host_is_named() {
    let unknown = Endpoint::parse("no-such-host.invalid").expect("a server");
    let settings = Settings {
        timeout: Duration::from_secs(5),
        ..Settings::default()
    };
    let error = Session::open(&unknown, &ada(), &settings)
        .err()
        .expect("unknown")
        .to_string();
    // The resolver's words differ between systems, and where there is no network at all.
    let known = error.starts_with("imap: cannot find host 'no-such-host.invalid': ")
        || error == "imap: no-such-host.invalid:993 did not answer within 5 s (name resolution)";
    assert!(known, "{error}");
}

#[test]
fn silence_at_each_step_ends_with_the_timeout_and_names_the_step() {
    let greeted = "S: * OK [CAPABILITY IMAP4rev1] ready";
    let silent = |script: Script, step: &'static str| {
        let server = Scripted::play([script.stall()]);
        // Enough for the steps before it on any machine.
        let timeout = Duration::from_secs(5);
        thread::spawn(move || {
            let settings = Settings {
                timeout,
                ..Settings::default()
            };
            let started = Instant::now();
            let opened = Session::open(&endpoint(server.port), &ada(), &settings);
            let error = opened.err().expect("silence");
            let expected = format!("imap: 127.0.0.1:PORT did not answer within 5 s ({step})");
            assert_eq!(sentence(&error, &server), expected);
            assert!(started.elapsed() >= timeout);
            server.finish();
        })
    };
    let waits = [
        silent(
            Script::default(),
            "greeting; use imaps://127.0.0.1:PORT if this is a TLS port",
        ),
        silent(Script::new("S: * OK ready\nC: CAPABILITY"), "CAPABILITY"),
        silent(
            Script::new(greeted).then(r#"C: LOGIN "ada" "secret""#),
            "LOGIN",
        ),
    ];
    waits.into_iter().for_each(|wait| wait.join().expect("so"));
}

#[test]
fn an_interrupt_is_heard_at_each_step() {
    let greeted = "S: * OK [CAPABILITY IMAP4rev1] ready";
    for script in [
        Script::default(),
        Script::new("S: * OK ready\nC: CAPABILITY"),
        Script::new(greeted).then(r#"C: LOGIN "ada" "secret""#),
        Script::new(SIGNED_IN).then("C: EXAMINE \"INBOX\""),
        Script::new(SIGNED_IN).then(EXAMINED).then("C: NOOP"),
    ] {
        let stop = Stop::default();
        let server = Scripted::play([stop.at_the_end_of(script)]);
        let error = Session::open(&endpoint(server.port), &ada(), &stop.settings())
            .and_then(|mut session| {
                session.examine(&inbox())?;
                session.noop()
            })
            .expect_err("stopped");
        assert!(error.is_cancelled(), "{error}");
        assert_eq!(
            (error.to_string(), error.code()),
            ("imap: interrupted".into(), 9)
        );
        server.finish();
    }
}

#[test]
fn an_interrupt_is_heard_amid_a_literal_that_keeps_coming() {
    let stop = Stop::default();
    let setter = stop.clone();
    let script = Script::default()
        .bytes("* 1 FETCH (UID 1 BODY[] {900000}\r\n")
        .drip(vec![b'x'; 200], Duration::from_millis(1))
        .act(move || setter.0.store(true, Ordering::Relaxed))
        .drip(vec![b'x'; 899_800], Duration::from_millis(1));
    let (error, server) = fetching(script, stop.settings());
    assert!(error.is_cancelled(), "{error}");
    // Else it would have had to wait for the end of the literal.
    server.finish();
}

#[test]
fn a_deadline_ends_what_makes_progress() {
    let script = Script::default()
        .bytes("* 1 FETCH (UID 1 BODY[] {900000}\r\n")
        .drip(vec![b'x'; 900_000], Duration::from_millis(1));
    let deadline = Some(Deadline::after(Duration::from_millis(500)));
    let (error, server) = fetching(
        script,
        Settings {
            deadline,
            ..Settings::default()
        },
    );
    assert_eq!(
        sentence(&error, &server),
        "imap: 127.0.0.1:PORT did not answer within 0.5 s (UID FETCH; deadline of the statement)"
    );
    server.finish();
}

#[test]
fn a_stall_amid_a_literal_ends_with_the_timeout() {
    fetching_fails(
        Script::default()
            .bytes("* 1 FETCH (UID 1 BODY[] {100}\r\nabc")
            .stall(),
        "imap: 127.0.0.1:PORT did not answer within 0.5 s (UID FETCH)",
    );
}

#[test]
fn a_connection_cut_amid_a_literal_is_told_from_one_that_is_closed() {
    fetching_fails(
        Script::default().bytes("* 1 FETCH (UID 1 BODY[] {100}\r\nabc"),
        "imap: 127.0.0.1:PORT closed the connection amid a response (UID FETCH)",
    );
    fetching_fails(
        Script::default(),
        "imap: 127.0.0.1:PORT closed the connection (UID FETCH)",
    );
}

#[test]
fn a_literal_larger_than_anything_sqlite_takes_is_not_read() {
    fetching_fails(
        Script::default()
            .bytes("* 1 FETCH (UID 1 BODY[] {3221225472}\r\n")
            .stall(),
        "imap: server announced a literal of 3221225472 bytes, more than the 1000000000 allowed",
    );
}

#[test]
fn a_line_without_end_is_not_kept() {
    fetching_fails(
        Script::default()
            .bytes("* OK ")
            .repeat(vec![b'x'; 1 << 20], 100),
        "imap: server sent a line of more than 16777216 bytes",
    );
}

#[test]
fn nonsense_without_end_is_not_listened_to() {
    fetching_fails(
        Script::default().repeat("what? %s%n\x1b\r\n".repeat(100), 100_000),
        "imap: 127.0.0.1:PORT sends what is no IMAP (UID FETCH): 'what? %s%n\\u{1b}'",
    );
}

#[test]
fn a_thousand_parentheses_are_no_problem() {
    let nested = "(".repeat(100_000) + &")".repeat(100_000);
    let script =
        Script::default().bytes(format!("* 1 FETCH (X {nested} BODYSTRUCTURE {nested}\r\n"));
    fetching_fails(
        script,
        "imap: 127.0.0.1:PORT closed the connection (UID FETCH)",
    );
}
