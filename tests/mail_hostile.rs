//! Whatever the bytes, the mail functions neither panic nor take more than time
//! in proportion: on random bytes, on mail broken at random, on what is made to
//! be slow, and on every file of the corpus (tests/mail_bounds.rs has the bounds
//! of those).

mod support;

use imap0::mail::auth::{self, Keys, Record};
use imap0::mail::event::{Attachments, event};
use imap0::mail::feed::feed;
use imap0::mail::indicator::soar::PATTERNS;
use imap0::mail::indicator::{Search, indicators};
use imap0::mail::outlook::{msg, tnef};
use imap0::mail::report::{self, bundle};
use imap0::mail::{Headers, Message, hop, part_row, summary, texts};
use proptest::prelude::*;
use support::columns::columns;
use support::corpus::CORPUS;
use support::cpu::cpu;
use support::skipped::skipped;

/// Everything there is to ask of a message.
fn ask_everything(raw: &[u8]) {
    let message = Message::parse(raw);
    columns(message.headers());
    let _ = (
        message.to_json(),
        message.headers().to_json(),
        message.problems(),
    );
    let _ = (
        message.text_bodies(),
        message.html_bodies(),
        message.attachments(),
    );
    let parsed = summary::of(raw).to_string();
    assert!(!parsed.contains("\\u0000"), "NUL in {parsed:.200}");
    let parts = part_row::parts(raw);
    let attachments = part_row::attachments(raw);
    assert!(attachments.iter().all(|file| parts.contains(file)));
    for part in parts {
        let texts = [
            part.part,
            part.filename,
            part.charset,
            part.encoding,
            part.content_id,
            part.text,
        ];
        assert!(texts.into_iter().flatten().all(|text| !text.contains('\0')));
    }
    for piece in texts::texts(raw) {
        let text = piece.text;
        assert!(!text.trim().is_empty() && !text.contains('\0'), "{text:?}");
    }
    hop::hops(&Headers::parse(raw));
    for found in indicators(raw, &Search::Kinds) {
        assert!(
            !found.value.is_empty() && !found.value.contains('\0'),
            "{found:?}"
        );
        assert!(found.normalised.is_some_and(|text| !text.is_empty()));
    }
    let mut keys = Keys::default();
    keys.add("s._domainkey.d.example", Record::Text("p=MAMBAgM=".into()));
    auth::describe(raw, &keys);
    let below = Some(1000);
    event(raw, Attachments::Included { below });
    feed(raw);
    let bundle = bundle(raw, &report::Options::default());
    let refs = bundle["objects"][0]["object_refs"].as_array().unwrap();
    let objects = bundle["objects"].as_array().unwrap();
    assert_eq!(objects.len(), refs.len() + 3, "each is referred to once");
}

#[test]
fn every_file_of_the_corpus_is_read() {
    if CORPUS.is_empty() {
        skipped("hostile: THE CORPUS IS ABSENT, nothing was read");
    }
    for (_, raw) in CORPUS.iter() {
        ask_everything(raw);
    }
}

