//! Exchange's ways: few extensions, BAD to what it does not know and to lines
//! of more than 4 KB, and UIDs that SEARCH finds and FETCH does not give.

use serde_json::json;

use crate::persona::{common, existing, fetch, play};

const CAPABILITIES: &str = "IMAP4 IMAP4rev1 AUTH=XOAUTH2 SASL-IR UIDPLUS MOVE ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+";

fn answer(command: &str) -> String {
    if command.len() > 4_000 {
        return "$ BAD Command Error. 12".to_owned();
    }
    // The second message is there for SEARCH only.
    let fetched = || fetch(command, |uid| uid != 20, |_, _| None);
    if let Some(answer) = common(command, CAPABILITIES).or_else(fetched) {
        return answer;
    }
    if let Some(keys) = command.strip_prefix("UID SEARCH ") {
        let uids = match keys.strip_prefix("UID ") {
            Some(set) if !set.contains(' ') => existing(set),
            None if keys == "ALL" || keys == "SEEN" => existing("1:*"),
            _ => return "$ BAD Command Argument Error. 11".to_owned(),
        };
        let uids: Vec<String> = uids.iter().map(u32::to_string).collect();
        return format!("* SEARCH {}\n$ OK done", uids.join(" "));
    }
    match command {
        r#"LIST "" "*""# => "* LIST (\\HasNoChildren) \"/\" INBOX\n\
                             * LIST (\\HasNoChildren) \"/\" \"Gel&APY-scht\"\n\
                             * LIST (\\HasNoChildren) \"/\" Broken\n$ OK done"
            .to_owned(),
        r#"STATUS "INBOX" (MESSAGES UNSEEN)"# => {
            "* STATUS INBOX (MESSAGES 3 UNSEEN 1)\n$ OK done".to_owned()
        }
        "STATUS \"Gel&APY-scht\" (MESSAGES UNSEEN)" => {
            "* STATUS \"Gel&APY-scht\" (MESSAGES 0 UNSEEN 0)\n$ OK done".to_owned()
        }
        "STATUS \"Broken\" (MESSAGES UNSEEN)" => "$ NO Mailbox does not exist".to_owned(),
        _ => "$ BAD Command Error. 12".to_owned(),
    }
}

#[test]
fn a_message_that_is_found_and_not_given_is_no_row() {
    let (rows, _) = play(answer, "SELECT uid, subject FROM imap_messages();");
    assert_eq!(
        rows,
        [
            json!({"uid": 10, "subject": "Invoice 7"}),
            json!({"uid": 4_000_000_000_u32, "subject": "grüße"})
        ]
    );
}

#[test]
fn what_it_does_not_have_is_not_asked_for() {
    let sql = "SELECT modseq, gm_labels, email_id, thread_id, seen FROM imap_messages();";
    let (rows, heard) = play(answer, sql);
    assert_eq!(
        rows[0],
        json!({"modseq": null, "gm_labels": null, "email_id": null, "thread_id": null, "seen": 1})
    );
    let is_asked = |word: &&str| heard.iter().any(|line| line.contains(word));
    assert!(
        !["MODSEQ", "X-GM", "EMAILID", "RETURN"].iter().any(is_asked),
        "{heard:?}"
    );
}

#[test]
fn long_lists_of_uids_are_cut_to_lines_it_takes() {
    let sql = "SELECT uid, subject FROM imap_messages() WHERE uid IN (
                 WITH RECURSIVE t(i) AS (SELECT 4000000000 UNION ALL SELECT i - 2 FROM t LIMIT 5000)
                 SELECT i FROM t);";
    let (rows, heard) = play(answer, sql);
    assert_eq!(
        rows,
        [json!({"uid": 4_000_000_000_u32, "subject": "grüße"})]
    );
    assert!(heard.iter().all(|line| line.len() <= 4_000));
}

#[test]
fn conditions_it_refuses_are_evaluated_here() {
    let sql = "SELECT uid FROM imap_messages() WHERE subject LIKE '%voice%' AND flagged = 0;";
    let (rows, _) = play(answer, sql);
    assert_eq!(rows, [json!({"uid": 10})]);
}

#[test]
fn folders_are_asked_one_by_one_and_a_broken_one_has_no_counts() {
    let (rows, heard) = play(answer, "SELECT name, messages, unseen FROM imap_folders();");
    let row = |name: &str, messages: Option<u32>, unseen: Option<u32>| json!({"name": name, "messages": messages, "unseen": unseen});
    assert_eq!(
        rows,
        [
            row("Broken", None, None),
            row("Gelöscht", Some(0), Some(0)),
            row("INBOX", Some(3), Some(1)),
        ]
    );
    assert!(
        !heard.iter().any(|line| line.contains("RETURN")),
        "{heard:?}"
    );
}
