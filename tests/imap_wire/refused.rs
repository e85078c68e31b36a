//! Messages that the server refuses to send: they cost no other.

use imap0::imap::download::Downloaded;
use imap0::imap::ordered::Ordered;
use imap0::imap::uid_order::Direction;
use imap0::imap::wanted::Wanted;

use super::support::scripted::Answer;
use super::*;

/// What a download gives, one message a line, and the error it ends with.
fn drain(download: &mut Ordered, session: &mut Session) -> (String, Option<Error>) {
    let mut told = String::new();
    loop {
        match download.next(session) {
            Ok(Some(message)) => told += &(line(&message) + "\n"),
            Ok(None) => return (told, None),
            Err(error) => return (told, Some(error)),
        }
    }
}

fn line(message: &Downloaded) -> String {
    let text = |bytes: Option<&[u8]>| {
        bytes.map_or("-".into(), |bytes| {
            String::from_utf8_lossy(bytes).trim().to_owned()
        })
    };
    let refusals: Vec<String> = message.refusals.iter().map(ToString::to_string).collect();
    format!(
        "{} flags={} header={} raw={} {}",
        message.uid,
        u8::from(message.flags.is_some()),
        text(message.header.as_deref()),
        text(message.raw.as_ref().map(|raw| &raw[..])),
        refusals.join(", ")
    )
    .trim_end()
    .to_owned()
}

fn wanted(uids: std::ops::RangeInclusive<u32>, wanted: Wanted) -> Ordered {
    let uids = std::iter::once(uids).collect();
    Ordered::new(uids, wanted, None, Direction::Ascending)
}

/// Asks for `item` of messages 1 to `last` of INBOX; the server answers by a
/// function. Gives what came, and what was asked.
fn asked(last: u32, item: Wanted, answer: Answer) -> (String, Option<Error>, Vec<String>) {
    let script = Script::new(SIGNED_IN).then(EXAMINED).answer(answer);
    let (server, mut session) = opened(script);
    let (told, error) = drain(&mut wanted(1..=last, item), &mut session);
    assert!(session.is_usable());
    drop(session);
    let heard = server.finish().remove(0);
    let commands = heard
        .lines()
        .filter_map(|line| line.strip_prefix("UID FETCH "));
    (told, error, commands.map(str::to_owned).collect())
}

/// The UIDs of a command, and what it asks for of them.
fn parsed(command: &str) -> (Vec<u32>, &str) {
    let mut words = command.splitn(4, ' ').skip(2);
    let (set, items) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let number = |text: &str| text.parse().expect("a UID");
    let uids = set.split(',').flat_map(|range| {
        let (first, last) = range.split_once(':').unwrap_or((range, range));
        number(first)..=number(last)
    });
    (uids.collect(), items)
}

/// An answer about one message: all the items asked for.
fn told(uid: u32, items: &str) -> String {
    let mut said = format!("* {uid} FETCH (UID {uid}");
    for (item, value) in [
        ("RFC822.SIZE", "RFC822.SIZE 2"),
        ("FLAGS", "FLAGS ()"),
        ("BODY.PEEK[HEADER]", "BODY[HEADER] \"h\""),
        ("BODY.PEEK[]", "BODY[] \"b\""),
    ] {
        if items.contains(item) {
            said += &format!(" {value}");
        }
    }
    said + ")\n"
}

/// A server that stops at the first message it cannot read, whose content it
/// refuses.
fn stops_at(broken: &[u32], command: &str) -> String {
    let (uids, items) = parsed(command);
    let mut said = String::new();
    for uid in uids {
        if items.contains("BODY") && broken.contains(&uid) {
            return said + "$ NO [SERVERBUG] cannot read it";
        }
        said += &told(uid, items);
    }
    said + "$ OK done"
}

/// A server that gives nothing where it cannot give all.
fn all_or_nothing(broken: &[u32], command: &str) -> String {
    let said = stops_at(broken, command);
    match said.strip_suffix("$ NO [SERVERBUG] cannot read it") {
        Some(_) => "$ NO [SERVERBUG] cannot read it".to_owned(),
        None => said,
    }
}

const BROKEN: &str = "2 flags=1 header=- raw=- \
    BODY.PEEK[] refused: NO [SERVERBUG] cannot read it, \
    BODY.PEEK[HEADER] refused: NO [SERVERBUG] cannot read it";

#[test]
fn the_messages_behind_one_that_is_refused_come() {
    let (told, error, commands) = asked(4, Wanted::WHOLE, |command| stops_at(&[2], command));
    let good = |uid| format!("{uid} flags=0 header=- raw=b");
    assert_eq!(
        told.lines().collect::<Vec<_>>(),
        [&good(1), BROKEN, &good(3), &good(4)]
    );
    assert!(error.is_none());
    assert_eq!(
        commands[1..],
        [
            "1:4 (UID BODY.PEEK[])",
            "2 (UID BODY.PEEK[])",
            "2 (UID FLAGS)",
            "2 (UID BODY.PEEK[HEADER])",
            "3:4 (UID BODY.PEEK[])"
        ]
    );
}

