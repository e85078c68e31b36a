//! The options of `imap_ingest`, read into what the ingest understands.

use crate::account::Options;
use crate::error::{Error, Result, quote};
use crate::ingest::since::{self, Since};
use crate::ingest::{
    self, AddressTerm, Afterwards, Attachments, Fetch, Filter, Layout, Progress, Selection, Status,
    Terms,
};
use crate::mail::Role;

/// The options that decide how it is ingested.
const OTHERS: [&str; 15] = [
    "attachment_types",
    "attachments",
    "batch",
    "concurrency",
    "delete",
    "device_name",
    "exclude",
    "fetch",
    "include",
    "layout",
    "limit",
    "period",
    "progress",
    "schema",
    "watch",
];

/// The options that decide which messages are taken.
const SELECTING: [&str; 22] = [
    "bcc",
    "cc",
    "from",
    "header",
    "not_bcc",
    "not_cc",
    "not_from",
    "not_header",
    "not_reply_to",
    "not_sender",
    "not_subject",
    "not_text",
    "not_to",
    "reply_to",
    "search",
    "sender",
    "sent_on",
    "since",
    "status",
    "subject",
    "text",
    "to",
];

/// The keys beside those of every connection.
pub fn keys() -> Vec<&'static str> {
    [&SELECTING[..], &OTHERS].concat()
}

/// Reads the options.
///
/// # Errors
/// One of the wrong type or with a value that means nothing.
pub fn read(options: &Options) -> Result<ingest::Options> {
    let mut chosen = ingest::Options {
        selection: selection(options)?,
        limit: options.count("limit")?,
        include: options.one_or_more("include")?,
        exclude: options.one_or_more("exclude")?,
        attachments: attachments(options)?,
        attachment_types: lower(options.one_or_more("attachment_types")?),
        watch: since::duration_option(options, "watch")?,
        period: since::duration_option(options, "period")?,
        device_name: device_name(options)?,
        ..ingest::Options::default()
    };
    if let Some(batch) = options.count("batch")? {
        chosen.batch = usize::try_from(batch).unwrap_or(usize::MAX);
    }
    if let Some(max_size) = options.count("max_size")? {
        chosen.max_size = max_size.min(ingest::LARGEST_MESSAGE);
    }
    if let Some(layout) = options.choice("layout", &Layout::ALL.map(Layout::name))? {
        chosen.layout = Layout::ALL[layout];
    }
    if options.switch("progress")? {
        chosen.progress = Progress::Bar;
    }
    if options.switch("delete")? {
        chosen.afterwards = Afterwards::Delete;
    }
    Ok(chosen)
}

fn selection(options: &Options) -> Result<Selection> {
    const FETCH: [&str; 4] = ["new", "all", "unseen", "unseen-first"];
    let fetch = match options.choice("fetch", &FETCH)? {
        Some(1) => Fetch::All,
        Some(2) => Fetch::Unseen,
        Some(3) => Fetch::UnseenFirst,
        _ => Fetch::New,
    };
    let mut name = options.part(&SELECTING);
    if matches!(fetch, Fetch::Unseen | Fetch::UnseenFirst) {
        let keys: Vec<&str> = SELECTING.into_iter().chain(["fetch"]).collect();
        name = options.part(&keys);
    }
    Ok(Selection {
        name,
        fetch,
        since: options.parsed(
            "since",
            "a date or a duration, such as \"2026-01-31\" or \"P30D\"",
            Since::parse,
        )?,
        sent_on: options.parsed("sent_on", "a date such as \"2026-01-31\"", since::day)?,
        status: status(options)?,
        search: options.search()?,
        filter: filter(options)?,
    })
}

fn status(options: &Options) -> Result<Vec<Status>> {
    let words: Vec<&str> = Status::WORDS.iter().map(|(word, _)| *word).collect();
    let chosen = options.choices("status", &[&["all"], &words[..]].concat())?;
    if chosen.contains(&0) {
        return Ok(Vec::new());
    }
    let known = chosen.into_iter().map(|place| Status::WORDS[place - 1].1);
    Ok(known.collect())
}

