//! Properties of the parsers that have no other home for theirs: what is
//! written as the RFCs say is read as it was meant, and what is read is bounded
//! by what there was. `fuzz/` looks for more of the same with coverage.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use imap0::account::Options;
use imap0::imap::Endpoint;
use imap0::imap::internal_date::internal_date;
use imap0::imap::trust::Pins;
use imap0::imap::veil::Veil;
use imap0::ingest::since::{Since, day, search_date, search_day};
use imap0::mail::content::Content;
use imap0::mail::fields::{split, unfold_to_space};
use imap0::mail::part::{PartHeader, decode_text_part};
use imap0::mail::preview::preview;
use imap0::mail::transfer::Transfer;
use imap0::mail::{Headers, hop, words};
use jiff::Timestamp;
use proptest::prelude::*;

/// Text that a field keeps as it is: no NUL, no mark of the byte order, no white
/// space around it.
fn kept() -> impl Strategy<Value = String> {
    "[^\\x00\\x{feff}]{0,60}".prop_map(|text| text.trim().to_owned())
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..300)
}

/// A moment that every form of date can write.
fn moment() -> impl Strategy<Value = (i64, i64)> {
    (-2_000_000_000_i64..20_000_000_000, -14 * 4_i64..=14 * 4)
        .prop_map(|(at, quarters)| (at, quarters * 900))
}

