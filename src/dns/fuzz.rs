//! What `fuzz/` reaches of the parser that is private here; built by cargo-fuzz,
//! and by tests so that it keeps up with it.

use super::Answer;
use super::message::{Question, Reply};

/// The texts in an answer to one question, of which `data` is what a server
/// decides: the header behind the identifier, and everything behind the
/// question.
pub fn texts(data: &[u8]) -> Option<Vec<String>> {
    let question = Question::txt("s._domainkey.d.example").ok()??;
    let (header, records) = data.split_at_checked(10)?;
    let asked = question.as_bytes();
    // Behind the question stand the options.
    let (question_at, options) = (12, asked.len() - 11);
    let bytes = [&asked[..2], header, &asked[question_at..options], records].concat();
    match question.reply(&bytes)? {
        Reply::Answer(Answer::Found(texts), _) => Some(texts),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_reached() {
        let header = [0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0];
        let record = [0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 9, 0, 2, 1, b'a'];
        let texts = texts(&[&header[..], &record].concat());
        assert_eq!(texts, Some(vec!["a".to_owned()]));
    }
}
