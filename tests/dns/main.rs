//! `imap_dkim_keys` against a real DNS server with really signed mail, and
//! against servers that are silent, broken or not what they seem.

#[path = "../support/mod.rs"]
mod support;

mod hostile;

use serde_json::{Value, json};
use std::net::{SocketAddr, UdpSocket};
use std::process::Command;
use std::time::{Duration, Instant};
use support::library::host;
use support::nsd::Nsd;
use support::process::Running;
use support::python::{Outcome, Python};
use support::scratch::Scratch;
use support::shell::Shell;
use support::until::PATIENCE;

const ERROR: i64 = 1;
const CANTOPEN: i64 = 14;

/// Mail that dkimpy has signed, and a server with its keys.
struct Signed {
    folder: Scratch,
    server: Nsd,
}

impl Signed {
    fn new() -> Self {
        let folder = Scratch::new("signed");
        let mut sign = Command::new(host("dkim/bin/python"));
        sign.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/dns/sign.py"))
            .arg(folder.path());
        Running::start(&mut sign, b"").finish(PATIENCE).success();
        // A zone whose file is not there cannot be answered for.
        let zones = [
            ("signed.example", folder.join("zone")),
            ("broken.example", folder.join("no-such-zone")),
        ];
        let server = Nsd::start(&zones.each_ref().map(|(name, path)| (*name, path.as_path())));
        Self { folder, server }
    }

    /// The message signed by `selector`, as an SQL expression.
    fn file(&self, selector: &str) -> String {
        let path = self.folder.join(&format!("{selector}.eml"));
        format!("readfile('{}')", path.display())
    }

    fn keys(&self, selector: &str) -> Value {
        let file = self.file(selector);
        let rows = Shell::new().rows(&format!(
            "SELECT imap_dkim_keys({file}, '{}') AS keys;",
            dns(self.server.address)
        ));
        serde_json::from_str(rows[0]["keys"].as_str().unwrap()).unwrap()
    }

    /// What `mail_auth` makes of a message and the keys that the DNS has.
    fn auth(&self, selector: &str) -> Value {
        let file = self.file(selector);
        let rows = Shell::new().rows(&format!(
            "SELECT mail_auth({file}, imap_dkim_keys({file}, '{}')) AS auth;",
            dns(self.server.address)
        ));
        serde_json::from_str(rows[0]["auth"].as_str().unwrap()).unwrap()
    }

    #[track_caller]
    fn expect(&self, selector: &str, result: &str, reason: Option<&str>) {
        let auth = self.auth(selector);
        let told = [&auth["dkim"][0]["result"], &auth["dkim"][0]["reason"]];
        assert_eq!(told, [&json!(result), &json!(reason)], "{selector}");
    }
}

/// The options that name a server.
fn dns(address: SocketAddr) -> Value {
    json!({ "dns": address.to_string() })
}

/// A message with the signature of `s` in d.example.
fn signed_mail() -> &'static str {
    "'DKIM-Signature: v=1; a=rsa-sha256; d=d.example; s=s; h=From; bh=YQ==; b=YQ==' || char(10)"
}

/// What a lookup of that signature's key comes to, with these options.
fn look_up(options: &Value) -> Outcome {
    let mail = signed_mail();
    Python::new().one(&format!("SELECT imap_dkim_keys({mail}, '{options}')"))
}

fn rows(keys: &Value) -> Outcome {
    Outcome::Rows(vec![vec![json!(keys.to_string())]])
}

#[test]
fn signatures_pass_with_the_keys_that_the_dns_has() {
    let signed = Signed::new();
    for selector in ["rsa", "ed", "long", "several", "alias"] {
        signed.expect(selector, "pass", None);
    }
    // Longer than one datagram: it came over TCP.
    let long = signed.keys("long");
    let record = long["long._domainkey.signed.example"].as_str().unwrap();
    assert!(
        record.len() > 1232 && record.starts_with("v=DKIM1; n=xxx"),
        "{record}"
    );
    assert_eq!(signed.auth("arc")["arc"]["result"], "pass");
}

#[test]
fn what_the_dns_has_instead_of_a_key_is_told_and_is_no_error() {
    let signed = Signed::new();
    signed.expect(
        "wrong",
        "fail",
        Some("the signature is not over this header"),
    );
    signed.expect("revoked", "permerror", Some("the key is revoked"));
    signed.expect(
        "absent",
        "permerror",
        Some("there is no key 'absent._domainkey.signed.example'"),
    );
    assert_eq!(
        signed.keys("absent"),
        json!({"absent._domainkey.signed.example": null})
    );
    let server = signed.server.address;
    for (domain, code) in [
        ("broken.example", "SERVFAIL"),
        ("elsewhere.example", "REFUSED"),
    ] {
        let why = format!("{server} answered {code}");
        let name = format!("s._domainkey.{domain}");
        assert_eq!(signed.keys(domain), json!({&name: {"error": why}}));
        let reason = format!("the key '{name}' could not be found out: {why}");
        signed.expect(domain, "temperror", Some(&reason));
    }
}

