//! LIST, STATUS, EXAMINE, UID SEARCH and NOOP.

use imap0::imap::mailbox::Mailbox;
use imap0::imap::search::Criteria;
use imap0::imap::session::Examined;
use imap0::imap::uid_set::UidSet;

use imap0::imap::mailbox_status::StatusItems;

use super::*;

fn mailbox(name: &str) -> Mailbox {
    Mailbox::from_name(name).expect("a name")
}

fn signed_in(script: Script) -> (Scripted, Session) {
    let server = Scripted::play([script]);
    let session = open(&server).expect("signed in");
    (server, session)
}

#[test]
fn examine_tells_what_the_server_tells_whatever_else_it_says() {
    let script = Script::new(SIGNED_IN)
        .then(r#"C: EXAMINE "Entw&APw-rfe/\"a b\"""#)
        .bytes(b"* FLAGS (\\Seen caf\xe9)\r\n* NO [ALERT] disk\r\n* 12 EXISTS\n".as_slice())
        .bytes(b"* OK [UIDVALIDITY 4294967295] caf\xe9 {9}\r\n* 1 FETCH (FLAGS ())\r\n".as_slice())
        .bytes(b"*  OK  [UIDNEXT 99] next\r\n* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n".as_slice())
        .bytes(b"* OK [HIGHESTMODSEQ 5000000000] x\r\n* LIST () \"/\" {3}\r\nabc\r\n".as_slice())
        .then("S: $ OK [READ-ONLY] done")
        .then("C: NOOP")
        .then("S: * 13 EXISTS")
        .then("S: $ OK");
    let (server, mut session) = signed_in(script);
    let examined = session
        .examine(&mailbox("Entwürfe/\"a b\""))
        .expect("it is there");
    let expected = Examined {
        uidvalidity: Some(4_294_967_295),
        uidnext: Some(99),
        exists: 12,
        highestmodseq: Some(5_000_000_000),
        no_modseq: false,
    };
    assert_eq!(examined, expected);
    assert!(session.noop().is_ok() && session.is_usable());
    server.finish();
}

#[test]
fn a_missing_mailbox_is_told_in_the_servers_words_and_the_session_goes_on() {
    let script = Script::new(SIGNED_IN)
        .then(r#"C: EXAMINE "Archive/2019""#)
        .then("S: * OK [CLOSED] previous mailbox closed")
        .then("S: $ NO [NONEXISTENT] no such mailbox")
        .then(EXAMINED);
    let (server, mut session) = signed_in(script);
    let error = session
        .examine(&mailbox("Archive/2019"))
        .expect_err("no such mailbox");
    let sentence = "imap: cannot examine 'Archive/2019': NO [NONEXISTENT] no such mailbox; \
                    imap_folders lists those there are";
    assert_eq!(error.to_string(), sentence);
    assert_eq!(error.code(), 1);
    assert_eq!(session.examine(&inbox()).expect("it is there").exists, 3);
    server.finish();
}

#[test]
fn names_of_every_spelling_are_listed() {
    let script = Script::new(SIGNED_IN)
        .then(r#"C: LIST "" "*""#)
        .bytes("* LIST (\\HasNoChildren) \"/\" INBOX\r\n* LIST () \"/\" \"Entw&APw-rfe\"\r\n")
        .bytes("* LIST () \"/\" Entwürfe\r\n* LIST (\\Noselect) NIL {3}\r\na b (\"CHILDINFO\" (\"SUBSCRIBED\"))\r\n")
        .then("S: $ OK done")
        .then("C: LIST \"\" \"Entw&APw-rfe/%\"")
        .then("S: $ NO [LIMIT] not now");
    let (server, mut session) = signed_in(script);
    let listed = session.list("*").expect("listed");
    let names: Vec<_> = listed.iter().map(|listed| listed.mailbox.name()).collect();
    assert_eq!(names, ["INBOX", "Entwürfe", "\u{fffd}Entwürfe", "a b"]);
    assert!(!listed[3].is_selectable());
    let error = session.list("Entwürfe/%").expect_err("refused");
    assert_eq!(
        error.to_string(),
        "imap: cannot list 'Entwürfe/%': NO [LIMIT] not now"
    );
    server.finish();
}

#[test]
fn status_asks_for_what_the_server_knows() {
    let script = Script::new(
        r#"
        S: * OK [CAPABILITY IMAP4rev1] ready
        C: LOGIN "ada" "secret"
        S: $ OK [CAPABILITY IMAP4rev1 CONDSTORE STATUS=SIZE] welcome
        C: STATUS "INBOX" (MESSAGES UNSEEN UIDNEXT UIDVALIDITY HIGHESTMODSEQ SIZE)
        S: * STATUS inbox (MESSAGES 3 X-NEW 5 SIZE 5000000000 UIDNEXT 10)
        S: $ OK done
        C: STATUS "gone" (MESSAGES UNSEEN UIDNEXT UIDVALIDITY HIGHESTMODSEQ SIZE)
        S: $ NO no such mailbox
        C: STATUS "mute" (MESSAGES UNSEEN UIDNEXT UIDVALIDITY HIGHESTMODSEQ SIZE)
        S: $ OK done
        "#,
    );
    let (server, mut session) = signed_in(script);
    let status = session.status(&inbox(), StatusItems::ALL).expect("told");
    assert_eq!(
        (status.messages, status.size),
        (Some(3), Some(5_000_000_000))
    );
    let error = session
        .status(&mailbox("gone"), StatusItems::ALL)
        .expect_err("refused");
    assert_eq!(
        error.to_string(),
        "imap: cannot get the status of 'gone': NO no such mailbox"
    );
    let error = session
        .status(&mailbox("mute"), StatusItems::ALL)
        .expect_err("no answer");
    let sentence = "imap: cannot get the status of 'mute': no answer in the answer";
    assert_eq!(error.to_string(), sentence);
    server.finish();
}

#[test]
fn a_search_is_answered_in_either_form() {
    let (server, mut session) = opened(Script::new(SIGNED_IN).then(EXAMINED).then(
        r#"
        C: UID SEARCH RETURN (ALL) ALL
        S: * 4 EXISTS
        S: * ESEARCH (TAG "x1") UID ALL 5,1:3 MODSEQ 9
        S: $ OK done
        C: UID SEARCH RETURN (ALL) UID 7:9
        S: * ESEARCH (TAG "x2") UID
        S: $ OK done
        C: UID SEARCH RETURN (ALL) ALL
        S: $ BAD what is RETURN
        C: UID SEARCH ALL
        S: * SEARCH 9 4294967295
        S: * SEARCH 3 (MODSEQ 5)
        S: $ OK done
        C: UID SEARCH UID 7:9
        S: $ OK nothing found
        "#,
    ));
    let mut search = |criteria| session.uid_search(criteria).expect("answered").to_string();
    assert_eq!(search(Criteria::All), "1:3,5");
    let some: UidSet = std::iter::once(7..=9).collect();
    assert_eq!(search(Criteria::Uids(&some)), "");
    assert_eq!(search(Criteria::All), "3,9,4294967295");
    assert_eq!(search(Criteria::Uids(&some)), "");
    server.finish();
}

#[test]
fn a_part_of_a_search_never_passes_for_all_of_it() {
    for answer in [
        "* SEARCH 1 x 3",
        "* ESEARCH (TAG \"x1\") UID ALL 1:*",
        "* 3 EXISTS",
    ] {
        let script = Script::new(SIGNED_IN)
            .then(EXAMINED)
            .then("C: UID SEARCH RETURN (ALL) ALL");
        let (server, mut session) = opened(script.then(&format!("S: {answer}\nS: $ OK done")));
        let error = session.uid_search(Criteria::All).expect_err(answer);
        let sentence = "imap: cannot search 'INBOX': the server's answer cannot be read";
        assert_eq!(error.to_string(), sentence, "{answer}");
        server.finish();
    }
}

#[test]
fn a_refused_search_is_told_in_the_servers_words() {
    let script = Script::new(SIGNED_IN).then(EXAMINED).then(
        r#"
        C: UID SEARCH RETURN (ALL) ALL
        S: $ NO [INUSE] busy
        "#,
    );
    let (server, mut session) = opened(script);
    let error = session.uid_search(Criteria::All).expect_err("refused");
    assert_eq!(
        error.to_string(),
        "imap: cannot search 'INBOX': NO [INUSE] busy"
    );
    server.finish();
}
