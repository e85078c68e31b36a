//! Labels of domain names outside ASCII in the form of the DNS (RFC 3492, RFC
//! 5890 section 2.3.2.1), so that one name has one spelling.

const BASE: u32 = 36;
const T_MIN: u32 = 1;
const T_MAX: u32 = 26;
const SKEW: u32 = 38;
const DAMP: u32 = 700;
const INITIAL_BIAS: u32 = 72;
const INITIAL_N: u32 = 128;

/// A name in lower case with each label in its ASCII form; `None` where a label
/// has none of at most 63 characters.
pub fn to_ascii(name: &str) -> Option<String> {
    let lower = name.to_lowercase();
    let labels: Option<Vec<String>> = lower.split('.').map(label).collect();
    Some(labels?.join("."))
}

fn label(label: &str) -> Option<String> {
    /// RFC 1035 section 2.3.4.
    const LONGEST: usize = 63;
    let ascii = if label.is_ascii() {
        label.to_owned()
    } else {
        format!("xn--{}", encode(label)?)
    };
    (!ascii.is_empty() && ascii.len() <= LONGEST).then_some(ascii)
}

/// RFC 3492 section 6.3. Quadratic in the label's length, which is bounded.
fn encode(label: &str) -> Option<String> {
    let mut out: String = label.chars().filter(char::is_ascii).collect();
    let basic = u32::try_from(out.len()).ok()?;
    let total = u32::try_from(label.chars().count()).ok()?;
    if total > 63 {
        return None;
    }
    if basic > 0 {
        out.push('-');
    }
    let (mut n, mut delta, mut bias, mut handled) = (INITIAL_N, 0_u32, INITIAL_BIAS, basic);
    while handled < total {
        let next = label.chars().map(u32::from).filter(|&c| c >= n).min()?;
        delta = delta.checked_add((next - n).checked_mul(handled + 1)?)?;
        n = next;
        for c in label.chars().map(u32::from) {
            if c < n {
                delta = delta.checked_add(1)?;
            }
            if c == n {
                digits(&mut out, delta, bias);
                bias = adapt(delta, handled + 1, handled == basic);
                delta = 0;
                handled += 1;
            }
        }
        delta = delta.checked_add(1)?;
        n += 1;
    }
    Some(out)
}

/// Writes `delta` as a number of variable length.
fn digits(out: &mut String, delta: u32, bias: u32) {
    let mut rest = delta;
    let mut k = BASE;
    loop {
        let t = k.saturating_sub(bias).clamp(T_MIN, T_MAX);
        if rest < t {
            break;
        }
        out.push(digit(t + (rest - t) % (BASE - t)));
        rest = (rest - t) / (BASE - t);
        k += BASE;
    }
    out.push(digit(rest));
}

fn digit(value: u32) -> char {
    char::from_digit(value + 10, 36).unwrap_or(match value {
        // From 26 on the digits are numerals.
        26..=35 => char::from(b'0' + u8::try_from(value - 26).unwrap_or(0)),
        _ => '0',
    })
}

/// RFC 3492 section 6.1.
fn adapt(delta: u32, points: u32, is_first: bool) -> u32 {
    let mut delta = delta / if is_first { DAMP } else { 2 };
    delta += delta / points;
    let mut k = 0;
    while delta > (BASE - T_MIN) * T_MAX / 2 {
        delta /= BASE - T_MIN;
        k += BASE;
    }
    k + (BASE - T_MIN + 1) * delta / (delta + SKEW)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_the_form_of_the_dns() {
        for (name, ascii) in [
            ("Example.COM", "example.com"),
            ("münchen.de", "xn--mnchen-3ya.de"),
            ("пример.испытание", "xn--e1afmkfd.xn--80akhbyknj4f"),
            ("faß.example", "xn--fa-hia.example"),
            // RFC 3492 section 7.1 (B): Chinese, simplified.
            ("他们为什么不说中文", "xn--ihqwcrb4cv8a8dqg056pqjye"),
        ] {
            assert_eq!(to_ascii(name).as_deref(), Some(ascii), "{name}");
        }
    }

    #[test]
    fn what_fits_no_label_has_none() {
        assert_eq!(to_ascii("a..b"), None);
        assert_eq!(to_ascii(&"a".repeat(64)), None);
        assert_eq!(to_ascii(&"ü".repeat(64)), None);
        assert_eq!(to_ascii(&"ü".repeat(60_000)), None);
    }
}