/// A message of about so many bytes.
type Shape = (&'static str, fn(usize) -> String);

const BODIES: [Shape; 18] = [
    ("at signs", |n| text("@", n)),
    ("addresses", |n| text("a@b.example ", n)),
    ("a long name", |n| text("a.", n)),
    ("beginnings of URLs", |n| text("http://", n)),
    ("one URL", |n| {
        format!("\n\nhttp://a.example/{}", "(".repeat(n))
    }),
    ("URLs in URLs", |n| text("http://a.example/(www.b", n)),
    ("digits", |n| text("4111 ", n)),
    ("colons", |n| text(":1", n)),
    ("dots", |n| text("1.", n)),
    ("brackets", |n| text("a[.]", n)),
    ("tags", |n| html("<a href=", n)),
    ("entities", |n| html("&#46;", n)),
    ("comments", |n| html("<!--", n)),
    ("filenames", |n| text("filename: ", n)),
    ("links of a PDF", |n| pdf("/URI(", n)),
    ("scripts of a PDF", |n| pdf("/JS <a", n)),
    ("streams of a PDF", |n| {
        pdf("obj /FlateDecode stream\nendstream ", n)
    }),
    ("text of a PDF", |n| pdf("stream BT (a(", n)),
];

fn pdf(piece: &str, size: usize) -> String {
    format!("Content-Type: application/pdf\n{}", text(piece, size))
}

fn text(piece: &str, size: usize) -> String {
    format!("Subject: x\n\n{}", piece.repeat(size / piece.len()))
}

fn html(piece: &str, size: usize) -> String {
    format!("Content-Type: text/html\n{}", text(piece, size))
}

#[test]
fn the_search_for_indicators_takes_time_in_proportion() {
    for search in [Search::Kinds, Search::Patterns(PATTERNS.iter().collect())] {
        in_proportion(&BODIES, |raw| {
            indicators(raw, &search);
        });
    }
}

const HEADERS: [Shape; 8] = [
    ("hops", |n| fields("Received: from a; 1 Jan", n)),
    ("a hop of semicolons", |n| {
        fields(&format!("Received: from {}", ";".repeat(16_000)), n)
    }),
    ("comments", |n| {
        fields(&format!("Received-SPF: {}", "(".repeat(16_000)), n)
    }),
    ("results", |n| fields("Authentication-Results: a; b=c", n)),
    ("signatures", |n| {
        fields(
            "DKIM-Signature: v=1; a=rsa-sha256; d=d.example; s=s; h=From:From",
            n,
        )
    }),
    ("multiparts without a boundary", |n| {
        let part = "--b\nContent-Type: multipart/mixed\n\n";
        format!(
            "Content-Type: multipart/mixed; boundary=b\n\n{}",
            part.repeat(n / 36)
        )
    }),
    ("tags", |n| {
        format!("DKIM-Signature: {}\n\n", "a=b;".repeat(n / 4))
    }),
    ("parts", |n| {
        format!(
            "Content-Type: multipart/mixed; boundary=b\n\n{}",
            "--b\n\nx\n".repeat(n / 7)
        )
    }),
];

fn fields(field: &str, size: usize) -> String {
    format!(
        "From: a@b.example\n{}\nbody\n",
        format!("{field}\n").repeat(size / (field.len() + 1))
    )
}

#[test]
fn parsing_and_checking_take_time_in_proportion() {
    in_proportion(&HEADERS, |raw| {
        summary::of(raw);
    });
    let mut keys = Keys::default();
    keys.add("s._domainkey.d.example", Record::Text("p=MAMBAgM=".into()));
    in_proportion(&HEADERS, |raw| {
        auth::describe(raw, &keys);
    });
}

/// Asserts that eight times the size takes not many times eight times as long;
/// in quadratic time it would be 64, however often it is tried.
fn in_proportion(shapes: &[Shape], read: impl Fn(&[u8])) {
    for (name, shape) in shapes {
        let time = |size| {
            let raw = shape(size);
            let run = || {
                let before = cpu()?;
                read(raw.as_bytes());
                Some(cpu()? - before)
            };
            // The shorter of two, since the first fills caches.
            let (first, second) = run().zip(run())?;
            // The clock moves on by the scheduler's ticks.
            Some(first.min(second).max(8_000_000))
        };
        let mut told = Vec::new();
        let is_in_proportion = (0..5).any(|_| {
            let Some((small, large)) = time(50_000).zip(time(400_000)) else {
                skipped("hostile: NO CPU CLOCK HERE, time was not compared");
                return true;
            };
            told.push((small, large));
            large < small * 24
        });
        assert!(is_in_proportion, "{name}, in ns: {told:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(raw in proptest::collection::vec(any::<u8>(), 0..2000)) {
        ask_everything(&raw);
    }

    #[test]
    fn arbitrary_mail_never_panics(pieces in proptest::collection::vec(piece(), 0..80)) {
        ask_everything(&pieces.concat());
    }

    #[test]
    fn arbitrary_outlook_never_panics(tail in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let stream = [&[0x78, 0x9f, 0x3e, 0x22, 1, 0][..], &tail].concat();
        tnef::to_mime(&stream);
        let magic = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
        msg::to_mime(&[&magic[..], &tail].concat());
        ask_everything(&stream);
    }
}

/// A piece of which mail is made, so that random mail has structure.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let words: [&[u8]; 53] = [
        b"\r\n",
        b"\n",
        b"\n\n",
        b" ",
        b"\t",
        b"--b\n",
        b"--b--\n",
        b"\xe9",
        "é．".as_bytes(),
        b"\0",
        b"\"",
        b"\\",
        b"<",
        b"(",
        b")",
        b";",
        b"=",
        b"Content-Type: multipart/mixed; boundary=b\n",
        b"Content-Type: message/rfc822\n",
        b"Content-Type: text/html\n",
        b"Content-Type: text/html; charset=",
        b"Content-Type: application/pdf\n",
        b"stream BT (a) Tj ",
        b"endstream",
        b"/URI (http://a.b.com",
        b"Content-Type: application/ms-tnef; name=winmail.dat\n",
        b"Content-Disposition: attachment; filename=a.com.eml\n",
        b"Content-Disposition: attachment; filename*1*=utf-8''%",
        b"Content-Transfer-Encoding: base64\n",
        b"SGVsbG8=",
        b"Date: 1 Jan ",
        b"Subject: =?utf-8?b?4pg=?= ",
        b"=?x?q?=",
        b"DKIM-Signature: v=1; a=rsa-sha256; d=d.example; s=s; h=From; bh=x; b=y",
        b"ARC-Seal: i=1; cv=none; a=rsa-sha256; d=d.example; s=s; b=y\n",
        b"Authentication-Results: a; b=c (",
        b"Received: from a [1.2.3.4] by b; Sat, 31 Jan 2026 12:00:00 +0000\n",
        b"Received: from a by b; ",
        b"From: a@b.example\n",
        b"From: a <a@b>, ",
        b"hxxps[://]a[.]b.com",
        b"http://",
        b"www.",
        b"a@b",
        b"[at]",
        b".com",
        b"<a href='",
        b"'>",
        b"<!--",
        b"&#x2e;",
        b"4111 1111 1111 1111",
        b"2001:db8::1",
        b"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    ];
    prop_oneof![
        6 => proptest::sample::select(words.to_vec()).prop_map(<[u8]>::to_vec),
        1 => proptest::collection::vec(any::<u8>(), 0..8),
    ]
}
