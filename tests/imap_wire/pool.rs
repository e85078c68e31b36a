//! Sessions that outlive a statement. A server has a script for each connection,
//! and plays them all: one connection more or less is a failure.

use std::sync::mpsc::channel;
use std::time::Instant;

use imap0::imap::chunk::Chunk;
use imap0::imap::fetch_stream::FetchStream;
use imap0::imap::items::{Item, Items};
use imap0::imap::pool::{Lease, Pool};

use super::*;

fn examined(pool: &Pool, server: &Scripted, login: &Login) -> Result<Lease, Error> {
    let lease = pool.lease(
        &endpoint(server.port),
        login,
        &Settings::default(),
        |session| session.examine(&inbox()).map(|examined| examined.exists),
    );
    lease.map(|(lease, exists)| {
        assert_eq!(exists, 3);
        lease
    })
}

const LEAVES: &str = "
    C: LOGOUT
    S: * BYE see you
    S: $ OK done
";

#[test]
fn a_session_is_used_again_and_logged_out_at_the_end() {
    let server = Scripted::play([Script::new(SIGNED_IN)
        .then(EXAMINED)
        .then(EXAMINED)
        .then(LEAVES)]);
    let pool = Pool::new();
    drop(examined(&pool, &server, &ada()).expect("signed in"));
    drop(examined(&pool, &server, &ada()).expect("still there"));
    drop(pool);
    server.finish();
}

#[test]
fn two_leases_at_once_are_two_sessions() {
    let script = || Script::new(SIGNED_IN).then(EXAMINED).then(LEAVES);
    let server = Scripted::play([script(), script()]);
    let pool = Pool::new();
    let first = examined(&pool, &server, &ada()).expect("signed in");
    let second = examined(&pool, &server, &ada()).expect("signed in");
    drop((first, second));
    drop(pool);
    server.finish();
}

