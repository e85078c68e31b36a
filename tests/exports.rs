//! Where mail goes from RSSD: the recipes and scripts that deliver it, against
//! what stands in for the other side.

mod rssd;
mod support;

use rssd::Rssd;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use support::broker::Broker;
use support::dovecot::Dovecot;
use support::http::Http;
use support::library::library;
use support::mail::Mail;
use support::process::{Finished, Running};
use support::python::{Outcome, Python};
use support::shell::Shell;
use support::until::PATIENCE;
use support::user::User;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn ingested<'a>(name: &str, mails: &[Mail]) -> (User<'a>, Rssd) {
    let user = Dovecot::shared().user(name);
    user.append("INBOX", mails);
    let rssd = Rssd::of(&user);
    rssd.ingest("INBOX", "{}");
    (user, rssd)
}

/// Publishes what is new, as the recipe's head says, in a folder of its own.
fn publish(rssd: &Rssd, broker: &str, secret: &str) -> Finished {
    let shell = Shell::new()
        .database(&rssd.path())
        .env("HPFEEDS_BROKER", broker)
        .env("HPFEEDS_IDENT", "writer")
        .env("HPFEEDS_SECRET", secret);
    shell.run(&format!(
        ".cd '{ROOT}'\n.read sql/recipes/hpfeeds_new_mail.sql"
    ))
}

#[test]
fn new_mail_is_published_once_and_marked_when_confirmed() {
    let (user, rssd) = ingested("publish", &Mail::many(2));
    let broker = Broker::plain();
    let address = format!("hpfeeds+insecure://127.0.0.1:{}", broker.port);
    let nowhere = publish(&rssd, "hpfeeds+insecure://127.0.0.1:1", "wsecret");
    assert!(
        nowhere.stderr.contains("connection refused"),
        "{}",
        nowhere.stderr
    );
    let refused = publish(&rssd, &address, "wrong");
    assert!(
        refused.stderr.contains("Authentication failed"),
        "{}",
        refused.stderr
    );
    assert_eq!(rssd.ask("SELECT count(*) FROM email_delivery"), "0");

    let subscriber = broker.subscribe(3);
    assert_eq!(publish(&rssd, &address, "wsecret").success(), "2|0\n");
    assert_eq!(publish(&rssd, &address, "wsecret").success(), "0|0\n");
    let large = format!("Subject: large\r\n\r\n{}", "x".repeat(1 << 20));
    user.append("INBOX", &[Mail::raw(large), Mail::numbered(3)]);
    rssd.ingest("INBOX", "{}");
    assert_eq!(publish(&rssd, &address, "wsecret").success(), "1|1\n");

    let raw = |number| String::from_utf8(Mail::numbered(number).raw).unwrap();
    let mut sent: Vec<String> = subscriber
        .messages()
        .iter()
        .map(|message| serde_json::from_str(message["payload"].as_str().unwrap()).unwrap())
        .map(|payload: Value| payload["msg"].as_str().unwrap().to_owned())
        .collect();
    sent.sort();
    assert_eq!(sent, [raw(1), raw(2), raw(3)]);
    assert_eq!(
        rssd.ask("SELECT DISTINCT target FROM email_delivery"),
        "hpfeeds:spam.mails"
    );
}

fn deliver(rssd: &Rssd, target: &str, environment: &[(&str, &str)]) -> Finished {
    let mut script = Command::new(Path::new(ROOT).join("examples/deliver/deliver.sh"));
    script.arg(target).arg(rssd.path()).arg(library());
    script.envs(environment.iter().copied());
    Running::start(&mut script, b"").finish(PATIENCE)
}

