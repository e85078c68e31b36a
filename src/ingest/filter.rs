//! Which messages are wanted, by what is written in them.
//!
//! A server's SEARCH finds more than what is meant (`FROM x.org` finds a
//! display name), or less (an index of words), so it only narrows what is
//! looked at; what is wanted is decided here, on parsed fields. Between fields
//! all has to hold, within a field one value is enough, and of the `not_`
//! fields none may match.

use super::terms::{AddressTerm, Terms};
use crate::imap::search_key::Key;
use crate::imap::wanted::{Field, Wanted};
use crate::mail::{Headers, Message, Role, words};

/// What is looked for in the parts of a message; empty terms admit all.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Addresses by role.
    pub addresses: Vec<(Role, Terms<AddressTerm>)>,
    /// Texts in the subject, lower-case.
    pub subject: Terms<String>,
    /// Texts anywhere: header, bodies, names of attachments; lower-case.
    pub text: Terms<String>,
    /// Fields and texts in them, lower-case; an empty text is in every such field.
    pub headers: Vec<(String, Terms<String>)>,
}

impl Filter {
    /// What has to be fetched for [`Filter::admits_header`]; nothing where it
    /// admits every header.
    pub fn wanted(&self) -> Wanted {
        if !self.headers.is_empty() {
            return Wanted::HEADER;
        }
        let subject = match self.subject.is_empty() {
            true => Wanted::NONE,
            false => Wanted::field(Field::Subject),
        };
        let fields = self.addresses.iter().map(|(role, _)| match role {
            Role::From => Field::From,
            Role::Sender => Field::Sender,
            Role::ReplyTo => Field::ReplyTo,
            Role::To => Field::To,
            Role::Cc => Field::Cc,
            Role::Bcc => Field::Bcc,
        });
        fields.fold(subject, |wanted, field| wanted.and(Wanted::field(field)))
    }

    /// Whether a message with this header is wanted, its text aside.
    pub fn admits_header(&self, headers: &Headers<'_>) -> bool {
        let addresses = self.addresses.iter().all(|(role, terms)| {
            let found = headers.mailboxes(*role);
            terms.admit(|term| term.is_in(&found))
        });
        let subject = || {
            let found = headers.subject().unwrap_or_default().to_lowercase();
            self.subject.admit(|text| found.contains(text))
        };
        let fields = || {
            self.headers.iter().all(|(name, terms)| {
                let found: Vec<String> = headers.all(name).map(decoded).collect();
                terms.admit(|text| found.iter().any(|value| value.contains(text)))
            })
        };
        addresses && subject() && fields()
    }

    /// Whether the text of a message is wanted.
    pub fn admits_text(&self, raw: &[u8]) -> bool {
        if self.text.is_empty() {
            return true;
        }
        let message = Message::parse(raw);
        let fields = message.headers().fields().iter();
        let names = message.attachments().into_iter();
        let texts: Vec<String> = fields
            .map(|field| decoded(field.value))
            .chain(message.text_bodies().into_iter().map(str::to_lowercase))
            .chain(message.html_bodies().into_iter().map(str::to_lowercase))
            .chain(names.filter_map(|found| Some(found.filename?.to_lowercase())))
            .collect();
        self.text
            .admit(|wanted| texts.iter().any(|text| text.contains(wanted)))
    }

    /// Keys that every message that is wanted meets, for a server that
    /// searches substrings. A `not_` field gives none: `NOT FROM x.org` would
    /// leave out what only looks like it. Nor does text beyond ASCII, for which
    /// servers fold case in ways of their own.
    pub fn keys(&self) -> Vec<Key> {
        let mut keys = Vec::new();
        for (role, terms) in &self.addresses {
            let field = match role {
                Role::From | Role::To | Role::Cc | Role::Bcc => role.field().to_uppercase(),
                Role::Sender | Role::ReplyTo => format!("HEADER {}", role.field()),
            };
            keys.extend(any(&field, terms.any.iter().map(AddressTerm::text)));
        }
        keys.extend(any("SUBJECT", self.subject.any.iter().map(String::as_str)));
        keys.extend(any("TEXT", self.text.any.iter().map(String::as_str)));
        for (name, terms) in &self.headers {
            keys.extend(any(
                &format!("HEADER {name}"),
                terms.any.iter().map(String::as_str),
            ));
        }
        keys
    }
}

