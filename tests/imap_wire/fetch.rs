//! UID FETCH as a stream.

use imap0::imap::chunk::Chunk;
use imap0::imap::fetch_stream::FetchStream;
use imap0::imap::items::{Item, Items};
use imap0::imap::message::Message;

use super::*;

/// Chunks of these UIDs, each asking for these items.
fn stream(items: &[Item], chunks: &[&[u32]]) -> FetchStream<std::vec::IntoIter<Chunk>> {
    let items = Arc::new(Items::new(items.to_vec()).expect("good items"));
    let chunks: Vec<_> = chunks
        .iter()
        .map(|uids| Chunk {
            uids: uids.iter().copied().collect(),
            items: Arc::clone(&items),
        })
        .collect();
    FetchStream::new(chunks.into_iter())
}

/// A session with INBOX open that is asked for bodies, in one chunk of 1 to 3.
fn asked(script: Script) -> (Scripted, Session, FetchStream<std::vec::IntoIter<Chunk>>) {
    let (server, session) = opened(script);
    (server, session, stream(&[Item::Body], &[&[1, 2, 3]]))
}

fn asked_for_bodies() -> Script {
    Script::new(SIGNED_IN)
        .then(EXAMINED)
        .then("C: UID FETCH 1:3 (UID BODY.PEEK[])")
}

fn body(uid: u32, text: &str) -> String {
    format!(
        "* {uid} FETCH (UID {uid} BODY[] {{{}}}\r\n{text})\r\n",
        text.len()
    )
}

/// The UIDs and bodies up to the end, or to an error.
fn drain(
    stream: &mut FetchStream<std::vec::IntoIter<Chunk>>,
    session: &mut Session,
) -> (Vec<(u32, String)>, Option<Error>) {
    let mut rows = Vec::new();
    loop {
        match stream.next(session) {
            Ok(Some(mut message)) => rows.push((message.uid, text(&mut message))),
            Ok(None) => return (rows, None),
            Err(error) => return (rows, Some(error)),
        }
    }
}

fn text(message: &mut Message) -> String {
    message.take_body().map_or_else(
        || "(none)".to_owned(),
        |bytes| String::from_utf8_lossy(&bytes).into_owned(),
    )
}

fn rows(expected: &[(u32, &str)]) -> Vec<(u32, String)> {
    expected
        .iter()
        .map(|(uid, text)| (*uid, (*text).to_owned()))
        .collect()
}

#[test]
fn two_commands_are_in_flight_and_the_next_chunk_is_drawn_when_one_ends() {
    let (server, mut session) = opened(
        Script::new(SIGNED_IN)
            .then(EXAMINED)
            .then("C: UID FETCH 1 (UID BODY.PEEK[])")
            .then("C: UID FETCH 2 (UID BODY.PEEK[])")
            .bytes(body(1, "one"))
            .then("S: $$ OK done")
            .then("C: UID FETCH 3 (UID BODY.PEEK[])")
            .bytes(body(2, "two"))
            .then("S: $$ OK done")
            .bytes(body(3, "three"))
            .then("S: $ OK done"),
    );
    let mut stream = stream(&[Item::Body], &[&[1], &[2], &[3]]);
    let (found, error) = drain(&mut stream, &mut session);
    assert_eq!(found, rows(&[(1, "one"), (2, "two"), (3, "three")]));
    assert!(error.is_none() && session.is_usable());
    server.finish();
}

#[test]
fn a_server_that_works_on_both_commands_at_once_does_not_mix_the_rows() {
    let (server, mut session) = opened(
        Script::new(SIGNED_IN)
            .then(EXAMINED)
            .then("C: UID FETCH 1:2 (UID BODY.PEEK[])")
            .then("C: UID FETCH 3:4 (UID BODY.PEEK[])")
            .bytes(body(1, "one"))
            .bytes(body(4, "four"))
            .bytes(body(3, "three"))
            .then("S: $ OK done")
            .bytes(body(2, "two"))
            .then("S: $$ OK done"),
    );
    let mut stream = stream(&[Item::Body], &[&[1, 2], &[3, 4]]);
    let (found, error) = drain(&mut stream, &mut session);
    let expected = [(1, "one"), (2, "two"), (3, "three"), (4, "four")];
    assert_eq!(found, rows(&expected));
    assert!(error.is_none() && session.is_usable());
    server.finish();
}

