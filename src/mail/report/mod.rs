//! A message as a STIX 2.1 bundle: one report with its author and its marking
//! (`mail_report`).
//!
//! The report is the one that OpenCTI's connector Email Intel IMAP makes, by
//! name, description, identifiers and content. [`Mode::OpenCti`] is exactly
//! that; it is no valid STIX, having no `object_refs`. [`Mode::Stix`] is, and
//! says more: what can be observed in the message comes with it.

mod content;
mod id;
mod observable;
mod published;
mod tlp;

pub use tlp::Tlp;

use super::digest::sha256_hex;
use super::headers::Headers;
use super::indicator::{Search, indicators_unless};
use super::{date, hop};
use content::Content;
use id::{identifier, of_message};
use published::Published;
use serde_json::{Map, Value, json};

/// Which bundle is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Valid STIX 2.1, with observables.
    #[default]
    Stix,
    /// What OpenCTI's connector sends.
    OpenCti,
}

/// What the identifier of a report follows from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Identity {
    /// Name and date, as OpenCTI's connector has it: two mails with the same
    /// subject and second are one report.
    #[default]
    NameAndDate,
    /// The message's bytes.
    Sha256,
}

/// How a bundle is made.
pub struct Options {
    /// Which one.
    pub mode: Mode,
    /// What its report is identified by.
    pub identity: Identity,
    /// The marking.
    pub tlp: Tlp,
    /// The media types of attachments that go along, lower case.
    pub types: Vec<String>,
    /// The name of the author.
    pub author: String,
    /// `created` and `modified`, unix seconds; the message's date where absent.
    pub now: Option<i64>,
    /// The date of a message that has none, unix seconds.
    pub received: Option<i64>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            identity: Identity::default(),
            tlp: Tlp::default(),
            types: ["application/pdf", "text/csv", "text/plain"]
                .map(String::from)
                .to_vec(),
            author: "Email Intel IMAP".to_owned(),
            now: None,
            received: None,
        }
    }
}

/// The bundle of a message.
pub fn bundle(raw: &[u8], options: &Options) -> Value {
    bundle_unless(raw, options, &|| false).unwrap_or_default()
}

/// [`bundle`], unless `is_unwanted` says on the way that nobody waits for it any
/// more.
pub fn bundle_unless(
    raw: &[u8],
    options: &Options,
    is_unwanted: &dyn Fn() -> bool,
) -> Option<Value> {
    let content = Content::gather(raw, options);
    let headers = Headers::parse(&content.header);
    let from = headers.from().unwrap_or_default();
    let name = headers
        .subject()
        .unwrap_or_else(|| format!("<no subject> from {from}"));
    let published = published(&headers, options);
    let made = options
        .now
        .and_then(Published::utc)
        .unwrap_or(published)
        .stix_with_fraction();
    let author = author(&options.author, &made);
    let observables = match options.mode {
        Mode::Stix => {
            let found = indicators_unless(raw, &Search::Kinds, is_unwanted)?;
            let marking = options.tlp.id();
            observable::all(raw, &content, &headers, &found, &published, marking)
        }
        Mode::OpenCti => Vec::new(),
    };

    let mut report = Map::new();
    let mut set = |key: &str, value: Value| report.insert(key.to_owned(), value);
    set("type", json!("report"));
    set("spec_version", json!("2.1"));
    set(
        "id",
        json!(report_id(raw, &name, &published, options.identity)),
    );
    set("created_by_ref", author["id"].clone());
    set("created", json!(made));
    set("modified", json!(made));
    set("name", json!(name));
    let count = content.documents.len();
    set(
        "description",
        json!(description(&from, &published, &name, count)),
    );
    set("report_types", json!(["threat-report"]));
    set("published", json!(published.stix()));
    if options.mode == Mode::Stix {
        let refs: Vec<&Value> = observables.iter().map(|object| &object["id"]).collect();
        set("object_refs", json!(refs));
    }
    set("object_marking_refs", json!([options.tlp.id()]));
    set("x_opencti_content", json!(content.body()));
    if !content.documents.is_empty() {
        set("x_opencti_files", files(&content, options));
    }

    let marked = match options.mode {
        Mode::Stix => MARKING_CREATED,
        Mode::OpenCti => &made,
    };
    let mut objects = vec![Value::from(report)];
    objects.extend(observables);
    objects.push(author);
    objects.push(options.tlp.marking(marked));
    let mut bundle = json!({ "type": "bundle", "id": of_message("bundle", raw) });
    if options.mode == Mode::OpenCti {
        bundle["spec_version"] = json!("2.1");
    }
    bundle["objects"] = objects.into();
    Some(bundle)
}

/// When AMBER+STRICT came into being with TLP 2.0: the same object each time.
const MARKING_CREATED: &str = "2022-08-01T00:00:00.000Z";

/// The Date field; else when it was received, as the caller or the last hop
/// knows it; else the beginning of time, so that no message is without report.
fn published(headers: &Headers<'_>, options: &Options) -> Published {
    let written = headers.last("Date").and_then(date::written);
    let last_hop = || hop::hops(headers).last().and_then(|hop| hop.at);
    written
        .and_then(Published::written)
        .or_else(|| options.received.and_then(Published::utc))
        .or_else(|| last_hop().and_then(Published::utc))
        .or_else(|| Published::utc(0))
        .expect("the beginning of unix time can be written")
}

fn author(name: &str, made: &str) -> Value {
    let properties = [
        ("identity_class", json!("organization")),
        ("name", json!(name.trim().to_lowercase())),
    ];
    json!({
        "type": "identity",
        "spec_version": "2.1",
        "id": identifier("identity", &properties),
        "created": made,
        "modified": made,
        "name": name,
        "description": format!("{name} Connector"),
        "identity_class": "organization",
    })
}

