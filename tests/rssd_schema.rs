//! The RSSD tables and views of sql/rssd, run by the stock sqlite3 shell.
//!
//! The extension itself is not loaded here: a database it made must open, and
//! its views must answer, wherever SQLite runs.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Everything of sql/rssd, tables before views.
fn schema() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sql/rssd");
    let mut scripts: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
        .collect();
    scripts.sort_by_key(|script| script.contains("CREATE VIEW"));
    assert_eq!(scripts.len(), 21);
    scripts.concat()
}

/// What the sqlite3 shell prints for `sql` on an empty database with foreign
/// keys enforced, or the error it stops at.
fn shell(sql: &str) -> Result<String, String> {
    let mut child = Command::new("sqlite3")
        .args(["-bail", "-batch", ":memory:"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the sqlite3 shell is installed");
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"PRAGMA foreign_keys=ON;\n").unwrap();
    input.write_all(sql.as_bytes()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    if output.status.success() {
        Ok(text(output.stdout))
    } else {
        Err(text(output.stderr))
    }
}

/// One message with its four resources, as the incumbent lays them out.
const ONE_MESSAGE: &str = r#"
INSERT INTO device (device_id, name, state, boundary) VALUES ('d', 'host', '"SINGLETON"', 'UNKNOWN');
INSERT INTO ur_ingest_session (ur_ingest_session_id, device_id, ingest_started_at, session_agent)
VALUES ('s', 'd', '2026-01-31T12:00:00Z', '{}');
INSERT INTO ur_ingest_session_imap_account (ur_ingest_session_imap_account_id, ingest_session_id, email, host)
VALUES ('a', 's', 'ada', 'imap.example.org');
INSERT INTO ur_ingest_session_imap_acct_folder
  (ur_ingest_session_imap_acct_folder_id, ingest_session_id, ingest_account_id, folder_name)
VALUES ('f', 's', 'a', 'INBOX');
INSERT INTO ur_ingest_session_imap_acct_folder_message
  (ur_ingest_session_imap_acct_folder_message_id, ingest_session_id, ingest_imap_acct_folder_id,
   message, message_id, subject, "from", cc, bcc, status, email_references)
VALUES ('m', 's', 'f', 'raw', 'x@y', 'Hello', 'ada@example.org', '[]', '[]', '["unread"]', '[]');
INSERT INTO uniform_resource
  (uniform_resource_id, device_id, ingest_session_id, ingest_session_imap_acct_folder_message,
   uri, content_digest, content, nature, size_bytes)
VALUES ('u1', 'd', 's', 'm', 'smtp://ada/x@y', '1', 'raw', 'text', 3),
       ('u2', 'd', 's', 'm', 'smtp://ada/x@y/json', '2',
        '{"parts":[{"body":{"Text":"hi"}},{"body":{"Html":"<p>hi"}}]}', 'json', 60),
       ('u3', 'd', 's', 'm', 'smtp://ada/x@y/txt', '3', 'hi', 'txt', 2),
       ('u4', 'd', 's', 'm', 'smtp://ada/x@y/html', '4', '<p>hi', 'html', 5);
INSERT INTO uniform_resource_edge (graph_name, nature, node_id, uniform_resource_id)
SELECT 'imap', 'message', 'm', uniform_resource_id FROM uniform_resource;
INSERT INTO ur_ingest_session_attachment
  (ur_ingest_session_attachment_id, uniform_resource_id, uri) VALUES ('t', 'u1', 'smtp://ada/x@y/a');
"#;

#[test]
fn views_show_one_message_with_its_content_and_resources() {
    let sql = format!(
        "{}{ONE_MESSAGE}PRAGMA foreign_key_check;
         SELECT uniform_resource_id, name, email, folder_name, content FROM uniform_resource_imap;
         SELECT base_id, ext_id, ext_uri, html_content FROM uniform_resource_imap_content;
         SELECT count(*), count(DISTINCT nature), min(message_id) FROM imap_graph;",
        schema()
    );
    assert_eq!(
        shell(&sql).unwrap(),
        "u1|imap|ada|INBOX|raw\nu1|u2|smtp://ada/x@y/json|<p>hi\n4|4|x@y\n"
    );
}

#[test]
fn the_schema_runs_twice_and_keeps_what_is_there() {
    let sql = format!(
        "{0}{ONE_MESSAGE}{0}SELECT count(*) FROM imap_graph;",
        schema()
    );
    assert_eq!(shell(&sql).unwrap(), "4\n");
}

#[test]
fn views_have_the_columns_that_readers_expect() {
    let sql = format!(
        "{}SELECT m.name, group_concat(c.name, ' ') FROM sqlite_schema AS m, pragma_table_info(m.name) AS c
          WHERE m.type = 'view' GROUP BY m.name ORDER BY m.name;",
        schema()
    );
    assert_eq!(
        shell(&sql).unwrap(),
        "imap_graph|graph_name uniform_resource_id nature uri content \
         ur_ingest_session_imap_acct_folder_message_id ingest_imap_acct_folder_id message_id\n\
         uniform_resource_imap|uniform_resource_id name ur_ingest_session_imap_account_id email host \
         subject from message date ur_ingest_session_imap_acct_folder_id ingest_account_id folder_name \
         size_bytes nature content\n\
         uniform_resource_imap_content|uniform_resource_id base_id ext_id base_uri ext_uri \
         base_nature ext_nature html_content\n"
    );
}

#[test]
fn tables_have_the_columns_of_the_newest_rssd_in_its_order() {
    let housekeeping =
        "created_at created_by updated_at updated_by deleted_at deleted_by activity_log";
    let expected = [
        (
            "behavior",
            "behavior_id device_id behavior_name behavior_conf_json assurance_schema_id governance",
            true,
        ),
        (
            "device",
            "device_id name state boundary segmentation state_sysinfo elaboration",
            true,
        ),
        (
            "uniform_resource",
            "uniform_resource_id device_id ingest_session_id ingest_fs_path_id \
          ingest_session_imap_acct_folder_message uri content_digest content nature size_bytes \
          last_modified_at content_fm_body_attrs frontmatter elaboration",
            true,
        ),
        (
            "uniform_resource_edge",
            "graph_name nature node_id uniform_resource_id elaboration",
            false,
        ),
        ("uniform_resource_graph", "name elaboration", false),
        (
            "uniform_resource_transform",
            "uniform_resource_transform_id uniform_resource_id uri \
          content_digest content nature size_bytes elaboration",
            true,
        ),
        (
            "ur_ingest_session",
            "ur_ingest_session_id device_id behavior_id behavior_json \
          ingest_started_at ingest_finished_at session_agent elaboration",
            true,
        ),
        (
            "ur_ingest_session_attachment",
            "ur_ingest_session_attachment_id uniform_resource_id name uri \
          content nature size checksum elaboration",
            true,
        ),
        (
            "ur_ingest_session_fs_path",
            "ur_ingest_session_fs_path_id ingest_session_id root_path elaboration",
            true,
        ),
        (
            "ur_ingest_session_imap_account",
            "ur_ingest_session_imap_account_id ingest_session_id email \
          password host elaboration",
            true,
        ),
        (
            "ur_ingest_session_imap_acct_folder",
            "ur_ingest_session_imap_acct_folder_id ingest_session_id \
          ingest_account_id folder_name include_senders exclude_senders elaboration",
            true,
        ),
        (
            "ur_ingest_session_imap_acct_folder_message",
            "ur_ingest_session_imap_acct_folder_message_id \
          ingest_session_id ingest_imap_acct_folder_id message message_id subject from cc bcc status date \
          email_references",
            true,
        ),
    ];
    let expected: String = expected
        .map(|(table, columns, keeps_house)| {
            let rest = if keeps_house {
                format!(" {housekeeping}")
            } else {
                String::new()
            };
            format!("{table}|{columns}{rest}\n")
        })
        .concat();
    let sql = format!(
        "{}SELECT m.name, group_concat(c.name, ' ') FROM sqlite_schema AS m, pragma_table_info(m.name) AS c
          WHERE m.type = 'table' AND m.name NOT LIKE 'imap_sync_%' GROUP BY m.name ORDER BY m.name;",
        schema()
    );
    assert_eq!(shell(&sql).unwrap(), expected);
}

#[test]
fn malformed_json_is_refused_by_the_constraint_of_its_column() {
    let refused = [
        (
            "INSERT INTO device (device_id, name, state, boundary) VALUES ('d', 'h', 'x', 'UNKNOWN');",
            "state_check_valid_json",
        ),
        (
            "INSERT INTO ur_ingest_session (ur_ingest_session_id, device_id, ingest_started_at,
               session_agent, behavior_json) VALUES ('s', 'd', '', '{}', '{');",
            "behavior_json_check_valid_json",
        ),
    ];
    for (insert, constraint) in refused {
        let error = shell(&format!("{}{insert}", schema())).unwrap_err();
        assert!(
            error.contains(&format!("CHECK constraint failed: {constraint}")),
            "{error}"
        );
    }
}
