//! What real servers send, as `src/imap` reads it: one session's worth of
//! responses per server, framed and parsed, with all that is odd about them.

use imap0::imap::fetched::Fetched;
use imap0::imap::frame::{Framer, Limits, Progress};
use imap0::imap::internal_date::internal_date;
use imap0::imap::response::{Response, parse};

/// The responses in `session`, whose lines end as they are written here.
fn responses(session: &[u8]) -> Vec<Response<'_>> {
    let mut framer = Framer::new(Limits::default());
    let mut rest = session;
    let mut found = Vec::new();
    while !rest.is_empty() {
        match framer.advance(rest).expect("within the limits") {
            Progress::Complete(length) => {
                found.push(parse(&rest[..length]));
                rest = &rest[length..];
                framer.reset();
            }
            Progress::NeedMore { .. } => panic!("{} bytes left over", rest.len()),
        }
    }
    found
}

/// The one FETCH of a session.
fn fetched(session: &[u8]) -> Fetched<'_> {
    let mut fetches = responses(session)
        .into_iter()
        .filter_map(|response| match response {
            Response::Fetch(fetched) => Some(fetched),
            _ => None,
        });
    fetches.next().expect("a FETCH")
}

#[test]
fn dovecot() {
    let session = b"* OK [CAPABILITY IMAP4rev1 SASL-IR LITERAL+] Dovecot (Debian) ready.\r\n\
        * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Forwarded)\r\n\
        * OK [PERMANENTFLAGS ()] Read-only mailbox.\r\n\
        * 2 EXISTS\r\n* 0 RECENT\r\n\
        * OK [UIDVALIDITY 1700000000] UIDs valid\r\n\
        * OK [UIDNEXT 8] Predicted next UID\r\n\
        * OK [HIGHESTMODSEQ 17] Highest\r\n\
        x2 OK [READ-ONLY] Examine completed (0.001 + 0.000 secs).\r\n\
        * ESEARCH (TAG \"x3\") UID ALL 3,7\r\n\
        x3 OK Search completed (0.001 + 0.000 secs).\r\n\
        * 2 FETCH (UID 7 FLAGS (\\Seen) INTERNALDATE \"07-Feb-2022 21:52:25 +0000\" \
        RFC822.SIZE 4423 MODSEQ (17) BODY[HEADER.FIELDS (SUBJECT FROM)] {15}\r\n\
        Subject: hi\r\n\r\n SAVEDATE \"07-Feb-2022 21:52:26 +0000\" PREVIEW NIL)\r\n";
    let numbers: Vec<_> = responses(session)
        .iter()
        .filter_map(|response| match response {
            Response::Status(line) => line.code?.number(),
            _ => None,
        })
        .collect();
    assert_eq!(numbers, [1_700_000_000, 8, 17]);
    let fetched = fetched(session);
    let header = fetched
        .header_fields()
        .and_then(|header| header.content.as_deref());
    assert_eq!(header, Some(&b"Subject: hi\r\n\r\n"[..]));
    assert_eq!(
        fetched.internal_date.as_deref().and_then(internal_date),
        Some(1_644_270_745)
    );
    assert_eq!((fetched.size, fetched.modseq), (Some(4423), Some(17)));
}

#[test]
fn courier() {
    let session = b"* LIST (\\Unmarked \\HasChildren) \".\" \"INBOX\"\r\n\
        * LIST (\\Noselect \\HasChildren) \".\" \"INBOX.Archive\"\r\n\
        * STATUS \"INBOX\" (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 1)\r\n\
        * SEARCH 1\r\n\
        * 1 FETCH (UID 1 BODY[HEADER.FIELDS (\"SUBJECT\" \"FROM\")] {13}\r\nSubject: a\r\n\n)\r\n";
    let selectable: Vec<_> = responses(session)
        .iter()
        .filter_map(|response| match response {
            Response::List(listed) => Some(listed.is_selectable()),
            _ => None,
        })
        .collect();
    assert_eq!(selectable, [true, false]);
    assert!(fetched(session).header_fields().is_some());
}

#[test]
fn gmail() {
    let session = "* LIST (\\HasNoChildren \\Trash) \"/\" \"[Gmail]/Papelera de reciclaj&AOk-\"\r\n\
        * 9 FETCH (X-GM-THRID 1278455344230334865 X-GM-MSGID 1278455344230334866 \
        X-GM-LABELS (\"\\\\Inbox\" \"\\\\Sent\" \"a b\" \"caf&AOk-\") UID 42 \
        BODYSTRUCTURE ((\"TEXT\" \"PLAIN\" (\"CHARSET\" \"UTF-8\") NIL NIL \
        \"QUOTED-PRINTABLE\" 9 1 NIL NIL NIL)(\"MESSAGE\" \"RFC822\" (\"NAME\" \"a \"b\".eml\") NIL NIL \
        \"7BIT\" 77 NIL \
        (\"ATTACHMENT\" (\"FILENAME\" \"a \"b\".eml\")) NIL) \
        \"MIXED\" (\"BOUNDARY\" \"x\") NIL NIL) FLAGS ($NotPhishing \\Seen NonJunk))\r\n";
    let Response::List(listed) = &responses(session.as_bytes())[0] else {
        panic!("no LIST")
    };
    assert_eq!(listed.mailbox.name(), "[Gmail]/Papelera de reciclajé");
    let fetched = fetched(session.as_bytes());
    let sections: Vec<_> = fetched
        .structure
        .iter()
        .flat_map(|s| s.parts())
        .map(|part| &*part.section)
        .collect();
    assert_eq!((fetched.uid, sections), (Some(42), vec!["TEXT", "1", "2"]));
    assert_eq!(fetched.flags.map(|flags| flags.keywords().count()), Some(2));
}

#[test]
fn exchange() {
    let session = b"* OK The Microsoft Exchange IMAP4 service is ready. [TABPADEAUAAy]\r\n\
        * STATUS Sent Items (MESSAGES 3 UNSEEN 0 )\r\n";
    assert!(
        matches!(&responses(session)[1], Response::MailboxStatus(status)
        if status.mailbox.name() == "Sent Items" && status.messages == Some(3))
    );
    let missing =
        fetched(b"* 3 FETCH (UID 9 RFC822.SIZE 0 BODY[] NIL FLAGS (\\Seen \\Recent))\r\n");
    assert!(missing.body().is_some_and(|body| body.content.is_none()));
    assert_eq!(missing.uid, Some(9));
}

#[test]
fn cyrus() {
    let fetched = fetched(
        b"* 1 FETCH (FLAGS (\\Seen) UID 5 INTERNALDATE \" 7-Feb-2022 21:52:25 +0100\" \
          RFC822.SIZE 3 EMAILID (M1) THREADID (T1) BODY[] {3}\r\nx\r\n)\r\n",
    );
    assert_eq!((fetched.uid, fetched.size), (Some(5), Some(3)));
    assert_eq!(
        fetched.internal_date.as_deref().and_then(internal_date),
        Some(1_644_267_145)
    );
}