#[test]
fn another_secret_is_another_session() {
    let server = Scripted::play([
        Script::new(SIGNED_IN).then(EXAMINED).then(LEAVES),
        Script::new("S: * OK [CAPABILITY IMAP4rev1] ready")
            .then(r#"C: LOGIN "ada" "wrong""#)
            .then("S: $ NO no"),
    ]);
    let pool = Pool::new();
    drop(examined(&pool, &server, &ada()).expect("signed in"));
    assert!(examined(&pool, &server, &login("ada", "wrong")).is_err());
    drop(pool);
    server.finish();
}

#[test]
fn a_session_the_server_has_closed_while_idle_is_replaced_without_a_word() {
    for farewell in ["S: * BYE idle for too long", ""] {
        let (told, heard) = channel();
        let server = Scripted::play([
            Script::new(SIGNED_IN)
                .then(EXAMINED)
                .then(farewell)
                .act(move || told.send(()).expect("the test waits")),
            Script::new(SIGNED_IN).then(EXAMINED).then(LEAVES),
        ]);
        let pool = Pool::new();
        drop(examined(&pool, &server, &ada()).expect("signed in"));
        heard.recv().expect("it has left, or is about to");
        drop(examined(&pool, &server, &ada()).expect("replaced"));
        drop(pool);
        server.finish();
    }
}

#[test]
fn a_session_that_dies_at_its_first_command_is_replaced_once() {
    let dies = || {
        Script::new(SIGNED_IN)
            .then(EXAMINED)
            .then("C: EXAMINE \"INBOX\"")
    };
    let server = Scripted::play([
        dies().then("S: * BYE shutting down"),
        Script::new(SIGNED_IN)
            .then("C: EXAMINE \"INBOX\"")
            .then("S: * BYE shutting down again"),
    ]);
    let pool = Pool::new();
    drop(examined(&pool, &server, &ada()).expect("signed in"));
    let error = examined(&pool, &server, &ada())
        .err()
        .expect("the second one dies too");
    assert_eq!(
        sentence(&error, &server),
        "imap: 127.0.0.1:PORT closed the connection (EXAMINE): BYE shutting down again"
    );
    server.finish();
}

#[test]
fn what_an_idle_server_says_meanwhile_does_no_harm() {
    let (told, heard) = channel();
    let server = Scripted::play([Script::new(SIGNED_IN)
        .then(EXAMINED)
        .then("S: * 4 EXISTS\nS: * OK still here")
        .act(move || told.send(()).expect("the test waits"))
        .then(EXAMINED)
        .then(LEAVES)]);
    let pool = Pool::new();
    drop(examined(&pool, &server, &ada()).expect("signed in"));
    heard.recv().expect("it has been said");
    drop(examined(&pool, &server, &ada()).expect("still there"));
    drop(pool);
    server.finish();
}

fn first_of_two(pool: &Pool, server: &Scripted) {
    let mut lease = examined(pool, server, &ada()).expect("signed in");
    let items = Arc::new(Items::new(vec![Item::Flags]).expect("good items"));
    let chunk = Chunk {
        uids: [1, 2].into_iter().collect(),
        items,
    };
    let mut stream = FetchStream::new(std::iter::once(chunk));
    assert_eq!(
        stream
            .next(&mut lease)
            .expect("a message")
            .expect("one")
            .uid,
        1
    );
    // As after LIMIT 1: the stream and the lease are dropped here.
}

#[test]
fn a_fetch_that_is_abandoned_costs_the_session() {
    let server = Scripted::play([
        Script::new(SIGNED_IN)
            .then(EXAMINED)
            .then("C: UID FETCH 1:2 (UID FLAGS)")
            .then("S: * 1 FETCH (UID 1 FLAGS ())")
            .stall(),
        Script::new(SIGNED_IN).then(EXAMINED).then(LEAVES),
    ]);
    let pool = Pool::new();
    first_of_two(&pool, &server);
    drop(examined(&pool, &server, &ada()).expect("a new one"));
    drop(pool);
    server.finish();
}

#[test]
fn a_fetch_whose_rest_has_come_already_does_not() {
    let server = Scripted::play([Script::new(SIGNED_IN)
        .then(EXAMINED)
        .then("C: UID FETCH 1:2 (UID FLAGS)")
        .bytes("* 1 FETCH (UID 1 FLAGS ())\r\n* 2 FETCH (UID 2 FLAGS ())\r\nx1 OK done\r\n")
        .then(EXAMINED)
        .then(LEAVES)]);
    let pool = Pool::new();
    first_of_two(&pool, &server);
    drop(examined(&pool, &server, &ada()).expect("the same one"));
    drop(pool);
    server.finish();
}

#[test]
fn servers_that_do_not_answer_logout_are_waited_for_once_and_not_for_long() {
    let script = || Script::new(SIGNED_IN).then(EXAMINED).stall();
    let server = Scripted::play([script(), script(), script()]);
    let pool = Pool::new();
    let leases: Vec<_> = (0..3)
        .map(|_| examined(&pool, &server, &ada()).expect("signed in"))
        .collect();
    drop(leases);
    let started = Instant::now();
    drop(pool);
    // A second for all of them, and patience with a busy machine: each command
    // of theirs could take 30 s.
    assert!(started.elapsed() < Duration::from_secs(20));
    server.finish();
}

#[test]
fn a_server_that_never_stops_talking_is_left() {
    let (told, heard) = channel();
    let talk = "* OK still here\r\n";
    let chatty = Script::new(SIGNED_IN)
        .then(EXAMINED)
        .bytes(talk.repeat(20_000))
        .act(move || told.send(()).expect("the test waits"))
        .repeat(talk, usize::MAX);
    let server = Scripted::play([chatty, Script::new(SIGNED_IN).then(EXAMINED).then(LEAVES)]);
    let pool = Pool::new();
    drop(examined(&pool, &server, &ada()).expect("signed in"));
    heard.recv().expect("more has come than is read");
    drop(examined(&pool, &server, &ada()).expect("a new session"));
    drop(pool);
}