#[test]
fn limacharlie_gets_each_event_once() {
    let (_, rssd) = ingested("limacharlie", &Mail::many(3));
    let hook = Http::start(|number, _| match number {
        2 => (503, "later".to_owned()),
        _ => (200, "{}".to_owned()),
    });
    let url = format!("{}/OID/mail", hook.url);
    let environment = [
        ("LIMACHARLIE_WEBHOOK", url.as_str()),
        ("LIMACHARLIE_SECRET", "hush"),
    ];
    let failed = deliver(&rssd, "limacharlie", &environment);
    assert_eq!(failed.status.code(), Some(1));
    assert!(
        failed
            .stderr
            .contains("deliver: limacharlie did not take it: later"),
        "{}",
        failed.stderr
    );
    let marked = "SELECT count(*) FROM email_delivery WHERE target = 'limacharlie'";
    assert_eq!(rssd.ask(marked), "2");
    assert_eq!(
        deliver(&rssd, "limacharlie", &environment).success(),
        "1 delivered\n"
    );
    assert_eq!(
        deliver(&rssd, "limacharlie", &environment).success(),
        "0 delivered\n"
    );
    let requests = hook.requests();
    assert_eq!(requests.len(), 4);
    for request in requests {
        assert_eq!(request.path, "/OID/mail");
        assert!(request.headers.contains(&"lc-secret: hush".to_owned()));
        assert!(
            request.body["headers"]["subject"][0]
                .as_str()
                .unwrap()
                .starts_with("message ")
        );
        assert!(request.body["parts"][0]["hashes"]["sha256"].is_string());
    }
}

#[test]
fn opencti_gets_each_bundle_once_and_is_heard_where_it_says_no() {
    let (_, rssd) = ingested("opencti", &Mail::many(2));
    let platform = Http::start(|number, request| {
        let query = request.body["query"].as_str().unwrap();
        let answer = if query.contains("registerConnector") {
            json!({"data": {"registerConnector": {"id": "x"}}})
        } else if number == 2 {
            json!({"errors": [{"message": "not today"}], "data": {"stixBundlePush": null}})
        } else {
            json!({"data": {"stixBundlePush": true}})
        };
        (200, answer.to_string())
    });
    let environment = [
        ("OPENCTI_URL", platform.url.as_str()),
        ("OPENCTI_TOKEN", "hush"),
    ];
    let failed = deliver(&rssd, "opencti", &environment);
    assert_eq!(failed.status.code(), Some(1));
    assert!(failed.stderr.contains("not today"), "{}", failed.stderr);
    assert_eq!(
        deliver(&rssd, "opencti", &environment).success(),
        "1 delivered\n"
    );
    let requests = platform.requests();
    assert!(requests.iter().all(|request| {
        request.path == "/graphql"
            && request
                .headers
                .contains(&"authorization: Bearer hush".to_owned())
    }));
    let connector = "email-intel-imap--ee2beb6c-4e99-47e6-ab5b-f3eea350f601";
    assert_eq!(requests[0].body["variables"]["input"]["id"], connector);
    assert_eq!(requests[1].body["variables"]["id"], connector);
    let bundle = requests[1].body["variables"]["bundle"].as_str().unwrap();
    let bundle: Value = serde_json::from_str(bundle).unwrap();
    assert_eq!(bundle["objects"][0]["type"], "report");
}

