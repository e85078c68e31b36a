//! Every header column of `imap_messages`, from header bytes.
//!
//! The values are the same whether the bytes are some fields of the header
//! (with all that the column needs), the whole header or the whole message.
//! Of a field that must be single the last one counts; address fields are
//! read together. An empty field counts as missing.

use super::address::{self, Address, Role};
use super::fields::{self, Block, Field, Outline, unfold};
use super::problem::Problem;
use super::{charset, date, identifier, words};
use jiff::civil::Date;
use serde_json::{Map, Value, json};

/// A parsed header; every value is read when it is asked for.
pub struct Headers<'a> {
    block: Block<'a>,
}

impl<'a> Headers<'a> {
    /// Splits the header at the beginning of `bytes`.
    pub fn parse(bytes: &'a [u8]) -> Self {
        Self {
            block: fields::split(bytes),
        }
    }

    /// The header at the beginning of `bytes`, which was split already.
    pub fn outlined(bytes: &'a [u8], outline: &Outline) -> Self {
        Self {
            block: outline.block(bytes),
        }
    }

    /// The fields as written, in order.
    pub fn fields(&self) -> &[Field<'a>] {
        &self.block.fields
    }

    /// True where the bytes begin as a message does: a field that every message
    /// has is among those read.
    pub fn is_message(&self) -> bool {
        let known = ["From", "Date", "Received", "Message-ID", "Subject"];
        known.into_iter().any(|name| self.last(name).is_some())
    }

    /// Where the body begins: the length of the header with its empty line.
    pub fn length(&self) -> usize {
        self.block.length
    }