/// The clock there shows this, `format` without its zone, which comes after it.
fn written(format: &str, (at, zone): (i64, i64)) -> String {
    let clock = Timestamp::from_second(at + zone).unwrap().strftime(format);
    let sign = if zone < 0 { '-' } else { '+' };
    let (hours, minutes) = (zone.abs() / 3600, zone.abs() / 60 % 60);
    format!("{clock} {sign}{hours:02}{minutes:02}")
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn dates_are_read_as_they_were_written(when in moment()) {
        let text = written("%d-%b-%Y %H:%M:%S", when);
        prop_assert_eq!(internal_date(text.as_bytes()), Some(when.0));
        let text = written("Date: %a, %d %b %Y %H:%M:%S", when);
        prop_assert_eq!(Headers::parse(text.as_bytes()).date(), Some(when.0));
    }

    #[test]
    fn days_and_moments_are_read_as_they_were_written(at in 0_i64..250_000_000_000) {
        let spelled = search_date(at, 0);
        prop_assert_eq!(day(&spelled).map(|read| search_day(read, 0)), Some(spelled));
        let text = Timestamp::from_second(at).unwrap().to_string();
        prop_assert_eq!(Since::parse(&text).map(|since| since.cutoff()), Some(at));
    }

    #[test]
    fn an_endpoint_is_itself_again(text in "(imaps?://|imap\\+insecure://)?[\\PC]{0,20}(:[0-9]{1,5})?") {
        if let Ok(endpoint) = Endpoint::parse(&text) {
            let again = Endpoint::parse(&endpoint.to_string());
            prop_assert_eq!(again.ok(), Some(endpoint));
        }
    }

    #[test]
    fn any_argument_is_read_or_refused_in_one_line(text in any::<String>()) {
        let refused = [
            Endpoint::parse(&text).err(),
            Pins::parse(&text).err(),
            Options::parse(Some(&text), &["a"]).err(),
        ];
        for error in refused.into_iter().flatten() {
            let error = error.to_string();
            prop_assert!(error.starts_with("imap: ") && !error.chars().any(char::is_control));
        }
        Since::parse(&text);
        internal_date(text.as_bytes());
    }

    #[test]
    fn no_secret_is_seen_through_a_veil(secret in "[^*]{4,20}", before in bytes()) {
        let encoded = STANDARD.encode([before.as_slice(), secret.as_bytes()].concat());
        let said = format!("no '{secret}' and no {encoded}");
        let covered = Veil::over(&secret).cover(said.as_bytes());
        prop_assert!(!String::from_utf8_lossy(&covered).contains(&secret));
    }

    #[test]
    fn transfer_encodings_are_undone(data in bytes(), width in 1_usize..30) {
        let encoded = STANDARD.encode(&data);
        let lines: Vec<&[u8]> = encoded.as_bytes().chunks(4 * width).collect();
        let decoded = Transfer::Base64.decode(&lines.join(&b"\r\n"[..])).bytes.into_owned();
        prop_assert_eq!(&decoded, &data);
        let escaped = |piece: &[u8]| piece.iter().map(|byte| format!("={byte:02X}")).collect();
        let lines: Vec<String> = data.chunks(width).map(escaped).collect();
        let decoded = Transfer::QuotedPrintable.decode(lines.join("=\r\n").as_bytes()).bytes.into_owned();
        prop_assert_eq!(&decoded, &data);
        let mut lines = vec!["begin 644 file".to_owned()];
        for piece in data.chunks(1 + width) {
            let digit = |value: u32| char::from(b' ' + (value & 0x3f) as u8);
            let mut line = String::from(digit(piece.len() as u32));
            for group in piece.chunks(3) {
                let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or_default());
                let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
                line.extend([18, 12, 6, 0].map(|shift| digit(bits >> shift)));
            }
            lines.push(line);
        }
        lines.push("end".to_owned());
        let decoded = Transfer::Uuencode.decode(lines.join("\n").as_bytes()).bytes.into_owned();
        prop_assert_eq!(&decoded, &data);
        for transfer in [Transfer::Base64, Transfer::QuotedPrintable, Transfer::Uuencode] {
            prop_assert!(transfer.decode(&data).bytes.len() <= data.len());
        }
    }

    #[test]
    fn encoded_words_are_read_however_they_are_cut(text in kept(), width in 1_usize..40) {
        let words: Vec<String> = text
            .as_bytes()
            .chunks(width)
            .map(|piece| format!("=?utf-8?B?{}?=", STANDARD.encode(piece)))
            .collect();
        let read = words::decode(words.join("\r\n ").as_bytes()).unwrap_or_default();
        prop_assert_eq!(read, text);
    }

    #[test]
    fn file_names_are_read_however_they_are_cut(text in kept(), width in 1_usize..40) {
        let mut header = "Content-Disposition: attachment".to_owned();
        for (number, piece) in text.as_bytes().chunks(width).enumerate() {
            let charset = if number == 0 { "utf-8''" } else { "" };
            let escaped: String = piece.iter().map(|byte| format!("%{byte:02X}")).collect();
            header += &format!(";\r\n filename*{number}*={charset}{escaped}");
        }
        let read = PartHeader::parse(header.as_bytes()).filename().unwrap_or_default();
        prop_assert_eq!(read, text);
    }

    #[test]
    fn text_is_no_longer_than_its_bytes_allow(label in "[ -~]{0,12}", data in bytes()) {
        let header = format!("Content-Type: text/plain; charset=\"{label}\"\n\n");
        let read = decode_text_part(header.as_bytes(), &data);
        prop_assert!(read.text.len() <= 4 * data.len() + 4 && !read.text.contains('\0'));
        let shown = preview(&[header.as_bytes(), &data].concat()).unwrap_or_default();
        prop_assert!(shown.chars().count() <= 200);
    }

    #[test]
    fn a_header_is_its_fields(fields in proptest::collection::vec(("[!-9;-~]{1,9}", "[^\\r\\n]{0,20}"), 0..9)) {
        prop_assume!(fields.iter().all(|(name, _)| !name.starts_with(">From") && name != "From"));
        let text: String = fields.iter().map(|(name, value)| format!("{name}:{value}\r\n\t{value}\r\n")).collect();
        let block = split(text.as_bytes());
        prop_assert_eq!(block.length, text.len());
        prop_assert_eq!(block.fields.len(), fields.len());
        for (field, (name, value)) in block.fields.iter().zip(&fields) {
            prop_assert_eq!(field.name, name);
            let folded = format!("{value}\r\n\t{value}");
            prop_assert_eq!(field.value, folded.as_bytes());
            prop_assert!(!unfold_to_space(field.value).contains(&b'\n'));
        }
    }

    #[test]
    fn any_value_is_some_content_and_some_hop(value in bytes()) {
        let content = Content::parse(&value);
        let names = content.parameters.iter();
        prop_assert!(names.map(|(name, value)| name.len() + value.len()).sum::<usize>() <= 3 * value.len());
        let line = [b"Received:", value.as_slice(), b"\nX: y\n"].concat();
        prop_assert!(hop::hops(&Headers::parse(&line)).len() <= 1 + value.len());
    }
}