#[test]
fn wrong_options_are_told_in_one_sentence() {
    for (call, message) in [
        (
            r#"mail_event('x', '{"include": true}')"#,
            "unknown option 'include' (known: include_attachments, max_body_size)",
        ),
        (
            r#"mail_event('x', '{"max_body_size": -1}')"#,
            "option max_body_size must be a whole number of bytes, 0 or more, not -1",
        ),
        (
            r#"mail_event('x', '{"include_attachments": "yes"}')"#,
            "option include_attachments must be true or false, not \"yes\"",
        ),
        (
            r#"mail_report('x', '{"tlp": "red"}')"#,
            "unknown option 'tlp' (known: attachments_mime_types, author, identity, mode, now, \
             received, tlp_level)",
        ),
        (
            r#"mail_report('x', '{"tlp_level": "pink"}')"#,
            "option tlp_level must be amber, amber+strict, clear, green, red or white, \
             not \"pink\"",
        ),
        (
            r#"mail_report('x', '{"mode": "misp"}')"#,
            "option mode must be opencti or stix, not \"misp\"",
        ),
        (
            r#"mail_report('x', '{"identity": 1}')"#,
            "option identity must be name or sha256, not 1",
        ),
        (
            r#"mail_report('x', '{"attachments_mime_types": [1]}')"#,
            "option attachments_mime_types must be a text such as \"a\" or an array such as \
             [\"a\", \"b\"], not [1]",
        ),
        (
            r#"mail_report('x', '{"now": "today"}')"#,
            "option now must be a time such as \"2026-01-31T12:00:00Z\", not \"today\"",
        ),
        (
            "mail_report('x', '[]')",
            "options must be a JSON object, such as '{\"mode\": \"stix\"}': \
             invalid type: sequence, expected a map at line 1 column 0",
        ),
    ] {
        assert_eq!(
            Python::new().one(&format!("SELECT {call}")),
            Outcome::Error(format!("mail: {message}"), 1),
            "{call}"
        );
    }
}

#[test]
fn options_of_reports_are_heard() {
    let raw = "From: a@b.test\nSubject: x\nContent-Type: text/csv\n\
               Content-Disposition: attachment; filename=a.csv\n\n1,2";
    let ask = |options: Value, path: &str| {
        let call = format!("mail_report('{raw}', '{options}')");
        let rows = Shell::new().rows(&format!("SELECT json_extract({call}, '{path}') AS v;"));
        rows[0]["v"].clone()
    };
    let report = |options, key: &str| ask(options, &format!("$.objects[0].{key}"));
    let files = "x_opencti_files[0].name";
    assert_eq!(report(json!({}), files), "a.csv");
    assert_eq!(
        report(
            json!({"attachments_mime_types": "text/html, TEXT/csv"}),
            files
        ),
        "a.csv"
    );
    assert_eq!(
        report(
            json!({"attachments_mime_types": ["application/pdf"]}),
            files
        ),
        Value::Null
    );
    let time = "2026-01-31T12:00:00Z";
    assert_eq!(report(json!({"received": time}), "published"), time);
    assert_eq!(
        report(json!({"now": time}), "modified"),
        "2026-01-31T12:00:00.000Z"
    );
    for (level, marking) in [
        ("clear", "613f2e26-407d-48c7-9eca-b8e91df99dc9"),
        ("white", "613f2e26-407d-48c7-9eca-b8e91df99dc9"),
        ("green", "34098fce-860f-48ae-8e50-ebd3cc5e41da"),
        ("amber", "f88d31f6-486f-44da-b317-01333bde0b82"),
        ("amber+strict", "826578e1-40ad-459f-bc73-ede076f81f37"),
        ("red", "5e57c739-391a-4eb3-b6be-7d15ca92d5ed"),
    ] {
        let marked = report(json!({"tlp_level": level}), "object_marking_refs[0]");
        assert_eq!(marked, format!("marking-definition--{marking}"));
    }
    let author = ask(
        json!({"author": "Traps", "mode": "opencti"}),
        "$.objects[1].name",
    );
    assert_eq!(author, "Traps");
}

#[test]
fn null_is_no_message_and_the_offline_library_makes_exports_too() {
    let calls =
        "mail_event(NULL) IS NULL AND mail_feed(NULL) IS NULL AND mail_report(NULL) IS NULL";
    let rows = Shell::new().rows(&format!("SELECT {calls} AS none;"));
    assert_eq!(rows[0]["none"], 1);
    let library = library().display().to_string();
    let offline = Command::new("sqlite3")
        .args(["-batch", ":memory:"])
        .arg(format!(".load '{library}' sqlite3_imapoffline_init"))
        .arg("SELECT mail_feed('x') ->> 'msg', count(*) FROM pragma_function_list WHERE name GLOB 'hpfeeds*'")
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&offline.stdout), "x|0\n");
}