#[test]
fn whatever_comes_in_between_rows_arrive_once_and_whole() {
    let script = asked_for_bodies()
        // Unasked, asked in part, twice, of another message, unreadable.
        .bytes("* 1 FETCH (FLAGS (\\Seen))\r\n* 1 FETCH (UID 1 FLAGS (\\Seen))\r\n* 9 EXISTS\r\n")
        .bytes(body(3, "three"))
        .bytes("* 2 EXPUNGE\r\n* OK still here {3}\r\n* X-NEW (\r\n")
        .bytes(body(8, "eight"))
        .bytes(body(1, "one"))
        .bytes(body(1, "again"))
        .then("S: $ OK done");
    let (server, mut session, mut stream) = asked(script);
    let (found, error) = drain(&mut stream, &mut session);
    assert_eq!(found, rows(&[(3, "three"), (1, "one")]));
    assert!(error.is_none() && session.is_usable());
    assert_eq!(stream.take_missing().to_string(), "2");
    assert_eq!(stream.take_missing().to_string(), "");
    server.finish();
}

#[test]
fn items_in_any_order_and_form_and_in_several_answers_make_one_message() {
    let (server, mut session) = opened(
        Script::new(SIGNED_IN)
            .then(EXAMINED)
            .then("C: UID FETCH 1:2 (UID FLAGS RFC822.SIZE BODY.PEEK[HEADER.FIELDS (Subject)] BODY.PEEK[])")
            .bytes("* 1  FETCH ( BODY[]  {3}\r\nabc X-FOO {2}\r\nxy UID 1 EMAILID (M1) FLAGS (caf\u{e9}))\r\n")
            .bytes("* 2 FETCH (UID 2 BODY[] NIL RFC822.SIZE 5000000000 FLAGS () ")
            .bytes("BODY[HEADER.FIELDS (\"SUBJECT\")] \"Subject: q\\\"q\")\r\n")
            .bytes("* 1 FETCH (RFC822.SIZE 3 UID 1 BODY[HEADER.FIELDS (SUBJECT)] {0}\r\n)\n")
            .then("S: $ OK done"),
    );
    let items = [
        Item::Flags,
        Item::Size,
        Item::HeaderFields(vec!["Subject".into()]),
        Item::Body,
    ];
    let mut stream = stream(&items, &[&[1, 2]]);
    let mut next = || {
        stream
            .next(&mut session)
            .expect("a message")
            .expect("one more")
    };
    let (mut second, mut first) = (next(), next());
    assert_eq!((second.uid, second.size), (2, Some(5_000_000_000)));
    assert_eq!(second.body().and_then(|body| body.bytes.as_ref()), None);
    let fields = second
        .header_fields()
        .and_then(|fields| fields.bytes.clone());
    assert_eq!(fields.as_deref(), Some(&b"Subject: q\"q"[..]));
    assert_eq!(
        (first.uid, first.size, &*text(&mut first)),
        (1, Some(3), "abc")
    );
    assert!(first.flags.expect("flags").has("caf\u{e9}"));
    assert!(stream.next(&mut session).expect("the end").is_none());
    second.problems.clear();
    server.finish();
}

#[test]
fn an_item_the_server_leaves_out_is_missing_from_the_message_not_the_message() {
    let script = asked_for_bodies()
        .bytes("* 1 FETCH (UID 1)\r\n* 2 FETCH (UID 2 FLAGS ())\r\n")
        .bytes(body(3, "three"))
        .then("S: $ OK done");
    let (server, mut session, mut stream) = asked(script);
    let (found, error) = drain(&mut stream, &mut session);
    assert_eq!(found, rows(&[(3, "three"), (1, "(none)"), (2, "(none)")]));
    assert!(error.is_none());
    server.finish();
}

#[test]
fn every_cut_of_the_stream_gives_the_same_rows() {
    let answer = format!(
        "{}{}* 3 FETCH (UID 3 FLAGS () BODY[] {{0}}\r\n)\r\n",
        body(1, "a {3}\r\n* 9 FETCH ("),
        body(2, "x1 OK done\r\n")
    );
    for cut in 0..=answer.len() {
        let (head, tail) = answer.split_at(cut);
        let script = asked_for_bodies()
            .bytes(head)
            .pause(Duration::from_millis(1))
            .bytes(tail)
            .then("S: $ OK done");
        let (server, mut session, mut stream) = asked(script);
        let (found, error) = drain(&mut stream, &mut session);
        let expected = [(1, "a {3}\r\n* 9 FETCH ("), (2, "x1 OK done\r\n"), (3, "")];
        assert_eq!(found, rows(&expected), "cut at {cut}");
        assert!(error.is_none(), "cut at {cut}");
        server.finish();
    }
}

#[test]
fn a_drip_slower_than_the_timeout_in_all_goes_on() {
    let answer = body(1, "one");
    let script = asked_for_bodies()
        .drip(answer, Duration::from_millis(200))
        .then("S: $ OK done");
    let (server, mut session, mut stream) = asked(script);
    session.set_settings(Settings {
        timeout: Duration::from_secs(6),
        ..Settings::default()
    });
    let (found, error) = drain(&mut stream, &mut session);
    assert_eq!(found, rows(&[(1, "one")]));
    assert!(error.is_none());
    server.finish();
}

