//! The first words of a message's text, for servers that do not compute them.

use std::borrow::Cow;

use mail_parser::decoders::html::html_to_text;

use super::message::Message;
use super::shield::shielded;

/// Characters of a preview; RFC 8970 section 3.1 recommends as many.
const LENGTH: usize = 200;

/// The first 200 characters of `body_text`, or of the text of `body_html` where
/// there is no other, runs of white space made one space. `head` is the message
/// or its first bytes; `None` where they hold no text.
pub fn preview(head: &[u8]) -> Option<String> {
    let message = Message::parse(head);
    let text = match message.body_text().filter(|text| !text.trim().is_empty()) {
        Some(text) => Cow::Borrowed(text),
        None => {
            let html = message.body_html()?;
            Cow::Owned(shielded(|| Some(html_to_text(html)))?)
        }
    };
    // `&#0;` makes a NUL, at which C would end the text.
    let mut words = text
        .split(|c: char| c.is_whitespace() || c == '\0')
        .filter(|word| !word.is_empty());
    let mut preview = words.next()?.to_owned();
    let mut length = preview.chars().count();
    for word in words {
        if length >= LENGTH {
            break;
        }
        preview.push(' ');
        preview.push_str(word);
        length += 1 + word.chars().count();
    }
    Some(preview.chars().take(LENGTH).collect::<String>())
        .map(|preview| preview.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_is_one_space_and_the_end_is_cut() {
        let text = |body: &str| preview(format!("Subject: x\r\n\r\n{body}").as_bytes());
        assert_eq!(text(" a\r\n\r\n\tb  c\r\n").as_deref(), Some("a b c"));
        assert_eq!(text(&"ü ".repeat(300)).unwrap().chars().count(), 199);
        assert_eq!(text(&"ü".repeat(300)).unwrap().chars().count(), 200);
        assert_eq!(text(" \r\n"), None);
    }

    #[test]
    fn a_character_reference_to_nul_parts_words() {
        let html = b"Content-Type: text/html\r\n\r\n<p>a&#0;b&#0;</p>";
        assert_eq!(preview(html).as_deref(), Some("a b"));
        let html = b"Content-Type: text/html\r\n\r\n&#0;";
        assert_eq!(preview(html), None);
    }

    #[test]
    fn html_counts_where_there_is_no_other_text() {
        let html = b"Content-Type: text/html\r\n\r\n<p>gr&uuml;&szlig;e</p><p>you</p>";
        assert_eq!(preview(html).as_deref(), Some("grüße you"));
    }

    #[test]
    fn a_message_cut_anywhere_gives_what_its_beginning_holds() {
        let raw = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\
                    Content-Transfer-Encoding: base64\r\n\r\nSGVsbG8gd29ybGQ=\r\n--b\r\n\
                    Content-Type: application/pdf\r\n\r\nx";
        for end in 0..raw.len() {
            let _ = preview(&raw[..end]);
        }
        assert_eq!(preview(raw).as_deref(), Some("Hello world"));
        assert_eq!(preview(&raw[..100]).as_deref(), Some("Hello wor"));
        assert_eq!(preview(b""), None);
    }
}