    /// The last field of that name (any case), as written.
    pub fn last(&self, name: &str) -> Option<&'a [u8]> {
        let mut same = self.block.fields.iter().rev();
        same.find(|field| field.name.eq_ignore_ascii_case(name))
            .map(|field| field.value)
    }

    /// All fields of that name (any case), as written.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        let fields = self.block.fields.iter();
        fields
            .filter(move |field| field.name.eq_ignore_ascii_case(name))
            .map(|field| field.value)
    }

    /// `message_id`: without angle brackets.
    pub fn message_id(&self) -> Option<String> {
        identifier::single(self.last("Message-ID")?)
    }

    /// `in_reply_to`: the first identifier, without angle brackets.
    pub fn in_reply_to(&self) -> Option<String> {
        identifier::all(self.last("In-Reply-To")?)
            .into_iter()
            .next()
    }

    /// The identifiers of References, oldest first, without angle brackets.
    pub fn references(&self) -> Vec<String> {
        self.last("References")
            .map(identifier::all)
            .unwrap_or_default()
    }

    /// `email_references`: [`Self::references`] as a JSON array.
    pub fn email_references(&self) -> Option<String> {
        json_array(self.references())
    }

    /// `subject`: decoded.
    pub fn subject(&self) -> Option<String> {
        words::decode(self.last("Subject")?)
    }

    /// The mailboxes of a role; of Sender, which is one mailbox, those of the
    /// last field.
    pub fn mailboxes(&self, role: Role) -> Vec<Address> {
        match role {
            Role::Sender => self
                .last(role.field())
                .map(address::parse)
                .unwrap_or_default(),
            _ => self.all(role.field()).flat_map(address::parse).collect(),
        }
    }

    /// `"from"`: the first bare address.
    pub fn from(&self) -> Option<String> {
        let mut mailboxes = self.all(Role::From.field()).flat_map(address::parse);
        mailboxes.find_map(|mailbox| mailbox.address)
    }

    /// `from_name`: the display name of the mailbox that `"from"` gives, or of
    /// the first if none has an address.
    pub fn from_name(&self) -> Option<String> {
        let mut list = self.mailboxes(Role::From);
        let at = list
            .iter()
            .position(|mailbox| mailbox.address.is_some())
            .unwrap_or(0);
        (at < list.len())
            .then(|| list.swap_remove(at).name)
            .flatten()
    }

    /// `sender`: the bare address.
    pub fn sender(&self) -> Option<String> {
        self.mailboxes(Role::Sender)
            .into_iter()
            .find_map(|mailbox| mailbox.address)
    }

    /// `reply_to`, `"to"`, `cc`, `bcc`: a JSON array of bare addresses.
    pub fn bare_addresses(&self, role: Role) -> Option<String> {
        json_array(
            self.mailboxes(role)
                .into_iter()
                .filter_map(|mailbox| mailbox.address),
        )
    }

    /// `addresses`: a JSON object of role (the column's name) to an array of
    /// `{name, address}`, either of which may be null, for the roles that have
    /// any.
    pub fn addresses(&self) -> Option<String> {
        let roles = self.address_object();
        (!roles.is_empty()).then(|| Value::from(roles).to_string())
    }

    /// The object of [`Self::addresses`], empty for no mailbox.
    pub fn address_object(&self) -> Map<String, Value> {
        let mut roles = Map::new();
        for role in Role::ALL {
            let list: Vec<Value> = self
                .mailboxes(role)
                .into_iter()
                .map(|mailbox| json!({"name": mailbox.name, "address": mailbox.address}))
                .collect();
            if !list.is_empty() {
                roles.insert(role.column().into(), list.into());
            }
        }
        roles
    }

    /// The Date field as unix seconds; see [`super::time::iso8601`] for the
    /// `date` column.
    pub fn date(&self) -> Option<i64> {
        date::unix(self.last("Date")?)
    }

    /// The day that the Date field names, in its own time zone.
    pub fn day(&self) -> Option<Date> {
        Some(date::written(self.last("Date")?)?.clock.date())
    }

    /// `date_header`: the Date field as written, unfolded.
    pub fn date_header(&self) -> Option<String> {
        let text = unfolded_text(self.last("Date")?);
        (!text.is_empty()).then_some(text)
    }

    /// `headers`: a JSON object of lower-case name, in order of first
    /// appearance, to the array of unfolded values, in order, encoded words
    /// left as they are.
    pub fn to_json(&self) -> Option<String> {
        let object = self.to_object();
        (!object.is_empty()).then(|| Value::from(object).to_string())
    }

    /// The object of [`Self::to_json`], empty for no field.
    pub fn to_object(&self) -> Map<String, Value> {
        let mut object = Map::new();
        for field in &self.block.fields {
            let values = object
                .entry(field.name.to_ascii_lowercase())
                .or_insert_with(|| json!([]));
            if let Value::Array(values) = values {
                values.push(unfolded_text(field.value).into());
            }
        }
        object
    }

    /// What could not be read in the fields that have columns, in their order.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = self.block.problems.clone();
        let mut unread = |column: &str, field: &str, is_read: bool, problem: &str| {
            let written = self.last(field).map(<[u8]>::trim_ascii).unwrap_or_default();
            if !is_read && !written.is_empty() {
                problems.push(Problem::with_bytes(column, problem, &unfold(written)));
            }
        };
        unread(
            "message_id",
            "Message-ID",
            self.message_id().is_some(),
            NO_IDENTIFIER,
        );
        unread(
            "in_reply_to",
            "In-Reply-To",
            self.in_reply_to().is_some(),
            NO_IDENTIFIER,
        );
        unread(
            "email_references",
            "References",
            !self.references().is_empty(),
            NO_IDENTIFIER,
        );
        for role in Role::ALL {
            unread(
                role.column(),
                role.field(),
                self.is_role_read(role),
                "holds no address",
            );
        }
        unread("date", "Date", self.date().is_some(), "cannot be read");
        for field in self
            .fields()
            .iter()
            .filter(|field| charset::is_guessed(field.value))
        {
            let guess = "has undeclared 8-bit text, read as windows-1252";
            problems.push(match column_of(field.name) {
                Some(column) => Problem::new(column, guess),
                None => Problem::new("headers", format!("{} {guess}", field.name)),
            });
        }
        problems
    }

    /// True where the role's fields hold an address, or rightly none: an empty
    /// group.
    fn is_role_read(&self, role: Role) -> bool {
        let has_address = |mailbox: &Address| mailbox.address.is_some();
        self.mailboxes(role).iter().any(has_address)
            || self.last(role.field()).is_some_and(address::is_empty_group)
    }
}

/// A JSON array of strings, `None` for no strings: missing is NULL, never `[]`.
fn json_array(list: impl IntoIterator<Item = String>) -> Option<String> {
    let list: Vec<Value> = list.into_iter().map(Value::from).collect();
    (!list.is_empty()).then(|| Value::from(list).to_string())
}

/// The column that shows a field, `None` for a field that only `headers` shows.
fn column_of(field: &str) -> Option<&'static str> {
    const OTHERS: [(&str, &str); 5] = [
        ("Message-ID", "message_id"),
        ("In-Reply-To", "in_reply_to"),
        ("References", "email_references"),
        ("Subject", "subject"),
        ("Date", "date"),
    ];
    let roles = Role::ALL.map(|role| (role.field(), role.column()));
    let mut columns = roles.into_iter().chain(OTHERS);
    columns
        .find(|(name, _)| name.eq_ignore_ascii_case(field))
        .map(|(_, column)| column)
}

/// Said of fields that should hold a message identifier.
const NO_IDENTIFIER: &str = "holds no message identifier";

