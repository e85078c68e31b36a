//! DNS servers that a test plays itself.

use super::{dns, look_up, rows, signed_mail};
use crate::support::port::free_port;
use crate::support::python::{Outcome, Python};
use crate::support::skipped::skipped;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

const NAME: &str = "s._domainkey.d.example";

/// Where the question ends in what is asked for that name: behind the header,
/// the name, type and class.
const QUESTION_END: usize = 12 + NAME.len() + 2 + 4;

/// A server that answers each question with these datagrams; it ends with the
/// test's process.
fn serve(answers: impl Fn(&[u8]) -> Vec<Vec<u8>> + Send + 'static) -> SocketAddr {
    // One whose number nobody has over TCP either.
    serve_on(
        UdpSocket::bind(("127.0.0.1", free_port())).unwrap(),
        answers,
    )
}

fn serve_on(
    socket: UdpSocket,
    answers: impl Fn(&[u8]) -> Vec<Vec<u8>> + Send + 'static,
) -> SocketAddr {
    let address = socket.local_addr().unwrap();
    thread::spawn(move || {
        let mut bytes = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut bytes) {
            for answer in answers(&bytes[..length]) {
                // Whoever asked may be gone.
                let _ = socket.send_to(&answer, from);
            }
        }
    });
    address
}

/// The answer to `asked` with one TXT record of one string.
fn answer(asked: &[u8], flags: [u8; 2], text: &str) -> Vec<u8> {
    let head = [
        asked[0], asked[1], flags[0], flags[1], 0, 1, 0, 1, 0, 0, 0, 0,
    ];
    let length = u8::try_from(text.len()).unwrap();
    let record = [0xc0, 12, 0, 16, 0, 1, 0, 0, 1, 0, 0, length + 1, length];
    [&head, &asked[12..QUESTION_END], &record, text.as_bytes()].concat()
}

const SOUND: [u8; 2] = [0x81, 0x80];
const TRUNCATED: [u8; 2] = [0x83, 0x80];

fn found(text: &str) -> Outcome {
    rows(&json!({ NAME: text }))
}

#[test]
fn only_the_answer_to_the_question_counts() {
    let server = serve(|asked| {
        let sound = answer(asked, SOUND, "p=right");
        let forged = answer(asked, SOUND, "p=forged");
        let mut other_id = forged.clone();
        other_id[0] ^= 0x55;
        let mut other_name = forged.clone();
        other_name[13] ^= 1;
        let mut question = forged;
        question[2] = 1;
        vec![
            vec![],
            vec![0xff; 3000],
            other_id,
            other_name,
            question,
            sound,
        ]
    });
    assert_eq!(look_up(&dns(server)), found("p=right"));
}

#[test]
fn a_server_may_have_an_ipv6_address() {
    let Ok(socket) = UdpSocket::bind("[::1]:0") else {
        skipped("dns: NO IPv6 HERE, nothing was asked");
        return;
    };
    let server = serve_on(socket, |asked| vec![answer(asked, SOUND, "p=six")]);
    assert_eq!(look_up(&dns(server)), found("p=six"));
}

#[test]
fn what_another_address_sends_is_not_heard() {
    let elsewhere = UdpSocket::bind("127.0.0.1:0").unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let server = socket.local_addr().unwrap();
    thread::spawn(move || {
        let mut bytes = [0; 512];
        let (length, from) = socket.recv_from(&mut bytes).unwrap();
        let asked = &bytes[..length];
        elsewhere
            .send_to(&answer(asked, SOUND, "p=forged"), from)
            .unwrap();
        thread::sleep(Duration::from_millis(100));
        socket
            .send_to(&answer(asked, SOUND, "p=right"), from)
            .unwrap();
    });
    assert_eq!(look_up(&dns(server)), found("p=right"));
}

#[test]
fn a_flood_of_nonsense_does_not_outlast_the_time() {
    let server = serve(|asked| {
        let mut other = answer(asked, SOUND, "p=forged");
        other[1] ^= 1;
        vec![other; 1000]
    });
    assert_eq!(
        look_up(&json!({"dns": server.to_string(), "timeout": 0.3})),
        rows(&json!({ NAME: {"error": "no DNS server answered within 0.3 s"} }))
    );
}