fn report_id(raw: &[u8], name: &str, published: &Published, identity: Identity) -> String {
    match identity {
        Identity::NameAndDate => identifier(
            "report",
            &[
                ("name", json!(name.trim().to_lowercase())),
                ("published", json!(published.python())),
            ],
        ),
        Identity::Sha256 => identifier("report", &[("sha256", json!(sha256_hex(raw)))]),
    }
}

/// Markdown, whose lines end in two spaces.
fn description(from: &str, published: &Published, name: &str, attachments: usize) -> String {
    let at = published.python_text();
    format!(
        "**Email Received From**: {from}  \n**Email Received At**: {at}  \n\
         **Email Subject**: {name}  \n**Email Attachment Count**: {attachments}  \n  \n\
         Please consult the content section to view the email content."
    )
}

fn files(content: &Content, options: &Options) -> Value {
    let documents = content.documents.iter().enumerate();
    documents
        .map(|(index, document)| {
            let unnamed = match options.mode {
                Mode::Stix => format!("attachment-{}", index + 1),
                Mode::OpenCti => String::new(),
            };
            json!({
                "name": document.name.as_ref().unwrap_or(&unnamed),
                "mime_type": document.mime_type,
                "data": document.data,
                "object_marking_refs": [options.tlp.id()],
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: &str = "From: Ada <a@b.example>\r\nTo: c@d.example\r\n\
        Subject: Threat =?utf-8?q?=E2=80=93?= report\r\n\
        Date: Mon, 2 Sep 2024 11:34:26 -0700\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n--b\r\n\
        Content-Type: application/pdf\r\n\
        Content-Disposition: attachment; filename=a.pdf\r\n\r\nPDF\r\n--b\r\n\
        Content-Type: application/zip\r\n\
        Content-Disposition: attachment; filename=a.zip\r\n\r\nPK\r\n--b--\r\n";

    fn report(raw: &str, mode: Mode) -> Value {
        let options = Options {
            mode,
            ..Options::default()
        };
        bundle(raw.as_bytes(), &options)["objects"][0].clone()
    }

    #[test]
    fn a_report_is_what_openctis_connector_makes() {
        let report = report(MAIL, Mode::OpenCti);
        let amber_strict = "marking-definition--826578e1-40ad-459f-bc73-ede076f81f37";
        let expected = json!({
            "type": "report",
            "spec_version": "2.1",
            "id": "report--481867d4-a5dc-5a03-ae97-b243192c287d",
            "created_by_ref": "identity--f1f25c53-7d95-5ee6-b5d0-3379bfb2e997",
            "created": "2024-09-02T18:34:26.000Z",
            "modified": "2024-09-02T18:34:26.000Z",
            "name": "Threat – report",
            "description": "**Email Received From**: a@b.example  \n\
                **Email Received At**: 2024-09-02 11:34:26-07:00  \n\
                **Email Subject**: Threat – report  \n**Email Attachment Count**: 1  \n  \n\
                Please consult the content section to view the email content.",
            "report_types": ["threat-report"],
            "published": "2024-09-02T18:34:26Z",
            "object_marking_refs": [amber_strict],
            "x_opencti_content": "hello",
            "x_opencti_files": [{
                "name": "a.pdf",
                "mime_type": "application/pdf",
                "data": "UERG",
                "object_marking_refs": [amber_strict],
            }],
        });
        assert_eq!(report, expected);
    }

    #[test]
    fn bare_bytes_are_taken_for_what_they_are_unless_the_connector_would_not() {
        let raw = MAIL
            .replace("application/pdf", "application/octet-stream")
            .replace("\r\nPDF", "\r\n%PDF-1.7");
        let files = |mode| report(&raw, mode)["x_opencti_files"].clone();
        assert_eq!(files(Mode::Stix)[0]["mime_type"], "application/pdf");
        assert_eq!(files(Mode::OpenCti), Value::Null);
    }

    #[test]
    fn a_mail_without_subject_is_named_by_its_sender() {
        let raw = "From: a@b.example\nDate: Mon, 2 Sep 2024 10:00:00 +0000\n\nx";
        let report = report(raw, Mode::OpenCti);
        assert_eq!(report["name"], "<no subject> from a@b.example");
        assert_eq!(report["id"], "report--42b1a1b5-0f3e-55fc-ba07-64d55e56d8ab");
    }

    #[test]
    fn a_mail_without_date_has_that_of_its_last_hop() {
        let raw = "Received: from a by b; Mon, 2 Sep 2024 10:00:00 +0200\nDate: soon\n\nx";
        assert_eq!(report(raw, Mode::Stix)["published"], "2024-09-02T08:00:00Z");
        assert_eq!(
            report("\nx", Mode::Stix)["published"],
            "1970-01-01T00:00:00Z"
        );
    }

    #[test]
    fn html_is_shown_rather_than_text_and_forwarded_mail_too() {
        let raw = "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nplain\n--b\n\
            Content-Type: text/html\n\n<p>one\n--b\nContent-Type: message/rfc822\n\n\
            Subject: in\nContent-Type: text/html\n\n<p>two\n--b--\n";
        assert_eq!(report(raw, Mode::Stix)["x_opencti_content"], "<p>one<p>two");
    }

    #[test]
    fn ids_may_follow_from_the_bytes() {
        let id = |raw: &[u8]| {
            let options = Options {
                identity: Identity::Sha256,
                ..Options::default()
            };
            bundle(raw, &options)["objects"][0]["id"].clone()
        };
        assert_ne!(id(b"Subject: x\n\n1"), id(b"Subject: x\n\n2"));
        assert_eq!(id(b"x"), id(b"x"));
    }
}
