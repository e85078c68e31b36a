//! Fetching from servers that cannot keep up, or are far away.

use imap0::imap::chunk::Chunk;
use imap0::imap::fetch_stream::FetchStream;
use imap0::imap::items::{Item, Items};
use imap0::imap::log::Log;
use imap0::imap::settings::Deadline;

use super::*;

type Stream = FetchStream<std::vec::IntoIter<Chunk>>;

fn stream(chunks: &[&[u32]]) -> Stream {
    let items = Arc::new(Items::new(vec![Item::Body]).expect("good items"));
    let chunk = |uids: &&[u32]| Chunk {
        uids: uids.iter().copied().collect(),
        items: Arc::clone(&items),
    };
    let chunks: Vec<_> = chunks.iter().map(chunk).collect();
    FetchStream::new(chunks.into_iter())
}

/// The UIDs up to the end, or to an error.
fn drain(stream: &mut Stream, session: &mut Session) -> (Vec<u32>, Option<Error>) {
    let mut uids = Vec::new();
    loop {
        match stream.next(session) {
            Ok(Some(message)) => uids.push(message.uid),
            Ok(None) => return (uids, None),
            Err(error) => return (uids, Some(error)),
        }
    }
}

fn body(uid: u32) -> String {
    format!("* {uid} FETCH (UID {uid} BODY[] {{1}}\r\nx)\r\n")
}

fn bodies(uids: impl IntoIterator<Item = u32>) -> String {
    uids.into_iter().map(body).collect()
}

fn asked(uids: &str) -> String {
    format!("C: UID FETCH {uids} (UID BODY.PEEK[])")
}

fn folder() -> Script {
    Script::new(SIGNED_IN).then(EXAMINED)
}

/// A server that asks for patience so many times.
fn throttled(times: usize) -> Script {
    (0..times).fold(folder(), |script, time| {
        let uids = if time == 0 { "1:2" } else { "1" };
        let script = script.then(&asked(uids));
        script.then("S: $ NO [THROTTLED] slow down")
    })
}

#[test]
fn a_throttled_fetch_is_asked_for_again_in_smaller_portions_one_at_a_time() {
    for refusal in [
        "NO [THROTTLED] slow down",
        "NO [LIMIT] too much",
        "NO [INUSE] busy",
        "BAD Request is throttled",
    ] {
        let script = folder()
            .then(&asked("1:4"))
            .then(&asked("5:6"))
            .bytes(body(1))
            .then(&format!("S: $$ {refusal}"))
            .bytes(bodies(5..=6))
            .then("S: $ OK done")
            .then(&asked("2:3"))
            .bytes(bodies(2..=3))
            .then("S: $ OK done")
            .then(&asked("4"))
            .bytes(body(4))
            .then("S: $ OK done")
            .then(&asked("7"))
            .bytes(body(7))
            .then("S: $ OK done")
            .then(&asked("8"))
            .bytes(body(8))
            .then("S: $ OK done");
        let server = Scripted::play([script]);
        let log = Arc::default();
        let patient = Settings {
            log: Arc::clone(&log),
            ..Settings::default()
        };
        let mut session = Session::open(&endpoint(server.port), &ada(), &patient).expect("in");
        session.examine(&inbox()).expect("INBOX");
        let mut stream = stream(&[&[1, 2, 3, 4], &[5, 6], &[7], &[8]]);
        let (uids, error) = drain(&mut stream, &mut session);
        assert_eq!(uids, [1, 2, 3, 4, 5, 6, 7, 8], "{refusal}");
        assert!(error.is_none() && session.is_usable());
        let expected = format!(
            "UID FETCH refused: {refusal}; asking for less in 0.5 s, \
             and one command at a time from now on"
        );
        assert_eq!(session.remarks(), std::slice::from_ref(&expected));
        let entries = Log::entries(&log);
        let mut notes = entries.iter().map(|entry| &entry.command);
        assert!(notes.any(|note| *note == format!("({expected})")));
        server.finish();
    }
}

