//! Where a regression of the reading path shows: framing, tokenising, parsing
//! and row building, each alone and from memory. `cargo bench`.
//!
//! `make bench` measures the whole against a server.

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};

use imap0::imap::frame::{Framer, Limits, Progress};
use imap0::imap::response::{Response, parse};
use imap0::mail::{Headers, Message, Role, time};

fn main() {
    divan::main();
}

/// Messages of an answer.
const MESSAGES: usize = 2_000;

const HEADER: &str = "Received: from mx1.example.org (mx1.example.org [192.0.2.1])\r\n\
    \tby mx2.example.org with ESMTPS id 4f2a; Mon, 01 Jan 2024 00:00:00 +0000\r\n\
From: =?utf-8?q?J=C3=BCrgen?= <juergen@example.org>\r\n\
To: ada@example.org, Bob <bob@example.org>\r\n\
Cc: carol@example.org\r\n\
Subject: =?utf-8?b?SGFmZW4gR3LDvMOfZSBoYXJib3VyIGxlZGdlcg==?=\r\n\
Date: Mon, 01 Jan 2024 00:00:00 +0000\r\n\
Message-ID: <1.a@example.org>\r\n\
References: <0.a@example.org> <0.b@example.org>\r\n\
MIME-Version: 1.0\r\n";

/// The fields that `SELECT uid, date, "from", subject` asks for.
const FIELDS: &str = "Date: Mon, 01 Jan 2024 00:00:00 +0000\r\n\
From: =?utf-8?q?J=C3=BCrgen?= <juergen@example.org>\r\n\
Subject: =?utf-8?b?SGFmZW4gR3LDvMOfZSBoYXJib3VyIGxlZGdlcg==?=\r\n\r\n";

fn message() -> String {
    let lines = "harbour ledger crane pilot tide berth manifest caf=C3=A9\r\n".repeat(80);
    format!(
        "{HEADER}Content-Type: multipart/alternative; boundary=b\r\n\r\n\
         --b\r\nContent-Type: text/plain; charset=utf-8\r\n\
         Content-Transfer-Encoding: quoted-printable\r\n\r\n{lines}\r\n\
         --b\r\nContent-Type: text/html; charset=utf-8\r\n\
         Content-Transfer-Encoding: quoted-printable\r\n\r\n<p>{lines}</p>\r\n--b--\r\n"
    )
}

/// The answer to a FETCH of this section of every message.
fn answer(section: &str, content: &str) -> Vec<u8> {
    let length = content.len();
    let line = |uid: usize| {
        format!(
            "* {uid} FETCH (UID {uid} FLAGS (\\Seen) INTERNALDATE \"01-Jan-2024 00:00:00 +0000\" \
             BODY[{section}] {{{length}}}\r\n{content})\r\n"
        )
    };
    (1..=MESSAGES).map(line).collect::<String>().into_bytes()
}

/// What is read: messages that are skipped over, or many small items.
const ANSWERS: [&str; 2] = ["whole messages", "header fields"];

fn make(answer_of: &str) -> Vec<u8> {
    match answer_of {
        "whole messages" => answer("", &message()),
        _ => answer("HEADER.FIELDS (DATE FROM SUBJECT)", FIELDS),
    }
}

/// Cuts an answer into its responses.
fn responses(answer: &[u8]) -> Vec<&[u8]> {
    let (mut found, mut rest) = (Vec::new(), answer);
    while !rest.is_empty() {
        let mut framer = Framer::new(Limits::default());
        match framer.advance(rest) {
            Ok(Progress::Complete(length)) => {
                found.push(&rest[..length]);
                rest = &rest[length..];
            }
            other => panic!("no response: {other:?}"),
        }
    }
    found
}

#[divan::bench(args = ANSWERS, name = "framing")]
fn framing(bencher: Bencher<'_, '_>, answer_of: &str) {
    let answer = make(answer_of);
    bencher
        .counter(BytesCount::new(answer.len()))
        .bench_local(|| responses(black_box(&answer)).len());
}

#[divan::bench(args = ANSWERS, name = "framing and tokenising")]
fn tokenising(bencher: Bencher<'_, '_>, answer_of: &str) {
    let answer = make(answer_of);
    let sections = |response: &&[u8]| match parse(response) {
        Response::Fetch(fetched) => fetched.sections.len(),
        _ => 0,
    };
    bencher
        .counter(BytesCount::new(answer.len()))
        .bench_local(|| {
            let responses = responses(black_box(&answer));
            responses.iter().map(sections).sum::<usize>()
        });
}

#[divan::bench]
fn parsing_a_message(bencher: Bencher<'_, '_>) {
    let message = message();
    bencher
        .counter(BytesCount::new(message.len()))
        .bench_local(|| {
            let message = Message::parse(black_box(message.as_bytes()));
            let attachments = message.attachments().len();
            (message.into_body_text(), attachments)
        });
}

#[divan::bench]
fn a_row_of_the_header_scan(bencher: Bencher<'_, '_>) {
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| {
        let headers = Headers::parse(black_box(FIELDS.as_bytes()));
        let date = headers.date().and_then(time::iso8601);
        (date, headers.from(), headers.subject())
    });
}

#[divan::bench]
fn a_row_of_the_ingest(bencher: Bencher<'_, '_>) {
    let message = message();
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| {
        let message = Message::parse(black_box(message.as_bytes()));
        let headers = message.headers();
        let lists = [Role::To, Role::Cc, Role::Bcc].map(|role| headers.bare_addresses(role));
        (
            lists,
            headers.subject(),
            headers.to_json(),
            message.problems().len(),
        )
    });
}

#[divan::bench]
fn the_json_of_a_message(bencher: Bencher<'_, '_>) {
    let message = message();
    bencher
        .counter(BytesCount::new(message.len()))
        .bench_local(|| Message::parse(black_box(message.as_bytes())).to_json());
}
