//! COMPRESS=DEFLATE, against servers that do it well and badly.

use imap0::imap::settings::{Deadline, Packing};

use super::*;

/// Signed in to a server that offers to pack.
const OFFERED: &str = r#"
    S: * OK [CAPABILITY IMAP4rev1] ready
    C: LOGIN "ada" "secret"
    S: $ OK [CAPABILITY IMAP4rev1 COMPRESS=DEFLATE] welcome
"#;

fn packed(script: &str) -> Script {
    Script::new(OFFERED)
        .then("C: COMPRESS DEFLATE")
        .then("S: $ OK packed from here on")
        .deflate()
        .then(script)
}

fn settings(packing: Packing) -> Settings {
    Settings {
        packing,
        ..Settings::default()
    }
}

fn signed_in(script: Script, settings: &Settings) -> (Scripted, Session) {
    let server = Scripted::play([script]);
    let session = Session::open(&endpoint(server.port), &ada(), settings).expect("signed in");
    (server, session)
}

#[test]
fn everything_is_packed_once_the_server_agrees() {
    let (server, mut session) = signed_in(packed(EXAMINED), &settings(Packing::Always));
    assert_eq!(session.examine(&inbox()).expect("INBOX").exists, 3);
    assert!(session.is_usable());
    server.finish();
}

#[test]
fn what_comes_packed_right_behind_the_agreement_is_read() {
    let mut pack = flate2::Compress::new(flate2::Compression::default(), false);
    let mut early = Vec::with_capacity(1000);
    let notice = b"* 9 EXISTS\r\n";
    pack.compress_vec(notice, &mut early, flate2::FlushCompress::Sync)
        .expect("room");
    // One write: both arrive together.
    let answer = [&b"x1 OK packed from here on\r\n"[..], &early].concat();
    let script = Script::new(OFFERED)
        .then("C: COMPRESS DEFLATE")
        .bytes(answer)
        .stall();
    let (server, mut session) = signed_in(script, &settings(Packing::Always));
    session.set_settings(impatient());
    let error = session.noop().expect_err("the server says nothing more");
    assert_eq!(
        sentence(&error, &server),
        "imap: 127.0.0.1:PORT did not answer within 0.5 s (NOOP)"
    );
    drop(session);
    server.finish();
}

#[test]
fn nothing_is_packed_on_loopback_or_where_it_is_not_wanted() {
    for packing in [Packing::Auto, Packing::Never] {
        let script = Script::new(OFFERED).then("C: NOOP\nS: $ OK done");
        let (server, mut session) = signed_in(script, &settings(packing));
        session.noop().expect("as before");
        server.finish();
    }
}

#[test]
fn a_server_that_refuses_to_pack_is_read_as_it_is() {
    let script = Script::new(OFFERED)
        .then("C: COMPRESS DEFLATE\nS: $ NO [COMPRESSIONACTIVE] TLS does it already")
        .then("C: NOOP\nS: $ OK done");
    let (server, mut session) = signed_in(script, &settings(Packing::Always));
    session.noop().expect("as before");
    server.finish();
}

#[test]
fn damaged_data_ends_the_connection_with_a_sentence() {
    let script = packed("C: NOOP").packed([0xff; 40]);
    let (server, mut session) = signed_in(script, &settings(Packing::Always));
    let error = session.noop().expect_err("damaged");
    assert_eq!(
        sentence(&error, &server),
        "imap: connection to 127.0.0.1:PORT failed (NOOP): its compressed data is damaged"
    );
    assert!(!session.is_usable());
    server.finish();
}

#[test]
fn data_that_unpacks_without_measure_ends_the_connection() {
    let bomb = format!("* OK {}\r\n", " ".repeat(1 << 20));
    let mut script = packed("C: NOOP");
    for _ in 0..100 {
        script = script.bytes(bomb.clone());
    }
    let (server, mut session) = signed_in(script.stall(), &settings(Packing::Always));
    let error = session.noop().expect_err("too much");
    assert_eq!(
        sentence(&error, &server),
        "imap: connection to 127.0.0.1:PORT failed (NOOP): its compressed data expands more than \
         200 times; set compress to 'never' to read it all the same"
    );
    drop(session);
    server.finish();
}

#[test]
fn packed_data_that_stands_for_nothing_is_no_progress() {
    // Empty blocks, each a whole byte sequence of its own.
    let empty = [0x00, 0x00, 0x00, 0xff, 0xff].repeat(10);
    let mut script = packed("C: NOOP");
    // Until the client has had enough.
    for _ in 0..10_000 {
        script = script
            .packed(empty.clone())
            .pause(Duration::from_millis(20));
    }
    let (server, mut session) = signed_in(script, &settings(Packing::Always));
    session.set_settings(impatient());
    let error = session.noop().expect_err("nothing comes of it");
    assert_eq!(
        sentence(&error, &server),
        "imap: 127.0.0.1:PORT did not answer within 0.5 s (NOOP)"
    );
    drop(session);
    server.finish();
}

#[test]
fn interrupts_and_deadlines_end_a_packed_wait() {
    let stop = Stop::default();
    let stopped = Settings {
        packing: Packing::Always,
        ..stop.settings()
    };
    let script = stop.at_the_end_of(packed("C: NOOP"));
    let (server, mut session) = signed_in(script, &stopped);
    assert!(session.noop().expect_err("stopped").is_cancelled());
    drop(session);
    server.finish();
    let (server, mut session) = signed_in(packed("").stall(), &settings(Packing::Always));
    session.set_settings(Settings {
        deadline: Some(Deadline::after(Duration::from_millis(300))),
        ..Settings::default()
    });
    assert_eq!(
        sentence(&session.noop().expect_err("late"), &server),
        "imap: 127.0.0.1:PORT did not answer within 0.3 s (NOOP; deadline of the statement)"
    );
    drop(session);
    server.finish();
}