fn decoded(value: &[u8]) -> String {
    words::decode(value).unwrap_or_default().to_lowercase()
}

/// What has one of the texts; nothing where one of them cannot be asked for.
fn any<'a>(key: &str, texts: impl Iterator<Item = &'a str>) -> Option<Key> {
    let keys: Option<Vec<Key>> = texts
        .map(|text| text.is_ascii().then(|| Key::text(key, text)))
        .collect();
    Key::any(keys?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RAW: &[u8] = b"From: \"x@list.example\" <ada@example.org>\r\nTo: b@x.org\r\n\
        Cc: c@x.org\r\nSubject: =?utf-8?q?Caf=C3=A9?= invoice\r\nX-Spam-Flag: YES\r\n\
        Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\nHello World\r\n--a\r\n\
        Content-Type: application/pdf; name=Bill.pdf\r\n\r\nx\r\n--a--\r\n";

    fn terms(any: &[&str], none: &[&str]) -> Terms<String> {
        let own = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Terms {
            any: own(any),
            none: own(none),
        }
    }

    fn from(any: &[&str], none: &[&str]) -> Filter {
        let parse = |texts: &[&str]| texts.iter().map(|text| AddressTerm::parse(text)).collect();
        let terms = Terms {
            any: parse(any),
            none: parse(none),
        };
        Filter {
            addresses: vec![(Role::From, terms)],
            ..Filter::default()
        }
    }

    fn admits(filter: &Filter) -> bool {
        filter.admits_header(&Headers::parse(RAW)) && filter.admits_text(RAW)
    }

    #[test]
    fn a_display_name_does_not_stand_for_the_sender() {
        assert!(admits(&from(&["example.org"], &[])));
        assert!(admits(&from(&["other.example", "ada@example.org"], &[])));
        assert!(!admits(&from(&["list.example"], &[])));
        assert!(!admits(&from(&[], &["example.org"])));
        assert!(admits(&from(&[], &["list.example", "notexample.org"])));
    }

    #[test]
    fn subjects_and_texts_are_compared_decoded_and_without_case() {
        let subject = |any: &[&str], none: &[&str]| Filter {
            subject: terms(any, none),
            ..Filter::default()
        };
        assert!(admits(&subject(&["café"], &["draft"])));
        assert!(!admits(&subject(&["café"], &["invoice"])));
        let text = |any: &str| Filter {
            text: terms(&[any], &[]),
            ..Filter::default()
        };
        for found in ["hello world", "bill.pdf", "café", "yes"] {
            assert!(admits(&text(found)), "{found}");
        }
        assert!(!admits(&text("goodbye")));
    }

    #[test]
    fn header_fields_are_compared_by_name() {
        let header = |name: &str, any: &[&str], none: &[&str]| Filter {
            headers: vec![(name.to_owned(), terms(any, none))],
            ..Filter::default()
        };
        assert!(admits(&header("X-Spam-Flag", &["yes"], &[])));
        assert!(admits(&header("x-spam-flag", &[""], &[])));
        assert!(!admits(&header("X-Other", &[""], &[])));
        assert!(admits(&header("X-Other", &[], &["yes"])));
        assert!(!admits(&header("X-Spam-Flag", &[], &["yes"])));
    }

    #[test]
    fn only_what_is_surely_a_superset_is_asked_of_the_server() {
        assert_eq!(
            from(&["a.org", "b.org"], &["c.org"]).keys(),
            [Key::any(vec![Key::text("FROM", "a.org"), Key::text("FROM", "b.org")]).unwrap()]
        );
        assert!(from(&["a.org", "größe.org"], &[]).keys().is_empty());
        assert!(from(&[], &["c.org"]).keys().is_empty());
        assert_eq!(from(&["a"], &[]).wanted(), Wanted::field(Field::From));
    }
}
