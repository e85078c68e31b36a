//! One row of `imap_messages`: each column read out of the bytes at hand, when
//! SQLite asks for it.

use std::cell::OnceCell;
use std::sync::Arc;

use serde_json::Value;

use super::messages_column::Column;
use super::oversize::not_fetched;
use super::sink::Sink;
use super::structure_json;
use crate::imap::download::Downloaded;
use crate::imap::extra::Extra;
use crate::imap::flags::Flags;
use crate::imap::internal_date::internal_date;
use crate::imap::items::HEAD;
use crate::ingest::status;
use crate::mail::digest::sha256_hex;
use crate::mail::fields::Outline;
use crate::mail::message::{Message, raw_text};
use crate::mail::part::decode_text_part;
use crate::mail::preview::preview;
use crate::mail::problem::{Problem, to_json};
use crate::mail::time::iso8601;
use crate::mail::{Headers, Role};

/// A message of a folder, as far as it was fetched.
pub struct Row {
    pub folder: Arc<str>,
    pub uidvalidity: Option<u32>,
    pub rowid: i64,
    /// True once what was left out at first has been asked for.
    pub is_complete: bool,
    message: Downloaded,
    /// Of the message's header, once a column was read from it.
    outline: OnceCell<Outline>,
}

impl Row {
    /// The row of a message of which more may be asked for.
    pub fn new(
        folder: Arc<str>,
        uidvalidity: Option<u32>,
        rowid: i64,
        message: Downloaded,
    ) -> Self {
        Self {
            folder,
            uidvalidity,
            rowid,
            is_complete: false,
            message,
            outline: OnceCell::new(),
        }
    }

    /// The message's UID.
    pub fn uid(&self) -> u32 {
        self.message.uid
    }

    /// Takes what was asked for later in place of what there was.
    pub fn replace(&mut self, message: Downloaded) {
        self.message = message;
        self.outline = OnceCell::new();
    }

    /// Gives the value of a visible column.
    pub fn cell(&self, column: Column, cell: impl Sink) {
        match column {
            Column::FolderName => cell.text(&self.folder),
            Column::Uid => cell.integer(self.message.uid.into()),
            Column::Uidvalidity => integer(cell, self.uidvalidity),
            Column::Modseq => integer(
                cell,
                self.message.modseq.and_then(|n| i64::try_from(n).ok()),
            ),
            Column::MessageId => text(cell, self.headers().message_id()),
            Column::InReplyTo => text(cell, self.headers().in_reply_to()),
            Column::EmailReferences => json(cell, self.headers().email_references()),
            Column::Subject => text(cell, self.headers().subject()),
            Column::From => text(cell, self.headers().from()),
            Column::FromName => text(cell, self.headers().from_name()),
            Column::Sender => text(cell, self.headers().sender()),
            Column::ReplyTo => json(cell, self.headers().bare_addresses(Role::ReplyTo)),
            Column::To => json(cell, self.headers().bare_addresses(Role::To)),
            Column::Cc => json(cell, self.headers().bare_addresses(Role::Cc)),
            Column::Bcc => json(cell, self.headers().bare_addresses(Role::Bcc)),
            Column::Addresses => json(cell, self.headers().addresses()),
            Column::Date => text(cell, self.headers().date().and_then(iso8601)),
            Column::DateHeader => text(cell, self.headers().date_header()),
            Column::InternalDate => text(cell, self.internal_date().and_then(iso8601)),
            Column::Size => integer(cell, self.message.size.and_then(|n| i64::try_from(n).ok())),
            Column::Flags => json(
                cell,
                self.flags(|flags| words(flags.iter().filter(is_lasting))),
            ),
            Column::Status => json(
                cell,
                self.flags(|flags| words(status(|flag| flags.has(flag)).into_iter())),
            ),
            Column::Seen => self.flag(cell, "\\Seen"),
            Column::Flagged => self.flag(cell, "\\Flagged"),
            Column::Answered => self.flag(cell, "\\Answered"),
            Column::Deleted => self.flag(cell, "\\Deleted"),
            Column::Draft => self.flag(cell, "\\Draft"),
            Column::Keywords => json(cell, self.flags(|flags| words(flags.keywords()))),
            Column::Headers => json(cell, self.headers().to_json()),
            Column::BodyText => text(cell, self.body_text()),
            Column::BodyHtml => text(
                cell,
                self.raw()
                    .and_then(|raw| Message::parse(raw).into_body_html()),
            ),
            Column::Parts => json(
                cell,
                self.message.structure.as_deref().map(structure_json::parts),
            ),
            Column::Attachments => {
                json(
                    cell,
                    self.message
                        .structure
                        .as_deref()
                        .map(structure_json::attachments),
                );
            }
            Column::Message => text(cell, self.raw().map(raw_text)),
            Column::Raw => match &self.message.raw {
                Some(raw) => cell.blob_shared(raw),
                None => cell.null(),
            },
            Column::Sha256 => text(cell, self.raw().map(sha256_hex)),
            Column::Preview => text(cell, self.preview()),
            Column::GmMsgid => number(cell, self.extra(Extra::GmMsgid)),
            Column::GmThrid => number(cell, self.extra(Extra::GmThrid)),
            Column::GmLabels => json(
                cell,
                self.message
                    .extra(Extra::GmLabels)
                    .flatten()
                    .map(|labels| words(labels.iter().map(String::as_str))),
            ),
            Column::EmailId => text(cell, self.extra(Extra::EmailId)),
            Column::ThreadId => text(cell, self.extra(Extra::ThreadId)),
            Column::Problems => json(cell, to_json(&self.problems())),
            Column::Server | Column::User | Column::Folder | Column::Options | Column::Match => {
                cell.null();
            }
        }
    }

