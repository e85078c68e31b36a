//! What arrives in pieces: IMAP responses, deflated data, hpfeeds frames. The
//! same is read whatever the pieces.

#![no_main]

use std::io::Write;

use flate2::{Compression, write::DeflateEncoder};
use imap0::hpfeeds::fuzz as hpfeeds;
use imap0::imap::frame::{Framer, Limits, Progress};
use imap0::imap::fuzz::inflated;
use libfuzzer_sys::fuzz_target;
use sqlite_imap_fuzz::assert_sentence;

const LIMITS: Limits = Limits {
    line: 1_000,
    literal: 2_000,
    response: 5_000,
    literals: 10,
};

/// Where each response ends when `step` bytes come at a time, and what ends it.
fn framed(input: &[u8], step: usize) -> (Vec<usize>, Option<String>) {
    let mut framer = Framer::new(LIMITS);
    let (mut start, mut end, mut ends) = (0, 0, Vec::new());
    loop {
        match framer.advance(&input[start..end]) {
            Ok(Progress::Complete(length)) => {
                assert!(length > 0 && input[start + length - 1] == b'\n');
                start += length;
                ends.push(start);
                framer.reset();
            }
            Ok(Progress::NeedMore { .. }) if end == input.len() => return (ends, None),
            Ok(Progress::NeedMore { at_least }) => {
                assert!(at_least > 0);
                end = input.len().min(end + step);
            }
            Err(error) => return (ends, Some(error.to_string())),
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((&step, data)) = data.split_first() else {
        return;
    };
    let step = 1 + usize::from(step);

    let whole = framed(data, data.len().max(1));
    whole.1.iter().for_each(|error| assert_sentence(error));
    assert_eq!(framed(data, step), whole);
    assert_eq!(framed(data, 1), whole);

    // A frame is the same however much has come after it, and none before it
    // is whole.
    if let Ok(Some((said, length))) = hpfeeds::parse(data) {
        assert_eq!(hpfeeds::parse(&data[..length]), Ok(Some((said, length))));
        assert_eq!(hpfeeds::parse(&data[..length - 1]), Ok(None));
    }

    if let Ok(plain) = inflated(data, 1 << 16) {
        assert!(plain.len() <= data.len() * 1_032);
        assert_eq!(inflated(data, step).ok(), Some(plain));
    }
    let mut packer = DeflateEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(data).expect("memory takes all");
    let packed = packer.finish().expect("memory takes all");
    assert_eq!(inflated(&packed, step).ok().as_deref(), Some(data));
});
