//! Every mail function on every file of the corpus: no panic, and each within a
//! bound of time and of memory. Alone in its program, whose memory it counts.

mod support;

use imap0::mail::auth::{self, Keys, Record};
use imap0::mail::event::{Attachments, event};
use imap0::mail::feed::feed;
use imap0::mail::indicator::soar::PATTERNS;
use imap0::mail::indicator::{Search, indicators};
use imap0::mail::preview::preview;
use imap0::mail::report::{Mode, Options, bundle};
use imap0::mail::{Headers, Message, hop, part_row, summary, texts, words};
use peak_alloc::PeakAlloc;
use support::corpus::CORPUS;
use support::cpu::cpu;
use support::skipped::skipped;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// What is asked of a message; the answer is kept until its memory is counted.
type Function = (&'static str, fn(&[u8]) -> usize);

const RSSD: &str = "message of RSSD";

const FUNCTIONS: [Function; 15] = [
    ("mail_parse", |raw| summary::of(raw).to_string().len()),
    ("mail_headers", |raw| {
        let headers = Headers::parse(raw);
        let values = headers
            .fields()
            .iter()
            .map(|field| words::decode(field.value));
        values.flatten().count()
    }),
    ("mail_parts", |raw| part_row::parts(raw).len()),
    ("mail_attachments", |raw| {
        let rows = part_row::attachments(raw);
        rows.iter().filter_map(part_row::PartRow::sha256).count()
    }),
    ("mail_received", |raw| hop::hops(&Headers::parse(raw)).len()),
    ("mail_texts", |raw| texts::texts(raw).len()),
    ("mail_indicators", |raw| {
        indicators(raw, &Search::Kinds).len()
    }),
    ("mail_indicators by pattern", |raw| {
        indicators(raw, &Search::Patterns(PATTERNS.iter().collect())).len()
    }),
    ("mail_auth", |raw| {
        let mut keys = Keys::default();
        keys.add("s._domainkey.d.example", Record::Text("p=MAMBAgM=".into()));
        auth::describe(raw, &keys).to_string().len()
    }),
    ("mail_event", |raw| {
        let attachments = Attachments::Included { below: None };
        event(raw, attachments).to_string().len()
    }),
    ("mail_feed", |raw| feed(raw).to_string().len()),
    ("mail_report", |raw| {
        bundle(raw, &Options::default()).to_string().len()
    }),
    ("mail_report as OpenCTI's", |raw| {
        let options = Options {
            mode: Mode::OpenCti,
            ..Options::default()
        };
        bundle(raw, &options).to_string().len()
    }),
    ("preview", |raw| preview(raw).map_or(0, |text| text.len())),
    (RSSD, |raw| {
        let message = Message::parse(raw);
        message.to_json().map_or(0, |json| json.len()) + message.problems().len()
    }),
];

/// What is held once, whatever the message: compiled patterns.
const TABLES: usize = 8 << 20;

/// Room that the JSON of a large message takes ahead, most of it never written.
const ROOM: usize = 33 << 20;

/// Bytes held at once for each byte of a message. A binary byte of the JSON that
/// surveilr has is 3.6 bytes.
const FACTOR: usize = 16;

#[test]
fn every_function_reads_every_file_within_bounds() {
    if CORPUS.is_empty() {
        skipped("bounds: THE CORPUS IS ABSENT, nothing was read");
    }
    let mut worst = FUNCTIONS.map(|(name, _)| (0_usize, name, ""));
    for (name, raw) in CORPUS.iter() {
        for (at, (function, ask)) in FUNCTIONS.iter().enumerate() {
            MEMORY.reset_peak_usage();
            let (held, before) = (MEMORY.current_usage(), cpu());
            std::hint::black_box(ask(raw));
            let taken = MEMORY.peak_usage() - held;
            let room = if *function == RSSD { ROOM } else { 0 };
            let bound = TABLES + room + raw.len() * FACTOR;
            assert!(taken < bound, "{function} holds {taken} bytes for {name}");
            worst[at] = worst[at].max((taken, function, name));
            // A build without optimizations takes some 2 s for a megabyte, and a
            // slow machine many times as long; in quadratic time it would be hours.
            if let Some((before, after)) = before.zip(cpu()) {
                let bound = 20_000_000_000 + raw.len() as u64 * 50_000;
                let milliseconds = (after - before) / 1_000_000;
                assert!(
                    after - before < bound,
                    "{function} took {milliseconds} ms for {name}"
                );
            }
        }
    }
    for (taken, function, name) in worst {
        println!("{function}: {} KiB at most, for {name}", taken >> 10);
    }
}