    fn raw(&self) -> Option<&[u8]> {
        self.message.raw.as_deref().map(Vec::as_slice)
    }

    /// The header fields at hand, through one parser wherever they come from.
    fn headers(&self) -> Headers<'_> {
        let bytes = self.raw().or(self.message.header.as_deref());
        let bytes = bytes.unwrap_or_default();
        Headers::outlined(bytes, self.outline.get_or_init(|| Outline::of(bytes)))
    }

    fn body_text(&self) -> Option<String> {
        match (&self.message.text, self.raw()) {
            (Some(part), _) => {
                let text = decode_text_part(&part.header, &part.body).text;
                (!text.is_empty()).then(|| text.into_owned())
            }
            (None, Some(raw)) => Message::parse(raw).into_body_text(),
            (None, None) => None,
        }
    }

    /// An extension's item of one word; an empty one says that there is none.
    fn extra(&self, extra: Extra) -> Option<&str> {
        let words = self.message.extra(extra).flatten()?;
        words
            .first()
            .map(String::as_str)
            .filter(|word| !word.is_empty())
    }

    /// The server's, where it was asked; else from the same first bytes,
    /// whatever else of the message is at hand.
    fn preview(&self) -> Option<String> {
        if self.message.extra(Extra::Preview).is_some() {
            return self.extra(Extra::Preview).map(str::to_owned);
        }
        let head = self.message.head.as_deref().or(self.raw())?;
        preview(&head[..head.len().min(HEAD)])
    }

    fn internal_date(&self) -> Option<i64> {
        self.message
            .internal_date
            .as_deref()
            .and_then(internal_date)
    }

    fn flags(&self, show: impl FnOnce(&Flags) -> String) -> Option<String> {
        self.message.flags.as_ref().map(show)
    }

    fn flag(&self, cell: impl Sink, flag: &str) {
        integer(
            cell,
            self.message.flags.as_ref().map(|flags| flags.has(flag)),
        );
    }

    fn problems(&self) -> Vec<Problem> {
        let is_refused = |item: &str| self.message.refusals.iter().any(|r| r.item == item);
        let mut problems = match self.raw() {
            Some(raw) => Message::parse(raw).problems(),
            None => {
                let mut problems = self.headers().problems();
                let size = self.message.size.filter(|_| self.message.is_oversized);
                let why = match size {
                    Some(size) => not_fetched(size),
                    None => "the server gave no content".to_owned(),
                };
                if !is_refused("BODY.PEEK[]") {
                    problems.push(Problem::new("raw", why));
                }
                problems
            }
        };
        match &self.message.internal_date {
            Some(date) if internal_date(date).is_none() => {
                problems.push(Problem::with_bytes("internal_date", "cannot be read", date));
            }
            _ => {}
        }
        match &self.message.structure {
            Some(structure) if !structure.truncated => {}
            Some(_) => problems.push(Problem::new(
                "parts",
                "too many or too deep; some are left out",
            )),
            None if is_refused("BODYSTRUCTURE") => {}
            None => problems.push(Problem::new(
                "parts",
                "the server's BODYSTRUCTURE cannot be read",
            )),
        }
        problems.extend(
            self.message
                .problems
                .iter()
                .map(|text| Problem::new("fetch", text)),
        );
        let refusals = self.message.refusals.iter();
        problems.extend(refusals.map(|refusal| Problem::new("fetch", refusal.to_string())));
        problems
    }
}

fn text(cell: impl Sink, text: Option<impl Into<String>>) {
    match text {
        Some(text) => cell.text_owned(text.into()),
        None => cell.null(),
    }
}

fn json(cell: impl Sink, text: Option<String>) {
    match text {
        Some(text) => cell.json(&text),
        None => cell.null(),
    }
}

/// Gmail's ids have 64 bits without a sign; what SQLite cannot hold as a number
/// stays the digits.
fn number(cell: impl Sink, digits: Option<&str>) {
    match digits.map(|digits| (digits, digits.parse::<i64>())) {
        Some((_, Ok(number))) => cell.integer(number),
        Some((digits, Err(_))) => cell.text(digits),
        None => cell.null(),
    }
}

fn integer(cell: impl Sink, number: Option<impl Into<i64>>) {
    match number {
        Some(number) => cell.integer(number.into()),
        None => cell.null(),
    }
}

/// \Recent says something of the session, not of the message, and is gone in
/// IMAP4rev2.
fn is_lasting(flag: &&str) -> bool {
    !flag.eq_ignore_ascii_case("\\Recent")
}

fn words<'a>(words: impl Iterator<Item = &'a str>) -> String {
    Value::from_iter(words).to_string()
}