#[test]
fn a_large_message_arrives_byte_for_byte() {
    let large: String = (0..3_000_000)
        .map(|i| char::from(b'a' + (i % 23) as u8))
        .collect();
    let script = asked_for_bodies()
        .bytes(body(1, "small") + &body(2, &large) + &body(3, "small"))
        .then("S: $ OK done");
    let (server, mut session, mut stream) = asked(script);
    let (found, error) = drain(&mut stream, &mut session);
    assert!(found == rows(&[(1, "small"), (2, &large), (3, "small")]));
    assert!(error.is_none());
    server.finish();
}

#[test]
fn goodbye_amid_a_fetch_comes_after_the_rows_in_the_servers_words() {
    let script = asked_for_bodies()
        .bytes(body(1, "one"))
        .then("S: * BYE server shutting down");
    let (server, mut session, mut stream) = asked(script);
    let (found, error) = drain(&mut stream, &mut session);
    assert_eq!(found, rows(&[(1, "one")]));
    assert_eq!(
        sentence(&error.expect("gone"), &server),
        "imap: 127.0.0.1:PORT closed the connection (UID FETCH): BYE server shutting down"
    );
    assert!(!session.is_usable());
    let again = session.noop().expect_err("broken");
    assert_eq!(
        sentence(&again, &server),
        "imap: connection to 127.0.0.1:PORT is broken since an earlier error"
    );
    server.finish();
}

#[test]
fn a_stream_dropped_amid_its_messages_leaves_the_session_unusable() {
    let script = asked_for_bodies().bytes(body(1, "one")).stall();
    let (server, mut session, mut stream) = asked(script);
    assert!(stream.next(&mut session).expect("a message").is_some());
    drop(stream);
    assert!(!session.is_usable());
    let error = session.noop().expect_err("a command is in flight");
    assert_eq!(
        error.to_string(),
        "imap: internal error in imap::exchange: \
         NOOP while messages are being fetched (please report)"
    );
    drop(session);
    server.finish();
}

#[test]
fn nothing_is_asked_for_where_nothing_is_wanted() {
    let (server, mut session) = opened(Script::new(SIGNED_IN).then(EXAMINED));
    let mut stream = stream(&[Item::Body], &[&[], &[]]);
    assert!(stream.next(&mut session).expect("the end").is_none());
    server.finish();
}

#[test]
fn a_chunk_of_scattered_uids_is_cut_into_lines_servers_take() {
    let uids: Vec<u32> = (0..600).map(|i| 1_000_000_000 + 2 * i).collect();
    let (server, mut session) = opened(Script::new(SIGNED_IN).then(EXAMINED).stall());
    session.set_settings(impatient());
    let mut stream = stream(&[Item::Flags], &[&uids]);
    assert!(
        stream.next(&mut session).is_err(),
        "the server does not answer"
    );
    drop(session);
    let heard = server.finish().remove(0);
    let fetches: Vec<_> = heard
        .lines()
        .filter(|line| line.contains("UID FETCH"))
        .collect();
    assert_eq!(fetches.len(), 2);
    assert!(fetches.iter().all(|line| line.len() < 4_000));
}

#[test]
fn messages_answered_in_part_are_not_held_without_bound() {
    // The size is asked for and never comes.
    let large = "x".repeat(5_000_000);
    let mut script = Script::new(SIGNED_IN)
        .then(EXAMINED)
        .then("C: UID FETCH 1:20 (UID RFC822.SIZE BODY.PEEK[])");
    for uid in 1..=20 {
        script = script.bytes(body(uid, &large));
    }
    let (server, mut session) = opened(script.stall());
    let all: Vec<u32> = (1..=20).collect();
    let mut stream = stream(&[Item::Size, Item::Body], &[&all]);
    for uid in 1..=13 {
        let message = stream
            .next(&mut session)
            .expect("a message")
            .expect("one more");
        assert_eq!((message.uid, message.size), (uid, None));
    }
    drop(session);
    server.finish();
}

#[test]
fn sections_nobody_asked_for_are_dropped() {
    let script = asked_for_bodies()
        .bytes("* 1 FETCH (UID 1 BODY[1] {3}\r\nabc BODY[TEXT] \"x\" BODY[] {1}\r\ny BODY[] {1}\r\nz)\r\n")
        .then("S: $ OK done");
    let (server, mut session, mut stream) = asked(script);
    let message = stream.next(&mut session).expect("a message").expect("one");
    assert_eq!(message.contents.len(), 1);
    assert_eq!(
        message.body().and_then(|body| body.bytes.as_deref()),
        Some(&b"y"[..])
    );
    drop(session);
    server.finish();
}
