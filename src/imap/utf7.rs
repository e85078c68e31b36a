//! Modified UTF-7, in which servers spell mailbox names (RFC 3501 section
//! 5.1.3, RFC 9051 appendix A.1).
//!
//! Only [`Mailbox`](super::mailbox::Mailbox) uses it. Decoding accepts exactly
//! what encoding gives, so that a name decoded can always be spelled again.

use base64::Engine;
use base64::alphabet::IMAP_MUTF7;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::NO_PAD;

const BASE64: GeneralPurpose = GeneralPurpose::new(&IMAP_MUTF7, NO_PAD);

/// Text as a server spells it: printable ASCII as it is, `&` as `&-`, runs of
/// anything else as `&`, UTF-16 in base 64, `-`.
pub(super) fn encode(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let end = rest
            .find(|c| is_direct(c) != is_direct(next))
            .unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        if is_direct(next) {
            out.extend(run.replace('&', "&-").into_bytes());
        } else {
            let utf16: Vec<u8> = run.encode_utf16().flat_map(u16::to_be_bytes).collect();
            out.push(b'&');
            out.extend(BASE64.encode(utf16).into_bytes());
            out.push(b'-');
        }
        rest = after;
    }
    out
}

/// The text a server spells so; None where it is not the spelling of any text.
pub(super) fn decode(spelled: &[u8]) -> Option<String> {
    let mut text = String::with_capacity(spelled.len());
    let mut pieces = spelled.split(|&byte| byte == b'&');
    text.push_str(direct(pieces.next()?)?);
    for piece in pieces {
        let shift = piece.iter().position(|&byte| byte == b'-')?;
        let utf16 = BASE64.decode(&piece[..shift]).ok()?;
        if utf16.is_empty() {
            text.push('&');
        }
        let units = utf16
            .chunks(2)
            .map(|unit| Some(u16::from_be_bytes(unit.try_into().ok()?)));
        text.push_str(&String::from_utf16(&units.collect::<Option<Vec<_>>>()?).ok()?);
        text.push_str(direct(&piece[shift + 1..])?);
    }
    (encode(&text) == spelled).then_some(text)
}

fn is_direct(c: char) -> bool {
    matches!(c, ' '..='~')
}

fn direct(bytes: &[u8]) -> Option<&str> {
    str::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_names_are_spelled_as_the_rfc_and_servers_do() {
        for (text, spelled) in [
            ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
            ("Entwürfe/a b", "Entw&APw-rfe/a b"),
            ("R&D", "R&-D"),
            ("&&ä&", "&-&-&AOQ-&-"),
            ("📬", "&2D3c7A-"),
            ("Gelöschte Objekte", "Gel&APY-schte Objekte"),
        ] {
            assert_eq!(encode(text), spelled.as_bytes());
            assert_eq!(decode(spelled.as_bytes()).as_deref(), Some(text));
        }
    }

    #[test]
    fn what_no_text_is_spelled_as_is_refused() {
        for spelled in [
            "R&D",
            "&",
            "a&",
            "&AGE-",
            "&AOQ",
            "&AOQ-&AOQ-",
            "&2D0-",
            "&AOR-",
            "&AO-",
            "&A-",
            "&AOQ=-",
            "Entwürfe",
            "&!-",
        ] {
            assert_eq!(decode(spelled.as_bytes()), None, "{spelled}");
        }
        assert_eq!(decode(b"caf\xe9"), None);
    }

    proptest! {
        #[test]
        fn any_text_comes_back(text in any::<String>()) {
            let spelled = encode(&text);
            prop_assert!(spelled.iter().all(|byte| matches!(byte, b' '..=b'~')));
            prop_assert_eq!(decode(&spelled), Some(text));
        }
    }
}