fn filter(options: &Options) -> Result<Filter> {
    let mut addresses = Vec::new();
    for role in Role::ALL {
        let terms = |key: &str| -> Result<Vec<AddressTerm>> {
            let texts = options.one_or_more(key)?;
            Ok(texts.iter().map(|text| AddressTerm::parse(text)).collect())
        };
        let terms = Terms {
            any: terms(role.column())?,
            none: terms(&format!("not_{}", role.column()))?,
        };
        if !terms.is_empty() {
            addresses.push((role, terms));
        }
    }
    let terms = |key: &str| -> Result<Terms<String>> {
        Ok(Terms {
            any: lower(options.one_or_more(key)?),
            none: lower(options.one_or_more(&format!("not_{key}"))?),
        })
    };
    let mut headers = Vec::new();
    for (name, any) in options.named_texts("header")? {
        let (any, none) = (lower(any), Vec::new());
        headers.push((field_name(name)?, Terms { any, none }));
    }
    for (name, none) in options.named_texts("not_header")? {
        let (any, none) = (Vec::new(), lower(none));
        headers.push((field_name(name)?, Terms { any, none }));
    }
    Ok(Filter {
        addresses,
        subject: terms("subject")?,
        text: terms("text")?,
        headers,
    })
}

/// A name that can be asked for: what else it held would be read as syntax.
fn field_name(name: String) -> Result<String> {
    let is_plain = |b: u8| b.is_ascii_graphic() && !b"()[]{}\"\\%*:".contains(&b);
    if name.is_empty() || !name.bytes().all(is_plain) {
        return Err(Error::usage(format!(
            "option header names no header field: '{}'; write its name alone, such as X-Spam-Flag",
            quote(&name)
        )));
    }
    Ok(name)
}

fn attachments(options: &Options) -> Result<Attachments> {
    const WORDS: [&str; 3] = ["no", "yes", "uniform-resource"];
    Ok(match options.choice("attachments", &WORDS)? {
        Some(1) => Attachments::Yes,
        Some(2) => Attachments::UniformResource,
        _ => Attachments::No,
    })
}

/// The option, or what surveilr's own environment says.
fn device_name(options: &Options) -> Result<Option<String>> {
    let given = options
        .text("device_name", "a name such as \"laptop\"")?
        .map(str::to_owned);
    let environment = || std::env::var("SURVEILR_DEVICE_NAME").ok();
    Ok(given.or_else(environment).filter(|name| !name.is_empty()))
}

fn lower(texts: Vec<String>) -> Vec<String> {
    texts.into_iter().map(|text| text.to_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ingest::Options> {
        read(&Options::parse(Some(text), &keys()).unwrap())
    }

    fn error(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    #[test]
    fn only_what_selects_makes_another_selection() {
        let name = |text: &str| parse(text).unwrap().selection.name;
        assert_eq!(name(r#"{"batch": 3, "fetch": "all", "limit": 1}"#), "");
        assert_eq!(
            name(r#"{"to": "a", "from": "b"}"#),
            r#"{"from":"b","to":"a"}"#
        );
        assert_eq!(
            name(r#"{"fetch": "unseen-first"}"#),
            r#"{"fetch":"unseen-first"}"#
        );
    }

    #[test]
    fn wrong_values_get_one_sentence() {
        for wrong in ["\"soon\"", "30", "[1]"] {
            let said = |key: &str| error(&format!("{{\"{key}\": {wrong}}}"));
            assert_eq!(
                said("since"),
                format!(
                    "imap: option since must be a date or a duration, such as \"2026-01-31\" or \
                     \"P30D\", not {wrong}"
                )
            );
            assert_eq!(
                said("sent_on"),
                format!("imap: option sent_on must be a date such as \"2026-01-31\", not {wrong}")
            );
            assert_eq!(
                said("watch"),
                format!("imap: option watch must be a duration such as \"PT1H\", not {wrong}")
            );
            assert_eq!(
                said("status"),
                format!(
                    "imap: option status must be all, unread, read, starred, answered, deleted or \
                     draft, or an array of these, not {wrong}"
                )
            );
        }
        assert_eq!(
            error(r#"{"device_name": 7}"#),
            "imap: option device_name must be a name such as \"laptop\", not 7"
        );
        assert_eq!(
            error(r#"{"search": 7}"#),
            "imap: option search must be IMAP search keys such as \"UNSEEN\", not 7"
        );
        assert_eq!(
            error(r#"{"header": {"X: Y": "z"}}"#),
            "imap: option header names no header field: 'X: Y'; write its name alone, such as X-Spam-Flag"
        );
        assert_eq!(
            error(r#"{"attachments": "maybe"}"#),
            "imap: option attachments must be no, yes or uniform-resource, not \"maybe\""
        );
    }
}
