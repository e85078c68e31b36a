//! A part's content: transfer encodings, character sets, previews. What is
//! encoded by the RFCs is decoded to what it was; decoding makes no more of it
//! than there was.

#![no_main]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use imap0::mail::part::decode_text_part;
use imap0::mail::preview::preview;
use imap0::mail::sniff::media_type;
use imap0::mail::transfer::Transfer;
use libfuzzer_sys::fuzz_target;
use sqlite_imap_fuzz::{line_and_rest, shield};

/// Quoted-printable with every byte escaped, in lines of 24.
fn quoted_printable(data: &[u8]) -> Vec<u8> {
    let line = |piece: &[u8]| {
        piece
            .iter()
            .map(|byte| format!("={byte:02X}"))
            .collect::<String>()
    };
    let lines: Vec<String> = data.chunks(24).map(line).collect();
    lines.join("=\r\n").into_bytes()
}

fn base64(data: &[u8]) -> Vec<u8> {
    let encoded = STANDARD.encode(data).into_bytes();
    encoded.chunks(76).collect::<Vec<_>>().join(&b"\r\n"[..])
}

/// uuencode, in lines of 45 bytes.
fn uuencode(data: &[u8]) -> Vec<u8> {
    let digit = |value: u8| match value & 0x3f {
        0 => b'`',
        value => value + b' ',
    };
    let mut out = b"begin 644 a\n".to_vec();
    for line in data.chunks(45) {
        out.push(digit(u8::try_from(line.len()).expect("at most 45")));
        for group in line.chunks(3) {
            let byte = |place| group.get(place).copied().unwrap_or(0);
            let [a, b, c] = [byte(0), byte(1), byte(2)];
            out.extend([a >> 2, a << 4 | b >> 4, b << 2 | c >> 6, c].map(digit));
        }
        out.push(b'\n');
    }
    out.extend_from_slice(b"`\nend\n");
    out
}

fuzz_target!(init: shield(), |data: &[u8]| {
    for (transfer, encoded) in [
        (Transfer::Identity, data.to_vec()),
        (Transfer::Base64, base64(data)),
        (Transfer::QuotedPrintable, quoted_printable(data)),
        (Transfer::Uuencode, uuencode(data)),
    ] {
        let decoded = transfer.decode(&encoded);
        assert_eq!((decoded.bytes.as_ref(), decoded.problem), (data, None));
        assert!(transfer.decode(data).bytes.len() <= data.len());
    }
    assert!(Transfer::Uuencode.decode(data).bytes.len() <= data.len());

    let (label, body) = line_and_rest(data);
    for encoding in ["8bit", "base64", "quoted-printable", "x-uuencode"] {
        let header = [
            b"Content-Type: text/plain; charset=",
            label,
            b"\nContent-Transfer-Encoding: ",
            encoding.as_bytes(),
            b"\n\n",
        ]
        .concat();
        let read = decode_text_part(&header, body);
        assert!(!read.text.contains('\0'));
        assert!(read.text.len() <= 4 * body.len() + 4, "{label:?}");
        assert!(read.problems.len() <= 3);
    }
    if str::from_utf8(body).is_ok_and(|text| !text.contains(['\0', '\u{feff}'])) {
        let read = decode_text_part(b"Content-Type: text/plain; charset=utf-8\n\n", body);
        assert_eq!((read.text.as_bytes(), read.problems.len()), (body, 0));
    }
    for kind in ["plain", "html"] {
        let raw = [b"Content-Type: text/", kind.as_bytes(), b"\n\n", body].concat();
        let words = preview(&raw).unwrap_or_default();
        assert!(words.chars().count() <= 200 && !words.contains(['\0', '\n']));
    }
    media_type(data);
});