#[test]
fn a_server_that_never_relents_is_given_up_within_the_timeout() {
    // Half a second, one and two have been waited, and four would be too many.
    let (server, mut session) = opened(throttled(4));
    session.set_settings(Settings {
        timeout: Duration::from_secs(7),
        ..Settings::default()
    });
    let mut stream = stream(&[&[1, 2]]);
    let (uids, error) = drain(&mut stream, &mut session);
    assert!(uids.is_empty());
    assert_eq!(
        error.expect("given up").to_string(),
        "imap: cannot fetch from 'INBOX': NO [THROTTLED] slow down"
    );
    assert!(stream.next(&mut session).expect("the end").is_none());
    assert!(session.is_usable());
    server.finish();
}

#[test]
fn a_pause_ends_with_an_interrupt_or_the_deadline() {
    let stopped = |script: Script, settings: Settings| {
        let (server, mut session) = opened(script);
        session.set_settings(settings);
        let (_, error) = drain(&mut stream(&[&[1, 2]]), &mut session);
        let sentence = sentence(&error.expect("stopped"), &server);
        drop(session);
        server.finish();
        sentence
    };
    let stop = Stop::default();
    assert_eq!(
        stopped(stop.at_the_end_of(throttled(3)), stop.settings()),
        "imap: interrupted"
    );
    // It passes amid the fourth pause, which lasts from 3.5 s to 7.5 s.
    let deadline = Settings {
        deadline: Some(Deadline::after(Duration::from_secs(5))),
        ..Settings::default()
    };
    assert_eq!(
        stopped(throttled(4).stall(), deadline),
        "imap: 127.0.0.1:PORT did not answer within 5 s (UID FETCH; \
         the server asked for patience; deadline of the statement)"
    );
}

#[test]
fn a_server_that_does_not_pipeline_gets_one_command_at_a_time() {
    let script = folder()
        .then(&asked("1"))
        .then(&asked("2"))
        .then("S: $ BAD another command is in progress")
        .bytes(body(1))
        .then("S: $$ OK done")
        .then(&asked("2"))
        .bytes(body(2))
        .then("S: $ OK done")
        .then(&asked("3"))
        .bytes(body(3))
        .then("S: $ OK done");
    let (server, mut session) = opened(script);
    let (uids, error) = drain(&mut stream(&[&[1], &[2], &[3]]), &mut session);
    assert_eq!(uids, [1, 2, 3]);
    assert!(error.is_none());
    assert_eq!(
        session.remarks(),
        [
            "UID FETCH not understood while another is in flight: BAD another command is in \
          progress; one command at a time from now on"
        ]
    );
    server.finish();
}

#[test]
fn a_command_that_is_not_understood_alone_either_is_refused() {
    let script = folder()
        .then(&asked("1"))
        .then(&asked("2"))
        .then("S: $$ BAD no")
        .then("S: $ BAD no")
        .then(&asked("1"))
        .then("S: $ BAD no");
    let (server, mut session) = opened(script);
    let (uids, error) = drain(&mut stream(&[&[1], &[2]]), &mut session);
    assert!(uids.is_empty());
    assert_eq!(
        error.expect("refused").to_string(),
        "imap: cannot fetch from 'INBOX': BAD no"
    );
    server.finish();
}

#[test]
fn from_a_distant_server_more_is_on_the_way_at_once() {
    let script = folder()
        .then(&asked("1"))
        .then(&asked("2"))
        .pause(Duration::from_millis(30))
        .bytes(body(1))
        .then("S: $$ OK done")
        // Two more than a near server would be asked for.
        .then(&asked("3"))
        .then(&asked("4"))
        .then(&asked("5"));
    let (server, mut session) = opened(script);
    let mut stream = stream(&[&[1], &[2], &[3], &[4], &[5], &[6]]);
    let (uids, error) = drain(&mut stream, &mut session);
    assert_eq!(uids, [1]);
    assert!(error.is_some(), "the server hangs up");
    drop(session);
    server.finish();
}
