//! `hpfeeds_publish` against the broker that everybody runs.

#[path = "../support/mod.rs"]
mod support;

use serde_json::{Value, json};
use std::net::TcpListener;
use std::thread;
use support::broker::{Broker, Mode};
use support::python::{Outcome, Python};
use support::shell::Shell;

const ERROR: i64 = 1;
const CANTOPEN: i64 = 14;
const TOOBIG: i64 = 18;
const AUTH: i64 = 23;

/// Publishes by five SQL expressions and options.
fn publish(broker: &str, secret: &str, channel: &str, payload: &str, options: &Value) -> Outcome {
    let options = options.to_string().replace('\'', "''");
    Python::new().one(&format!(
        "SELECT hpfeeds_publish('{broker}', 'writer', '{secret}', '{channel}', {payload}, '{options}')"
    ))
}

fn plain(broker: &Broker) -> String {
    format!("hpfeeds+insecure://127.0.0.1:{}", broker.port)
}

#[track_caller]
fn expect_receipt(outcome: Outcome, broker: &str, bytes: usize) {
    let Outcome::Rows(rows) = outcome else {
        panic!("{outcome:?}")
    };
    let receipt: Value = serde_json::from_str(rows[0][0].as_str().unwrap()).unwrap();
    let expected = json!({
        "broker": broker, "name": "testbroker", "channel": "spam.mails", "bytes": bytes,
    });
    assert_eq!(receipt, expected);
}

#[test]
fn subscribers_get_what_was_published_to_the_last_byte_that_fits() {
    let broker = Broker::plain();
    let subscriber = broker.subscribe(3);
    let address = plain(&broker);
    let payloads = ["'h\u{e9}llo'", "x'00ff'", "zeroblob(1048558)"];
    for (payload, bytes) in payloads.into_iter().zip([6, 2, 1_048_558]) {
        let outcome = publish(&address, "wsecret", "spam.mails", payload, &json!({}));
        expect_receipt(outcome, &address, bytes);
    }
    let messages = subscriber.messages();
    assert_eq!(messages[0]["ident"], "writer");
    assert_eq!(messages[0]["payload"], "h\u{e9}llo");
    assert_eq!(messages[1]["bytes"], 2);
    assert_eq!(messages[2]["bytes"], 1_048_558);
}

#[test]
fn over_tls_too_where_the_broker_ends_it_properly() {
    let broker = Broker::tls(Mode::Sound);
    let address = format!("hpfeeds://localhost:{}", broker.port);
    let options = json!({"ca_file": broker.ca_file()});
    for (payload, bytes) in [("'hi'", 2), ("zeroblob(1048558)", 1_048_558)] {
        let outcome = publish(&address, "wsecret", "spam.mails", payload, &options);
        expect_receipt(outcome, &address, bytes);
    }
    assert_eq!(
        publish(&address, "wrong", "spam.mails", "'hi'", &options),
        Outcome::Error(
            format!(
                "imap: login refused at localhost:{}: Authentication failed for writer",
                broker.port
            ),
            AUTH
        )
    );
}

#[test]
fn a_broker_that_breaks_down_confirms_nothing() {
    let broker = Broker::tls(Mode::Crashing);
    let address = format!("hpfeeds://localhost:{}", broker.port);
    let options = json!({"ca_file": broker.ca_file()});
    let outcome = publish(&address, "wsecret", "spam.mails", "'hi'", &options);
    // A process that dies may leave a reset behind instead of an end.
    let port = broker.port;
    let expected = [
        format!("imap: localhost:{port} closed the connection without ending TLS (confirmation)"),
        format!(
            "imap: connection to localhost:{port} failed (confirmation): connection reset by peer"
        ),
    ];
    let told = expected.map(|message| Outcome::Error(message, CANTOPEN));
    assert!(told.contains(&outcome), "{outcome:?}");
}

