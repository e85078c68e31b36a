//! Character references of HTML, `&amp;` and `&#46;`, with which links are hidden.

use super::mapped::Mapped;
use crate::mail::shield::shielded;
use mail_parser::decoders::html::add_html_token;

/// The longest reference that is looked for.
const MAX_NAME: usize = 32;

/// Appends `html[from..to]` with its character references replaced.
pub fn push_text(out: &mut Mapped, html: &str, from: usize, to: usize) {
    let text = &html[from..to];
    let mut copied = 0;
    for (at, _) in text.match_indices('&') {
        if at < copied {
            continue;
        }
        if let Some((character, length)) = reference(&text[at..]) {
            out.push(&text[copied..at], from + copied);
            out.push(character.encode_utf8(&mut [0; 4]), from + at);
            copied = at + length;
        }
    }
    out.push(&text[copied..], from + copied);
}

/// The character that the reference at the start of `text` stands for, and the
/// reference's length.
fn reference(text: &str) -> Option<(char, usize)> {
    let bytes = &text.as_bytes()[..text.len().min(MAX_NAME)];
    let length = bytes.iter().position(|&byte| byte == b';')?;
    let name = text.get(1..length)?;
    let character = match name.strip_prefix('#') {
        Some(number) => {
            let hex = number.strip_prefix(['x', 'X']);
            let code = match hex {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?).filter(|&c| c != '\0')?
        }
        // As people and links mean them.
        None if name == "nbsp" => ' ',
        None if name == "hyphen" => '-',
        None => named(&text[..=length])?,
    };
    Some((character, length + 1))
}

/// The character that a whole reference names, `&uuml;`, by HTML's own list.
fn named(reference: &str) -> Option<char> {
    let decoded = shielded(|| {
        let mut decoded = String::new();
        add_html_token(&mut decoded, reference.as_bytes(), false);
        Some(decoded)
    })?;
    let mut characters = decoded.chars();
    let first = characters.next().filter(|&c| c != '\0')?;
    (characters.next().is_none() && decoded != reference).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(html: &str) -> String {
        let mut out = Mapped::default();
        push_text(&mut out, html, 0, html.len());
        out.text().to_owned()
    }

    #[test]
    fn references_are_replaced_and_what_is_none_stays() {
        assert_eq!(decoded("a&#46;b&#X2e;c&period;d&amp;#46;"), "a.b.c.d&#46;");
        assert_eq!(decoded("f&uuml;r&nbsp;5&euro;"), "für 5€");
        for text in [
            "&",
            "&;",
            "&#;",
            "&#0;",
            "&#x110000;",
            "&unknown;",
            "&é;",
            "a & b; c",
        ] {
            assert_eq!(decoded(text), text);
        }
    }
}