#[test]
fn one_of_many_is_found_by_halves() {
    let (told, error, commands) = asked(400, Wanted::WHOLE, |command| {
        all_or_nothing(&[2, 300], command)
    });
    assert!(error.is_none());
    let uids: Vec<&str> = told.lines().filter_map(|l| l.split(' ').next()).collect();
    let expected: Vec<String> = (1..=400).map(|uid| uid.to_string()).collect();
    assert_eq!(uids, expected);
    let refused = told
        .lines()
        .filter(|line| line.contains("raw=- BODY.PEEK[]"));
    assert_eq!(refused.count(), 2);
    assert!(commands.len() < 60, "{commands:?}");
}

#[test]
fn what_the_server_gives_of_a_refused_message_is_kept() {
    let wanted = Wanted::WHOLE | Wanted::FLAGS | Wanted::SIZE;
    let (told, error, commands) = asked(3, wanted, |command| {
        if command.contains("BODY.PEEK[]") && parsed(command).0.contains(&2) {
            return "$ NO conversion failed".to_owned();
        }
        stops_at(&[], command)
    });
    assert!(error.is_none());
    assert_eq!(
        told,
        "1 flags=1 header=- raw=b\n\
         2 flags=1 header=h raw=- BODY.PEEK[] refused: NO conversion failed\n\
         3 flags=1 header=- raw=b\n"
    );
    assert_eq!(
        commands[2..],
        [
            "1:2 (UID FLAGS RFC822.SIZE BODY.PEEK[])",
            "1 (UID FLAGS RFC822.SIZE BODY.PEEK[])",
            "2 (UID FLAGS RFC822.SIZE BODY.PEEK[])",
            "2 (UID FLAGS RFC822.SIZE)",
            "2 (UID BODY.PEEK[])",
            "2 (UID BODY.PEEK[HEADER])",
            "3 (UID FLAGS RFC822.SIZE BODY.PEEK[])"
        ]
    );
}

#[test]
fn a_message_that_proves_to_be_gone_is_none() {
    for gone in ["$ OK nothing", "$ NO [EXPUNGEISSUED] it is gone"] {
        let answer: Answer = match gone {
            "$ OK nothing" => |command| match parsed(command) {
                (uids, "(UID FLAGS)") if uids == [2] => "$ OK nothing".to_owned(),
                _ => stops_at(&[2], command),
            },
            _ => |command| match parsed(command) {
                (uids, "(UID BODY.PEEK[])") if uids.contains(&2) => {
                    "$ NO [EXPUNGEISSUED] it is gone".to_owned()
                }
                _ => stops_at(&[], command),
            },
        };
        let (told, error, _) = asked(3, Wanted::WHOLE, answer);
        let good = |uid| format!("{uid} flags=0 header=- raw=b\n");
        assert_eq!(told, good(1) + &good(3), "{gone}");
        assert!(error.is_none());
    }
}

#[test]
fn a_size_that_is_refused_costs_no_content() {
    let (told, error, _) = asked(3, Wanted::WHOLE, |command| {
        if command.contains("RFC822.SIZE") && parsed(command).0.contains(&2) {
            return "$ NO cannot count it".to_owned();
        }
        stops_at(&[], command)
    });
    assert!(error.is_none());
    assert_eq!(told.lines().nth(1), Some("2 flags=0 header=- raw=b"));
}

#[test]
fn a_server_that_refuses_everything_is_an_error_soon() {
    let (told, error, commands) = asked(3_000, Wanted::FLAGS, |_| "$ NO no".to_owned());
    assert_eq!(
        error.expect("refused").to_string(),
        "imap: cannot fetch from 'INBOX': NO no"
    );
    assert!(told.lines().count() <= 21, "{told}");
    assert!(commands.len() < 60, "{}", commands.len());
}

#[test]
fn what_is_not_understood_is_refused_once() {
    let (told, error, commands) = asked(3_000, Wanted::FLAGS, |_| "$ BAD what?".to_owned());
    assert_eq!(
        error.expect("refused").to_string(),
        "imap: cannot fetch from 'INBOX': BAD what?"
    );
    assert_eq!((told.as_str(), commands.len()), ("", 3));
}

#[test]
fn a_message_without_bytes_is_empty_only_if_its_size_says_so() {
    let (told, _, _) = asked(2, Wanted::WHOLE, |command| match parsed(command).1 {
        "(UID RFC822.SIZE)" => "* 1 FETCH (UID 1 RFC822.SIZE 0)\n\
             * 2 FETCH (UID 2 RFC822.SIZE 9)\n$ OK done"
            .to_owned(),
        _ => "* 1 FETCH (UID 1 BODY[] \"\")\n* 2 FETCH (UID 2 BODY[] \"\")\n$ OK done".to_owned(),
    });
    assert_eq!(told, "1 flags=0 header=- raw=\n2 flags=0 header=- raw=-\n");
}
