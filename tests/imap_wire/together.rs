//! EXAMINE with a UID SEARCH right behind it.

use imap0::imap::search::Criteria;
use imap0::imap::uid_set::UidSet;

use super::*;

const ALL: &str = "C: UID SEARCH RETURN (ALL) ALL";

fn signed_in(script: &str) -> (Scripted, Session) {
    let server = Scripted::play([Script::new(SIGNED_IN).then(script)]);
    let session = open(&server).expect("signed in");
    (server, session)
}

fn found(text: &str) -> Option<UidSet> {
    UidSet::parse(text.as_bytes())
}

#[test]
fn both_are_sent_before_either_is_answered() {
    let (server, mut session) = signed_in(&format!(
        r#"C: EXAMINE "INBOX"
           {ALL}
           S: * 3 EXISTS
           S: $$ OK [READ-ONLY] done
           S: * ESEARCH (TAG "$") UID ALL 2:4
           S: $ OK done
           C: NOOP
           S: $ OK"#
    ));
    let (examined, uids) = session
        .examine_searching(&inbox(), Criteria::All)
        .expect("both");
    assert_eq!((examined.exists, uids), (3, found("2:4")));
    assert!(session.noop().is_ok() && session.is_usable());
    server.finish();
}

#[test]
fn a_missing_mailbox_takes_the_search_with_it_and_the_session_goes_on() {
    let (server, mut session) = signed_in(&format!(
        r#"C: EXAMINE "INBOX"
           {ALL}
           S: $$ NO [NONEXISTENT] gone
           S: $ BAD no mailbox is selected
           C: NOOP
           S: $ OK"#
    ));
    let error = session
        .examine_searching(&inbox(), Criteria::All)
        .expect_err("no mailbox");
    let expected = "imap: cannot examine 'INBOX': NO [NONEXISTENT] gone";
    assert_eq!(error.to_string(), expected);
    assert!(session.noop().is_ok() && session.is_usable());
    server.finish();
}

#[test]
fn what_is_refused_or_out_of_order_is_asked_for_again() {
    for early in [
        r#"S: $$ OK [READ-ONLY] done
           S: $ NO not now"#,
        r#"S: * ESEARCH (TAG "$") UID ALL 9
           S: $$ OK [READ-ONLY] done
           S: $ OK done"#,
        r#"S: * ESEARCH (TAG "$") UID ALL 9
           S: $ OK done
           S: $$ OK [READ-ONLY] done"#,
        r#"S: $$ OK [READ-ONLY] done
           S: * ESEARCH (TAG "$") UID ALL 1:x
           S: $ OK done"#,
    ] {
        let (server, mut session) = signed_in(&format!(
            r#"C: EXAMINE "INBOX"
               {ALL}
               S: * 3 EXISTS
               {early}
               {ALL}
               S: * ESEARCH (TAG "$") UID ALL 2:4
               S: $ OK done"#
        ));
        let (_, uids) = session
            .examine_searching(&inbox(), Criteria::All)
            .expect("the mailbox");
        assert_eq!(uids, None, "{early}");
        let again = session.uid_search(Criteria::All).expect("the second time");
        assert_eq!(Some(again), found("2:4"));
        server.finish();
    }
}

#[test]
fn a_search_of_several_commands_waits() {
    let many: UidSet = (1..5_000).map(|n| n * 10..=n * 10).collect();
    let (server, mut session) = signed_in(EXAMINED);
    let (examined, uids) = session
        .examine_searching(&inbox(), Criteria::Uids(&many))
        .expect("the mailbox");
    assert_eq!((examined.exists, uids), (3, None));
    server.finish();
}

#[test]
fn a_server_that_does_not_understand_is_asked_as_all_servers_are() {
    let (server, mut session) = signed_in(&format!(
        r#"C: EXAMINE "INBOX"
           {ALL}
           S: * 3 EXISTS
           S: $$ OK [READ-ONLY] done
           S: $ BAD what?
           C: UID SEARCH ALL
           S: * SEARCH 2 3 4
           S: $ OK done"#
    ));
    let (_, uids) = session
        .examine_searching(&inbox(), Criteria::All)
        .expect("the mailbox");
    assert_eq!(uids, None);
    let again = session.uid_search(Criteria::All).expect("the second time");
    assert_eq!(Some(again), found("2:4"));
    server.finish();
}
