//! uuencode (IEEE Std 1003.1, the utility of that name), which mail used before
//! MIME and some mailers still name as a transfer encoding.

/// The bytes between `begin` and `end`; `None` where there is no `begin`.
pub(super) fn decode(body: &[u8]) -> Option<Vec<u8>> {
    let mut lines = body.split(|&byte| byte == b'\n');
    lines.find(|line| line.starts_with(b"begin "))?;
    let mut out = Vec::with_capacity(body.len() / 4 * 3);
    for line in lines {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let Some((&first, digits)) = line.split_first() else {
            continue;
        };
        if line == b"end" {
            break;
        }
        let start = out.len();
        let length = usize::from(sextet(first));
        for group in digits.chunks(4) {
            // Spaces at the end of a line, which are zeros, are often lost.
            let digit = |place: usize| group.get(place).map_or(0, |&digit| sextet(digit));
            let [a, b, c, d] = [digit(0), digit(1), digit(2), digit(3)];
            out.extend_from_slice(&[a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d]);
        }
        out.truncate(start + length);
    }
    Some(out)
}

/// A digit's value; a grave accent stands for the space.
fn sextet(digit: u8) -> u8 {
    digit.wrapping_sub(b' ') & 0x3f
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_between_begin_and_end_is_decoded() {
        let body =
            b"see:\r\n\r\nbegin 644 a.txt\r\n&2&5L;&\\-\r\n#\"F%B\r\n`\r\nend\r\n-- \r\nAda\r\n";
        assert_eq!(decode(body).as_deref(), Some(&b"Hello\r\nab"[..]));
        assert_eq!(decode(b"begin 644 a\n\"86"), Some(b"a`".to_vec()));
        assert_eq!(decode(b"begin 644 a"), Some(Vec::new()));
        assert_eq!(decode(b"beginning"), None);
    }
}
