//! Addresses of crypto currencies, by their own checksums: base58check
//! (Bitcoin and those after it), bech32 (BIP 173, BIP 350), EIP-55 (Ethereum).

use bs58::Alphabet;
use sha3::{Digest, Keccak256};

/// What an address is of.
#[derive(Debug, PartialEq, Eq)]
pub struct Found {
    /// `bitcoin`, `ethereum`, ...
    pub currency: &'static str,
    /// The one way to write it.
    pub normalised: String,
    /// False where it is written without the checksum its form may carry.
    pub is_checked: bool,
}

/// Version bytes before the 20 bytes of a base58check address, and the first
/// letters that they give.
const BASE58: [(&[u8], &str); 9] = [
    (&[0x00], "bitcoin"),
    (&[0x05], "bitcoin"),
    (&[0x1e], "dogecoin"),
    (&[0x30], "litecoin"),
    (&[0x32], "litecoin"),
    (&[0x41], "tron"),
    (&[0x4c], "dash"),
    (&[0x1c, 0xb8], "zcash"),
    (&[0x1c, 0xbd], "zcash"),
];

/// The lengths a word must have to be looked at.
const LENGTH: std::ops::RangeInclusive<usize> = 25..=90;

/// Tells what a word of letters and digits is the address of.
pub fn read(word: &str) -> Option<Found> {
    if !LENGTH.contains(&word.len()) || !word.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    ethereum(word)
        .or_else(|| segwit(word))
        .or_else(|| base58(word))
}

fn base58(word: &str) -> Option<Found> {
    if word.len() > 36 {
        return None;
    }
    let checked = |currency: &'static str| Found {
        currency,
        normalised: word.to_owned(),
        is_checked: true,
    };
    let payload = |alphabet| {
        let decoder = bs58::decode(word).with_alphabet(alphabet).with_check(None);
        decoder.into_vec().ok()
    };
    if let Some(payload) = payload(Alphabet::BITCOIN) {
        let version = payload.get(..payload.len().checked_sub(20)?)?;
        let mut known = BASE58.iter();
        return known
            .find(|(known, _)| *known == version)
            .map(|(_, currency)| checked(currency));
    }
    // Its alphabet makes an account's address begin with `r`.
    let payload = payload(Alphabet::RIPPLE).filter(|_| word.starts_with('r'))?;
    (payload.len() == 21 && payload[0] == 0).then(|| checked("ripple"))
}

fn segwit(word: &str) -> Option<Found> {
    let (hrp, ..) = bech32::segwit::decode(word).ok()?;
    let currency = match hrp.to_lowercase().as_str() {
        "bc" => "bitcoin",
        "ltc" => "litecoin",
        _ => return None,
    };
    Some(Found {
        currency,
        normalised: word.to_ascii_lowercase(),
        is_checked: true,
    })
}

fn ethereum(word: &str) -> Option<Found> {
    let digits = word.strip_prefix("0x")?;
    if digits.len() != 40 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let lower = digits.to_ascii_lowercase();
    let normalised = eip55(&lower);
    let has_no_case = digits == lower || digits == digits.to_ascii_uppercase();
    let is_checked = normalised == word;
    // One digit repeated is a placeholder, such as the zero address.
    let is_placeholder = lower.bytes().all(|byte| byte == lower.as_bytes()[0]);
    ((is_checked || has_no_case) && !is_placeholder).then_some(Found {
        currency: "ethereum",
        normalised,
        is_checked,
    })
}

/// The address with its checksum: a letter is upper case where the digit of the
/// digits' hash at its place is 8 or more.
fn eip55(lower: &str) -> String {
    let hash = Keccak256::digest(lower.as_bytes());
    let digit = |place: usize| {
        let pair = hash[place / 2];
        if place.is_multiple_of(2) {
            pair >> 4
        } else {
            pair & 15
        }
    };
    let cased = lower.chars().enumerate().map(|(place, c)| {
        if digit(place) >= 8 {
            c.to_ascii_uppercase()
        } else {
            c
        }
    });
    "0x".chars().chain(cased).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn currency(word: &str) -> Option<&'static str> {
        read(word).map(|found| found.currency)
    }

    #[test]
    fn addresses_with_a_right_checksum_are_known() {
        for (word, name) in [
            ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "bitcoin"),
            ("3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", "bitcoin"),
            ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "bitcoin"),
            ("BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", "bitcoin"),
            ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "ethereum"),
            ("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed", "ethereum"),
            ("rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh", "ripple"),
        ] {
            assert_eq!(currency(word), Some(name), "{word}");
        }
        let found = read("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed");
        let normalised = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed".to_owned();
        assert_eq!(
            found,
            Some(Found {
                currency: "ethereum",
                normalised,
                is_checked: false
            })
        );
    }

    #[test]
    fn one_wrong_character_makes_it_no_address() {
        for word in [
            "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb",
            "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5",
            "0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "0x0000000000000000000000000000000000000000",
            "justaverylongwordofletters",
            "",
        ] {
            assert_eq!(currency(word), None, "{word}");
        }
    }
}