fn unfolded_text(value: &[u8]) -> String {
    charset::without_nul(charset::undeclared(&unfold(value)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::time::iso8601;

    const MAIL: &[u8] = b"Received: by b\r\nreceived: by\r\n a\r\n\
        From: =?utf-8?q?Ad=C3=A9?= <ada@x.org>, b@x.org\r\n\
        To: one@x.org\r\nTo: list: two@x.org;\r\n\
        Cc: undisclosed-recipients:;\r\n\
        Subject: first\r\nsubject: Caf\xe9\r\n  au lait\r\n\
        Message-ID: <1@x.org>\r\nIn-Reply-To: <a@x.org> <b@x.org>\r\n\
        References: <a@x.org>\r\n <b@x.org>\r\n\
        Date: Sat, 31 Jan 2026\r\n 13:00:00 +0100\r\n\r\nTo: body@x.org\r\n";

    #[test]
    fn every_column_is_read() {
        let headers = Headers::parse(MAIL);
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(headers.message_id(), some("1@x.org"));
        assert_eq!(headers.in_reply_to(), some("a@x.org"));
        assert_eq!(headers.email_references(), some(r#"["a@x.org","b@x.org"]"#));
        assert_eq!(headers.subject(), some("Café au lait"));
        assert_eq!(headers.from(), some("ada@x.org"));
        assert_eq!(headers.from_name(), some("Adé"));
        assert_eq!(
            headers.bare_addresses(Role::To),
            some(r#"["one@x.org","two@x.org"]"#)
        );
        assert_eq!(
            headers.date().and_then(iso8601),
            some("2026-01-31T12:00:00Z")
        );
        assert_eq!(
            headers.date_header(),
            some("Sat, 31 Jan 2026 13:00:00 +0100")
        );
        assert_eq!(
            headers.addresses(),
            some(concat!(
                r#"{"from":[{"name":"Adé","address":"ada@x.org"},"#,
                r#"{"name":null,"address":"b@x.org"}],"#,
                r#""to":[{"name":null,"address":"one@x.org"},"#,
                r#"{"name":null,"address":"two@x.org"}]}"#
            ))
        );
        assert_eq!(&MAIL[headers.length()..], b"To: body@x.org\r\n");
    }

    #[test]
    fn headers_are_listed_by_lower_case_name_in_order() {
        let block = b"B: 1\r\nA: =?utf-8?q?a?=\r\n\tb\r\nb: caf\xe9\r\nC:\r\n";
        assert_eq!(
            Headers::parse(block).to_json().as_deref(),
            Some(r#"{"b":["1","café"],"a":["=?utf-8?q?a?=\tb"],"c":[""]}"#)
        );
    }

    #[test]
    fn missing_and_empty_fields_are_none() {
        for block in [
            "",
            "Subject:\nFrom: \nTo:\nDate:\nMessage-ID:\nSender:\nReferences:\n",
        ] {
            let headers = Headers::parse(block.as_bytes());
            assert_eq!(headers.subject(), None);
            assert_eq!(
                (headers.from(), headers.from_name(), headers.sender()),
                (None, None, None)
            );
            assert_eq!((headers.date(), headers.date_header()), (None, None));
            assert_eq!(
                (headers.message_id(), headers.email_references()),
                (None, None)
            );
            assert_eq!(
                (headers.bare_addresses(Role::To), headers.addresses()),
                (None, None)
            );
            assert_eq!(headers.problems(), []);
        }
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let block = b"Date: yesterday\nFrom: MAILER-DAEMON\nIn-Reply-To: your mail\nCc: none:;\n\
            Subject: caf\xe9\nX-Odd: caf\xe9\nno field\n";
        let headers = Headers::parse(block);
        let shown: Vec<String> = headers
            .problems()
            .into_iter()
            .map(|problem| format!("{} {}", problem.field, problem.problem))
            .collect();
        assert_eq!(
            shown,
            [
                "headers lines that are no field left out: 1, the first: 'no field'",
                "in_reply_to holds no message identifier: 'your mail'",
                "from holds no address: 'MAILER-DAEMON'",
                "date cannot be read: 'yesterday'",
                "subject has undeclared 8-bit text, read as windows-1252",
                "headers X-Odd has undeclared 8-bit text, read as windows-1252",
            ]
        );
        assert_eq!(headers.from_name().as_deref(), Some("MAILER-DAEMON"));
    }

    #[test]
    fn values_are_the_same_from_some_fields_and_from_all() {
        let some = b"Date: Sat, 31 Jan 2026\n 13:00:00 +0100\nSubject: Caf\xe9\n  au lait\n\n";
        let (some, all) = (Headers::parse(some), Headers::parse(MAIL));
        assert_eq!(some.date(), all.date());
        assert_eq!(some.date_header(), all.date_header());
        assert_eq!(some.subject(), all.subject());
    }
}
