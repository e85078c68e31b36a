//! Servers that name an extension and do not keep to it.

use imap0::imap::extra::Extra;
use imap0::imap::mailbox_status::StatusItems;
use imap0::imap::part::PartContent;
use imap0::imap::wanted::Wanted;

use super::*;

const MESSAGES: StatusItems = StatusItems(1);

/// A session whose server names these capabilities.
fn capable(capabilities: &str, script: &str) -> (Scripted, Session) {
    let signed_in = SIGNED_IN.replace("IMAP4rev1 ESEARCH", capabilities);
    let server = Scripted::play([Script::new(&signed_in).then(script)]);
    let session = open(&server).expect("signed in");
    (server, session)
}

#[test]
fn a_list_with_options_that_is_refused_is_asked_for_without() {
    let (server, mut session) = capable(
        "IMAP4rev1 LIST-STATUS",
        r#"
            C: LIST "" "*" RETURN (STATUS (MESSAGES))
            S: $ BAD what is RETURN?
            C: LIST "" "*"
            S: * LIST () "/" b
            S: * LIST () "/" a
            S: * LIST () "/" a
            S: $ OK done
        "#,
    );
    let folders = session.folders("*", MESSAGES).expect("listed");
    let names: Vec<_> = folders.iter().map(|f| f.listed.mailbox.name()).collect();
    assert_eq!(names, ["a", "b"]);
    assert!(folders.iter().all(|folder| folder.status.is_none()));
    server.finish();
}

#[test]
fn counts_go_to_the_folder_they_name_in_whatever_order_they_come() {
    let (server, mut session) = capable(
        "IMAP4rev1 LIST-EXTENDED LIST-STATUS SPECIAL-USE",
        r#"
            C: LIST "" "*" RETURN (CHILDREN SPECIAL-USE STATUS (MESSAGES))
            S: * STATUS b (MESSAGES 2)
            S: * STATUS gone (MESSAGES 9)
            S: * LIST (\Noselect) "/" a
            S: * LIST (\Sent) "/" b
            S: * LIST () "/" inbox
            S: * STATUS INBOX (MESSAGES 1)
            S: $ OK done
        "#,
    );
    let folders = session.folders("*", MESSAGES).expect("listed");
    let told: Vec<_> = folders
        .iter()
        .map(|f| {
            (
                f.listed.mailbox.name(),
                f.status.as_ref().and_then(|s| s.messages),
            )
        })
        .collect();
    assert_eq!(told, [("INBOX", Some(1)), ("a", None), ("b", Some(2))]);
    server.finish();
}

#[test]
fn a_folder_without_counted_changes_is_not_asked_for_them() {
    let (server, mut session) = capable(
        "IMAP4rev1 CONDSTORE",
        r#"
            C: EXAMINE "INBOX"
            S: * 1 EXISTS
            S: * OK [NOMODSEQ] not here
            S: $ OK done
            C: EXAMINE "INBOX"
            S: * 1 EXISTS
            S: $ OK done
        "#,
    );
    let mut offered = || {
        let examined = session.examine(&inbox()).expect("INBOX is there");
        Wanted::MODSEQ.offered(session.capabilities(), &examined)
    };
    assert_eq!(offered(), Wanted::NONE);
    // What one folder says does not hold for the next.
    assert_eq!(offered(), Wanted::MODSEQ);
    server.finish();
}

#[test]
fn a_part_the_server_cannot_decode_is_fetched_as_it_is() {
    let (server, mut session) = capable(
        "IMAP4rev1 BINARY",
        r#"
            C: UID FETCH 7 (UID BINARY.PEEK[2])
            S: * 1 FETCH (UID 7 BINARY[2] "abc")
            S: $ OK done
            C: UID FETCH 7 (UID BINARY.PEEK[2])
            S: $ NO [UNKNOWN-CTE] what is base64?
            C: UID FETCH 7 (UID FLAGS)
            S: * 1 FETCH (UID 7 FLAGS ())
            S: $ OK done
            C: UID FETCH 7 (UID BODY.PEEK[2])
            S: * 1 FETCH (UID 7 BODY[2] "YWJj")
            S: $ OK done
            C: UID FETCH 7 (UID BODY.PEEK[3])
            S: $ OK it is gone
            C: UID FETCH 7 (UID BODY.PEEK[4])
            S: $ NO [SERVERBUG] it is broken
            C: UID FETCH 7 (UID FLAGS)
            S: * 1 FETCH (UID 7 FLAGS ())
            S: $ OK done
        "#,
    );
    let mut part = |section, encoding| session.part(7, section, encoding).expect("an answer");
    let decoded = PartContent::Decoded(b"abc".to_vec());
    assert_eq!(part("2", Some("base64")), decoded);
    let encoded = PartContent::Encoded(b"YWJj".to_vec());
    assert_eq!(part("2", Some("base64")), encoded);
    assert_eq!(part("3", Some("7bit")), PartContent::Nothing);
    let refused = PartContent::Refused("NO [SERVERBUG] it is broken".to_owned());
    assert_eq!(part("4", Some("7bit")), refused);
    server.finish();
}

#[test]
fn a_server_without_previews_is_asked_for_first_bytes_instead() {
    let (server, mut session) = capable(
        "IMAP4rev1 PREVIEW",
        r#"
            C: UID FETCH 4 (UID PREVIEW)
            S: * 1 FETCH (UID 4 PREVIEW NIL)
            S: $ OK done
        "#,
    );
    let preview = Wanted::extra(Extra::Preview);
    let uids = [4, 7].into_iter().collect();
    let wanted = preview.and(Wanted::SIZE);
    // The second answer is known.
    for _ in 0..2 {
        let asked = session.previewed(wanted, &uids).expect("an answer");
        assert_eq!(asked, Wanted::HEAD.and(Wanted::SIZE));
    }
    assert_eq!(
        session.previewed(Wanted::SIZE, &uids).expect("nothing"),
        Wanted::SIZE
    );
    server.finish();
}