#[test]
fn refusals_come_in_the_brokers_words() {
    let broker = Broker::plain();
    let address = plain(&broker);
    let peer = format!("127.0.0.1:{}", broker.port);
    let told = |secret, channel, payload| publish(&address, secret, channel, payload, &json!({}));
    assert_eq!(
        told("wrong", "spam.mails", "'hi'"),
        Outcome::Error(
            format!("imap: login refused at {peer}: Authentication failed for writer"),
            AUTH
        )
    );
    assert_eq!(
        told("wsecret", "other", "'hi'"),
        Outcome::Error(
            format!(
                "imap: cannot publish to 'other' at {peer}: \
                 Authkey not allowed to pub here. ident=writer, chan=other"
            ),
            ERROR
        )
    );
    assert_eq!(
        told("wsecret", "spam.mails", "zeroblob(1048559)"),
        Outcome::Error(
            "imap: cannot publish to 'spam.mails': the payload has 1048559 bytes, \
             and hpfeeds carries 1048558"
                .to_owned(),
            TOOBIG
        )
    );
}

#[test]
fn wrong_arguments_are_told_before_anything_is_sent() {
    let fails = |arguments: &str, message: &str| {
        let sql = format!("SELECT hpfeeds_publish({arguments})");
        let expected = Outcome::Error(format!("imap: {message}"), ERROR);
        assert_eq!(Python::new().one(&sql), expected, "{arguments}");
    };
    let usage = "call hpfeeds_publish(broker, ident, secret, channel, payload), or set \
                 HPFEEDS_BROKER, HPFEEDS_IDENT and HPFEEDS_SECRET and give NULL for the first three";
    for (arguments, what) in [
        (
            "NULL, NULL, NULL, 'c', 'x'",
            "a broker, an ident and a secret",
        ),
        ("'h', 'i', 's', NULL, 'x'", "a channel"),
        ("'h', 'i', 's', 'c', NULL", "a payload"),
    ] {
        fails(arguments, &format!("hpfeeds_publish needs {what}; {usage}"));
    }
    fails(
        "'h', 'i', 's', '', 'x'",
        "channel '' has 0 bytes; hpfeeds takes 1 to 255",
    );
    fails(
        "'h', 'i', 's', 'c', 'x', '{\"max_size\": 1}'",
        "unknown option 'max_size' (known: ca_file, deadline, timeout)",
    );
}

#[test]
fn what_is_no_broker_and_what_is_silent_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let peer = listener.local_addr().unwrap().to_string();
    let address = format!("hpfeeds+insecure://{peer}");
    let greet = thread::spawn(move || {
        let (mut first, _) = listener.accept().unwrap();
        std::io::Write::write_all(&mut first, b"* OK IMAP4rev1 ready\r\n").unwrap();
        let (mut silent, _) = listener.accept().unwrap();
        // Until it hangs up.
        let _ = std::io::copy(&mut silent, &mut std::io::sink());
    });
    let told = |options| publish(&address, "s", "c", "'x'", &options);
    assert_eq!(
        told(json!({})),
        Outcome::Error(
            format!(
                "imap: {peer} does not speak hpfeeds as expected: \
                 its first bytes are no hpfeeds frame"
            ),
            ERROR
        )
    );
    assert_eq!(
        told(json!({"timeout": 0.3})),
        Outcome::Error(
            format!("imap: {peer} did not answer within 0.3 s (greeting)"),
            CANTOPEN
        )
    );
    greet.join().unwrap();
}

#[test]
fn an_interrupt_ends_the_wait() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let running = Shell::new().start(&format!(
        "SELECT hpfeeds_publish('hpfeeds+insecure://{address}', 'i', 's', 'c', 'x');"
    ));
    let silent = listener.accept().unwrap();
    running.interrupt();
    drop(silent);
}

#[test]
fn views_and_triggers_cannot_publish() {
    let outcomes = Python::new().run(&[
        (
            "CREATE VIEW v AS SELECT hpfeeds_publish('h', 'i', 's', 'c', 'x')",
            &[],
        ),
        ("SELECT * FROM v", &[]),
    ]);
    let told = "unsafe use of hpfeeds_publish()".to_owned();
    assert_eq!(outcomes[1], Outcome::Error(told, ERROR));
}