#[test]
fn mail_without_signatures_asks_nobody() {
    let told = |raw: &str| Python::new().one(&format!("SELECT imap_dkim_keys({raw})"));
    assert_eq!(told("'Subject: x'"), rows(&json!({})));
    assert_eq!(told("NULL"), Outcome::Rows(vec![vec![Value::Null]]));
}

#[test]
fn a_silent_server_costs_its_time_and_tells_of_it() {
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let server = silent.local_addr().unwrap().to_string();
    assert_eq!(
        look_up(&json!({"dns": server, "timeout": 0.4})),
        rows(&json!({
            "s._domainkey.d.example": {"error": "no DNS server answered within 0.4 s"},
        }))
    );
    assert_eq!(
        look_up(&json!({"dns": server, "deadline": 0.4})),
        Outcome::Error(
            format!(
                "imap: {server} did not answer within 0.4 s \
                 (DNS lookup; deadline of the statement)"
            ),
            CANTOPEN
        )
    );
}

#[test]
fn the_time_is_for_all_names_of_a_message_together() {
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let server = silent.local_addr().unwrap();
    let signature =
        |n| format!("DKIM-Signature: v=1; a=rsa-sha256; d=d.example; s=s{n}; h=from; bh=; b=\r\n");
    let mail: String = (0..32).map(signature).collect();
    let sql = format!(
        "SELECT count(*), sum(value ->> 'error' LIKE 'no DNS server answered within %') AS silent
           FROM json_each(imap_dkim_keys('{mail}', '{{\"dns\": \"{server}\", \"timeout\": 4}}'));"
    );
    let started = Instant::now();
    assert_eq!(Shell::new().run(&sql).success(), "32|32\n");
    // At 4 s a name it would be two minutes.
    assert!(started.elapsed() < Duration::from_secs(60));
}

#[test]
fn an_interrupt_ends_the_wait() {
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let options = dns(silent.local_addr().unwrap());
    let running = Shell::new().start(&format!(
        "SELECT imap_dkim_keys({}, '{options}');",
        signed_mail()
    ));
    // The question has been asked.
    silent.recv(&mut [0; 512]).unwrap();
    running.interrupt();
}

#[test]
fn where_there_is_no_server_at_all_it_is_an_error() {
    let closed = UdpSocket::bind("127.0.0.1:0").unwrap();
    let server = closed.local_addr().unwrap();
    drop(closed);
    assert_eq!(
        look_up(&dns(server)),
        Outcome::Error(
            format!("imap: cannot reach a DNS server: {server}: connection refused"),
            CANTOPEN
        )
    );
}

#[test]
fn wrong_arguments_are_told_in_a_sentence() {
    for (options, message) in [
        (
            json!({"dns": "dns.example.org"}),
            "option dns must be an IP address such as 192.0.2.53, 192.0.2.53:5353 or \
             [2001:db8::53]:5353, not \"dns.example.org\"",
        ),
        (
            json!({"ca_file": "x"}),
            "unknown option 'ca_file' (known: deadline, dns, timeout)",
        ),
    ] {
        let expected = Outcome::Error(format!("imap: {message}"), ERROR);
        assert_eq!(look_up(&options), expected);
    }
}

#[test]
fn a_database_that_somebody_sent_cannot_look_anything_up() {
    let mail = signed_mail();
    let statements = [
        format!("CREATE VIEW v AS SELECT imap_dkim_keys({mail}) AS keys"),
        "SELECT keys FROM v".to_owned(),
        "CREATE TABLE t(raw, keys DEFAULT NULL)".to_owned(),
        "CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT imap_dkim_keys(new.raw); END".to_owned(),
        "INSERT INTO t(raw) VALUES ('x')".to_owned(),
        "CREATE TABLE g(raw, keys AS (imap_dkim_keys(raw)))".to_owned(),
        "CREATE INDEX i ON t(imap_dkim_keys(raw))".to_owned(),
    ];
    let empty: &[Value] = &[];
    let statements: Vec<_> = statements.iter().map(|sql| (sql.as_str(), empty)).collect();
    let outcomes = Python::new().run(&statements);
    let refused = |outcome: &Outcome| matches!(outcome, Outcome::Error(..));
    let unsafe_use = Outcome::Error("unsafe use of imap_dkim_keys()".to_owned(), ERROR);
    assert_eq!((&outcomes[1], &outcomes[4]), (&unsafe_use, &unsafe_use));
    assert!(
        refused(&outcomes[5]) && refused(&outcomes[6]),
        "{outcomes:?}"
    );
}
