//! Gmail's ways: X-GM-EXT-1, no LITERAL+, CONDSTORE, ESEARCH, and a SEARCH that
//! finds whole words only.

use serde_json::json;

use crate::persona::{MESSAGES, common, existing, fetch, play};

const CAPABILITIES: &str = "IMAP4rev1 UNSELECT IDLE NAMESPACE QUOTA ID XLIST CHILDREN X-GM-EXT-1 \
    UIDPLUS COMPRESS=DEFLATE ENABLE MOVE CONDSTORE ESEARCH UTF8=ACCEPT LIST-EXTENDED LIST-STATUS \
    LITERAL- SPECIAL-USE APPENDLIMIT=35651584";

fn answer(command: &str) -> String {
    if let Some(answer) = common(command, CAPABILITIES).or_else(|| fetch(command, |_| true, item)) {
        return answer;
    }
    if let Some(keys) = command.strip_prefix("UID SEARCH RETURN (ALL) ") {
        return format!("* ESEARCH (TAG \"x\") UID{}\n$ OK done", found(keys));
    }
    if command.starts_with("LIST ") {
        return "* LIST (\\HasNoChildren) \"/\" \"INBOX\"\n\
                * STATUS \"INBOX\" (MESSAGES 3)\n\
                * LIST (\\HasChildren \\Noselect) \"/\" \"[Gmail]\"\n\
                * LIST (\\All \\HasNoChildren) \"/\" \"[Gmail]/All Mail\"\n\
                * STATUS \"[Gmail]/All Mail\" (MESSAGES 30)\n$ OK Success"
            .to_owned();
    }
    "$ BAD Could not parse command".to_owned()
}

/// UIDs as ESEARCH has them: a text key finds whole words, others all.
fn found(keys: &str) -> String {
    let uids: Vec<String> = match keys.strip_prefix("UID ") {
        Some(set) => existing(set.split(' ').next().unwrap_or(set)),
        None if keys.contains("SUBJECT") => vec![],
        None => MESSAGES.into_iter().map(|(uid, _)| uid).collect(),
    }
    .into_iter()
    .map(|uid| uid.to_string())
    .collect();
    if uids.is_empty() {
        String::new()
    } else {
        format!(" ALL {}", uids.join(","))
    }
}

fn item(position: usize, name: &str) -> Option<String> {
    Some(match name {
        "MODSEQ" => format!("MODSEQ ({})", 100 + position),
        "X-GM-MSGID" => format!(
            "X-GM-MSGID {}",
            1_278_455_344_230_334_865_u64 + position as u64
        ),
        "X-GM-THRID" => "X-GM-THRID 18446744073709551615".to_owned(),
        "X-GM-LABELS" => "X-GM-LABELS (\"\\\\Inbox\" \\Sent \"Muy &AOk-\")".to_owned(),
        _ => return None,
    })
}

#[test]
fn gmails_ids_and_labels_are_columns() {
    let sql = "SELECT uid, modseq, gm_msgid, gm_thrid, gm_labels, email_id, preview IS NULL AS p
                 FROM imap_messages();";
    let (rows, heard) = play(answer, sql);
    assert_eq!(
        rows[0],
        json!({"uid": 10, "modseq": 100, "gm_msgid": 1_278_455_344_230_334_865_i64,
               "gm_thrid": "18446744073709551615",
               "gm_labels": "[\"\\\\Inbox\",\"\\\\Sent\",\"Muy é\"]", "email_id": null, "p": 1})
    );
    assert_eq!(rows[2]["uid"], 4_000_000_000_u32);
    assert!(
        heard.iter().any(|line| line
            .contains("(UID MODSEQ BODY.PEEK[]<0.32768> X-GM-LABELS X-GM-MSGID X-GM-THRID)")),
        "{heard:?}"
    );
}

#[test]
fn parts_of_words_are_found_although_gmail_does_not_find_them() {
    let sql = "SELECT uid FROM imap_messages() WHERE subject LIKE '%voice%';";
    let (rows, heard) = play(answer, sql);
    assert_eq!(rows, [json!({"uid": 10}), json!({"uid": 20})]);
    assert!(heard.iter().all(|line| line.len() < 4_000));
}

#[test]
fn all_mail_is_told_by_its_use_and_the_level_above_it_has_no_counts() {
    let sql = "SELECT name, special_use, messages FROM imap_folders();";
    let (rows, heard) = play(answer, sql);
    let row = |name: &str, special: Option<&str>, messages: Option<u32>| json!({"name": name, "special_use": special, "messages": messages});
    assert_eq!(
        rows,
        [
            row("INBOX", None, Some(3)),
            row("[Gmail]", None, None),
            row("[Gmail]/All Mail", Some("\\All"), Some(30)),
        ]
    );
    let list = r#"LIST "" "*" RETURN (CHILDREN SPECIAL-USE STATUS (MESSAGES))"#;
    assert!(heard.iter().any(|line| line == list), "{heard:?}");
    assert!(
        !heard.iter().any(|line| line.starts_with("STATUS")),
        "{heard:?}"
    );
}