#[test]
fn ids_and_ports_are_not_to_be_guessed() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let server = socket.local_addr().unwrap();
    let watch = thread::spawn(move || {
        let mut seen = Vec::new();
        let mut bytes = [0; 512];
        for _ in 0..8 {
            let (length, from) = socket.recv_from(&mut bytes).unwrap();
            seen.push((from.port(), [bytes[0], bytes[1]]));
            let reply = answer(&bytes[..length], [0x81, 0x82], "x");
            socket.send_to(&reply, from).unwrap();
        }
        seen
    });
    for _ in 0..8 {
        look_up(&dns(server));
    }
    let seen = watch.join().unwrap();
    let distinct = |mut list: Vec<u16>| {
        list.sort_unstable();
        list.dedup();
        list.len()
    };
    // Of eight random numbers two may well be the same.
    assert!(
        distinct(seen.iter().map(|(port, _)| *port).collect()) > 4,
        "{seen:?}"
    );
    let ids = seen.iter().map(|(_, id)| u16::from_be_bytes(*id));
    assert!(distinct(ids.collect()) > 4, "{seen:?}");
}

#[test]
fn a_key_is_asked_for_once_as_long_as_it_holds() {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let server = serve(move |asked| {
        counted.fetch_add(1, Ordering::Relaxed);
        vec![answer(asked, SOUND, "p=x")]
    });
    let (mail, options) = (signed_mail(), dns(server));
    let outcome = Python::new().one(&format!(
        "SELECT count(imap_dkim_keys({mail} || value, '{options}')) \
         FROM json_each('[1, 2, 3, 4, 5, 6, 7, 8]')"
    ));
    assert_eq!(outcome, Outcome::Rows(vec![vec![json!(8)]]));
    // Once, or again where the machine was too busy to answer in time.
    assert!(count.load(Ordering::Relaxed) < 8);
}

/// A server of truncated answers over UDP, and of these bytes over TCP.
fn truncating(stream: impl Fn(&[u8]) -> Vec<u8> + Send + 'static) -> SocketAddr {
    let server = serve(|asked| vec![answer(asked, TRUNCATED, "p=cut")]);
    let listener = TcpListener::bind(server).unwrap();
    thread::spawn(move || {
        while let Ok((mut client, _)) = listener.accept() {
            let mut length = [0; 2];
            client.read_exact(&mut length).unwrap();
            let mut asked = vec![0; usize::from(u16::from_be_bytes(length))];
            client.read_exact(&mut asked).unwrap();
            client.write_all(&stream(&asked)).unwrap();
        }
    });
    server
}

fn framed(message: &[u8]) -> Vec<u8> {
    let length = u16::try_from(message.len()).unwrap();
    [&length.to_be_bytes(), message].concat()
}

#[test]
fn a_truncated_answer_is_asked_for_over_tcp() {
    let server = truncating(|asked| framed(&answer(asked, SOUND, "p=whole")));
    assert_eq!(look_up(&dns(server)), found("p=whole"));
}

#[test]
fn a_server_that_is_silent_over_tcp_costs_no_more_than_its_time() {
    let server = serve(|asked| vec![answer(asked, TRUNCATED, "p=cut")]);
    let listener = TcpListener::bind(server).unwrap();
    assert_eq!(
        look_up(&json!({"dns": server.to_string(), "timeout": 0.4})),
        rows(&json!({ NAME: {"error": "no DNS server answered within 0.4 s"} }))
    );
    drop(listener);
}

#[test]
fn what_goes_wrong_over_tcp_is_told() {
    let failed = |why: String| rows(&json!({ NAME: {"error": why} }));
    let cut = truncating(|asked| framed(&answer(asked, SOUND, "p=whole"))[..20].to_vec());
    assert_eq!(
        look_up(&dns(cut)),
        failed(format!("{cut} closed the connection (DNS lookup)"))
    );
    for wrong in [TRUNCATED, [0x01, 0x80]] {
        let other = truncating(move |asked| framed(&answer(asked, wrong, "p=x")));
        assert_eq!(
            look_up(&dns(other)),
            failed(format!(
                "{other} does not answer what it was asked (DNS lookup)"
            ))
        );
    }
    let refused = serve(|asked| vec![answer(asked, TRUNCATED, "p=cut")]);
    let told: Value = json!({"dns": refused.to_string(), "timeout": 60});
    assert_eq!(
        look_up(&told),
        failed(format!("cannot connect to {refused}: connection refused"))
    );
}
