//! `imap_folders`: the tree, the counts, and what is asked for them.

use serde_json::{Value, json};

use crate::support::dovecot::Dovecot;
use crate::support::mail::Mail;

#[test]
fn every_folder_is_a_row_by_name_with_its_counts() {
    let user = Dovecot::shared().user("folders");
    user.create("Entwürfe/a b");
    user.append(
        "INBOX",
        &[Mail::numbered(1).flags("\\Seen"), Mail::numbered(2)],
    );
    let rows = user.shell().rows(
        "SELECT name, delimiter, special_use, messages, unseen, uidnext, uidvalidity > 0 AS valid,
                highestmodseq > 0 AS counted, size
           FROM imap_folders();",
    );
    let empty = |name: &str, special: Value| {
        json!({"name": name, "delimiter": "/", "special_use": special, "messages": 0, "unseen": 0,
               "uidnext": 1, "valid": 1, "counted": 1, "size": 0})
    };
    let size = Mail::numbered(1).raw.len() + Mail::numbered(2).raw.len();
    assert_eq!(
        rows,
        [
            json!({"name": "Entwürfe", "delimiter": "/", "special_use": null, "messages": null,
                   "unseen": null, "uidnext": null, "valid": null, "counted": null, "size": null}),
            empty("Entwürfe/a b", Value::Null),
            json!({"name": "INBOX", "delimiter": "/", "special_use": null, "messages": 2,
                   "unseen": 1, "uidnext": 3, "valid": 1, "counted": 1, "size": size}),
            empty("Sent", json!("\\Sent")),
        ]
    );
}

#[test]
fn a_pattern_chooses_and_attributes_are_json() {
    let user = Dovecot::shared().user("folders-pattern");
    user.create("Archive/2026");
    let rows = user.shell().rows(
        "SELECT name, attributes FROM imap_folders(NULL, NULL, 'Arch%')
         UNION ALL SELECT name, '' FROM imap_folders(NULL, NULL, 'nothing*')
         UNION ALL SELECT name, '' FROM imap_folders WHERE pattern = 'Archive/*';",
    );
    assert_eq!(
        (&rows[0]["name"], &rows[1]["name"]),
        (&json!("Archive"), &json!("Archive/2026"))
    );
    assert_eq!(rows.len(), 2);
    let attributes: Vec<String> =
        serde_json::from_str(rows[0]["attributes"].as_str().unwrap()).unwrap();
    assert!(
        attributes.contains(&"\\HasChildren".to_owned()),
        "{attributes:?}"
    );
}

#[test]
fn no_more_is_asked_than_the_columns_need() {
    let user = Dovecot::shared().user("folders-asked");
    user.record();
    user.shell().run(
        "SELECT name FROM imap_folders();
         SELECT messages FROM imap_folders();
         SELECT size, unseen FROM imap_folders(NULL, NULL, 'INBOX');
         SELECT count(*) FROM imap_folders();",
    );
    let asked: Vec<String> = user
        .commands()
        .into_iter()
        .filter_map(|line| line.split_once(' ').map(|(_, command)| command.to_owned()))
        .filter(|command| command.starts_with("LIST") || command.starts_with("STATUS"))
        .collect();
    assert_eq!(
        asked,
        [
            r#"LIST "" "*" RETURN (CHILDREN SPECIAL-USE)"#,
            r#"LIST "" "*" RETURN (CHILDREN SPECIAL-USE STATUS (MESSAGES))"#,
            r#"LIST "" "INBOX" RETURN (CHILDREN SPECIAL-USE STATUS (UNSEEN SIZE))"#,
            r#"LIST "" "*" RETURN (CHILDREN SPECIAL-USE)"#,
        ]
    );
}

#[test]
fn without_list_status_each_folder_is_asked_when_its_row_is_reached() {
    let server = Dovecot::start(&["imap_capability = IMAP4rev1"]);
    let user = server.user("folders-plain");
    user.create("Old");
    user.record();
    let rows = user
        .shell()
        .rows("SELECT name, messages, highestmodseq, size FROM imap_folders() LIMIT 2;");
    let row =
        |name: &str| json!({"name": name, "messages": 0, "highestmodseq": null, "size": null});
    assert_eq!(rows, [row("INBOX"), row("Old")]);
    let asked = user.commands().join("\n");
    assert!(
        asked.contains(r#"LIST "" "*""#) && !asked.contains("RETURN"),
        "{asked}"
    );
    assert!(asked.contains(r#"STATUS "Old" (MESSAGES)"#), "{asked}");
    assert!(!asked.contains(r#"STATUS "Sent""#), "{asked}");
}

#[test]
fn the_same_argument_twice_and_or_are_what_sql_says() {
    let user = Dovecot::shared().user("folders-or");
    let rows = user.shell().rows(
        "SELECT name FROM imap_folders WHERE pattern = 'INBOX' OR pattern = 'S%'
         UNION ALL SELECT count(*) FROM imap_folders(NULL, NULL, 'INBOX') WHERE pattern = 'Sent';",
    );
    let names: Vec<_> = rows.iter().map(|row| row["name"].clone()).collect();
    assert_eq!(names, [json!("INBOX"), json!("Sent"), json!(0)]);
}
