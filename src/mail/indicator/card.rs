//! Payment card numbers: the network by its ranges, and the Luhn check
//! (ISO/IEC 7812-1).

/// A network's ranges of first digits, each of equal width, and the lengths of
/// its numbers.
struct Network {
    name: &'static str,
    ranges: &'static [(u32, u32)],
    lengths: &'static [usize],
}

/// The networks in the order in which they are asked: a narrow range before the
/// wide one that holds it.
const NETWORKS: [Network; 10] = [
    Network {
        name: "amex",
        ranges: &[(34, 34), (37, 37)],
        lengths: &[15],
    },
    Network {
        name: "diners",
        ranges: &[(300, 305), (3095, 3095), (36, 36), (38, 39)],
        lengths: &[14],
    },
    Network {
        name: "jcb",
        ranges: &[(3528, 3589)],
        lengths: &[16],
    },
    Network {
        name: "discover",
        ranges: &[(6011, 6011), (644, 649), (65, 65), (622_126, 622_925)],
        lengths: &[16],
    },
    Network {
        name: "unionpay",
        ranges: &[(62, 62)],
        lengths: &[16, 17, 18, 19],
    },
    Network {
        name: "mastercard",
        ranges: &[(51, 55), (2221, 2720)],
        lengths: &[16],
    },
    Network {
        name: "mir",
        ranges: &[(2200, 2204)],
        lengths: &[16],
    },
    Network {
        name: "instapayment",
        ranges: &[(637, 639)],
        lengths: &[16],
    },
    Network {
        name: "maestro",
        ranges: &[
            (5018, 5018),
            (5020, 5020),
            (5038, 5038),
            (6304, 6304),
            (6759, 6763),
            (6706, 6709),
            (6771, 6771),
        ],
        lengths: &[12, 13, 14, 15, 16, 17, 18, 19],
    },
    Network {
        name: "visa",
        ranges: &[(4, 4)],
        lengths: &[13, 16, 19],
    },
];

/// The fewest and the most digits a number has.
pub const DIGITS: std::ops::RangeInclusive<usize> = 12..=19;

/// The digits of a number as people write it, and its network; `None` where it
/// is no card's. Between digits there may be one space or hyphen, in the
/// groups that cards have.
pub fn read(written: &str) -> Option<(String, &'static str)> {
    let separators: Vec<char> = written.chars().filter(|c| !c.is_ascii_digit()).collect();
    if separators.iter().any(|c| *c != separators[0]) {
        return None;
    }
    let groups: Vec<usize> = written.split([' ', '-']).map(str::len).collect();
    let is_grouped = matches!(
        groups[..],
        [_] | [4, 4, 4, 4] | [4, 4, 4, 4, 3] | [4, 6, 5] | [4, 6, 4] | [4, 4, 4, 1]
    );
    let digits: String = written.chars().filter(char::is_ascii_digit).collect();
    if !is_grouped || !DIGITS.contains(&digits.len()) || !passes_luhn(&digits) {
        return None;
    }
    let network = NETWORKS.iter().find(|network| network.has(&digits))?;
    Some((digits, network.name))
}

impl Network {
    fn has(&self, digits: &str) -> bool {
        let is_in = |&(low, high): &(u32, u32)| {
            let width = low.to_string().len();
            let first = digits
                .get(..width)
                .and_then(|first| first.parse::<u32>().ok());
            first.is_some_and(|first| (low..=high).contains(&first))
        };
        self.lengths.contains(&digits.len()) && self.ranges.iter().any(is_in)
    }
}

/// Doubles every second digit from the right; the digits of all of it must add
/// up to a multiple of ten. One digit repeated is nobody's number.
fn passes_luhn(digits: &str) -> bool {
    let values: Vec<u32> = digits.bytes().map(|byte| u32::from(byte - b'0')).collect();
    let double = |value: u32| value * 2 / 10 + value * 2 % 10;
    let sum: u32 = values
        .iter()
        .rev()
        .enumerate()
        .map(|(place, &value)| if place % 2 == 1 { double(value) } else { value })
        .sum();
    sum.is_multiple_of(10) && values.iter().any(|value| *value != values[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_numbers_of_the_networks_are_known() {
        for (written, network) in [
            ("4111111111111111", "visa"),
            ("4111 1111 1111 1111", "visa"),
            ("4222222222222", "visa"),
            ("5555-5555-5555-4444", "mastercard"),
            ("2223003122003222", "mastercard"),
            ("3782 822463 10005", "amex"),
            ("30569309025904", "diners"),
            ("6011111111111117", "discover"),
            ("3530111333300000", "jcb"),
            ("6250941006528599", "unionpay"),
            ("6759649826438453", "maestro"),
            ("2200000000000004", "mir"),
        ] {
            assert_eq!(
                read(written).map(|(_, name)| name),
                Some(network),
                "{written}"
            );
        }
    }

    #[test]
    fn other_numbers_are_no_cards() {
        for written in [
            "4111111111111112",
            "0000000000000000",
            "9999999999999995",
            "4111 1111-1111 1111",
            "41 11111111111111",
            "411111111111",
            "",
        ] {
            assert_eq!(read(written), None, "{written}");
        }
    }
}
