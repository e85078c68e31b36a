//! Outlook's `.msg` files and TNEF streams, RTF and its compression: what comes
//! out is mail, and not much more of it than went in.

#![no_main]

use imap0::mail::outlook::{msg, tnef};
use imap0::mail::{Headers, part_row, summary};
use libfuzzer_sys::fuzz_target;
use sqlite_imap_fuzz::shield;

const TNEF: [u8; 6] = [0x78, 0x9f, 0x3e, 0x22, 1, 0];
const COMPOUND: [u8; 8] = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];

fn assert_mail(raw: &[u8], mime: Option<Vec<u8>>) {
    let Some(mime) = mime else {
        return;
    };
    // RTF expands 9 times, its characters 3 times, base64 of attached items by
    // a third for each level.
    assert!(
        mime.len() <= 300 * raw.len() + 4_096,
        "{} of {}",
        mime.len(),
        raw.len()
    );
    let headers = Headers::parse(&mime);
    assert!(
        headers
            .problems()
            .iter()
            .all(|problem| problem.field != "headers")
    );
    assert_eq!(part_row::parts(raw), part_row::parts(&mime));
}

fuzz_target!(init: shield(), |data: &[u8]| {
    assert_mail(data, tnef::to_mime(data));
    assert_mail(data, msg::to_mime(data));
    summary::of(data);
    if !tnef::is_tnef(data) && !msg::is_compound_file(data) {
        let stream = [&TNEF[..], data].concat();
        assert_mail(&stream, tnef::to_mime(&stream));
        let file = [&COMPOUND[..], data].concat();
        assert_mail(&file, msg::to_mime(&file));
    }
});
