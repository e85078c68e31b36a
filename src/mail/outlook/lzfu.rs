//! The compression of RTF in MAPI (MS-OXRTFCP): references into a dictionary
//! that is full of RTF from the start.

/// What the dictionary holds at first (MS-OXRTFCP section 2.1.2.1).
const INITIAL: &[u8] =
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \
    \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier\
    {\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";

/// The dictionary's size.
const WINDOW: usize = 4096;

/// The RTF of `PR_RTF_COMPRESSED`; `None` where it is not in that form. It is at
/// most nine times as large.
pub fn decompressed(bytes: &[u8]) -> Option<Vec<u8>> {
    let (header, data) = bytes.split_at_checked(16)?;
    let size = u32::from_le_bytes(header[4..8].try_into().ok()?) as usize;
    match &header[8..12] {
        b"MELA" => Some(data[..data.len().min(size)].to_vec()),
        b"LZFu" => Some(expanded(data, size)),
        _ => None,
    }
}

/// Undoes the compression, as far as the data reach.
fn expanded(data: &[u8], size: usize) -> Vec<u8> {
    let mut window = [0; WINDOW];
    window[..INITIAL.len()].copy_from_slice(INITIAL);
    let mut at = INITIAL.len();
    let mut out = Vec::new();
    let mut input = data.iter().copied();
    let mut put = |byte, window: &mut [u8; WINDOW], at: &mut usize| {
        window[*at] = byte;
        *at = (*at + 1) % WINDOW;
        out.push(byte);
        out.len() < size
    };
    'all: while let Some(control) = input.next() {
        for bit in 0..8 {
            let Some(first) = input.next() else {
                break 'all;
            };
            if control >> bit & 1 == 0 {
                if !put(first, &mut window, &mut at) {
                    break 'all;
                }
                continue;
            }
            let Some(second) = input.next() else {
                break 'all;
            };
            let offset = usize::from(first) << 4 | usize::from(second >> 4);
            // A reference to where writing goes on marks the end.
            if offset == at {
                break 'all;
            }
            for step in 0..usize::from(second & 15) + 2 {
                let byte = window[(offset + step) % WINDOW];
                if !put(byte, &mut window, &mut at) {
                    break 'all;
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_examples_of_the_specification_expand() {
        // MS-OXRTFCP section 3.1: a text, and one with a reference to itself.
        let simple =
            b"\x2d\0\0\0\x2b\0\0\0LZFu\xf1\xc5\xc7\xa7\x03\0\x0a\0rcpg125\x42\x32\x0a\xf3 \
            hel\x09\0 bw\x05\xb0ld}\x0a\x80\x0f\xa0";
        assert_eq!(
            decompressed(simple).as_deref(),
            Some(&b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"[..])
        );
        let crossing =
            b"\x1a\0\0\0\x1c\0\0\0LZFu\xe2\xd4\x4b\x51\x41\0\x04\x20WXYZ\x0d\x6e\x7d\x01\
            \x0e\xb0";
        assert_eq!(
            decompressed(crossing).as_deref(),
            Some(&b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"[..])
        );
        assert_eq!(decompressed(b"short"), None);
    }

    proptest! {
        #[test]
        fn any_data_expand_within_their_bound(data in proptest::collection::vec(any::<u8>(), 0..400)) {
            let header = [&[0; 4][..], &u32::MAX.to_le_bytes(), b"LZFu", &[0; 4], &data].concat();
            let out = decompressed(&header).expect("a header");
            prop_assert!(out.len() <= 9 * data.len());
        }
    }
}
